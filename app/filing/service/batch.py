"""A batch of filings taken in offline: each row stands alone, all cost a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.entitlement import service as entitlement
from app.entitlement.errors import WorkerUnknown
from app.entitlement.model import Determination, Registered, comparable_number
from app.filing import rules, store
from app.filing.model import (
    BatchOutcome,
    BatchRow,
    Cover,
    FilingAsked,
    FilingKind,
    FilingState,
    NewFiling,
)
from app.filing.service.checks import faults_of, mark_of, new_filing, tell
from app.kernel.refusal import Refusal
from app.runtime.work import Work

Filed = tuple[FilingKind, Cover]  # what an approved filing or an accepted row is and covers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Everything the rows are judged by, read before the first of them."""

    work: Work
    by_number: Mapping[str, Registered]
    by_certificate: Mapping[str, Registered]
    determinations: Mapping[int, list[Determination]]
    places: Collection[str]
    filed: dict[int, list[Filed]] = field(default_factory=lambda: defaultdict(list))


async def file_batch(work: Work, rows: Sequence[BatchRow]) -> list[BatchOutcome]:
    """Accept each row, or refuse it with all its errors; rows filed already change nothing."""
    desk = await _open_desk(work, rows)
    outcomes: list[BatchOutcome] = []
    accepted: list[tuple[int, NewFiling]] = []
    for row in rows:
        outcome, new = _judge(desk, row)
        outcomes.append(outcome)
        if new is not None:
            accepted.append((row.row, new))
    numbers = await _keep(work, accepted)
    settled = [_named(outcome, numbers) for outcome in outcomes]
    refused = sum(1 for it in settled if it.refusals)
    work.record("filing.batch", "filings", rows=len(rows), accepted=len(accepted), refused=refused)
    return settled


async def _open_desk(work: Work, rows: Sequence[BatchRow]) -> _Desk:
    found = await entitlement.locked(
        work,
        numbers=[it.worker for it in rows if it.worker is not None],
        certificates=[it.claim.certificate_number for it in rows if it.claim is not None],
    )
    ids = [it.worker.id for it in found]
    codes = {it.asked.treatment_region for it in rows if it.asked is not None}
    desk = _Desk(
        work=work,
        by_number={it.worker.number: it for it in found},
        by_certificate={it.person.certificate_number: it for it in found},
        determinations=await entitlement.determinations_of_all(work.tx, ids),
        places=await store.known_places(work.tx, codes),
    )
    for filing in await store.of_workers(work.tx, ids):
        if filing.state is FilingState.APPROVED:
            desk.filed[filing.worker_id].append((filing.kind, filing.cover))
    return desk


def _judge(desk: _Desk, row: BatchRow) -> tuple[BatchOutcome, NewFiling | None]:
    known, refusals = _recognise(desk, row)
    refusals = [*refusals, *row.faults]
    if known is None or row.asked is None or refusals:
        more = _further_faults(desk, known, row.asked)
        return BatchOutcome(row=row.row, refusals=(*refusals, *more)), None
    asked, filed = row.asked, desk.filed[known.worker.id]
    for kind, cover in filed:
        if rules.is_filed_as(asked, kind, cover, desk.work.today):
            return BatchOutcome(row=row.row, filing=cover.name, already_filed=True), None
    faults = _further_faults(desk, known, asked)
    if faults:
        return BatchOutcome(row=row.row, refusals=tuple(faults)), None
    new = new_filing(desk.work, asked, known)
    cover = _cover(row.row, new)
    clash = rules.overlap(cover, (other for _, other in filed))
    if clash is not None:
        return BatchOutcome(row=row.row, refusals=(clash,)), None
    filed.append((asked.kind, cover))
    return BatchOutcome(row=row.row, filing=cover.name), new


def _recognise(desk: _Desk, row: BatchRow) -> tuple[Registered | None, list[Refusal]]:
    if row.claim is not None:
        number = comparable_number(row.claim.certificate_number)
        known = desk.by_certificate.get(number)
        return known, entitlement.check_claim(row.claim, known)
    if row.worker is None:
        return None, []  # the row's own faults say so
    known = desk.by_number.get(row.worker)
    return known, [] if known is not None else [WorkerUnknown()]


def _further_faults(
    desk: _Desk, known: Registered | None, asked: FilingAsked | None
) -> list[Refusal]:
    if known is None or asked is None:
        return []
    determinations = desk.determinations[known.worker.id]
    return faults_of(desk.work, asked, known, determinations, desk.places)


async def _keep(work: Work, accepted: Sequence[tuple[int, NewFiling]]) -> dict[str, str]:
    """Keep the accepted rows; answer which number each row's filing got."""
    if not accepted:
        return {}
    law = (work.today, work.book.version)
    news = [new for _, new in accepted]
    kept = await store.add(work.tx, news, FilingState.APPROVED, mark=mark_of(work), law=law)
    numbers: dict[str, str] = {}
    for (row, _), it in zip(accepted, kept, strict=True):
        assert it.clear, "the workers were held, so nobody else can have filed"
        work.record("filing.submit", it.filing.number, worker=it.filing.worker, row=row)
        tell(work, it.filing)
        numbers[_row_name(row)] = it.filing.number
    return numbers


def _named(outcome: BatchOutcome, numbers: Mapping[str, str]) -> BatchOutcome:
    if outcome.filing is None:
        return outcome
    return replace(outcome, filing=numbers.get(outcome.filing, outcome.filing))


def _cover(row: int, new: NewFiling) -> Cover:
    return Cover(
        name=_row_name(row),
        treatment_region=new.asked.treatment_region,
        cost_kinds=new.asked.cost_kinds,
        term=new.decided.term,
    )


def _row_name(row: int) -> str:
    return f"row {row} 第 {row} 行"
