"""Deliveries: signed, in order, tried again, given up, sent again; never into the inner net."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from pydantic import SecretStr

from app.events.model import DeliveryFault
from app.events.service import sending
from app.events.service.sending import Outlet
from app.main import create_app
from app.runtime.settings import Mode, Settings
from tests.support.events import (
    LOOPBACK,
    SUBSCRIPTIONS,
    Receiver,
    Wall,
    all_told,
    announced,
    announcing,
    delivered,
    deliverer,
    logged,
    open_events_world,
    read_on,
    read_until,
    receiving,
    shown,
    subscribed,
)
from tests.support.parties import as_operator, seeded
from tests.support.world import TOKEN_KEY, World

PROVINCES = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62"
PARTIES = iter([f"{code}0000" for code in PROVINCES.split()])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(database_url: str) -> AsyncIterator[World]:
    limits = {"webhook_seconds": 60, "webhook_attempts_max": 3, "webhook_disable_hours": 24}
    async with open_events_world(database_url, **limits) as it:
        await seeded(it)
        yield it


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as it:
        yield it


@pytest.fixture
def party() -> str:
    """A party of this test's own, so that tests share a hub and no events."""
    return next(PARTIES)


async def test_what_happens_arrives_in_order_signed_and_as_the_feed_has_it(
    hub: World, receiver: Receiver, party: str
) -> None:
    agency, wall = hub.agency(party), Wall()
    made = await subscribed(agency, receiver.url)
    await announced(hub, "one", "two", party=party)
    await announced(hub, "not-for-them", party="650000")
    await announced(hub, "three", party=party)
    await delivered(deliverer(hub, wall), receiver, 3)
    assert receiver.subjects == ["one", "two", "three"]
    assert [it.event for it in receiver.got] == await read_on(agency)
    for post in receiver.got:
        assert post.is_signed_by(made["secret"])
        assert not post.is_signed_by("whsec_" + "A" * 44)
        assert post.headers["webhook-timestamp"] == str(int(wall.now.timestamp()))
        assert post.id == post.event["id"]
        assert post.headers["content-type"] == "application/json"
    log = await logged(agency, made["number"])
    assert [(it["subject"], it["outcome"], it["status"]) for it in log] == [
        (name, "delivered", 204) for name in ("one", "two", "three")
    ]


async def test_a_subscription_begins_now_or_where_it_is_told_and_with_its_topics(
    hub: World, receiver: Receiver, party: str
) -> None:
    agency = hub.agency(party)
    await announced(hub, "before", party=party)
    (first,) = await read_until(agency, "before")
    await subscribed(agency, receiver.url, topics=["review.requested"])
    await announced(hub, "other-topic", party=party)
    await announced(hub, "its-topic", party=party, topic="review.requested")
    await delivered(deliverer(hub, Wall()), receiver, 1)
    assert receiver.subjects == ["its-topic"]
    async with receiving() as second:
        await announced(hub, "after", party=party)
        await subscribed(agency, second.url, after=first["cursor"])
        await delivered(deliverer(hub, Wall()), second, 3)
        assert second.subjects == ["other-topic", "its-topic", "after"]


@pytest.mark.parametrize(
    ("reply", "fault", "status"),
    [
        (500, "answered_no", 500),
        (404, "answered_no", 404),
        ("redirect", "redirected", 302),
        ("drop", "unreachable", None),
        ("babble", "unreachable", None),
        ("hang", "timed_out", None),
    ],
)
async def test_what_fails_is_tried_again_later_and_keeps_its_turn(
    hub: World, receiver: Receiver, party: str, reply: int | str, fault: str, status: int | None
) -> None:
    agency, wall = hub.agency(party), Wall()
    receiver.script = [reply]
    made = await subscribed(agency, receiver.url)
    await announced(hub, "first", "second", party=party)
    hurried = deliverer(hub, wall, webhook_seconds=2) if reply == "hang" else deliverer(hub, wall)
    await delivered(hurried, receiver, 1)
    again = deliverer(hub, wall)
    await again.deliver()  # not before its time
    assert receiver.subjects == ["first"]
    standing = await shown(agency, made["number"])
    assert (standing["attempts"], standing["failing_since"]) == (1, "2026-01-01T00:00:00Z")
    wall.advance(seconds=5)
    await delivered(again, receiver, 3)
    assert receiver.subjects == ["first", "first", "second"]
    assert receiver.got[0].id == receiver.got[1].id
    assert {it.path for it in receiver.got} == {"/hook"}  # nobody followed anywhere
    log = await logged(agency, made["number"])
    assert [(it["attempt"], it["outcome"], it["fault"], it["status"]) for it in log] == [
        (1, "failed", fault, status),
        (2, "delivered", None, 204),
        (1, "delivered", None, 204),
    ]
    assert (await shown(agency, made["number"]))["failing_since"] is None


