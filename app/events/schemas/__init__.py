"""Events, subscriptions and deliveries on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.events.model import (
    Delivery,
    DeliveryFault,
    DeliveryOutcome,
    Event,
    Opened,
    Position,
    Redelivery,
    Stretch,
    Subscription,
    SubscriptionAsked,
    SubscriptionSecret,
    SubscriptionState,
)
from app.events.model.catalogue import Value
from app.runtime.paging import CursorUnreadable, opened_cursor, sealed_cursor

MOMENT = "2025-09-01T01:00:00Z"
CURSOR = "WyI3NDEuMTIiXQ"
NUMBER = "E3700002509010000001"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 -- the scheme's published example
DIGITS_MAX = 18


def position_of(cursor: str) -> Position:
    """Read a cursor of the feed."""
    turn, _, seq = opened_cursor(cursor).partition(".")
    if not all(it.isascii() and it.isdecimal() and len(it) <= DIGITS_MAX for it in (turn, seq)):
        raise CursorUnreadable
    return Position(int(turn), int(seq))


class EventView(BaseModel):
    """An event: what happened to which number 事件."""

    id: str = Field(
        description="Stays the same however often it is sent 事件编号，重发不变",
        examples=["evt_12"],
    )
    type: str = Field(description="Topic 主题", examples=["settlement.settled"])
    timestamp: datetime = Field(description="When it happened 发生时间", examples=[MOMENT])
    subject: str = Field(
        description="Number it happened to 业务编号", examples=["A3701002509010000001"]
    )
    data: dict[str, Value] = Field(
        description="Fields of the topic, never anything personal 主题字段，不含个人信息",
        examples=[{"settlement": "A3701002509010000001", "fund": "980.00"}],
    )
    cursor: str = Field(
        description="Its place: read on after it with `after` 位置，可作为 after 续读",
        examples=[CURSOR],
    )

    @classmethod
    def of(cls, it: Event) -> EventView:
        """Show an event: the same bytes in the feed and to a subscriber."""
        return cls(
            id=it.id,
            type=it.topic,
            timestamp=it.at.astimezone(UTC),
            subject=it.subject,
            data=dict(it.body),
            cursor=sealed_cursor(str(it.position)),
        )


class FeedView(BaseModel):
    """The next stretch of the feed 事件流."""

    items: list[EventView] = Field(description="Events in their order 按序排列的事件")
    next: str = Field(description="Where to read on; keep it 续读位置，请保存", examples=[CURSOR])
    more: bool = Field(
        description="True: read on at once, even where nothing was shown 为真时请立即续读",
        examples=[False],
    )

    @classmethod
    def of(cls, it: Stretch) -> FeedView:
        """Show a stretch."""
        items = [EventView.of(each) for each in it.events]
        until = max(it.until, Position(0, 0))
        return cls(items=items, next=sealed_cursor(str(until)), more=it.more)


class SubscriptionIn(BaseModel):
    """Where events are to be sent 新建事件订阅."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {
                "url": "https://events.example.com/hub",
                "topics": ["settlement.settled", "settlement.cancelled"],
            }
        },
    )

    url: str = Field(
        min_length=1,
        max_length=500,
        description="https address to post to 推送地址",
        examples=["https://events.example.com/hub"],
    )
    topics: list[Annotated[str, StringConstraints(max_length=100)]] = Field(
        default=[],
        max_length=100,
        description="Only these topics; none: all 仅推送的主题，留空为全部",
        examples=[["settlement.settled"]],
    )
    after: str | None = Field(
        default=None,
        max_length=400,
        description="Cursor to begin after; none: from now on 起始位置，留空为即时起",
        examples=[CURSOR],
    )

    def asked(self) -> SubscriptionAsked:
        """Read what is asked for."""
        after = None if self.after is None else position_of(self.after)
        topics = tuple(dict.fromkeys(self.topics))
        return SubscriptionAsked(url=self.url, topics=topics, after=after)


class SubscriptionSecretView(BaseModel):
    """What is shown of a signing secret 签名密钥（不含密钥本身）."""

    hint: str = Field(description="By what it is named 密钥标识", examples=["9f3a61c2"])
    created_at: datetime = Field(description="Since when 生成时间", examples=[MOMENT])
    retired_at: datetime | None = Field(
        description="When it was retired; null: it signs 停用时间，可空", examples=[None]
    )

    @classmethod
    def of(cls, it: SubscriptionSecret) -> SubscriptionSecretView:
        """Show a secret's name and age."""
        return cls(hint=it.hint, created_at=it.created_at, retired_at=it.retired_at)


