"""Subscriptions: each party its own, a secret shown once, rotated without a pause."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.events.service.subscribing import SECRETS_MAX, SUBSCRIPTIONS_MAX
from tests.support.events import (
    SUBSCRIPTIONS,
    announced,
    open_events_world,
    read_until,
    shown,
    subscribe,
    subscribed,
)
from tests.support.parties import seeded
from tests.support.world import World, open_world

HOOK = "http://127.0.0.1:9/hook"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(database_url: str) -> AsyncIterator[World]:
    async with open_events_world(database_url) as it:
        await seeded(it)
        yield it


async def test_a_secret_is_shown_once_and_kept_sealed(hub: World) -> None:
    agency = hub.agency("120000")
    body = {"url": HOOK, "topics": ["review.closed", "review.closed"]}
    first = await agency.post(SUBSCRIPTIONS, body, key="once")
    again = await agency.post(SUBSCRIPTIONS, body, key="once")
    made = first.json()
    assert first.status_code == again.status_code == 201
    assert made["secret"].startswith("whsec_")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "secret" not in again.json()
    assert again.json()["number"] == made["number"]
    assert (made["topics"], made["state"], made["party"]) == (["review.closed"], "active", "120000")
    assert made["secret"] not in (await agency.get(f"{SUBSCRIPTIONS}/{made['number']}")).text
    async with hub.tx() as tx:
        for table in ("message", "subscription_secret", "audit_trail", "subscription"):
            kept = await tx.scalar(
                sa.text(f"SELECT string_agg(t::text, ' ') FROM {table} t")  # noqa: S608 -- names of our own
            )
            assert made["secret"].removeprefix("whsec_") not in str(kept), table


async def test_a_party_sees_and_changes_its_own_and_the_operator_sees_every_one(
    hub: World,
) -> None:
    made = await subscribed(hub.institution("H37010000001"), HOOK)
    path = f"{SUBSCRIPTIONS}/{made['number']}"
    owner = hub.institution("H37010000001")
    assert [it["number"] for it in (await owner.get(SUBSCRIPTIONS)).json()["items"]] == [
        made["number"]
    ]
    assert made["number"] in (await hub.operator.get(SUBSCRIPTIONS, limit=200)).text
    assert (await hub.operator.get(path)).status_code == 200
    acts = (
        "suspend",
        "resume",
        "end",
        "secrets",
        f"secrets/{made['secrets'][0]['hint']}/retirement",
    )
    for stranger in (hub.agency("370000"), hub.institution("H37010000002"), hub.channel()):
        assert (await stranger.get(SUBSCRIPTIONS)).json()["items"] == []
        for read in (path, f"{path}/deliveries"):
            answer = await stranger.get(read)
            assert (answer.status_code, answer.json()["code"]) == (404, "subscription-unknown")
    for other in (hub.agency("370000"), hub.operator):
        for act in acts:
            answer = await other.post(f"{path}/{act}")
            assert (answer.status_code, answer.json()["code"]) == (404, "subscription-unknown"), act
        answer = await other.post(f"{path}/redeliveries", {"event": "evt_1"})
        assert answer.json()["code"] == "subscription-unknown"


async def test_a_subscription_moves_as_its_life_says(hub: World) -> None:
    agency = hub.agency("130000")
    path = f"{SUBSCRIPTIONS}/{(await subscribed(agency, HOOK))['number']}"

    async def act(name: str) -> str:
        answer = await agency.post(f"{path}/{name}")
        return str(answer.json().get("code", answer.json().get("state")))

    assert await act("resume") == "no-such-move"
    assert await act("suspend") == "suspended"
    assert await act("suspend") == "no-such-move"
    assert await act("resume") == "active"
    assert await act("end") == "ended"
    assert await act("resume") == "no-such-move"


async def test_secrets_are_rotated_and_one_always_stays(hub: World) -> None:
    agency = hub.agency("140000")
    made = await subscribed(agency, HOOK)
    path = f"{SUBSCRIPTIONS}/{made['number']}/secrets"
    (old,) = (it["hint"] for it in made["secrets"])
    answer = await agency.post(f"{path}/{old}/retirement")
    assert (answer.status_code, answer.json()["code"]) == (409, "subscription-secret-last")
    more = [await agency.post(path, key=f"rotation-{n}") for n in range(SECRETS_MAX - 1)]
    assert {it.status_code for it in more} == {201}
    assert len({it.json()["secret"] for it in more} | {made["secret"]}) == SECRETS_MAX
    assert "secret" not in (await agency.post(path, key="rotation-0")).json()
    assert (await agency.post(path)).json()["code"] == "subscription-secrets-too-many"
    left = (await agency.post(f"{path}/{old}/retirement")).json()
    assert [it["hint"] for it in left["secrets"] if it["retired_at"]] == [old]
    answer = await agency.post(f"{path}/{old}/retirement")
    assert (answer.status_code, answer.json()["code"]) == (404, "subscription-secret-unknown")


async def test_a_party_has_so_many_and_those_that_ended_do_not_count(hub: World) -> None:
    agency = hub.agency("150000")
    made = [await subscribed(agency, HOOK) for _ in range(SUBSCRIPTIONS_MAX)]
    answer = await subscribe(agency, HOOK)
    assert (answer.status_code, answer.json()["code"]) == (422, "subscriptions-too-many")
    await agency.post(f"{SUBSCRIPTIONS}/{made[0]['number']}/end")
    assert (await subscribe(agency, HOOK)).status_code == 201


async def test_topics_that_are_not_told_are_refused(hub: World) -> None:
    answer = await subscribe(hub.agency("210000"), HOOK, topics=["review.closed", "made.up"])
    assert (answer.status_code, answer.json()["topics"]) == (422, ["made.up"])


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data", "address"),
        ("https://10.0.0.8/x", "address"),
        ("https://[::1]/x", "address"),
        ("https://[::ffff:10.0.0.1]/x", "address"),
        ("https://2130706433/x", "address"),
        ("https://0x7f000001/x", "address"),
        ("ftp://events.example.com/x", "scheme"),
        ("https://user:word@events.example.com/x", "format"),
        ("https://events.example.com/x#y", "format"),
        ("https:///x", "host"),
        ("not an address", "format"),
    ],
)
async def test_addresses_the_hub_sends_nothing_to(hub: World, url: str, reason: str) -> None:
    answer = await subscribe(hub.agency("210000"), url)
    told = (answer.status_code, answer.json()["code"], answer.json()["reason"])
    assert told == (422, "webhook-url-refused", reason)


async def test_in_production_only_https_and_no_inner_network(database_url: str) -> None:
    async with open_world(database_url) as world:
        agency = world.agency("220000")
        for url in ("http://events.example.com/x", "https://127.0.0.1/x"):
            answer = await subscribe(agency, url)
            assert answer.json()["code"] == "webhook-url-refused"
        assert (await subscribe(agency, "https://events.example.com/x")).status_code == 201


async def test_what_is_to_be_sent_again_is_one_event_of_ones_own_or_a_place(hub: World) -> None:
    agency = hub.agency("230000")
    made = await subscribed(agency, HOOK)
    path = f"{SUBSCRIPTIONS}/{made['number']}/redeliveries"
    await announced(hub, "somebody-elses", party="310000")
    (foreign,) = await read_until(hub.agency("310000"), "somebody-elses")
    for event in (foreign["id"], "evt_999999999"):
        answer = await agency.post(path, {"event": event})
        assert (answer.status_code, answer.json()["code"]) == (404, "event-unknown")
    for body in ({}, {"event": "evt_1", "after": made["cursor"]}, {"event": "1"}):
        assert (await agency.post(path, body)).status_code == 400
    assert (await agency.post(path, {"after": "nonsense"})).json()["code"] == "cursor-unreadable"
    moved = await agency.post(path, {"after": foreign["cursor"]})
    assert (moved.status_code, moved.json()["cursor"]) == (200, foreign["cursor"])
    assert (await shown(agency, made["number"]))["cursor"] == foreign["cursor"]
