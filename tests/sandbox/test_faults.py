"""Each fault does to a message what it says, over real connections, and the log tells the truth."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.cli import serving
from app.sandbox.errors import FaultUnreadable
from app.sandbox.faults import KNOWN, Faults, Lost, faults_of
from app.sandbox.masking import masked
from app.sandbox.people import person
from app.sandbox.store import RING_ROWS
from tests.support.sandbox import open_sandbox
from tests.support.world import Client, World

HOSPITAL, BEIJING = "H37010000001", "110000"
SOMEBODY = person(9_500_000, BEIJING)
WORKER: dict[str, Any] = {
    "certificate_kind": "social_security_number",
    "certificate_number": SOMEBODY.number,
    "name": SOMEBODY.name,
    "insured_region": BEIJING,
    "employer": "示例用人单位",
    "phone": "13800000000",
}


@dataclass(frozen=True, slots=True)
class Served:
    """A sandbox behind a socket."""

    world: World
    http: httpx.AsyncClient

    @property
    def beijing(self) -> Client:
        """An agency that speaks over the socket."""
        client = self.world.agency(BEIJING)
        client.http = self.http
        return client

    async def register(self, key: str, fault: str | None = None) -> httpx.Response:
        """Register a worker, with a fault on the way."""
        headers = {"X-Sandbox-Fault": fault} if fault else {}
        return await self.beijing.post("/v1/workers", WORKER, key=key, headers=headers)

    async def outcome(self, key: str) -> str:
        """Ask what became of a message."""
        found = await self.world.agency(BEIJING).get(f"/v1/messages/{key}")
        return str(found.json()["outcome"])

    async def log(self, client: Client, **asked: Any) -> list[dict[str, Any]]:
        """Read the log's first page."""
        answer = await client.get("/v1/sandbox/log", **asked)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(database_url: str) -> AsyncIterator[Served]:
    async with open_sandbox(database_url) as world:
        with serving.listening("127.0.0.1", 0) as taken:
            server = serving.server_of(world.app)
            running = asyncio.create_task(server.serve(sockets=[taken]))
            url = serving.base_url(taken)
            async with httpx.AsyncClient(base_url=url, timeout=30) as http:
                while not server.started:  # noqa: ASYNC110 -- uvicorn tells by a flag
                    await asyncio.sleep(0.01)
                yield Served(world, http)
            server.should_exit = True
            await running


async def test_an_answer_lost_after_the_commit_leaves_the_effect(served: Served) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await served.register("lost-after", "lose_answer=after_commit")
    assert await served.outcome("lost-after") == "applied"
    again = await served.register("lost-after")
    assert again.status_code == 200
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_an_answer_lost_before_the_commit_leaves_nothing(served: Served) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await served.register("lost-before", "lose_answer=before_commit")
    assert await served.outcome("lost-before") == "never_seen"
    assert "Idempotency-Replayed" not in (await served.register("lost-before")).headers


async def test_a_lost_answer_ends_one_connection_and_not_the_hub(served: Served) -> None:
    async def one(number: int) -> int | None:
        fault = "lose_answer=after_commit" if number % 2 else None
        with contextlib.suppress(httpx.RemoteProtocolError):
            return (await served.register(f"crowd-{number}", fault)).status_code
        return None

    found = await asyncio.gather(*(one(number) for number in range(10)))
    assert found == [200, None] * 5


async def test_a_message_delivered_twice_has_one_effect(served: Served) -> None:
    answer = await served.register("twice", "duplicate")
    assert answer.status_code == 200
    async with served.world.tx() as tx:
        trail = await tx.exec_driver_sql(
            "SELECT count(*) FROM audit_trail WHERE request = $1",
            (answer.headers["X-Request-ID"],),
        )
        assert trail.scalar_one() == 1
    assert (await served.register("twice")).json() == answer.json()


async def test_an_expired_session_is_the_hubs_own_refusal(served: Served) -> None:
    answer = await served.register("expired", "session_expired")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.json()["reason"] == "expired"
    assert await served.outcome("expired") == "never_seen"


