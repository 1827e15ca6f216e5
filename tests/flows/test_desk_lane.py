"""The desk's lane answers and keeps what the door would, and leaves it whatever is not plain."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.kernel.parties import PartyKind
from app.runtime.auth import Caller
from app.visit.store import desk as store
from tests.support.desk import IDENTIFY, asked, carried, identify, identifying, traces
from tests.support.entitlement import KnownWorker, registered
from tests.support.filing import FILINGS, filed, wish
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.settlement import at_the_door
from tests.support.visit import ready_worker, road
from tests.support.world import START, World, open_world

OTHER_HOSPITAL = "H37020000001"
NUMBERS = itertools.count(1)
Person = Callable[[World], Awaitable[tuple[KnownWorker, dict[str, Any]]]]


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


@pytest_asyncio.fixture(loop_scope="session")
async def hub(world: World) -> World:
    world.clock.now = START
    return world


async def with_a_card(hub: World) -> tuple[KnownWorker, dict[str, Any]]:
    worker = await ready_worker(hub)
    return worker, worker.claim()


async def with_an_electronic_card(hub: World) -> tuple[KnownWorker, dict[str, Any]]:
    worker = await ready_worker(hub)
    token = f"ecard-{worker.person.number[-8:]}-{worker.person.card_number}"
    return worker, worker.claim(card_kind="electronic", card=token)


async def as_people_type(hub: World) -> tuple[KnownWorker, dict[str, Any]]:
    worker = await ready_worker(hub)
    said = worker.claim()
    spaced = f" {said['certificate_number'][:6]} {said['certificate_number'][6:].lower()}"
    return worker, said | {"certificate_number": spaced, "card": said["card"].lower()}


async def with_nothing_usable(hub: World) -> tuple[KnownWorker, dict[str, Any]]:
    worker = await registered(hub)
    return worker, worker.claim()


async def whose_entitlement_ended(hub: World) -> tuple[KnownWorker, dict[str, Any]]:
    worker = await ready_worker(hub)
    ended = {"worker": worker.number, "kind": "death", "lost_on": "2025-08-20", "reason": "死亡"}
    answer = await hub.agency("110000").post("/v1/entitlement-losses", ended)
    assert answer.status_code == 201, answer.text
    return worker, worker.claim()


async def whose_filing_was_changed(hub: World) -> tuple[KnownWorker, dict[str, Any]]:
    worker = await registered(hub)
    number = (await filed(hub, worker, treatment_region="330000"))["number"]
    hub.clock.advance(days=40)
    changed = await hub.agency("110000").post(
        f"{FILINGS}/{number}/change", wish(treatment_region="370000", reason="迁居")
    )
    assert changed.status_code in (200, 201), changed.text
    return worker, worker.claim()


PEOPLE: tuple[Person, ...] = (
    with_a_card,
    with_an_electronic_card,
    as_people_type,
    with_nothing_usable,
    whose_entitlement_ended,
    whose_filing_was_changed,
)


@pytest.mark.parametrize("institution", [JINAN, OTHER_HOSPITAL])
@pytest.mark.parametrize("who", PEOPLE)
async def test_the_lane_answers_and_keeps_what_the_door_does(
    hub: World, database_url: str, who: Person, institution: str
) -> None:
    worker, claim = await who(hub)
    before, names = carried(hub), [f"{way}-{next(NUMBERS):04d}" for way in ("lane", "door")]
    in_lane = await identify(hub, claim, institution, headers={"X-Request-Id": names[0]})
    assert in_lane.status_code == 200, in_lane.text
    assert in_lane.json()["worker"] == worker.number
    assert carried(hub) == (before[0] + 1, before[1])
    async with at_the_door(hub, database_url) as door:
        answer = await identify(door, claim, institution, headers={"X-Request-Id": names[1]})
    assert in_lane.content == answer.content
    differing = set(in_lane.headers.items()) ^ set(answer.headers.items())
    assert differing == {("x-request-id", name) for name in names}
    (kept,), (same,) = [await traces(hub, name) for name in names]
    assert kept == same | {"request": names[0]}


async def test_many_who_are_carried_together_are_told_of_their_own_and_leave_a_trace_each(
    hub: World,
) -> None:
    workers = [await ready_worker(hub) for _ in range(12)]
    before = carried(hub)
    desks = [JINAN, OTHER_HOSPITAL, JINAN_DEVICES]
    answers = await asyncio.gather(
        *(
            identify(hub, it.claim(), desks[n % 3], headers={"X-Request-Id": f"many-{n:04d}"})
            for n, it in enumerate(workers)
        )
    )
    assert [it.json()["worker"] for it in answers] == [it.number for it in workers]
    assert [it.json()["name"] for it in answers] == [it.person.name for it in workers]
    assert carried(hub) == (before[0] + 12, before[1])
    for n, it in enumerate(workers):
        (kept,) = await traces(hub, f"many-{n:04d}")
        assert (kept["party"], kept["client"]) == (desks[n % 3], f"{desks[n % 3]}-test")
        assert (kept["action"], kept["subject"]) == ("worker.look", it.number)


async def test_who_is_not_plain_is_left_to_the_door_alone(hub: World) -> None:
    good = [await ready_worker(hub) for _ in range(3)]
    nobody, unnamed, uncarded = [await ready_worker(hub) for _ in range(3)]
    stranger = Caller(
        kind=PartyKind.INSTITUTION, party="H37010000999", region="370100", client="stranger"
    )
    call = [
        asked(hub, good[0], "plain-0"),
        asked(hub, unnamed, "not-plain", name="另一人"),
        asked(hub, good[1], "plain-1", hub.institution(OTHER_HOSPITAL).caller),
        asked(hub, nobody, "not-plain", certificate_number="11000019000101001X"),
        asked(hub, uncarded, "not-plain", card="Z99999999"),
        asked(hub, good[2], "not-plain", stranger),
        asked(hub, good[2], "plain-2"),
        asked(hub, good[2], "plain-3"),
    ]
    answers = await identifying(hub)(call)
    assert [it is not None for it in answers] == [True, False, True, *[False] * 3, True, True]
    assert await traces(hub, "not-plain") == []
    for n, it in enumerate((good[0], good[1], good[2], good[2])):
        (kept,) = await traces(hub, f"plain-{n}")
        assert kept["subject"] == it.number


FALLS = {
    "revoked": "UPDATE client SET tokens_valid_from = :now WHERE id = 'desk-falls'",
    "disabled": "UPDATE client SET state = 'disabled' WHERE id = 'desk-falls'",
    "expired": "UPDATE client SET expires_at = :now WHERE id = 'desk-falls'",
    "party disabled": "UPDATE party SET state = 'disabled' WHERE code = :party",
}


@pytest.mark.parametrize("how", FALLS)
async def test_who_has_fallen_does_not_ride_on_others_nor_keep_them(hub: World, how: str) -> None:
    good, other = await ready_worker(hub), await ready_worker(hub)
    fallen = Caller(
        kind=PartyKind.INSTITUTION,
        party=OTHER_HOSPITAL,
        region="370200",
        client="desk-falls",
        issued_at=hub.clock.now - timedelta(minutes=1),
    )
    made = """
        WITH owner AS (INSERT INTO party (code, kind, name, region, state, source)
                       VALUES (:party, 'institution', '示例医院', '370200', 'active', 'synthetic')
                       ON CONFLICT DO NOTHING)
        INSERT INTO client (id, party, state, created_at)
        VALUES ('desk-falls', :party, 'active', now())
    """
    risen = ("DELETE FROM client WHERE id = 'desk-falls'", "UPDATE party SET state = 'active'")
    call = [
        asked(hub, good, f"stands {how}"),
        asked(hub, other, f"fallen {how}", fallen),
        asked(hub, other, f"stands {how}"),
    ]
    async with hub.tx() as tx:
        asks: dict[str, Any] = {"party": OTHER_HOSPITAL}
        await tx.execute(sa.text(made), asks)
    try:
        assert None not in await identifying(hub)(call), "they all stand"
        async with hub.tx() as tx:
            asks |= {"now": hub.clock.now}
            given = {name: it for name, it in asks.items() if f":{name}" in FALLS[how]}
            await tx.execute(sa.text(FALLS[how]), given)
        answers = await identifying(hub)(call)
    finally:
        async with hub.tx() as tx:
            for statement in risen:
                await tx.exec_driver_sql(statement)
    assert [it is None for it in answers] == [False, True, False]
    assert len(await traces(hub, f"stands {how}")) == 4
    assert len(await traces(hub, f"fallen {how}")) == 1, "from when they stood"


async def test_a_claim_that_fails_leaves_the_doors_trace_and_no_other(hub: World) -> None:
    worker, before = await ready_worker(hub), carried(hub)
    named = {"X-Request-Id": "claim-that-fails"}
    answer = await identify(hub, worker.claim(name="另一人"), headers=named)
    assert (answer.status_code, answer.json()["code"]) == (422, "name-mismatch")
    assert carried(hub) == (before[0], before[1] + 1)
    (kept,) = await traces(hub, "claim-that-fails")
    assert (kept["action"], kept["subject"]) == ("worker.look_refused", "-")


async def test_one_whose_data_cannot_be_read_keeps_nobody_else(hub: World) -> None:
    good, spoilt = await ready_worker(hub), await ready_worker(hub)
    spoil = sa.text(
        "UPDATE worker_identity SET name = substr(name, 1, 20) || sha256(name) WHERE worker_id ="
        " (SELECT id FROM worker WHERE number = :number)"
    )
    async with hub.tx() as tx:
        await tx.execute(spoil, {"number": spoilt.number})
    call = [asked(hub, spoilt, "unreadable"), asked(hub, good, "readable")]
    answers = await identifying(hub)(call)
    assert [it is None for it in answers] == [True, False]
    assert (await traces(hub, "unreadable"), len(await traces(hub, "readable"))) == ([], 1)


@pytest.mark.parametrize("after", [False, True], ids=["before it was kept", "after it was kept"])
async def test_nobody_is_answered_before_the_trace_is_kept(
    hub: World, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    workers = [await ready_worker(hub) for _ in range(4)]
    keep = store.keep

    async def breaking(*given: Any) -> None:
        if after:
            await keep(*given)
        raise ConnectionResetError

    monkeypatch.setattr(store, "keep", breaking)
    before = carried(hub)
    named = [f"breaks-{after}-{n}" for n in range(4)]
    answers = await asyncio.gather(
        *(
            identify(hub, it.claim(), headers={"X-Request-Id": name})
            for it, name in zip(workers, named, strict=True)
        )
    )
    assert {it.status_code for it in answers} == {200}, "the door looked again"
    assert carried(hub) == (before[0], before[1] + 4)
    assert [len(await traces(hub, name)) for name in named] == [1 + after] * 4


@pytest.mark.parametrize(
    "odd",
    [
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        {"content": b"", "headers": {"Content-Type": "application/json"}},
        {"content": b"[" * 40 + b"]" * 40, "headers": {"Content-Type": "application/json"}},
        {"content": b'{"name": "\\ud800"}', "headers": {"Content-Type": "application/json"}},
        {"json": {}, "headers": {"Content-Type": "text/plain"}},
        {"json": {"name": 1}},
        {"json": {"card_kind": "none"}},
        {"json": {"other": 1}},
        {"json": {"name": "a\0b"}},
        {"json": {"name": "x" * 3_000}},
        {"json": {}, "headers": {"Authorization": "Bearer nonsense"}},
        {"json": {}, "headers": {"Authorization": "Basic nonsense"}},
        {"json": {}, "headers": {"Content-Encoding": "gzip"}},
        {"json": {}, "params": {"other": "1"}},
    ],
    ids=str,
)
async def test_what_is_odd_is_answered_as_if_there_were_no_lane(
    hub: World, database_url: str, odd: dict[str, Any]
) -> None:
    worker = await ready_worker(hub)
    sent = {name: value for name, value in odd.items() if name != "headers"}
    if "json" in sent:
        sent["json"] = worker.claim() | sent["json"]
    async with at_the_door(hub, database_url) as door:
        answers: list[httpx.Response] = []
        for it in (hub, door):
            headers = it.institution(JINAN).headers() | odd.get("headers", {})
            answers.append(await it.http.post(IDENTIFY, headers=headers, **sent))
    says = [it.json() | {"instance": None} for it in answers]
    assert answers[0].status_code == answers[1].status_code
    assert says[0] == says[1]


@pytest.mark.parametrize("kind", [it for it in PartyKind if it is not PartyKind.INSTITUTION])
async def test_the_lane_is_for_institutions_alone(hub: World, kind: PartyKind) -> None:
    worker, before = await ready_worker(hub), carried(hub)
    party = {PartyKind.AGENCY: "370000", PartyKind.OPERATOR: "operator"}.get(kind, "platform")
    answer = await hub.client(kind, party, "370000").post(IDENTIFY, worker.claim())
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert carried(hub) == before


async def test_a_limit_is_counted_once_on_the_way_to_the_door(
    hub: World, database_url: str
) -> None:
    worker = await ready_worker(hub)
    async with open_world(database_url, client_requests_per_minute=3) as strict:
        strict.clock.now = hub.clock.now
        claims = [worker.claim(name="另一人"), worker.claim(), worker.claim(), worker.claim()]
        answers = [await identify(strict, claim) for claim in claims]
    assert [it.status_code for it in answers] == [422, 200, 200, 429]


async def test_a_lane_that_is_closed_leaves_all_to_the_door(hub: World, database_url: str) -> None:
    worker = await ready_worker(hub)
    async with at_the_door(hub, database_url) as door:
        assert (await identify(door, worker.claim())).status_code == 200
        registry = door.app.state.metrics.registry
        assert registry.get_sample_value("hub_desk_lane_total", {"outcome": "carried"}) is None
