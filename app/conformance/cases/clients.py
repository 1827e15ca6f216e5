"""A correct client 正确的客户端: what it keeps whole on a bad line, played by the hub's own client.

The client speaks REST; the line loses requests and answers on purpose, once for every message.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import httpx

from app.conformance.bench import CHINA, Bench, expect
from app.conformance.case import REST, Family
from app.conformance.desk import Person
from app.conformance.evidence import DeviationError
from app.conformance.rest import ITEM, ITEM_NAME
from app.conformance.wire import KEY, Line
from hub_client import (
    AsyncHubClient,
    OutcomeUnknownError,
    Pacing,
    State,
    adopt_the_hubs,
    open_desk,
)
from hub_client.orders import Admission, DayRow, Diagnosis, FeeLine, Identity

FAMILY = Family.of("clients")
ONLY = (REST,)
PATIENT = Pacing(first_pause=0.05, longest_pause=0.5, deadline=10.0)
IMPATIENT = Pacing(first_pause=0.05, longest_pause=0.1, deadline=0.2)
TWO = Decimal(2)
WINDOW = 9  # apart from the kit's own ids
NOTHING, ANSWER, REQUEST, TORN = "nothing", "answer", "request", "torn"
TOLD = ("content-type", "retry-after", "idempotency-replayed")


@dataclass(slots=True)
class BadLine(httpx.AsyncBaseTransport):
    """Carries a client's requests over a line of the kit, and spoils the first of each message."""

    line: Line
    spoils: str = NOTHING
    dies_after: str = ""  # the act with which the line goes down, its answer lost
    is_down: bool = False
    seen: set[str] = field(default_factory=set)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request, or lose it, or lose its answer, or tear the answer."""
        message = request.headers.get(KEY, "")
        spoils = self.spoils if message and message not in self.seen else NOTHING
        self.seen.add(message)
        if self.is_down or spoils == REQUEST:
            raise httpx.ConnectError("the request was lost")
        answer = await self.line.carry(request)
        self.is_down = bool(self.dies_after) and request.url.path.endswith(self.dies_after)
        if self.is_down or spoils == ANSWER:
            raise httpx.ReadError("the answer was lost")
        body = answer.body[: len(answer.body) // 2] if spoils == TORN else answer.body
        headers = {name: answer.headers[name] for name in TOLD if name in answer.headers}
        return httpx.Response(answer.status, headers=headers, content=body)


@asynccontextmanager
async def client(
    at: Bench, bad: BadLine, pacing: Pacing = PATIENT
) -> AsyncIterator[AsyncHubClient]:
    """Open the hub's own client for the institution, at a window of its own."""
    given = at.lines.institution.credential
    desk = open_desk(
        party=at.lines.institution.party,
        client_id=given.client_id,
        secret=given.secret,
        journal=at.journal,
        window=WINDOW,
        pacing=pacing,
    )
    url = str(at.lines.institution.http.base_url)
    async with AsyncHubClient(url, desk, transport=bad) as hub:
        yield hub


@FAMILY.case("Every first answer is lost: each message has one effect", "首次应答全部丢失", ONLY)
async def answers_lost(at: Bench) -> None:
    await _whole_stay(at, ANSWER)


@FAMILY.case("Every first request is lost: each message has one effect", "首次请求全部丢失", ONLY)
async def requests_lost(at: Bench) -> None:
    await _whole_stay(at, REQUEST)


@FAMILY.case("Every first answer is torn: each message has one effect", "首次应答全部残缺", ONLY)
async def answers_torn(at: Bench) -> None:
    await _whole_stay(at, TORN)


@FAMILY.case("201 lines go in three calls, though every answer is lost", "201 条明细分批上传", ONLY)
async def splits_lines(at: Bench) -> None:
    async with client(at, BadLine(at.lines.institution, ANSWER)) as hub:
        visit = (await hub.admit(_admission(at, await at.person()))).number
        await hub.upload_lines(visit, _lines(at, 201))
    await at.must_hold(visit, lines=201, total="402.00")


