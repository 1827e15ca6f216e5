"""Every SQL statement that changes filings.

A filing changes together with its cover and its history in one statement, so that none of the
three can be forgotten; many filings cost as many statements as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.filing.model import Filing, FilingEvent, FilingState, NewFiling, Term
from app.filing.store.reads import by_ids
from app.filing.store.rows import IDS
from app.filing.tables import filing
from app.runtime.db import Tx
from app.runtime.messages import plain

# A division code as the range of every code within it: 370000 -> [370000, 380000).
_PLACE = """
    int4range(m.treatment_region::int, m.treatment_region::int
        + CASE WHEN m.treatment_region LIKE '%0000' THEN 10000
               WHEN m.treatment_region LIKE '%00' THEN 100 ELSE 1 END)
"""
_COVER = f"""
    covered AS (
        INSERT INTO filing_cover (filing_id, cost_kind, worker_id, place, term, live)
        SELECT m.id, k.cost_kind, m.worker_id, {_PLACE},
               daterange(m.first_day, m.last_day, '[]'), true
          FROM moved m CROSS JOIN unnest(m.cost_kinds) AS k(cost_kind)
         WHERE m.state = 'approved'
        ON CONFLICT DO NOTHING
        RETURNING filing_id
    )
"""  # noqa: S608 -- constants only
_KEPT = """
    kept AS (
        INSERT INTO filing_history
               (filing_id, at, party, client, event, from_state, to_state, reason, snapshot)
        SELECT m.id, :at, :party, :client, :event, :was, m.state, :why, to_jsonb(m) FROM moved m
    )
"""
_COVERED = """
    SELECT m.id, m.state <> 'approved' OR cardinality(m.cost_kinds)
                 = (SELECT count(*) FROM covered c WHERE c.filing_id = m.id) AS clear
      FROM moved m
"""
_CLOSED = """
    closed AS (
        UPDATE filing_cover SET live = false
         WHERE live AND filing_id IN (SELECT id FROM moved)
    )