async def test_the_gateway_says_an_expired_session_in_its_own_words(served: Served) -> None:
    hospital = served.world.institution(HOSPITAL)
    headers = hospital.headers() | {"X-Sandbox-Fault": "session_expired"}
    sent = {"infno": "1201", "fixmedins_code": HOSPITAL, "input": {}}
    answer = await served.http.post("/compat/fsi/api/callService", json=sent, headers=headers)
    assert (answer.status_code, answer.json()["infcode"]) == (200, -1)
    assert answer.json()["err_msg"].startswith("[SESSION_EXPIRED]")


async def test_a_proxy_answers_for_the_hub_and_nothing_is_done(served: Served) -> None:
    answer = await served.register("status", "status=502")
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
    assert await served.outcome("status") == "never_seen"


async def test_broken_json_hides_what_was_done(served: Served) -> None:
    answer = await served.register("malformed", "malformed_json")
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert await served.outcome("malformed") == "applied"


async def test_a_slow_answer_comes_whole(served: Served) -> None:
    slow = await served.register("slow", "slow_drip=1")
    assert (await served.register("slow")).content == slow.content
    pieces = 0
    headers = served.beijing.headers() | {"X-Sandbox-Fault": "slow_drip=20"}
    async with served.http.stream("GET", "/v1/regions?limit=1", headers=headers) as answer:
        async for _ in answer.aiter_raw():
            pieces += 1
    assert pieces > 1


async def test_a_delayed_message_still_counts(served: Served) -> None:
    hurried = httpx.Timeout(30, read=0.2)
    async with httpx.AsyncClient(base_url=served.http.base_url, timeout=hurried) as hasty:
        with pytest.raises(httpx.ReadTimeout):
            await Served(served.world, hasty).register("delayed", "delay=2000")
    for _ in range(1_200):
        if await served.outcome("delayed") == "applied":
            return
        await asyncio.sleep(0.05)
    pytest.fail("the delayed message never arrived")


