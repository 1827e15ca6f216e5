"""When the hub tries again, and when it gives up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.events.model import Attempt, DeliveryOutcome, Next, Standing, Subscription
from app.kernel.basis import basis

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=6)
DOUBLINGS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often an event is tried, and how long a subscription may fail."""

    attempts_max: int
    disable_after: timedelta


@basis("hub-default/events")
def delay(attempts: int, jitter: float) -> timedelta:
    """重试间隔逐次加倍并加随机抖动: return the pause after the n-th attempt failed.

    It doubles up to six hours; `jitter` between 0 and 1 takes up to half of it away, so that
    receivers that failed together are not asked again together.
    """
    whole = min(FIRST * (1 << min(attempts - 1, DOUBLINGS_MAX)), LONGEST)
    return whole * (1 - jitter / 2)


@basis("hub-default/events")
def outcome(it: Subscription, made: Attempt, patience: Patience) -> DeliveryOutcome:
    """超过重试次数的事件转为死信: say what an attempt came to."""
    if made.fault is None:
        return DeliveryOutcome.DELIVERED
    last = it.attempts + 1 >= patience.attempts_max
    return DeliveryOutcome.GIVEN_UP if last else DeliveryOutcome.FAILED


@basis("hub-default/events")
def after(
    it: Subscription, sent: Next, came: DeliveryOutcome, now: datetime, jitter: float
) -> Standing:
    """同一订阅按序投递: an event that failed keeps its turn; any other end yields it."""
    attempts = it.attempts + 1
    if came is DeliveryOutcome.FAILED:
        return Standing(
            position=it.position,
            attempts=attempts,
            failing_since=it.failing_since or now,
            next_at=now + delay(attempts, jitter),
        )
    arrived = came is DeliveryOutcome.DELIVERED
    return Standing(
        position=it.position if sent.redelivery is not None else sent.event.position,
        attempts=0,
        failing_since=None if arrived else it.failing_since or now,
        next_at=now,
    )


@basis("hub-default/events")
def has_failed_too_long(it: Subscription, now: datetime, patience: Patience) -> bool:
    """长期推送失败的订阅自动停用: say whether nothing has arrived for too long."""
    return it.failing_since is not None and now - it.failing_since >= patience.disable_after


@basis("hub-default/events")
def moved(it: Subscription, now_is: Standing) -> Subscription:
    """投递后订阅的新状态: return the subscription as it stands after an attempt."""
    return replace(
        it,
        position=now_is.position,
        attempts=now_is.attempts,
        failing_since=now_is.failing_since,
        next_at=now_is.next_at,
    )