"""
_TRAIL = (
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("party", type_=sa.Text),
    sa.bindparam("client", type_=sa.Text),
    sa.bindparam("event", type_=sa.Text),
    sa.bindparam("was", type_=sa.Text),
    sa.bindparam("why", type_=sa.Text),
)
_ADD = sa.text(
    f"""
    WITH asked AS MATERIALIZED (
        SELECT a.*, 'Y' || a.insured_region || to_char(:day, 'YYMMDD')
                    || lpad(nextval('filing_serial')::text, 7, '0') AS number
          FROM unnest(:workers, :kinds, :insured, :places, :schemes, :opened, :asked_days, :firsts,
                      :lasts, :deadlines, :referrals, :replaces)
               WITH ORDINALITY AS a(worker_id, kind, insured_region, treatment_region, scheme,
                    cost_kinds, asked_first_day, first_day, last_day, admission_deadline, referral,
                    replaces, position)
    ), moved AS (
        INSERT INTO filing (number, worker_id, kind, insured_region, treatment_region, scheme,
               cost_kinds, asked_first_day, first_day, last_day, admission_deadline, state,
               submitted_by, submitted_at, decided_at, decided_by, referral, replaces, open_visits,
               admitted_once, policy_version, revision)
        SELECT number, worker_id, kind, insured_region, treatment_region, scheme,
               string_to_array(cost_kinds, ' '), asked_first_day, first_day, last_day,
               admission_deadline, :state, :party, :at,
               CASE :state WHEN 'approved' THEN :at END,
               CASE :state WHEN 'approved' THEN :party END,
               referral, replaces, 0, false, :policy, 1
          FROM asked ORDER BY position
        RETURNING *
    ), {_COVER}, {_KEPT}
    {_COVERED} JOIN asked a ON a.number = m.number ORDER BY a.position
    """  # noqa: S608 -- constants only
).bindparams(
    *_TRAIL,
    *(
        sa.bindparam(name, type_=ARRAY(sa.Text))
        for name in ("kinds", "insured", "places", "schemes", "opened")
    ),
    *(
        sa.bindparam(name, type_=ARRAY(sa.Date))
        for name in ("asked_days", "firsts", "lasts", "deadlines")
    ),
    sa.bindparam("workers", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("replaces", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("referrals", type_=ARRAY(JSONB(none_as_null=True))),
    sa.bindparam("day", type_=sa.Date),
    sa.bindparam("state", type_=sa.Text),
    sa.bindparam("policy", type_=sa.Text),
)
_APPROVE = sa.text(
    f"""
    WITH moved AS (
        UPDATE filing
           SET state = 'approved', first_day = :first, last_day = :last,
               admission_deadline = :deadline, decided_at = :at, decided_by = :party,
               policy_version = :policy, revision = revision + 1
         WHERE id = :id AND state = :was
        RETURNING *
    ), {_COVER}, {_KEPT}
    {_COVERED}
    """  # noqa: S608 -- constants only
).bindparams(
    *_TRAIL,
    sa.bindparam("id", type_=sa.BigInteger),
    sa.bindparam("first", type_=sa.Date),
    sa.bindparam("last", type_=sa.Date),
    sa.bindparam("deadline", type_=sa.Date),
    sa.bindparam("policy", type_=sa.Text),
)
_REJECT = sa.text(
    f"""
    WITH moved AS (
        UPDATE filing SET state = :state, reason = :why, decided_at = :at, decided_by = :party,
               revision = revision + 1
         WHERE id = ANY (:ids) AND state = :was
        RETURNING *
    ), {_KEPT}
    SELECT m.id FROM moved m
    """  # noqa: S608 -- constants only
).bindparams(*_TRAIL, IDS, sa.bindparam("state", type_=sa.Text))
_END = sa.text(
    f"""
    WITH moved AS (
        UPDATE filing SET state = :state, ended_on = :ended_on, reason = :why,
               replaced_by = :replaced_by, revision = revision + 1
         WHERE id = ANY (:ids) AND state = :was
        RETURNING *
    ), {_CLOSED}, {_KEPT}
    SELECT m.id FROM moved m
    """  # noqa: S608 -- constants only
).bindparams(
    *_TRAIL,
    IDS,
    sa.bindparam("state", type_=sa.Text),
    sa.bindparam("ended_on", type_=sa.Date),
    sa.bindparam("replaced_by", type_=sa.BigInteger),
)
# Past its last day, or never used by its deadline: both make room for a new filing.
_RUN_OUT = """
    state = :was
           AND (last_day < :today OR (admission_deadline < :today AND NOT admitted_once))
"""
_COUNT_RUN_OUT = sa.text(
    f"SELECT count(*) FROM filing WHERE {_RUN_OUT}"  # noqa: S608 -- constants only
).bindparams(
    sa.bindparam("was", FilingState.APPROVED.value, type_=sa.Text),
    sa.bindparam("today", type_=sa.Date),
)
_EXPIRE = sa.text(
    f"""
    WITH moved AS (
        UPDATE filing SET state = 'expired', revision = revision + 1
         WHERE {_RUN_OUT}
        RETURNING *
    ), {_CLOSED}, {_KEPT}
    SELECT count(*) FROM moved
    """  # noqa: S608 -- constants only
).bindparams(*_TRAIL, sa.bindparam("today", type_=sa.Date))
_RELEASE_COVER = sa.text("UPDATE filing_cover SET live = false WHERE filing_id = :id")
_HOLD = (
    filing.update()
    .where(
        filing.c.id == sa.bindparam("of"),
        filing.c.state.in_([FilingState.APPROVED.value, FilingState.EXPIRED.value]),
    )
    .values(open_visits=filing.c.open_visits + 1, admitted_once=True)
)
_RELEASE = (
    filing.update()
    .where(filing.c.id == sa.bindparam("of"), filing.c.open_visits > 0)
    .values(open_visits=filing.c.open_visits - 1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Who does something to a filing, when and why, for its history."""

    at: datetime
    party: str
    client: str
    why: str | None = None

    def of(self, event: FilingEvent, was: FilingState | None) -> dict[str, object]:
        """Return the parameters of a history line."""
        return {**asdict(self), "event": event.value, "was": was and was.value}


@dataclass(frozen=True, slots=True)
class Kept:
    """A filing that was written, and whether no other approved filing stood in its way."""

    filing: Filing
    clear: bool


