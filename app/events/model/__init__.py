"""What an event is, what a subscription is, and what became of each attempt to deliver."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.events.model.catalogue import Value
from app.kernel.lifecycle import Lifecycle
from app.kernel.parties import PartyKind


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the one order of all events: the transaction's turn, then the serial in it."""

    turn: int
    seq: int

    def __str__(self) -> str:
        return f"{self.turn}.{self.seq}"


BEGINNING = Position(-1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, as it is told: never a person's name or number (事件)."""

    position: Position
    at: datetime
    topic: str
    subject: str
    body: Mapping[str, Value]

    @property
    def id(self) -> str:
        """Return what stays the same however often it is sent."""
        return f"evt_{self.position.seq}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsAsked:
    """Which events: after a place in the order, of some topics (none named: of all)."""

    after: Position
    topics: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Events in their order, up to where to read on, and whether there is more already."""

    events: tuple[Event, ...]
    until: Position
    more: bool


class SubscriptionState(enum.StrEnum):
    """Where a subscription stands 订阅状态."""

    ACTIVE = "active"  # 生效
    SUSPENDED = "suspended"  # 暂停: by its party
    DISABLED = "disabled"  # 停用: by the hub, since nothing arrived for long
    ENDED = "ended"  # 终止


class SubscriptionEvent(enum.StrEnum):
    """What can happen to a subscription 订阅操作."""

    SUSPEND = "suspend"
    RESUME = "resume"
    DISABLE = "disable"
    END = "end"


LIFE = Lifecycle(
    name="subscription",
    start=SubscriptionState.ACTIVE,
    moves={
        (SubscriptionState.ACTIVE, SubscriptionEvent.SUSPEND): SubscriptionState.SUSPENDED,
        (SubscriptionState.ACTIVE, SubscriptionEvent.DISABLE): SubscriptionState.DISABLED,
        (SubscriptionState.ACTIVE, SubscriptionEvent.END): SubscriptionState.ENDED,
        (SubscriptionState.SUSPENDED, SubscriptionEvent.RESUME): SubscriptionState.ACTIVE,
        (SubscriptionState.SUSPENDED, SubscriptionEvent.END): SubscriptionState.ENDED,
        (SubscriptionState.DISABLED, SubscriptionEvent.RESUME): SubscriptionState.ACTIVE,
        (SubscriptionState.DISABLED, SubscriptionEvent.END): SubscriptionState.ENDED,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a subscription is, as the scope of its events needs to know."""

    kind: PartyKind
    party: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A wish to be sent events (事件订阅), and how far it has come."""

    id: int
    number: str
    owner: Owner
    url: str
    topics: tuple[str, ...]
    state: SubscriptionState
    created_at: datetime
    position: Position
    attempts: int  # at the event that is its turn
    failing_since: datetime | None
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionAsked:
    """What a party asks for: where to, of what, and from where on (None: from now)."""

    url: str
    topics: tuple[str, ...]
    after: Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSecret:
    """What deliveries are signed with; `hint` is its open first part."""

    hint: str
    created_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A subscription with its secrets, and a new one in clear where it was just made."""

    subscription: Subscription
    secrets: tuple[SubscriptionSecret, ...]
    secret: str | None = field(default=None, repr=False)


class DeliveryOutcome(enum.StrEnum):
    """What an attempt came to 投递结果."""

    DELIVERED = "delivered"  # 已送达
    FAILED = "failed"  # 失败: it will be tried again
    GIVEN_UP = "given_up"  # 放弃: tried as often as it is; a dead letter until asked for again


class DeliveryFault(enum.StrEnum):
    """Why an attempt did not arrive 投递失败原因."""

    NAME_UNRESOLVED = "name_unresolved"
    ADDRESS_FORBIDDEN = "address_forbidden"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    REDIRECTED = "redirected"
    ANSWERED_NO = "answered_no"
    UNSIGNABLE = "unsignable"  # nothing was sent: what cannot be signed is not


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of sending once."""

    status: int | None
    fault: DeliveryFault | None  # None: it arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt as it is kept (投递记录)."""

    id: int
    event: int
    topic: str
    subject: str
    attempt: int
    at: datetime
    outcome: DeliveryOutcome
    status: int | None
    fault: DeliveryFault | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The event whose turn it is; `redelivery` when it was asked for again."""

    event: Event
    redelivery: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a subscription stands after an attempt."""

    position: Position
    attempts: int
    failing_since: datetime | None
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Redelivery:
    """What is sent again: one event, or everything after a place."""

    event: int | None
    after: Position | None
