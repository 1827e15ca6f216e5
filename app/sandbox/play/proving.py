"""Let the hub prove itself at the end of a play, and hold its accounts to the answers given."""

from __future__ import annotations

from collections.abc import Mapping

from app.kernel.calendar import business_day
from app.kernel.money import ZERO, Money
from app.ledger import service as ledger
from app.proof.model.laws import Difference, Extent, Law
from app.proof.service import verifying
from app.runtime.door import Hub, reading
from app.runtime.paging import PageAsked
from app.sandbox.casting import OPERATOR
from app.sandbox.play.deeds import ROWS_A_PAGE, Stage
from app.sandbox.play.report import Checks

HOLDS = "holds"


async def check_books(hub: Hub, report: Checks, when: str, expected: Mapping[str, Money]) -> int:
    """Hold every account that is not zero to what it should be; let there be no other."""
    found: dict[str, Money] = {}
    async with reading(hub, OPERATOR, "play") as it:
        after: str | None = ""
        while after is not None:
            page = await ledger.accounts(it, PageAsked(after, ROWS_A_PAGE), kind=None, place=None)
            found |= {each.account.name: each.balance for each in page.rows}
            after = page.last
    wrong = [
        f"{name} is {found.get(name, ZERO)}, should be {expected.get(name, ZERO)}"
        for name in sorted(found.keys() | expected.keys())
        if found.get(name, ZERO) != expected.get(name, ZERO)
    ]
    report.expect(f"balances of {len(expected)} accounts {when}", "; ".join(wrong[:3]), "")
    return len(found)


async def prove(stage: Stage, report: Checks) -> Extent:
    """Hold every law of the proof, and the turnover; what differs is told with both its sides."""
    async with stage.look() as look:
        proof = await verifying.verify(look.rx, business_day(stage.clock()))
    for it in proof.findings:
        told = HOLDS if it.difference is None else _told(it.law, it.difference)
        report.expect(f"law {it.law.code}", told, HOLDS)
    report.expect("turnover of the ledger", proof.extent.turnover, stage.books.turnover)
    return proof.extent


def _told(law: Law, at: Difference) -> str:
    whose = (at.subject, at.insured_place, at.treatment_place, at.institution, at.period)
    named = " ".join(each for each in whose if each)
    return f"{named}: {law.found} {at.found}, {law.expected} {at.expected}"
