"""Money is taken off, given back, cancelled, restored, cleared and paid in any order: fen by fen.

Beside the hub a model adds up what one pair and one hospital owe, by what was answered alone. After
every step the books show the model's figures; in the end nothing is owed and every law holds.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.proof.service.verifying import verify
from app.runtime.db import Tx
from tests.flows.test_clearing_payments import BEIJING, SHANDONG, bank_row, imported
from tests.support.advance import funded, mode_changed
from tests.support.clearing import (
    a_hospital_with_one_drug,
    all_claims,
    all_items,
    claim_path,
    cleared,
    confirmed,
    digest_of,
    ready_to_settle,
)
from tests.support.institutions import JINAN
from tests.support.ledger import balances
from tests.support.review import REVIEWS, appeal, closed, decide, given_back, off, pay, propose
from tests.support.settlement import settle
from tests.support.world import World

FUND, ADVANCE = 90_00, 200_00
PAIR = f"{BEIJING}:{SHANDONG}"
_KEYS = itertools.count(1)
_QUARTERS = itertools.count(0)
# The steps that lead far come more often than those that may come at any time.
NAMES = (
    *("propose", "uphold", "lower", "withdraw", "give-back", "settle", "clear", "close"),
    *("cancel", "restore", "accept", "in-part", "pay", "send-back", "pay-hospital") * 2,
    *("contest", "notice") * 3,
)
STEPS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 3)), min_size=12, max_size=22)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    """Let a pair keep an advance that it may not overdraw."""
    world.clock.set_day("2025-09-01")
    await a_hospital_with_one_drug(world)
    await funded(world, BEIJING, SHANDONG, "200.00")
    await mode_changed(world, BEIJING, SHANDONG, "hard")


@dataclass
class Story:
    """One visit, and what the model holds to be owed: by the pair, and to the hospital."""

    world: World
    visit: str = ""
    number: str = ""
    owed: int = 0
    cleared: int = 0
    paid: int = 0
    undo: str = ""
    clearing: str = ""
    contest: str = ""
    contested: tuple[str, int] = ("", 0)
    proposed: int = 0
    conceded: dict[str, int] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)
    final: dict[str, int] = field(default_factory=dict)
    bank: list[str] = field(default_factory=list)
    quarter: int = 0

    def day(self, month: int, day: int) -> None:
        """Set the clock within the quarter, or after it."""
        at = self.quarter * 3 + month + 9
        self.world.clock.set_day(f"{2025 + at // 12}-{at % 12 + 1:02d}-{day:02d}")

    async def begin(self) -> None:
        self.quarter = next(_QUARTERS)
        self.day(1, 5)
        self.visit = await ready_to_settle(self.world, 90)
        await self.step("settle", 0)

    async def step(self, name: str, n: int) -> None:
        """Do one thing; let the model follow what was answered."""
        answer = await getattr(self, f"_{name.replace('-', '_')}")(n)
        if isinstance(answer, httpx.Response):
            assert answer.status_code < 500, answer.text

    async def _settle(self, _: int) -> Any:
        answer = await settle(self.world, self.visit, "90.00")
        if answer.status_code == 201:
            self.number, self.owed = answer.json()["number"], self.owed + FUND
            self.conceded[self.number] = 0
        return answer

    async def _cancel(self, _: int) -> Any:
        key = f"machine-{next(_KEYS):06d}"
        path = f"/v1/settlements/{self.number}/cancel"
        body = {"adjustment": True, "reason": "金额录入有误"}
        answer = await self.world.institution(JINAN).post(path, body, key=key)
        if answer.status_code == 201:
            assert not self.open, "a deduction stands"
            assert not sum(self.final.values()), "a deduction stands"
            self.owed -= FUND - self.conceded[self.number]
            self.undo = key
        return answer

    async def _restore(self, _: int) -> Any:
        if not self.undo:
            return None
        asked = {"message": self.undo}
        answer = await self.world.institution(JINAN).post("/v1/reversals", asked)
        if answer.status_code == 200 and answer.json()["outcome"] == "reversed":
            before, self.number = self.number, answer.json()["undone_by"]
            self.conceded[self.number] = self.conceded[before]
            self.owed += FUND - self.conceded[before]
        return answer

    async def _propose(self, n: int) -> Any:
        amount = (7_50, 20_00, 45_00, 90_00)[n]
        answer = await propose(self.world, off(self.number, f"{amount // 100}.{amount % 100:02d}"))
        if answer.status_code == 201:
            self.open[answer.json()["items"][0]["number"]] = amount
            taken = sum(self.open.values()) + sum(self.final.values())
            assert taken + self.conceded[self.number] <= FUND, "more than the fund bears"
        return answer

    async def _decided(self, decision: str, amount: int | None) -> Any:
        if not self.open:
            return None
        number, proposed = self.open.popitem()
        if decision != "withdrawn":
            assert (await appeal(self.world, number)).status_code in {201, 422}
        more: dict[str, Any] = {}
        if amount is not None:
            more = {"amount": f"{amount // 100}.{amount % 100:02d}"}
        answer = await decide(self.world, number, decision, **more)
        if answer.status_code != 201:  # the term is over: it stays as it was
            self.open[number] = proposed
        elif decision != "withdrawn":
            self.final[number] = amount or proposed
            self.owed -= self.final[number]
        return answer

    async def _uphold(self, _: int) -> Any:
        return await self._decided("upheld", None)

    async def _lower(self, _: int) -> Any:
        return await self._decided("lowered", 3_01)

    async def _withdraw(self, _: int) -> Any:
        return await self._decided("withdrawn", None)

    async def _give_back(self, _: int) -> Any:
        if not self.final:
            return None
        number = next(iter(self.final))
        answer = await given_back(self.world, number)
        if answer.status_code == 201:
            self.owed += self.final.pop(number)
        return answer

    async def _clear(self, _: int) -> Any:
        period = 3 + self.quarter
        self.quarter = next(_QUARTERS)
        self.day(0, 21)
        self.clearing = await cleared(self.world, f"{2025 + period // 4}Q{period % 4 + 1}")
        self.contest = ""

    async def _contest(self, n: int) -> Any:
        item = await self._item() if self.clearing else None
        if item is None:
            await self._clear(n)
            item = await self._item()
        if item is None:
            return None
        (it,) = await all_claims(self.world, self.clearing)
        objection = {"settlement": self.number, "reason": "wrong_amount", "note": "票据不符"}
        objection["proposed"] = f"{(0, 10, 40, 80)[n]}.00"
        path = f"{claim_path(self.clearing, it['claim'])}/confirmations"
        body = digest_of(it["claim"]) | {"contests": [objection]}
        answer = await self.world.agency(BEIJING).post(path, body)
        if answer.status_code == 201:
            shandong = self.world.agency(SHANDONG)
            listed = await shandong.get("/v1/contests", clearing=self.clearing, limit=200)
            self.contest = listed.json()["items"][-1]["number"]
            self.contested = (self.number, int(item["fund"].replace(".", "")))
            self.proposed = int(objection["proposed"].replace(".", ""))
        return answer

    async def _item(self) -> dict[str, Any] | None:
        """Find the settlement in the clearing, if it is counted there."""
        items = await all_items(self.world.operator, self.clearing)
        return next((it for it in items if it["number"] == self.number), None)

    async def _reply(self, reply: str, agreed: int, **more: str) -> Any:
        if not self.contest:
            return None
        body = {"reply": reply, "note": "已核对", **more}
        path = f"/v1/contests/{self.contest}/reply"
        answer = await self.world.agency(SHANDONG).post(path, body)
        if answer.status_code == 201:
            number, counted = self.contested
            self.conceded[number] += counted - agreed
            self.owed -= counted - agreed
        return answer

    async def _accept(self, _: int) -> Any:
        return await self._reply("accepted", self.proposed if self.contest else 0)

    async def _in_part(self, _: int) -> Any:
        return await self._reply("accepted_in_part", 33_33, amount="33.33")

    async def _notice(self, _: int) -> Any:
        if not self.clearing:
            return None
        await confirmed(self.world, self.clearing)
        return await self.world.operator.post(f"/v1/clearings/{self.clearing}/notices")

    async def _pay(self, n: int) -> Any:
        listed = await self.world.agency(BEIJING).get("/v1/notices/open", limit=200)
        payable = [it["notice"] for it in listed.json()["items"]]
        for it in payable:
            if it["kind"] != "payable" or it["outstanding"].startswith("-"):
                continue
            amount = "1.00" if n == 0 else it["outstanding"]
            row = bank_row(it["number"], BEIJING, SHANDONG, amount, "2025-11-18")
            await self._imported(row, it["number"], amount)

    async def _send_back(self, _: int) -> Any:
        if self.bank:
            number, amount = self.bank.pop().split()
            row = bank_row(number, BEIJING, SHANDONG, f"-{amount}", "2025-11-19")
            await self._imported(row, number, f"-{amount}")

    async def _imported(self, row: str, number: str, amount: str) -> None:
        answer = await imported(self.world.agency(SHANDONG), row)
        assert answer.status_code == 201, answer.text
        if answer.json()["items"][0]["outcome"] != "misdirected":
            self.cleared += int(amount.replace(".", ""))
            if not amount.startswith("-"):
                self.bank.append(f"{number} {amount}")

    async def _pay_hospital(self, n: int) -> Any:
        reference = f"ICBC-{next(_KEYS)}"
        amount = (1_00, 30_00, 60_00, 90_00)[n]
        answer = await pay(self.world, f"{amount // 100}.00", reference)
        if answer.status_code == 201:
            self.paid += amount
        return answer

    async def _close(self, _: int) -> Any:
        """Close every month that is over, oldest first."""
        listed = await self.world.agency(SHANDONG).get(f"{REVIEWS}/open")
        today = f"{self.world.clock.now:%Y-%m}"
        for it in listed.json()["items"]:
            if it["state"] == "open" and it["place"] == SHANDONG and it["month"] < today:
                await closed(self.world, it["month"])

    async def end(self) -> None:
        """Take back whatever stands."""
        await self._reply("rejected", self.contested[1])
        while self.open:
            await self.step("withdraw", 0)
        while self.final:
            await self.step("give-back", 0)
        shown = (await self.world.operator.get(f"/v1/settlements/{self.number}")).json()
        assert int(shown["conceded"].replace(".", "")) == self.conceded[self.number]
        await self.step("cancel", 0)
        self.quarter = next(_QUARTERS)
        self.day(0, 3)
        await self.step("close", 0)


async def standing(world: World) -> dict[str, int]:
    """Read what the pair owes, the hospital is owed, and the treasury holds."""
    found = {name: fen for name, (fen, _) in (await balances(world)).items()}
    return {
        "pair": found.get(f"uncleared:{PAIR}", 0) + found.get(f"notified:{PAIR}", 0),
        "hospital": -found.get(f"payable:{SHANDONG}:{JINAN}", 0),
        "treasury": found.get(f"treasury:{SHANDONG}", 0),
        "advance": -found.get(f"advance:{PAIR}", 0),
        "sum": sum(found.values()),
    }


async def held_to(story: Story, before: dict[str, int]) -> None:
    """Hold the books to the model."""
    assert await standing(story.world) == {
        "pair": before["pair"] + story.owed - story.cleared,
        "hospital": before["hospital"] + story.owed - story.paid,
        "treasury": before["treasury"] + story.cleared - story.paid,
        "advance": ADVANCE,
        "sum": 0,
    }


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
async def test_in_whatever_order_money_moves_the_books_are_the_models(
    world: World, steps: list[tuple[str, int]]
) -> None:
    before = await standing(world)
    story = Story(world)
    await story.begin()
    for name, n in steps:
        await story.step(name, n)
        await held_to(story, before)
    await story.end()
    await held_to(story, before)
    assert story.owed == 0, "all is taken back"
    told = await world.institution(JINAN).get(f"{REVIEWS}/statements/{SHANDONG}/{JINAN}")
    shown = told.json()["standing"]
    due, paid = (int(shown[name].replace(".", "")) for name in ("due", "paid"))
    assert due - paid == (await standing(world))["hospital"], "a month shows every fen"
    async with world.tx() as tx:
        assert not (await verify(Tx(tx), world.clock.now.date())).broken
