"""HTTP for subscriptions: made, looked at, suspended, rotated, and sent to again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.events.errors import (
    EventUnknown,
    SubscriptionSecretLast,
    SubscriptionSecretsTooMany,
    SubscriptionSecretUnknown,
    SubscriptionsTooMany,
    SubscriptionUnknown,
    TopicUnknown,
    WebhookUrlRefused,
)
from app.events.model import DeliveryOutcome, Opened, SubscriptionEvent
from app.events.schemas import (
    NUMBER,
    DeliveryView,
    OpenedView,
    RedeliveryIn,
    SubscriptionIn,
    SubscriptionView,
    WithSecretView,
)
from app.events.service import subscribing
from app.kernel.lifecycle import NoSuchMove
from app.runtime.door import Busy
from app.runtime.http import FrontDoor, OpenDoor, OpenReading, only, shown_once
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems
from app.runtime.work import Work

router = APIRouter(prefix="/v1/subscriptions", tags=["events 事件"])
Number = Annotated[str, Path(max_length=20, description="Number 订阅编号", examples=[NUMBER])]
Hint = Annotated[
    str, Path(max_length=16, description="Name of the secret 密钥标识", examples=["9f3a61c2"])
]


@router.post(
    "",
    summary="Subscribe to events 新建事件订阅",
    description="The events of the feed are posted to the address, one by one, in order, signed as "
    "Standard Webhooks has it; the secret is in the first answer only. What does not arrive is "
    "tried again and holds up only this subscription. "
    "按事件流顺序逐条推送并签名，签名密钥仅首次应答返回；失败重试，仅影响本订阅。",
    dependencies=[only()],
    response_model=WithSecretView,
    status_code=201,
    responses=problems(WebhookUrlRefused, TopicUnknown, SubscriptionsTooMany, CursorUnreadable),
)
async def subscribe(request: Request, door: OpenDoor, asked: SubscriptionIn) -> Response:
    """Subscribe."""
    settings, wish = request.app.state.settings, asked.asked()
    seal, to = subscribing.seal_of(settings), subscribing.destinations_of(settings)
    return await _once(door, lambda work: subscribing.subscribe(work, seal, to, wish), 201)


@router.get(
    "",
    summary="List subscriptions 查询事件订阅",
    description="The caller's own, oldest first; the operator sees every one. "
    "查询本方订阅；部级经办机构可查全部。",
    dependencies=[only()],
    response_model=PageView[SubscriptionView],
    responses=problems(CursorUnreadable, Busy),
)
async def subscriptions(reading: OpenReading, page: AskedPage) -> PageView[SubscriptionView]:
    """List subscriptions."""
    return PageView.of(await subscribing.page(reading, page), SubscriptionView.of)


@router.get(
    "/{number}",
    summary="Look one subscription up 查询单个订阅",
    description="How far it has come, and since when it fails. 含已处理位置及失败情况。",
    dependencies=[only()],
    response_model=OpenedView,
    responses=problems(SubscriptionUnknown, Busy),
)
async def subscription(reading: OpenReading, number: Number) -> OpenedView:
    """Look one up."""
    return OpenedView.opened(await subscribing.find(reading, number))


@router.get(
    "/{number}/deliveries",
    summary="List deliveries 查询投递记录",
    description="Every attempt, the newest first; `given_up` are the dead letters. "
    "全部投递尝试，新者在前；given_up 为死信。",
    dependencies=[only()],
    response_model=PageView[DeliveryView],
    responses=problems(SubscriptionUnknown, CursorUnreadable, Busy),
)
async def deliveries(
    reading: OpenReading,
    page: AskedPage,
    number: Number,
    outcome: Annotated[
        DeliveryOutcome | None, Query(description="Only these 投递结果", examples=["delivered"])
    ] = None,
) -> PageView[DeliveryView]:
    """List the attempts."""
    return PageView.of(await subscribing.log(reading, number, outcome, page), DeliveryView.of)


@router.post(
    "/{number}/redeliveries",
    summary="Have events sent again 重新投递",
    description="One event, also one given up; or everything after a cursor, in order. Ids stay "
    "the same. 重新投递单个事件（含死信），或某位置之后的全部事件；事件编号不变。",
    dependencies=[only()],
    response_model=OpenedView,
    responses=problems(SubscriptionUnknown, EventUnknown, CursorUnreadable),
)
async def send_again(door: OpenDoor, number: Number, asked: RedeliveryIn) -> Response:
    """Send again."""
    wish = asked.asked()
    return await door.write(
        lambda work: subscribing.send_again(work, number, wish), show=OpenedView.opened, status=200
    )


@router.post(
    "/{number}/suspend",
    summary="Suspend a subscription 暂停订阅",
    description="Nothing is sent until it is resumed, and nothing is lost. "
    "恢复前不再推送，事件不丢失。",
    dependencies=[only()],
    response_model=OpenedView,
    responses=problems(SubscriptionUnknown, NoSuchMove),
)
async def suspend(door: OpenDoor, number: Number) -> Response:
    """Suspend."""
    return await _change(door, number, SubscriptionEvent.SUSPEND)


@router.post(
    "/{number}/resume",
    summary="Resume a subscription 恢复订阅",
    description="Also one the hub disabled; it goes on where it stood. "
    "亦适用于被自动停用的订阅；自原位置继续。",
    dependencies=[only()],
    response_model=OpenedView,
    responses=problems(SubscriptionUnknown, NoSuchMove),
)
async def resume(door: OpenDoor, number: Number) -> Response:
    """Resume."""
    return await _change(door, number, SubscriptionEvent.RESUME)


@router.post(
    "/{number}/end",
    summary="End a subscription 终止订阅",
    description="For good; its log stays. 终止后不可恢复，投递记录保留。",
    dependencies=[only()],
    response_model=OpenedView,
    responses=problems(SubscriptionUnknown, NoSuchMove),
)
async def end(door: OpenDoor, number: Number) -> Response:
    """End."""
    return await _change(door, number, SubscriptionEvent.END)


@router.post(
    "/{number}/secrets",
    summary="Make another signing secret 新增签名密钥",
    description="Everything is signed by it, too, from now on; the secret is in the first answer "
    "only. Retire the old one when your side knows the new. "
    "此后推送同时以新旧密钥签名；新密钥仅首次应答返回，切换完成后请停用旧密钥。",
    dependencies=[only()],
    response_model=WithSecretView,
    status_code=201,
    responses=problems(SubscriptionUnknown, SubscriptionSecretsTooMany),
)
async def add_secret(request: Request, door: OpenDoor, number: Number) -> Response:
    """Make a secret."""
    seal = subscribing.seal_of(request.app.state.settings)
    return await _once(door, lambda work: subscribing.add_secret(work, seal, number), 201)


@router.post(
    "/{number}/secrets/{hint}/retirement",
    summary="Retire a signing secret 停用签名密钥",
    description="It signs nothing more; the last one stays. 停用后不再用于签名；须至少保留一个。",
    dependencies=[only()],
    response_model=OpenedView,
    responses=problems(SubscriptionUnknown, SubscriptionSecretUnknown, SubscriptionSecretLast),
)
async def retire_secret(door: OpenDoor, number: Number, hint: Hint) -> Response:
    """Retire a secret."""
    return await door.write(
        lambda work: subscribing.retire_secret(work, number, hint),
        show=OpenedView.opened,
        status=200,
    )


async def _change(door: FrontDoor, number: str, event: SubscriptionEvent) -> Response:
    return await door.write(
        lambda work: subscribing.change(work, number, event), show=OpenedView.opened, status=200
    )


async def _once(
    door: FrontDoor, use_case: Callable[[Work], Awaitable[Opened]], status: int
) -> Response:
    """Show a new secret to whoever is the first to get the answer, and never again."""
    made: list[Opened] = []

    async def keep(work: Work) -> Opened:
        made.append(await use_case(work))
        return made[-1]

    answer = await door.write(keep, show=OpenedView.opened, status=status)
    return shown_once(answer, WithSecretView.once(made[-1])) if made else answer
