"""Where the story plays: the hub's address, its clock, the cast, and what is expected of it all."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from app.kernel.money import Money
from app.sandbox.clock import SandboxClock
from app.sandbox.people import SyntheticPerson, person
from app.sandbox.story.dates import Dates
from app.sandbox.story.desks import Desks
from app.sandbox.story.tale import Tale
from app.sandbox.story.telling import Teller
from app.sandbox.story.wire import Answer, Body, Client

BEIJING, SHANDONG, JINAN = "110000", "370000", "370100"
HOSPITAL = "H37010000001"  # 山东中医药大学第二附属医院
FITTER = "A37010000001"  # 德林义肢矫型器（北京）有限公司济南分公司
OPERATOR = "operator"
CHANNEL = "national-platform"  # 国家社会保险公共服务平台
UNCLEARED = f"uncleared:{BEIJING}:{SHANDONG}"
NOTIFIED = f"notified:{BEIJING}:{SHANDONG}"
# Above everybody the traffic plan uses; drawn, since an earlier run may have broken off anywhere.
FIRST_ACTOR = 10_000_000
ACTORS = 6_000_000
Tick = Callable[[], Awaitable[object]]  # lets the hub do what is due by its clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The parties that play: at their desks, and where they only read or are the hub's own."""

    operator: Client
    beijing: Client
    shandong: Client
    jinan: Client
    hospital: Client
    fitter: Client
    desks: Desks


@dataclass(slots=True, kw_only=True)
class Stage:
    """Handed to every scene."""

    cast: Cast
    clock: SandboxClock
    tick: Tick
    dates: Dates
    teller: Teller
    tale: Tale = field(default_factory=Tale)

    def expect(self, holds: bool, deviation: str) -> None:  # noqa: FBT001 -- reads as a sentence
        """Hold the hub to what should be; say in one sentence what was instead."""
        if holds:
            self.tale.held += 1
        else:
            self.tale.deviations.append(deviation)
            self.teller.deviates(deviation)

    def expect_equal(self, what: str, found: object, expected: object) -> None:
        """Hold one figure to another."""
        self.expect(found == expected, f"{what} is {found}, and should be {expected}.")

    def expect_refusal(self, answer: Answer, status: int, codes: Sequence[str]) -> Body:
        """Hold an answer to be this refusal, with exactly these reasons."""
        problem = answer.body
        self.expect_equal("The status of the refusal", answer.status, status)
        found = [it.get("code") for it in (problem, *problem.get("also", ()))]
        self.expect_equal("The list of reasons", sorted(map(str, found)), sorted(codes))
        return problem

    async def balance(self, account: str) -> Money:
        """Read the balance of an account of the books; one never used has none yet."""
        kind = account.partition(":")[0]
        accounts = await self.cast.operator.all("/v1/ledger/accounts", kind=kind, place=SHANDONG)
        found = [Money.yuan(it["balance"]) for it in accounts if it["name"] == account]
        return found[0] if found else Money(0)


def actor() -> SyntheticPerson:
    """Draw somebody insured in Beijing who has not played before."""
    return person(FIRST_ACTOR + secrets.randbelow(ACTORS), BEIJING)