async def test_what_no_secret_can_sign_any_more_is_not_sent_and_is_tried_again(
    hub: World, receiver: Receiver, party: str
) -> None:
    agency, wall = hub.agency(party), Wall()
    made = await subscribed(agency, receiver.url)
    await announced(hub, "unsigned", party=party)
    await all_told(hub)
    lost = SecretStr("another sealing key, for the first was lost")
    await deliverer(hub, wall, sealing_key=lost).deliver()
    assert receiver.got == []
    standing = await shown(agency, made["number"])
    assert (standing["attempts"], standing["failing_since"]) == (1, "2026-01-01T00:00:00Z")
    wall.advance(seconds=5)
    await delivered(deliverer(hub, wall), receiver, 1)
    assert receiver.got[0].is_signed_by(made["secret"])
    log = await logged(agency, made["number"])
    assert [(it["attempt"], it["outcome"], it["fault"], it["status"]) for it in log] == [
        (1, "failed", "unsignable", None),
        (2, "delivered", None, 204),
    ]


async def test_one_that_fails_holds_up_no_other(hub: World, receiver: Receiver, party: str) -> None:
    agency, wall = hub.agency(party), Wall()
    receiver.always = 503
    await subscribed(agency, receiver.url)
    async with receiving() as healthy:
        await subscribed(agency, healthy.url)
        await announced(hub, "a", "b", "c", party=party)
        await delivered(deliverer(hub, wall), healthy, 3)
        assert (healthy.subjects, receiver.subjects) == (["a", "b", "c"], ["a"])


async def test_after_so_many_attempts_it_is_a_dead_letter_and_can_be_had_again(
    hub: World, receiver: Receiver, party: str
) -> None:
    agency, wall = hub.agency(party), Wall()
    receiver.script = [500, 500, 500]
    made = await subscribed(agency, receiver.url)
    await announced(hub, "unlucky", "lucky", party=party)
    it = deliverer(hub, wall)
    for attempts in (1, 2):
        await delivered(it, receiver, attempts)
        wall.advance(hours=1)
    await delivered(it, receiver, 4)
    assert receiver.subjects == ["unlucky", "unlucky", "unlucky", "lucky"]
    (dead,) = await logged(agency, made["number"], outcome="given_up")
    assert (dead["subject"], dead["attempt"]) == ("unlucky", 3)
    path = f"{SUBSCRIPTIONS}/{made['number']}/redeliveries"
    before = (await shown(agency, made["number"]))["cursor"]
    assert (await agency.post(path, {"event": dead["event"]})).status_code == 200
    await delivered(it, receiver, 5)
    await it.deliver()
    assert receiver.subjects[4:] == ["unlucky"]
    assert receiver.got[4].id == receiver.got[0].id
    assert (await shown(agency, made["number"]))["cursor"] == before


async def test_everything_after_a_place_is_sent_again(
    hub: World, receiver: Receiver, party: str
) -> None:
    agency = hub.agency(party)
    made = await subscribed(agency, receiver.url)
    await announced(hub, "u", "v", "w", party=party)
    it = deliverer(hub, Wall())
    await delivered(it, receiver, 3)
    path = f"{SUBSCRIPTIONS}/{made['number']}/redeliveries"
    await agency.post(path, {"after": receiver.got[0].event["cursor"]})
    await delivered(it, receiver, 5)
    await it.deliver()
    assert receiver.subjects == ["u", "v", "w", "v", "w"]
    assert [p.id for p in receiver.got[3:]] == [p.id for p in receiver.got[1:3]]


