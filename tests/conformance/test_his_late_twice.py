"""The late answer and the message delivered twice: who survives them, on both faces, who not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import httpx
import pytest
import pytest_asyncio

from app.conformance.evidence import Result, Verdict
from app.conformance.his.trials import Strike, Trial, Watch
from tests.conformance.test_his import proxied
from tests.support import gateway, visit
from tests.support.entitlement import KnownWorker
from tests.support.gateway import SINGLE, hospital
from tests.support.institutions import JINAN
from tests.support.visit import ready_worker, road
from tests.support.world import World

FACES = ("rest", "gateway")
ENOUGH = httpx.Timeout(30.0)
PATIENCE = httpx.Timeout(30.0, read=0.5)
TRIES = 20
FOR_EVER = 600.0  # the proxy holds the answer until the caller hangs up
Press: TypeAlias = Callable[[], Awaitable[httpx.Response]]


@pytest_asyncio.fixture(loop_scope="session", scope="module", autouse=True)
async def _road(world: World) -> None:
    await road(world)


class Desk:
    """A hospital's desk on one face: it admits, sends again, presses anew and reverses."""

    def __init__(self, world: World, face: str, http: httpx.AsyncClient) -> None:
        self.face, self.http = face, http
        self.his, self.me = hospital(world), world.institution(JINAN)
        self.token = {"Authorization": self.me.headers()["Authorization"]}

    def admission(self, worker: KnownWorker, **other: Any) -> tuple[str, Press]:
        """Return the id of a message that admits a worker, and what sends it."""
        if self.face == "gateway":
            return self._numbered("2401", gateway.admission(worker, **other))
        return self._keyed(visit.VISITS, visit.admission(worker, **other))

    def reversal(self, message: str) -> tuple[str, Press]:
        """Return a message that reverses another."""
        if self.face == "gateway":
            return self._numbered("2601", {"data": {"omsgid": message, "oinfno": "2401"}})
        return self._keyed("/v1/reversals", {"message": message})

    def _numbered(self, number: str, body: object) -> tuple[str, Press]:
        message = self.his.envelope(number, body)
        return message["msgid"], lambda: self.http.post(SINGLE, json=message, headers=self.token)

    def _keyed(self, path: str, body: object) -> tuple[str, Press]:
        key = self.his.message_id()
        headers = self.me.headers(key)
        return key, lambda: self.http.post(path, json=body, headers=headers)


Habit: TypeAlias = Callable[[Desk, KnownWorker], Awaitable[None]]


async def loses_patience(desk: Desk, press: Press) -> None:
    """Hang up on the first answer; what comes after has time."""
    with pytest.raises(httpx.ReadTimeout):
        await press()
    desk.http.timeout = ENOUGH


async def waits(desk: Desk, worker: KnownWorker) -> None:
    """It waits, however long it takes."""
    _, press = desk.admission(worker)
    assert booked(await press())


async def sends_again(desk: Desk, worker: KnownWorker) -> None:
    """Its patience ends; it sends the message again as it was."""
    _, press = desk.admission(worker)
    await loses_patience(desk, press)
    for _ in range(TRIES):  # the first may still be under way
        if booked(await press()):
            return
    raise AssertionError("never answered")


async def presses_anew(desk: Desk, worker: KnownWorker) -> None:
    """Its patience ends; the cashier presses the button, which makes a new id."""
    _, press = desk.admission(worker)
    await loses_patience(desk, press)
    _, press = desk.admission(worker)
    await press()


async def forgets(desk: Desk, worker: KnownWorker) -> None:
    """Its patience ends, and with it the matter."""
    _, press = desk.admission(worker)
    await loses_patience(desk, press)


async def books_again(desk: Desk, worker: KnownWorker) -> None:
    """It takes the repeated answer for none of its own."""
    await waits(desk, worker)
    _, press = desk.admission(worker)
    await press()


async def reverses(desk: Desk, worker: KnownWorker) -> None:
    """It takes the repeated answer for a fault, and undoes what is booked."""
    message, press = desk.admission(worker)
    assert booked(await press())
    _, undo = desk.reversal(message)
    assert booked(await undo())


async def reverses_what_it_sent_again(desk: Desk, worker: KnownWorker) -> None:
    """To send it again harms nobody and excuses nothing."""
    message, press = desk.admission(worker)
    assert booked(await press())
    assert booked(await press())
    await desk.reversal(message)[1]()


