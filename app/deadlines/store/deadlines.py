"""The deadlines that are on record, as one list in the order of their days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from app.advance.model import Direction, TransferState
from app.advance.tables import advance_transfer
from app.clearing.model import ClearingState, ContestState, NoticeKind, Side
from app.clearing.tables import claim, clearing, confirmation, contest, notice
from app.deadlines.model import DeadlineKind, DeadlinesAsked, DeadlineState, KeptDeadline
from app.filing.model import FilingState
from app.filing.tables import filing
from app.kernel.parties import PartyKind
from app.review.model import DeductionState
from app.review.tables import deduction
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn

_TODAY = sa.bindparam("today", type_=sa.Date)
_SINCE = sa.bindparam("since", type_=sa.Date)
_UNTIL = sa.bindparam("until", type_=sa.Date)
_NO_TEXT, _NO_FLAG = sa.cast(sa.null(), sa.Text), sa.cast(sa.null(), sa.Boolean)
_OPERATES = sa.bindparam("scope_kind", type_=sa.Text) == PartyKind.OPERATOR.value
_CHINA = "Asia/Shanghai"
DAY_LENGTH = len("2025-09-01")


def _day_of(moment: sa.ColumnElement[Any]) -> sa.ColumnElement[date]:
    return sa.cast(sa.func.timezone(_CHINA, moment), sa.Date)


# What most deadlines do not tell.
_USUAL: Mapping[str, sa.ColumnElement[Any]] = {
    "done": sa.false(),
    "place": _NO_TEXT,
    "announced": _NO_FLAG,
    "counterpart": _NO_TEXT,
    "of": _NO_TEXT,
}


def _row(kind: DeadlineKind, **told: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """List what every deadline tells, until a day."""
    it = {**_USUAL, **told}
    left = it.get("waiting", sa.case((it["done"], 0), else_=1))
    texts = ("party", "subject", "counterpart", "place", "of")
    return sa.select(
        sa.literal(kind.value).label("kind"),
        it["due"].label("due"),
        *(sa.cast(it[name], sa.Text).label(name) for name in texts),
        sa.cast(left, sa.BigInteger).label("waiting"),
        it["done"].label("done"),
        it["since"].label("since"),
        it["announced"].label("announced"),
    ).where(it["due"].between(_SINCE, _UNTIL))


_DECIDED = _day_of(sa.func.coalesce(filing.c.decided_at, filing.c.submitted_at))
_FILER = sa.case(
    (
        sa.bindparam("scope_kind", type_=sa.Text) == PartyKind.CHANNEL.value,
        filing.c.submitted_by,
    ),
    else_=filing.c.insured_region,
)
_RUNNING = sa.and_(
    visible(regions=(filing.c.insured_region,), channel=filing.c.submitted_by),
    filing.c.state == FilingState.APPROVED.value,
)
_EXPIRIES = _row(
    DeadlineKind.FILING_TERM,
    due=filing.c.last_day,
    party=_FILER,
    subject=filing.c.number,
    done=sa.false(),
    since=_DECIDED,
    place=filing.c.insured_region,
    counterpart=filing.c.treatment_region,
    of=filing.c.kind,
).where(_RUNNING)
_ADMISSIONS = _row(
    DeadlineKind.ADMISSION,
    due=filing.c.admission_deadline,
    party=_FILER,
    subject=filing.c.number,
    done=sa.false(),
    since=_DECIDED,
    place=filing.c.insured_region,
    counterpart=filing.c.treatment_region,
    of=filing.c.kind,
).where(_RUNNING, ~filing.c.admitted_once, filing.c.admission_deadline.is_not(None))
_GENERATED = _day_of(clearing.c.generated_at)
_side = sa.union_all(
    *(
        sa.select(
            claim.c.id,
            claim.c.clearing_id,
            sa.literal(side.value).label("name"),
            column.label("place"),
        )
        for side, column in (
            (Side.INSURED, claim.c.insured_place),
            (Side.TREATMENT, claim.c.treatment_place),
        )
    )
).subquery("side")
_UNSAID = sa.func.count().filter(confirmation.c.confirmed_at.is_(None))
# One for each place and clearing, counting the claims it has still to speak of.
_CONFIRMATIONS = (
    _row(
        DeadlineKind.CLEARING_CONFIRMATION,
        due=clearing.c.confirm_by,
        party=_side.c.place,
        subject=clearing.c.number,
        done=_UNSAID == 0,
        since=_GENERATED,
        waiting=_UNSAID,
    )
    .select_from(
        clearing.join(_side, _side.c.clearing_id == clearing.c.id).outerjoin(
            confirmation,
            sa.and_(
                confirmation.c.claim_id == _side.c.id,
                confirmation.c.side == _side.c.name,
                confirmation.c.withdrawn_at.is_(None),
            ),
        )
    )
    .where(
        visible(regions=(_side.c.place,)),
        sa.or_(clearing.c.state == ClearingState.GENERATED.value, clearing.c.confirm_by >= _TODAY),
    )
    .group_by(clearing.c.id, _side.c.place)
)
_CONTESTS = _row(
    DeadlineKind.CONTEST_REPLY,
    due=contest.c.reply_by,
    party=contest.c.treatment_place,
    subject=contest.c.number,
    done=contest.c.state != ContestState.OPEN.value,
    since=_day_of(contest.c.raised_at),
    counterpart=contest.c.insured_place,
).where(
    visible(regions=(contest.c.treatment_place,)),
    contest.c.state != ContestState.WITHDRAWN.value,
)
_PAID = notice.c.paid_on.is_not(None)
_TO_PAY = sa.and_(
    visible(regions=(notice.c.party_place,)), notice.c.kind == NoticeKind.PAYABLE.value
)
_APPEALS = _row(
    DeadlineKind.DEDUCTION_APPEAL,
    due=deduction.c.appeal_by,
    party=deduction.c.institution,
    subject=deduction.c.number,
    since=_day_of(deduction.c.proposed_at),
    place=deduction.c.treatment_place,
).where(
    visible(regions=(deduction.c.treatment_region,), institution=deduction.c.institution),
    deduction.c.state == DeductionState.PROPOSED.value,
)
_PAYER = sa.case(
    (
        advance_transfer.c.direction == Direction.PAID.value,
        advance_transfer.c.insured_place,
    ),
    else_=advance_transfer.c.treatment_place,
)
_RECEIVER = sa.case(
    (
        advance_transfer.c.direction == Direction.PAID.value,
        advance_transfer.c.treatment_place,
    ),
    else_=advance_transfer.c.insured_place,
)
_SAID_PAID = advance_transfer.c.state != TransferState.CALLED.value
_ADVANCES_TO_FINANCE, _ADVANCES = (
    _row(
        kind,
        due=due,
        party=_PAYER,
        subject=advance_transfer.c.payment_number,
        done=_SAID_PAID,
        since=_day_of(advance_transfer.c.issued_at),
        counterpart=_RECEIVER,
        announced=advance_transfer.c.announced,
    ).where(visible(regions=(_PAYER,)), later)
    for kind, due, later in (
        (
            DeadlineKind.ADVANCE_TO_FINANCE,
            advance_transfer.c.agency_by,
            advance_transfer.c.agency_by >= _TODAY,
        ),
        (DeadlineKind.ADVANCE_PAYMENT, advance_transfer.c.finance_by, sa.true()),
    )
)
# What an agency hands to its finance department the hub does not see, only what is paid: so this
# one is never told to be overdue; the next one is.
_TO_FINANCE = _row(
    DeadlineKind.NOTICE_TO_FINANCE,
    due=notice.c.to_finance_by,
    party=notice.c.party_place,
    subject=notice.c.number,
    done=_PAID,
    since=_day_of(notice.c.issued_at),
    announced=notice.c.announced,
    counterpart=notice.c.counter_place,
).where(_TO_PAY, notice.c.to_finance_by >= _TODAY)
_PAYMENTS = _row(
    DeadlineKind.NOTICE_PAYMENT,
    due=notice.c.pay_by,
    party=notice.c.party_place,
    subject=notice.c.number,
    done=_PAID,
    since=_day_of(notice.c.issued_at),
    announced=notice.c.announced,
    counterpart=notice.c.counter_place,
).where(_TO_PAY)
# The end of the month in which the confirmation ends, as rules.calendar.noticed_by has it.
_MONTH_END = sa.cast(
    sa.func.date_trunc("month", clearing.c.confirm_by) + sa.text("interval '1 month - 1 day'"),
    sa.Date,
)
_ISSUES = _row(
    DeadlineKind.NOTICE_ISSUE,
    due=_MONTH_END,
    party=sa.literal(PartyKind.OPERATOR.value),
    subject=clearing.c.number,
    done=clearing.c.state == ClearingState.NOTICED.value,
    since=_GENERATED,
).where(_OPERATES)
_ALL = sa.union_all(
    _EXPIRIES,
    _ADMISSIONS,
    _APPEALS,
    _ADVANCES_TO_FINANCE,
    _ADVANCES,
    _CONFIRMATIONS,
    _CONTESTS,
    _TO_FINANCE,
    _PAYMENTS,
    _ISSUES,
).subquery("every")
_STATE = sa.case(
    (_ALL.c.done, DeadlineState.DONE.value),
    (_ALL.c.due < _TODAY, DeadlineState.OVERDUE.value),
    else_=DeadlineState.DUE.value,
)
_KEY = sa.func.concat_ws(
    " ", sa.func.to_char(_ALL.c.due, "YYYY-MM-DD"), _ALL.c.kind, _ALL.c.subject, _ALL.c.party
).collate("C")


def _unless(name: str, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    asked = sa.bindparam(name, type_=sa.Text)
    return asked.is_(None) | (column == asked)


_PAGE = (
    sa.select(_ALL)
    .where(
        sa.or_(~_ALL.c.done, _ALL.c.due >= _TODAY),
        _unless("in_state", _STATE),
        _unless("of_kind", _ALL.c.kind),
        _unless("of_party", _ALL.c.party),
        sa.bindparam("after", type_=sa.Text) < _KEY,
    )
    .order_by(_KEY)
    .limit(sa.bindparam("rows", type_=sa.BigInteger))
)


async def deadlines(
    conn: Conn, scope: Scope, asked: DeadlinesAsked, span: tuple[date, date], after: tuple[str, int]
) -> Sequence[KeptDeadline]:
    """Read so many deadlines after a place in the calendar, until a day.

    The place begins with its day, so that what came before it need not be looked at.
    """
    today, until = span
    row: dict[str, object] = {
        "today": today,
        "since": date.fromisoformat(after[0][:DAY_LENGTH]) if after[0] else date.min,
        "until": until,
        "in_state": asked.state,
        "of_kind": asked.kind,
        "of_party": asked.party,
        "after": after[0],
        "rows": after[1],
    }
    return [
        KeptDeadline(
            kind=DeadlineKind(each.kind),
            due=each.due,
            party=each.party,
            subject=each.subject,
            counterpart=each.counterpart,
            waiting=each.waiting,
            done=each.done,
            since=each.since,
            place=each.place,
            of=each.of,
            announced=each.announced,
        )
        for each in await conn.execute(_PAGE, row | scope.binds())
    ]
