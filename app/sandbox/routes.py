"""HTTP for the sandbox itself. These paths exist only where the hub is a sandbox."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.deadlines.ticking import ticker_of
from app.kernel.parties import PartyKind
from app.parties.errors import PersonRequired, SecondPersonNeeded
from app.runtime.http import OpenDoor, OpenReading, hub_of, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems
from app.runtime.work import Work
from app.sandbox import casting, service
from app.sandbox.errors import ClockOutOfRange, FaultForeign, FaultUnreadable
from app.sandbox.model import FaultOrder
from app.sandbox.moved_clock import ClockSetting
from app.sandbox.persona_views import PersonasView, SetView
from app.sandbox.playground import playground_of
from app.sandbox.schemas import (
    ClockIn,
    ClockMovedView,
    ClockView,
    ExchangeView,
    FaultListView,
    FaultsIn,
    FaultsView,
    ResetIn,
    ResetView,
)
from app.sandbox.service import ClockMoved

router = APIRouter(prefix="/v1/sandbox", tags=["sandbox 沙箱"])
EVERYBODY, OPERATOR = only(), only(PartyKind.OPERATOR)


@router.get(
    "/personas",
    summary="List the personas 体验人物",
    description="Synthetic workers, each showing one rule: the identity and bodies to send, the "
    "institution to send them as, and what to expect, refusals or amounts. The promises hold for "
    "the day the set was made. 虚构职工，每人展示一条规则：可直接发送的报文、发送机构与预期结果。",
    response_model=PersonasView,
    dependencies=[EVERYBODY],
)
async def personas(reading: OpenReading) -> PersonasView:
    """List the newest set of personas."""
    return PersonasView.of(await service.personas(reading), reading.now, reading.today)


@router.post(
    "/personas",
    status_code=201,
    summary="Make a fresh set of personas 制作新名册",
    description="New people for today: earlier ones stay as they were left. "
    "为今日制作新的一批体验人物，原有人物保持不变。",
    response_model=SetView,
    dependencies=[EVERYBODY],
)
async def make_personas(request: Request, door: OpenDoor) -> Response:
    """Make a fresh set of personas."""
    answer = await door.write(service.reserve_set, show=SetView.of)
    # Each persona is made by messages of its own, so that a repetition finishes what broke off.
    await casting.cast(hub_of(request), json.loads(bytes(answer.body))["set_number"])
    return answer


@router.get(
    "/clock",
    summary="Tell the time 测试时钟",
    description="The one clock every rule reads. 所有规则共用的时钟。",
    response_model=ClockView,
    dependencies=[EVERYBODY],
)
async def clock(request: Request) -> ClockView:
    """Tell the time."""
    found = playground_of(request).clock
    return ClockView.at(found(), ticks=found.ticks)


@router.put(
    "/clock",
    summary="Set the clock 调整测试时钟",
    description="Freeze it, let it run on, advance it, or make it jump; forward only, for "
    "everybody. Filings that are due expire at once, and all else that falls due is done day by "
    "day before the answer; tokens expire by it too. "
    "冻结、走时、前进或跳转，只能向前，对所有接入方生效；到期备案随之届满，其余到期事项逐日办理，"
    "令牌亦随之失效。",
    response_model=ClockMovedView,
    responses=problems(ClockOutOfRange),
    dependencies=[OPERATOR],
)
async def set_clock(request: Request, asked: ClockIn, door: OpenDoor) -> Response:
    """Set the clock; it moves when that is committed."""
    moving = playground_of(request).clock
    ticker = ticker_of(request)
    moved: list[ClockSetting] = []

    async def act(work: Work) -> ClockMoved:
        found = await service.set_clock(work, moving, asked.read())
        moved[:] = [found.setting]
        return found

    async with moving.turn:
        await ticker.tick()  # so that the days passed over are known to be passed over
        answer = await door.write(act, show=ClockMovedView.of, status=200)
        if moved:
            moving.setting = moved[0]
            await ticker.tick()
    return answer


@router.post(
    "/reset",
    summary="Begin anew 重置沙箱",
    description="Empties every table of business and makes a fresh set of personas. Regions, "
    "parties, credentials and price lists stay; institutions are as seeded. Public numbers go on "
    "from where they were. 清空全部业务数据并重新制作体验人物；区划、接入方、凭证与目录保留，"
    "协议机构恢复初始。",
    response_model=ResetView,
    responses=problems(ClockOutOfRange),
    dependencies=[OPERATOR],
)
async def reset(request: Request, asked: ResetIn, door: OpenDoor) -> Response:
    """Begin anew, all or nothing; then make the personas."""
    playground, hub = playground_of(request), hub_of(request)
    done: list[ClockSetting] = []

    async def act(work: Work) -> ClockSetting:
        setting = playground.clock.starting(asked.starts_at)
        done[:] = [await service.reset(work, door.door.key, setting)]
        return setting

    async with playground.clock.turn:
        answer = await door.write(act, show=ResetView.of, status=200)
        if done:
            playground.clock.setting = done[0]
            playground.faults = {}
    await casting.refresh(hub)
    return answer


@router.get(
    "/faults",
    summary="List faults in force 生效中的故障",
    description="A party's own; the operator sees all. 本接入方的故障设置，部级可见全部。",
    response_model=FaultListView,
    dependencies=[EVERYBODY],
)
async def faults(reading: OpenReading) -> FaultListView:
    """List the faults in force."""
    return FaultListView(items=[FaultsView.of(it) for it in await service.faults(reading)])


@router.put(
    "/faults",
    summary="Order faults for a party 按接入方设置故障",
    description="Until taken back with an empty text they befall every message of the party but "
    "those to the sandbox's own paths. `X-Sandbox-Fault` does the same for one request. Delays, "
    "lost answers, duplicates, expired sessions, 5xx, broken JSON, slow answers. Where the "
    "caller's party has two persons, one asks and another sends the same to order it; taking back "
    "takes one. 对该接入方的全部报文生效，直至以空文本取消；单次请求可用 X-Sandbox-Fault 请求头。"
    "已设两名人员的单位须一人申请、另一人以相同内容复核；取消只需一人。",
    response_model=FaultsView,
    responses=problems(FaultUnreadable, FaultForeign, PersonRequired, SecondPersonNeeded),
    dependencies=[EVERYBODY],
)
async def order_faults(request: Request, asked: FaultsIn, door: OpenDoor) -> Response:
    """Order faults for a party."""
    ordered: list[FaultOrder] = []

    async def act(work: Work) -> FaultOrder:
        ordered[:] = [await service.order_faults(work, asked.read())]
        return ordered[0]

    answer = await door.write(act, show=FaultsView.of, status=200)
    for order in ordered:
        playground_of(request).faults[order.party] = order.faults
    return answer


@router.get(
    "/log",
    summary="Read the request log 请求日志",
    description="What a party sent and what left the hub, newest first, personal data masked, the "
    "last 500 of each party. 本接入方的请求与应答，最新在前，个人信息已脱敏，"
    "每个接入方保留最近 500 条。",
    response_model=PageView[ExchangeView],
    responses=problems(CursorUnreadable),
    dependencies=[EVERYBODY],
)
async def log(
    reading: OpenReading,
    page: AskedPage,
    party: Annotated[
        str | None, Query(max_length=40, description="Party 接入方代码", examples=["H37010000001"])
    ] = None,
) -> PageView[ExchangeView]:
    """Read the log."""
    found = await service.exchanges(reading, page, party)
    return PageView.of(found, ExchangeView.of)
