"""Random sequences of send, drop, duplicate, reorder, reverse, fence and ask: one effect per id.

`HUB_SEQUENCES=10000` plays as many as that; `HUB_SEED` plays others, and 0 draws one and prints it.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from dataclasses import dataclass, field
from decimal import Decimal

import httpx
import pytest_asyncio
import sqlalchemy as sa

from hub_client import HubError, State
from hub_client.answers import Settlement, Visit
from hub_client.delivery import REVERSE, Outcome, Reversal
from tests.client.network import Fault
from tests.client.stays import LEFT_AT, admission, expected, lines, ready
from tests.client.support import Desktop, desktop
from tests.support.institutions import JINAN
from tests.support.world import Client, World

SEQUENCES = int(os.environ.get("HUB_SEQUENCES", "200"))
SEED = int(os.environ.get("HUB_SEED", "1")) or random.SystemRandom().randrange(1, 10**9)
LANES = 6
ROUNDS_PER_VISIT = 20
CLIENT_SHARE = 8  # every eighth is played by the client itself
RANKS = {"never_seen": 0, "refused": 0, "running": 0, "applied": 1, "fenced": 2, "reversed": 2}
EVENTS = ("send", "drop", "lose", "twice", "hold", "release", "reverse", "ask", "fence", "two")
WEIGHTS = (4, 1, 3, 2, 3, 3, 2, 2, 1, 2)
BODY = {"total": "2.00", "line_count": 1}
SUMS = sa.text(
    """
    SELECT (SELECT coalesce(sum(balance_fen), 0) FROM account) AS balances,
           (SELECT coalesce(sum(fund_fen), 0) FROM settlement) AS standing,
           (SELECT count(*) FROM settlement
             WHERE kind = 'settlement' AND cancelled_by IS NULL) AS open,
           (SELECT coalesce(sum(balance_fen), 0) FROM account WHERE kind = 'uncleared') AS owed,
           (SELECT coalesce(max(n), 0) FROM (
                SELECT count(*) AS n FROM audit_trail
                 WHERE action = 'settlement.settle' GROUP BY party, message) AS per) AS most
    """
)


@dataclass(slots=True)
class Sequence:
    """One message id and what happens to it."""

    me: Client
    visit: str
    key: str
    dice: random.Random
    held: list[str] = field(default_factory=list)
    answers: set[bytes] = field(default_factory=set)
    rank: int = 0
    serial: itertools.count[int] = field(default_factory=itertools.count)

    async def play(self) -> str:
        """Play some events, then let everything arrive; return the outcome."""
        for event in self.dice.choices(EVENTS, WEIGHTS, k=self.dice.randrange(2, 6)):
            await self.happen(event)
        self.dice.shuffle(self.held)
        while self.held:
            await self.happen("release")
        told = await self.ask()
        assert (told == "applied") == (await self.stands()), f"{told}, but the visit says otherwise"
        assert await self.reverse() in set(Reversal) - {Reversal.NOT_REVERSIBLE}
        return told

    async def happen(self, event: str) -> None:
        """Let one thing happen."""
        match event:
            case "send" | "lose":  # whether the answer is read makes no difference to the hub
                await self.send()
            case "twice":
                await asyncio.gather(self.send(), self.send())
            case "two":
                await asyncio.gather(self.send(), self.reverse())
            case "hold":
                self.held.append(self.dice.choice(("send", "send", "reverse")))
            case "release" if self.held:
                await self.happen(self.held.pop())
            case "reverse":
                await self.reverse()
            case "ask":
                await self.ask()
            case "fence":
                answer = await self.post(f"/v1/messages/{self.key}/fence", None)
                assert answer.status_code == 200, answer.text

    async def send(self) -> None:
        """Deliver a copy of the message."""
        answer = await self.post(f"/v1/visits/{self.visit}/settle", BODY, self.key)
        if answer.status_code == 201:
            self.answers.add(answer.content)
            assert len(self.answers) == 1, "two answers to one id"
        else:
            code = answer.json()["code"]
            assert code in {"message-fenced", "message-reversed"}, answer.text

    async def reverse(self) -> Reversal:
        """Deliver a reversal under an id of its own."""
        answer = await self.post("/v1/reversals", {"message": self.key})
        assert answer.status_code < 300, answer.text
        return Reversal(answer.json()["outcome"])

    async def ask(self) -> str:
        """Ask, and insist that time runs forward."""
        told = str((await self.me.get(f"/v1/messages/{self.key}")).json()["outcome"])
        assert RANKS[told] >= self.rank, f"{told} after rank {self.rank}"
        self.rank = RANKS[told]
        return told

    async def stands(self) -> bool:
        """Say whether the visit is settled."""
        return bool((await self.me.get(f"/v1/visits/{self.visit}")).json()["state"] == "settled")

    async def post(self, path: str, body: object, key: str | None = None) -> httpx.Response:
        """Post, again while an earlier copy is under way."""
        made = key or f"{self.key}-{next(self.serial)}"
        while True:
            answer = await self.me.post(path, body, key=made)
            if answer.status_code not in (409, 503) or "message-running" not in answer.text:
                return answer
            await asyncio.sleep(0.01)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def hub(world: World) -> World:
    await ready(world)
    print(f"HUB_SEED={SEED} HUB_SEQUENCES={SEQUENCES}")  # noqa: T201 -- to repeat a run
    return world


async def books_are_balanced(world: World) -> None:
    """Insist that nothing stands, nothing is owed, and no id settled twice."""
    async with world.tx() as tx:
        sums = (await tx.execute(SUMS)).one()
    assert sums.balances == 0
    assert sums.owed == sums.standing == 0, "everything was undone in the end"
    assert (sums.open, sums.most) == (0, 1)


async def left(at: Desktop, world: World) -> Visit:
    """Return a visit that waits for its settlement."""
    visit = await at.client.admit(admission(await expected(world)))
    await at.client.upload_lines(visit.number, lines(1))
    return await at.client.discharge(visit.number, LEFT_AT)


async def test_random_sequences_leave_one_effect_per_id_and_balanced_books(hub: World) -> None:
    async with desktop(hub, JINAN) as at:
        visits = [await left(at, hub) for _ in range(LANES)]
    counted: dict[str, int] = {}

    async def lane(number: int) -> None:
        for turn in range(number, SEQUENCES, LANES):
            dice = random.Random(f"{SEED}/{turn}")  # noqa: S311 -- the same seed, the same run
            key = f"seq-{SEED}-{turn}"
            sequence = Sequence(hub.institution(JINAN), visits[number].number, key, dice)
            try:
                told = await sequence.play()
            except AssertionError as error:
                raise AssertionError(f"HUB_SEED={SEED}, sequence {turn}: {error}") from error
            counted[told] = counted.get(told, 0) + 1

    await asyncio.gather(*(lane(number) for number in range(LANES)))
    assert sum(counted.values()) == SEQUENCES
    assert {"applied", "reversed", "fenced"} <= set(counted)
    await books_are_balanced(hub)


FAULTS = [it for it in Fault if it is not Fault.NONE]


async def test_whatever_the_network_does_the_journal_agrees_with_the_hub(hub: World) -> None:
    dice = random.Random(f"{SEED}/client")  # noqa: S311 -- as above
    async with desktop(hub, JINAN, signs_in=True) as at:
        visit = await left(at, hub)
        for turn in range(1, max(SEQUENCES // CLIENT_SHARE, 10)):
            if turn % ROUNDS_PER_VISIT == 0:  # or its list of settlements grows long
                visit = await left(at, hub)
            try:
                await one_round(at, visit.number, dice)
            except AssertionError as error:
                raise AssertionError(f"HUB_SEED={SEED}, round {turn}: {error}") from error
        for entry in at.desk.journal.meant_on("2025-09-01"):
            if entry.intent.verb != REVERSE:
                told = (await at.client.outcome(entry.id)).outcome
                refused = entry.state is State.REFUSED and told is Outcome.FENCED
                assert refused or told.value == entry.state.value, entry.intent.verb
    await books_are_balanced(hub)


async def one_round(at: Desktop, visit: str, dice: random.Random) -> None:
    """Settle through a bad network, perhaps press again, perhaps reverse; then tidy up."""
    for _ in range(dice.randrange(1, 4)):
        at.network.plan(*dice.choices([*FAULTS, Fault.NONE], k=dice.randrange(0, 12)))
        at.network.plan_reads(*dice.choices([Fault.NONE, Fault.LOST_BEFORE, Fault.TORN], k=3))
        try:
            await at.client.settle(visit, total=Decimal(2), line_count=1)
        except HubError as error:
            if dice.random() < 0.5 and (message := getattr(error, "message_id", None)):
                await attempt_reversal(at, message)
    at.network.plan()
    at.network.plan_reads()
    await at.network.deliver_late()
    await at.client.recover()
    assert at.desk.journal.unsettled() == []
    standing = [it for it in await at.client.settlements(visit=visit) if stands(it)]
    assert len(standing) <= 1
    for settlement in standing:
        await at.client.cancel_settlement(settlement.number)


async def attempt_reversal(at: Desktop, message: str) -> None:
    try:
        await at.client.reverse(message)
    except HubError:
        return


def stands(it: Settlement) -> bool:
    return it.kind == "settlement" and it.cancelled_by is None