async def test_while_a_secret_is_rotated_both_verify_and_then_the_new_alone(
    hub: World, receiver: Receiver, party: str
) -> None:
    agency, it = hub.agency(party), deliverer(hub, Wall())
    made = await subscribed(agency, receiver.url)
    path, old = f"{SUBSCRIPTIONS}/{made['number']}/secrets", made["secret"]
    new = (await agency.post(path)).json()["secret"]
    await announced(hub, "between", party=party)
    await delivered(it, receiver, 1)
    assert receiver.got[0].is_signed_by(old)
    assert receiver.got[0].is_signed_by(new)
    await agency.post(f"{path}/{made['secrets'][0]['hint']}/retirement")
    await announced(hub, "behind", party=party)
    await delivered(it, receiver, 2)
    assert receiver.got[1].is_signed_by(new)
    assert not receiver.got[1].is_signed_by(old)


async def test_a_suspended_subscription_waits_and_loses_nothing(
    hub: World, receiver: Receiver, party: str
) -> None:
    agency, it = hub.agency(party), deliverer(hub, Wall())
    path = f"{SUBSCRIPTIONS}/{(await subscribed(agency, receiver.url))['number']}"

    async def suspend(_: object) -> None:
        receiver.arrived = None
        assert (await agency.post(f"{path}/suspend")).status_code == 200

    receiver.arrived = suspend
    await announced(hub, "k", "l", "m", party=party)
    await delivered(it, receiver, 1)
    await it.deliver()
    assert receiver.subjects == ["k"]
    await agency.post(f"{path}/resume")
    await delivered(it, receiver, 3)
    assert receiver.subjects == ["k", "l", "m"]


async def test_what_fails_for_long_is_disabled_and_its_party_told(
    hub: World, receiver: Receiver, party: str
) -> None:
    agency, wall = hub.agency(party), Wall()
    made = await subscribed(agency, receiver.url)
    receiver.always = 500
    await announced(hub, *(f"n{n}" for n in range(6)), party=party)
    it, sent = deliverer(hub, wall), 0
    while (await shown(agency, made["number"]))["state"] == "active":
        await it.deliver()
        sent = len(receiver.got)
        wall.advance(hours=8)
    assert (await shown(agency, made["number"]))["state"] == "disabled"
    told = await read_until(agency, made["number"])
    assert told[-1]["type"] == "subscription.disabled"
    assert told[-1]["data"] == {"subscription": made["number"]}
    wall.advance(days=3)
    await it.deliver()
    assert len(receiver.got) == sent
    receiver.always = 204
    await agency.post(f"{SUBSCRIPTIONS}/{made['number']}/resume")
    rest = len(set(receiver.subjects))
    await delivered(it, receiver, sent + 1)
    assert receiver.subjects[sent] in (f"n{rest - 1}", f"n{rest}")
    trail = sa.text(
        "SELECT facts FROM audit_trail WHERE action = 'subscription.disable' AND subject = :n"
    )
    async with hub.tx() as tx:
        assert [f["done"] for f in (await tx.execute(trail, {"n": made["number"]})).scalars()] == [
            True
        ]


async def test_a_disabled_party_is_sent_nothing(hub: World, receiver: Receiver, party: str) -> None:
    agency = hub.agency(party)
    await subscribed(agency, receiver.url)
    async with hub.tx() as tx:
        await tx.execute(
            sa.text("UPDATE party SET state = 'disabled' WHERE code = :p"), {"p": party}
        )
    await announced(hub, "quiet", party=party)
    await read_until(agency, "quiet")
    await deliverer(hub, Wall()).deliver()
    assert receiver.got == []