async def test_an_unknown_fault_is_refused_and_not_ignored(served: Served) -> None:
    answer = await served.register("unknown", "lose_everything")
    assert (answer.status_code, answer.json()["code"]) == (400, "sandbox-fault-unreadable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["known"] == list(KNOWN)


async def test_faults_of_a_party_last_until_taken_back(served: Served) -> None:
    beijing = served.beijing
    order = {"party": BEIJING, "faults": "status=503"}
    assert (await beijing.put("/v1/sandbox/faults", order)).status_code == 200
    try:
        assert (await served.register("ordered")).status_code == 503
        assert (await served.world.agency("370000").get("/v1/filings")).status_code == 200
        listed = (await beijing.get("/v1/sandbox/faults")).json()["items"]
        assert listed == [order | {"asked": None, "asked_by": None}]
        others = await served.world.agency("370000").get("/v1/sandbox/faults")
        assert others.json()["items"] == []
    finally:
        await beijing.put("/v1/sandbox/faults", order | {"faults": ""})
    assert (await served.register("ordered")).status_code == 200
    assert (await beijing.get("/v1/sandbox/faults")).json()["items"] == []


async def test_nobody_orders_faults_for_others(served: Served) -> None:
    order = {"party": HOSPITAL, "faults": "delay=1"}
    refused = await served.beijing.put("/v1/sandbox/faults", order)
    assert (refused.status_code, refused.json()["code"]) == (403, "sandbox-fault-foreign")
    wrong = await served.beijing.put("/v1/sandbox/faults", {"party": BEIJING, "faults": "?"})
    assert wrong.status_code == 400


async def test_the_log_holds_both_sides_and_nothing_of_a_person(served: Served) -> None:
    await served.register("logged")
    beijing = served.world.agency(BEIJING)
    it = next(each for each in await served.log(beijing) if each["message"] == "logged")
    assert (it["method"], it["path"], it["status"]) == ("POST", "/v1/workers", 200)
    assert it["party"] == BEIJING
    for personal in (SOMEBODY.number, SOMEBODY.name, "13800000000"):
        assert personal not in it["request"] + it["answer"]
    assert json.loads(it["request"])["employer"] == "示例用人单位"
    assert "number" in json.loads(it["answer"])


async def test_the_log_says_what_never_arrived_and_what_was_lost(served: Served) -> None:
    with contextlib.suppress(httpx.RemoteProtocolError):
        await served.register("log-lost", "lose_answer=before_commit")
    await served.register("log-502", "status=502")
    await served.register("log-expired", "session_expired")
    found = {it["message"]: it for it in await served.log(served.world.agency(BEIJING))}
    lost = found["log-lost"]
    assert (lost["status"], lost["answer"]) == (None, None)
    assert lost["faults"] == "lose_answer=before_commit"
    assert found["log-502"]["status"] == 502
    assert found["log-502"]["answer"].startswith("(text/html")
    assert found["log-expired"]["status"] == 401


async def test_a_party_reads_its_own_log_and_the_operator_everybodys(served: Served) -> None:
    await served.world.institution(HOSPITAL).get("/v1/visits")
    mine = await served.log(served.world.institution(HOSPITAL))
    assert {it["party"] for it in mine} == {HOSPITAL}
    asked = await served.log(served.world.institution(HOSPITAL), party=BEIJING)
    assert asked == []
    all_of_them = {it["party"] for it in await served.log(served.world.operator, limit=200)}
    assert {HOSPITAL, BEIJING} <= all_of_them


async def test_the_log_is_paged_newest_first_and_grows_no_further_than_its_ring(
    served: Served,
) -> None:
    client = served.world.agency("370100")
    for number in range(RING_ROWS + 5):
        served.world.clock.now += timedelta(seconds=1 if number % 50 == 0 else 0)
        await client.get("/v1/filings", limit=1 + number % 2)
    first = await client.get("/v1/sandbox/log", limit=3)
    times = [it["at"] for it in first.json()["items"]]
    assert times == sorted(times, reverse=True)
    following = await client.get("/v1/sandbox/log", limit=3, cursor=first.json()["next"])
    assert len(following.json()["items"]) == 3
    async with served.world.tx() as tx:
        kept = await tx.exec_driver_sql(
            "SELECT count(*) FROM sandbox_exchange WHERE party = '370100'"
        )
        assert kept.scalar_one() == RING_ROWS


def test_faults_are_read_one_or_several() -> None:
    assert faults_of("delay=2000, lose_answer=after_commit") == Faults(
        delay_ms=2000, lost=Lost.AFTER_COMMIT
    )
    for text in KNOWN:
        assert faults_of(text) != Faults()


@pytest.mark.parametrize(
    "text", ["", "delay", "delay=-1", "delay=60001", "status=200", "duplicate=2", "a,b", "delay=½"]
)
def test_what_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(FaultUnreadable):
        faults_of(text)


def test_masking_covers_names_cards_secrets_and_anything_like_a_number() -> None:
    body = {
        "worker": {"certificate_number": "EX16000011", "name": "SAMPLE", "card": "A10000001"},
        "institution": {"name": "示例医院", "code": HOSPITAL},
        "lines": [{"item_name": "注射用头孢唑林钠", "amount": "19.20", "physician": "示例医师"}],
        "note": "请联系13812345678，证件11010519491231002X",
        "input": {"psn_name": "示例", "bilg_dr_name": "示例", "mdtrt_cert_no": "A1"},
        "access_token": "secret",
        "visit": "S3701002509010000001",
    }
    kept = masked(json.dumps(body).encode(), "application/json")
    assert kept is not None
    for personal in ("EX16000011", "SAMPLE", "A10000001", "13812345678", "002X", "secret", '"A1"'):
        assert personal not in kept
    for plain in ("示例医院", HOSPITAL, "注射用头孢唑林钠", "19.20", "S3701002509010000001"):
        assert plain in kept
    assert masked(b"id,name\n1,x", "text/csv") == "(text/csv, 11 bytes, not JSON)"
    assert masked(b"", "application/json") is None