class SubscriptionView(BaseModel):
    """A subscription 事件订阅."""

    number: str = Field(description="Number 订阅编号", examples=[NUMBER])
    party: str = Field(description="Whose it is 所属接入方", examples=["370000"])
    url: str = Field(
        description="Where events are sent 推送地址", examples=["https://events.example.com/hub"]
    )
    topics: list[str] = Field(
        description="Only these; none: all 仅推送的主题，空为全部",
        examples=[["settlement.settled"]],
    )
    state: SubscriptionState = Field(description="State 状态", examples=["active"])
    created_at: datetime = Field(description="Since when 创建时间", examples=[MOMENT])
    cursor: str = Field(
        description="Everything up to here was sent or given up 已处理位置", examples=[CURSOR]
    )
    attempts: int = Field(
        description="Attempts at the next event that failed 下一事件已失败次数", examples=[0]
    )
    failing_since: datetime | None = Field(
        description="Since when nothing has arrived; null: it arrives 持续失败起始时间，可空",
        examples=[None],
    )

    @classmethod
    def of(cls, it: Subscription) -> SubscriptionView:
        """Show a subscription."""
        return cls(
            number=it.number,
            party=it.owner.party,
            url=it.url,
            topics=list(it.topics),
            state=it.state,
            created_at=it.created_at,
            cursor=sealed_cursor(str(it.position)),
            attempts=it.attempts,
            failing_since=it.failing_since,
        )


class OpenedView(SubscriptionView):
    """A subscription with what names its secrets 事件订阅及其密钥标识."""

    secrets: list[SubscriptionSecretView] = Field(
        description="Its secrets, the newest first 签名密钥，新者在前"
    )

    @classmethod
    def opened(cls, it: Opened) -> OpenedView:
        """Show a subscription, never a secret."""
        shown = SubscriptionView.of(it.subscription).model_dump()
        return cls(**shown, secrets=[SubscriptionSecretView.of(each) for each in it.secrets])


class WithSecretView(OpenedView):
    """The same, with a new secret in the first answer 事件订阅，新密钥仅首次应答返回."""

    secret: str | None = Field(
        default=None,
        description="The new secret, shown this once 新签名密钥，仅此一次",
        examples=[SECRET],
    )

    @classmethod
    def once(cls, it: Opened) -> WithSecretView:
        """Show what was made, to whoever made it."""
        return cls(**OpenedView.opened(it).model_dump(), secret=it.secret)


class RedeliveryIn(BaseModel):
    """What is to be sent again 重新投递."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": {"after": CURSOR}}
    )

    event: str | None = Field(
        default=None,
        pattern=r"^evt_[0-9]{1,18}$",
        description="One event 单个事件编号",
        examples=["evt_12"],
    )
    after: str | None = Field(
        default=None,
        max_length=400,
        description="Everything after this cursor 该位置之后的全部事件",
        examples=[CURSOR],
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> RedeliveryIn:
        if (self.event is None) is (self.after is None):
            raise ValueError("event or after, and not both")
        return self

    def asked(self) -> Redelivery:
        """Read what is asked for."""
        event = None if self.event is None else int(self.event.removeprefix("evt_"))
        return Redelivery(
            event=event, after=None if self.after is None else position_of(self.after)
        )


class DeliveryView(BaseModel):
    """One attempt to deliver 投递记录."""

    event: str = Field(description="Event 事件编号", examples=["evt_12"])
    type: str = Field(description="Topic 主题", examples=["settlement.settled"])
    subject: str = Field(
        description="Number it happened to 业务编号", examples=["A3701002509010000001"]
    )
    attempt: int = Field(description="Which attempt it was 第几次投递", examples=[1])
    at: datetime = Field(description="When 投递时间", examples=[MOMENT])
    outcome: DeliveryOutcome = Field(description="What came of it 投递结果", examples=["delivered"])
    status: int | None = Field(
        description="HTTP status answered, if any 应答状态码，可空", examples=[204]
    )
    fault: DeliveryFault | None = Field(
        description="Why it did not arrive; null: it did 失败原因，可空", examples=[None]
    )

    @classmethod
    def of(cls, it: Delivery) -> DeliveryView:
        """Show an attempt."""
        return cls(
            event=f"evt_{it.event}",
            type=it.topic,
            subject=it.subject,
            attempt=it.attempt,
            at=it.at,
            outcome=it.outcome,
            status=it.status,
            fault=it.fault,
        )


def body_of(it: Event) -> bytes:
    """Write an event as it is sent and signed."""
    return EventView.of(it).model_dump_json().encode()