@FAMILY.case("A window that died asks for what it had sent", "程序中断后查询未决报文", ONLY)
async def starts_again(at: Bench) -> None:
    stay, line = await at.left(2), at.lines.institution
    async with client(at, BadLine(line, dies_after="/settle"), IMPATIENT) as hub:
        message = await _unknown(hub, stay.visit)
    async with client(at, BadLine(line)) as hub:
        state = hub.desk.journal[message].state
    expect(state is State.APPLIED, f"the journal says {state}")
    standing = len(await at.settlements(stay.visit))
    expect(standing == 1, f"{standing} settlements stand")


@FAMILY.case("What nobody knows is reversed, and nothing stands", "结果未知即冲正", ONLY)
async def reverses(at: Bench) -> None:
    stay = await at.left(2)
    bad = BadLine(at.lines.institution, dies_after="/settle")
    async with client(at, bad, IMPATIENT) as hub:
        message = await _unknown(hub, stay.visit)
        bad.is_down, bad.dies_after = False, ""
        told = await hub.reverse(message)
    expect(told == "reversed", f"it came to {told}")
    rows = await at.settlements(stay.visit)
    left = sum((Decimal(str(row["total"])) for row in rows), Decimal(0))
    expect(left == 0, f"{left} yuan stand")


@FAMILY.case("A day's differences are adopted, and the day is clean", "日对账差异采纳后账平", ONLY)
async def closes_the_day(at: Bench) -> None:
    _, told = await at.settled()
    day = (at.now + CHINA).date()
    ghost = DayRow("A0000000000000000000", Decimal("1.00"), Decimal("0.00"))
    async with client(at, BadLine(at.lines.institution, ANSWER)) as hub:
        compared = await hub.reconcile_day(day, [ghost], adopt_the_hubs)
        expect(compared.is_clean, f"{compared.left} differences are left")
        named = {it.settlement for it in await hub.differences(compared.number)}
    expect(told.facts["settlement"] in named, "what the hub alone has is not named")


async def _whole_stay(at: Bench, spoils: str) -> None:
    """Play a stay from admission to settlement and its cancellation, and count what stands."""
    person = await at.person()
    async with client(at, BadLine(at.lines.institution, spoils)) as hub:
        visit = (await hub.admit(_admission(at, person))).number
        await hub.upload_lines(visit, _lines(at, 2))
        await hub.discharge(visit, at.now)
        done = await hub.settle(visit, total=2 * TWO, line_count=2)
        twin = await hub.cancel_settlement(done.number)
        again = await hub.settle(visit, total=2 * TWO, line_count=2)
        open_ = hub.desk.journal.unsettled()
    expect(not open_, f"{len(open_)} messages are still in doubt")
    await at.must_hold(visit, lines=2, total="4.00")
    found = sorted(str(row["number"]) for row in await at.settlements(visit))
    expect(found == sorted((done.number, twin.number, again.number)), f"settlements {found}")


async def _unknown(hub: AsyncHubClient, visit: str) -> str:
    """Settle over a line that goes down behind the message; return the message's id."""
    try:
        settled = await hub.settle(visit, total=2 * TWO, line_count=2)
    except OutcomeUnknownError as unknown:
        return unknown.message_id
    raise DeviationError(f"{settled.number} was told over a line that was down")


def _admission(at: Bench, person: Person) -> Admission:
    return Admission(
        worker=Identity(
            certificate_number=person.certificate,
            name=person.name,
            card_kind="physical",
            card=person.card,
        ),
        admitted_at=at.now,
        admission_no=f"ZY{person.worker[-7:]}",
        department="骨科",
        physician="示例医师",
        diagnoses=(Diagnosis("S82.201", "胫骨干骨折", main=True),),
    )


def _lines(at: Bench, count: int) -> list[FeeLine]:
    return [
        FeeLine(
            serial=f"{number:06d}",
            category="drug",
            item_code=ITEM,
            item_name=ITEM_NAME,
            quantity=Decimal(1),
            unit_price=TWO,
            amount=TWO,
            occurred_at=at.now,
            injury_related=True,
        )
        for number in range(1, count + 1)
    ]