async def test_the_service_delivers_by_itself(
    hub: World, receiver: Receiver, party: str, database_url: str
) -> None:
    await subscribed(hub.agency(party), receiver.url)
    settings = Settings(
        token_key=TOKEN_KEY,  # type: ignore[arg-type]  # pydantic makes a secret of it
        log_level="ERROR", tick_seconds=0, deliver_seconds=1,
        mode=Mode.SANDBOX, webhook_networks=LOOPBACK,
    )  # fmt: skip
    app = create_app(settings, url=database_url, clock=hub.clock)
    async with app.router.lifespan_context(app):
        await announced(hub, "by-itself", party=party)
        while not receiver.got:  # noqa: ASYNC110 -- the service tells it no other way
            await asyncio.sleep(0.01)
    assert receiver.subjects == ["by-itself"]


def _resolving(monkeypatch: Any, *answers: list[str]) -> list[str]:
    """Let names be resolved to these, one answer after the other; return what was asked."""
    asked: list[str] = []
    waiting = list(answers)

    async def resolve(_: object, host: str, port: int, **__: object) -> list[Any]:
        asked.append(host)
        found = waiting.pop(0) if waiting else []
        if not found:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (it, port)) for it in found]

    monkeypatch.setattr(type(asyncio.get_running_loop()), "getaddrinfo", resolve)
    return asked


async def test_a_name_is_resolved_once_and_the_address_looked_at_is_the_one_connected_to(
    receiver: Receiver, monkeypatch: Any
) -> None:
    outlet = Outlet(LOOPBACK, plain=True, seconds=5)
    url = f"http://rebound.example:{receiver.port}/hook"
    asked = _resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    made = await sending.send(outlet, url, b"{}", {"webhook-id": "evt_1"})
    assert (made.status, asked) == (204, ["rebound.example"])
    assert receiver.got[0].headers["host"] == f"rebound.example:{receiver.port}"


@pytest.mark.parametrize(
    ("addresses", "fault"),
    [
        (["127.0.0.1"], DeliveryFault.ADDRESS_FORBIDDEN),
        (["93.184.216.34", "10.1.2.3"], DeliveryFault.ADDRESS_FORBIDDEN),
        (["169.254.169.254"], DeliveryFault.ADDRESS_FORBIDDEN),
        ([], DeliveryFault.NAME_UNRESOLVED),
    ],
)
async def test_a_name_that_leads_inside_is_not_followed(
    receiver: Receiver, monkeypatch: Any, addresses: list[str], fault: DeliveryFault
) -> None:
    _resolving(monkeypatch, addresses)
    url = f"http://inner.example:{receiver.port}/hook"
    made = await sending.send(Outlet((), plain=True, seconds=5), url, b"{}", {})
    assert (made.fault, made.status, receiver.got) == (fault, None, [])


async def test_in_production_nothing_goes_out_unencrypted(receiver: Receiver) -> None:
    outlet = Outlet(LOOPBACK, plain=False, seconds=5)
    made = await sending.send(outlet, receiver.url, b"{}", {})
    assert (made.fault, receiver.got) == (DeliveryFault.ADDRESS_FORBIDDEN, [])


async def test_a_receiver_that_speaks_no_tls_gets_nothing(receiver: Receiver) -> None:
    outlet = Outlet(LOOPBACK, plain=False, seconds=0.5)
    url = receiver.url.replace("http:", "https:")
    made = await sending.send(outlet, url, b"{}", {})
    assert (made.fault, receiver.got) == (DeliveryFault.TIMED_OUT, [])


async def test_the_metrics_count_what_was_sent(hub: World) -> None:
    text = (await hub.http.get("/v1/metrics")).text
    for outcome in ("delivered", "failed", "given_up"):
        assert f'hub_deliveries_total{{outcome="{outcome}"}}' in text


async def test_nothing_is_announced_of_what_only_one_hub_knows(hub: World) -> None:
    """The body that is sent is the feed's, byte for byte, also for the operator."""
    async with receiving() as it:
        made = await subscribed(hub.operator, it.url)
        await as_operator(hub, announcing("to-all"))
        await delivered(deliverer(hub, Wall()), it, 1)
        await hub.operator.post(f"{SUBSCRIPTIONS}/{made['number']}/end")
        found = [e for e in await read_on(hub.operator) if e["id"] == it.got[0].id]
        assert [json.loads(it.got[0].body)] == found