async def add(
    tx: Tx, news: Sequence[NewFiling], state: FilingState, *, mark: Mark, law: tuple[date, str]
) -> list[Kept]:
    """Keep new filings with their covers; `law` is the business day and the book's version."""
    day, policy = law
    row = {
        "workers": [it.worker_id for it in news],
        "kinds": [it.asked.kind.value for it in news],
        "insured": [it.insured_region for it in news],
        "places": [it.asked.treatment_region for it in news],
        "schemes": [it.decided.scheme.value for it in news],
        "opened": [" ".join(sorted(it.asked.cost_kinds)) for it in news],
        "asked_days": [it.asked.first_day for it in news],
        "firsts": [it.decided.term.first for it in news],
        "lasts": [it.decided.term.last for it in news],
        "deadlines": [it.decided.admission_deadline for it in news],
        "referrals": [it.asked.referral and plain(asdict(it.asked.referral)) for it in news],
        "replaces": [it.replaces for it in news],
        "state": state.value,
        "day": day,
        "policy": policy,
    }
    return await _kept(tx, _ADD, {**row, **mark.of(FilingEvent.SUBMIT, None)})


async def approve(
    tx: Tx, of: Filing, *, term: Term, deadline: date | None, mark: Mark, policy: str
) -> Kept:
    """Approve a submitted filing for a term, and let it cover."""
    row = {
        "id": of.id,
        "first": term.first,
        "last": term.last,
        "deadline": deadline,
        "policy": policy,
    }
    written = await _kept(tx, _APPROVE, {**row, **mark.of(FilingEvent.APPROVE, of.state)})
    assert len(written) == 1, "the row was locked, so its state cannot have moved"
    return written[0]


async def reject(tx: Tx, of: Filing, *, mark: Mark) -> Filing:
    """Reject a submitted filing."""
    row = {"ids": [of.id], "state": FilingState.REJECTED.value}
    found = await tx.execute(_REJECT, {**row, **mark.of(FilingEvent.REJECT, of.state)})
    assert len(found.all()) == 1, "the row was locked, so its state cannot have moved"
    return (await by_ids(tx, [of.id]))[0]


async def end(
    tx: Tx,
    ids: Sequence[int],
    move: tuple[FilingEvent, FilingState],
    *,
    ended_on: date,
    mark: Mark,
    replaced_by: int | None = None,
) -> list[Filing]:
    """End approved filings: cancelled, changed or terminated."""
    event, state = move
    row = {
        "ids": list(ids),
        "state": state.value,
        "ended_on": ended_on,
        "replaced_by": replaced_by,
    }
    found = await tx.execute(_END, {**row, **mark.of(event, FilingState.APPROVED)})
    assert len(found.all()) == len(ids), "worker and filings were locked"
    return await by_ids(tx, ids)


async def release_cover(tx: Tx, of: Filing) -> None:
    """Make room for the filing that takes the place of this one."""
    await tx.execute(_RELEASE_COVER, {"id": of.id})


async def run_out(tx: Tx, today: date) -> int:
    """Count the approved filings that are past their last day or their deadline."""
    return int((await tx.execute(_COUNT_RUN_OUT, {"today": today})).scalar_one())


async def expire(tx: Tx, today: date, *, mark: Mark) -> int:
    """Expire every approved filing that is past its last day or its deadline."""
    row = {"today": today, **mark.of(FilingEvent.EXPIRE, FilingState.APPROVED)}
    return int((await tx.execute(_EXPIRE, row)).scalar_one())


async def hold(tx: Tx, filing_id: int) -> bool:
    """Count a visit that leans on the filing; false when it was ended a moment ago."""
    return (await tx.execute(_HOLD, {"of": filing_id})).rowcount == 1


async def release(tx: Tx, filing_id: int) -> None:
    """Count a visit no longer."""
    changed = (await tx.execute(_RELEASE, {"of": filing_id})).rowcount
    assert changed == 1, "every visit that is released was held"


async def _kept(tx: Tx, statement: sa.TextClause, row: dict[str, object]) -> list[Kept]:
    written = (await tx.execute(statement, row)).all()
    filings = await by_ids(tx, [each.id for each in written])
    return [Kept(it, each.clear) for it, each in zip(filings, written, strict=True)]