async def is_refused_first(desk: Desk, worker: KnownWorker) -> None:
    """The first is refused by the hub itself; mended, it goes under an id of its own."""
    wrong = {"begntime": "2025-13-01 08:30:00"} if desk.face == "gateway" else {"kind": "?"}
    _, press = desk.admission(worker, **wrong)
    assert not booked(await press())
    await waits(desk, worker)


def booked(answer: httpx.Response) -> bool:
    return answer.is_success and answer.json().get("infcode", 0) == 0


async def struck(
    world: World, face: str, strike: Strike, habit: Habit, delay_seconds: float = 0.1
) -> Result:
    """Let a client with a habit admit somebody, struck by one fault."""
    watch = Watch(trials=[Trial(act="admit", strike=strike)])
    worker = await ready_worker(world)
    patience = PATIENCE if delay_seconds == FOR_EVER else ENOUGH
    async with (
        proxied(world, watch, delay_seconds) as url,
        httpx.AsyncClient(base_url=url, timeout=patience) as http,
    ):
        await habit(Desk(world, face, http), worker)
    it = watch.results()[0]
    assert it.face == face
    return it


@pytest.mark.parametrize("face", FACES)
async def test_one_who_waits_for_a_late_answer_survives(world: World, face: str) -> None:
    it = await struck(world, face, Strike.DELAY, waits)
    assert it.verdict is Verdict.PASSED
    assert [each.seconds >= 0.1 for each in it.exchanges] == [True], "the wait is evidence"
    assert (it.says, it.says_zh) == ("admit: the answer comes late", "应答迟到")


@pytest.mark.parametrize("face", FACES)
async def test_one_who_cannot_wait_and_sends_the_same_message_survives(
    world: World, face: str
) -> None:
    it = await struck(world, face, Strike.DELAY, sends_again, FOR_EVER)
    assert it.verdict is Verdict.PASSED
    assert len({each.message for each in it.exchanges}) == 1
    assert len(it.exchanges) >= 2


@pytest.mark.parametrize("face", FACES)
async def test_one_who_cannot_wait_and_presses_anew_is_named(world: World, face: str) -> None:
    it = await struck(world, face, Strike.DELAY, presses_anew, FOR_EVER)
    assert it.verdict is Verdict.FAILED
    assert "new id" in it.why
    assert len({each.message for each in it.exchanges}) == 2


@pytest.mark.parametrize("face", FACES)
async def test_one_who_cannot_wait_and_forgets_is_named(world: World, face: str) -> None:
    it = await struck(world, face, Strike.DELAY, forgets, FOR_EVER)
    assert (it.verdict, it.why) == (Verdict.FAILED, "the message was left in doubt")


@pytest.mark.parametrize("face", FACES)
async def test_one_who_takes_the_one_answer_of_two_deliveries_survives(
    world: World, face: str
) -> None:
    it = await struck(world, face, Strike.DUPLICATE, waits)
    assert it.verdict is Verdict.PASSED
    assert len(it.exchanges) == 2, "both deliveries are evidence"
    assert len({each.message for each in it.exchanges}) == 1
    assert it.says_zh == "报文重复送达"


@pytest.mark.parametrize("face", FACES)
async def test_one_who_books_again_after_two_deliveries_is_named(world: World, face: str) -> None:
    it = await struck(world, face, Strike.DUPLICATE, books_again)
    assert it.verdict is Verdict.FAILED
    assert "new id" in it.why


@pytest.mark.parametrize("habit", [reverses, reverses_what_it_sent_again])
@pytest.mark.parametrize("face", FACES)
async def test_one_who_reverses_what_two_deliveries_booked_is_named(
    world: World, face: str, habit: Habit
) -> None:
    it = await struck(world, face, Strike.DUPLICATE, habit)
    assert (it.verdict, it.why) == (Verdict.FAILED, "it reversed what had been answered")


@pytest.mark.parametrize("strike", [Strike.DELAY, Strike.DUPLICATE])
@pytest.mark.parametrize("face", FACES)
async def test_a_message_the_hub_refuses_is_no_trial(
    world: World, face: str, strike: Strike
) -> None:
    it = await struck(world, face, strike, is_refused_first)
    assert it.verdict is Verdict.PASSED
    assert len(it.exchanges) == (2 if strike is Strike.DUPLICATE else 1), "none of the refused one"
