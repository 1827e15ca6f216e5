"""Every SQL statement about payments to institutions, and how each institution stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.kernel.calendar import Month
from app.kernel.money import Money
from app.ledger.model import AccountKind
from app.ledger.tables import account
from app.review.model.monthly import (
    InstitutionPayment,
    InstitutionStanding,
    MonthsWanted,
    PaymentAsked,
    StatementLine,
)
from app.review.store.reviews import totals_of
from app.review.store.stamp import Stamp
from app.review.tables import (
    institution_payment,
    institution_payment_serial,
    review_line,
)
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.lists import Listing
from app.runtime.numbers import next_number
from app.runtime.paging import PageAsked

_PLACE = sa.bindparam("place", type_=sa.CHAR(6))
_INSTITUTION = sa.bindparam("institution", type_=sa.CHAR(12))
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)
# A place's payments go one after another, each seeing what the one before left.
_HOLD = sa.text(
    "SELECT pg_advisory_xact_lock(hashtextextended('institution_payment ' || :place, 0))"
)
_KNOWN = sa.select(institution_payment).where(
    institution_payment.c.place == _PLACE,
    institution_payment.c.bank_reference == sa.bindparam("bank_reference", type_=sa.Text),
)
_KEEP = (
    sa.insert(institution_payment)
    .values(
        number=next_number("J", institution_payment_serial),
        **{
            name: sa.bindparam(f"p_{name}", type_=institution_payment.c[name].type)
            for name in (
                "place",
                "institution",
                "region",
                "amount_fen",
                "bank_reference",
                "paid_on",
                "recorded_at",
                "recorded_by",
            )
        },
    )
    .returning(institution_payment)
)
_paid = (
    sa.select(
        sa.cast(sa.func.coalesce(sa.func.sum(institution_payment.c.amount_fen), 0), sa.BigInteger)
    )
    .where(
        institution_payment.c.institution == review_line.c.institution,
        institution_payment.c.place == review_line.c.place,
    )
    .scalar_subquery()
)
# By what the account's index holds, not by the name that spells it: beneath the walls, Postgres 15
# takes no index for a value put together from another row.
_payable = (
    sa.select(-account.c.balance_fen)
    .where(
        account.c.institution == review_line.c.institution,
        account.c.treatment_place == review_line.c.place,
        account.c.kind == AccountKind.PAYABLE.value,
    )
    .scalar_subquery()
)
_LINE_SEEN = visible(regions=(review_line.c.place,), institution=review_line.c.institution)
# By place and institution; a standing is paged by both, which never change.
_AFTER = sa.bindparam("after", type_=sa.Text)
_AFTER_BOTH = sa.tuple_(
    sa.cast(sa.func.left(_AFTER, sa.text("6")), sa.CHAR(6)),
    sa.cast(sa.func.substr(_AFTER, sa.text("7")), sa.CHAR(12)),
)
_STANDINGS: sa.Select[Any] = (
    sa.select(
        review_line.c.place,
        review_line.c.institution,
        sa.func.count().label("months"),
        sa.cast(sa.func.sum(review_line.c.fund_fen), sa.BigInteger).label("settled_fen"),
        sa.cast(sa.func.sum(review_line.c.deducted_fen), sa.BigInteger).label("deducted_fen"),
        _paid.label("paid_fen"),
        sa.func.coalesce(_payable, 0).label("payable_fen"),
    )
    .where(
        _LINE_SEEN,
        sa.tuple_(review_line.c.place, review_line.c.institution) > _AFTER_BOTH,
        _PLACE.is_(None) | (review_line.c.place == _PLACE),
        _INSTITUTION.is_(None) | (review_line.c.institution == _INSTITUTION),
    )
    .group_by(review_line.c.place, review_line.c.institution)
    .order_by(review_line.c.place, review_line.c.institution)
    .limit(_ROWS)
)
_MONTHS: sa.Select[Any] = (
    sa.select(review_line)
    .where(_LINE_SEEN, review_line.c.place == _PLACE, review_line.c.institution == _INSTITUTION)
    .order_by(review_line.c.month.desc())
    .limit(_ROWS)
)
_SEEN = visible(
    regions=(institution_payment.c.place, institution_payment.c.region),
    institution=institution_payment.c.institution,
)
_LISTING = Listing(
    rows=sa.select(institution_payment),
    of=institution_payment,
    regions=("place", "region"),
    institution="institution",
    filters={
        "place": institution_payment.c.place == _PLACE,
        "institution": institution_payment.c.institution == _INSTITUTION,
    },
)
_LATEST = (
    sa.select(institution_payment)
    .where(
        _SEEN,
        institution_payment.c.place == _PLACE,
        institution_payment.c.institution == _INSTITUTION,
    )
    .order_by(institution_payment.c.id.desc())
    .limit(_ROWS)
)


async def hold(tx: Tx, place: str) -> None:
    """Let the payments of a place go one after another."""
    await tx.execute(_HOLD, {"place": place})


async def known(tx: Tx, asked: PaymentAsked) -> InstitutionPayment | None:
    """Read the payment a bank reference stands for."""
    row = {"place": asked.place, "bank_reference": asked.bank_reference}
    found = (await tx.execute(_KNOWN, row)).one_or_none()
    return None if found is None else _payment(found)


async def keep(tx: Tx, asked: PaymentAsked, by: Stamp) -> InstitutionPayment:
    """Keep a payment and give it its number."""
    row = {
        "p_place": asked.place,
        "p_institution": asked.institution,
        "p_region": asked.institution[1:7],
        "p_amount_fen": asked.amount.fen,
        "p_bank_reference": asked.bank_reference,
        "p_paid_on": asked.paid_on,
        "p_recorded_at": by.at,
        "p_recorded_by": by.client,
        "number_region": asked.place,
        "number_day": by.today,
    }
    return _payment((await tx.execute(_KEEP, row)).one())


async def standings(
    conn: Conn, scope: Scope, asked: MonthsWanted, wanted: PageAsked
) -> list[InstitutionStanding]:
    """Read how institutions stand that the caller may see, and one more."""
    row = {
        "place": asked.place,
        "institution": asked.institution,
        "after": wanted.after,
        "rows": wanted.rows + 1,
    }
    return [_standing(each) for each in await conn.execute(_STANDINGS, row | scope.binds())]


async def months(
    conn: Conn, scope: Scope, place: str, institution: str, limit: int
) -> Sequence[StatementLine]:
    """Read the closed months of an institution, the latest first."""
    row = {"place": place, "institution": institution, "rows": limit}
    return [
        StatementLine(each.review, Month.parse(each.month), totals_of(each))
        for each in await conn.execute(_MONTHS, row | scope.binds())
    ]


async def latest(
    conn: Conn, scope: Scope, place: str, institution: str, limit: int
) -> Sequence[InstitutionPayment]:
    """Read the payments to an institution, the latest first."""
    row = {"place": place, "institution": institution, "rows": limit}
    return [_payment(each) for each in await conn.execute(_LATEST, row | scope.binds())]


async def page(
    conn: Conn, scope: Scope, asked: MonthsWanted, wanted: PageAsked
) -> list[InstitutionPayment]:
    """Read a page of the payments the caller may see, and one more."""
    filters = {"place": asked.place, "institution": asked.institution}
    return [_payment(each) for each in await _LISTING.read(conn, scope, wanted, filters)]


def _standing(row: sa.Row[Any]) -> InstitutionStanding:
    return InstitutionStanding(
        place=row.place,
        institution=row.institution,
        months=row.months,
        settled=Money(row.settled_fen),
        deducted=Money(row.deducted_fen),
        paid=Money(row.paid_fen),
        payable=Money(row.payable_fen),
    )


def _payment(row: sa.Row[Any]) -> InstitutionPayment:
    return InstitutionPayment(
        id=row.id,
        number=row.number,
        asked=PaymentAsked(
            place=row.place,
            institution=row.institution,
            amount=Money(row.amount_fen),
            bank_reference=row.bank_reference,
            paid_on=row.paid_on,
        ),
        recorded_at=row.recorded_at,
    )
