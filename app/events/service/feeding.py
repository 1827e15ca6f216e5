"""The feed: events in their order, for whoever they name."""

from __future__ import annotations

from app.events.errors import TopicUnknown
from app.events.model import EventsAsked, Stretch
from app.events.model.catalogue import TOPICS
from app.events.store import feed
from app.runtime.work import Reading


async def events(reading: Reading, asked: EventsAsked) -> Stretch:
    """Read on in the feed, from a place."""
    require_topics(asked.topics)
    return await feed.stretch(reading.rx, reading.caller.scope, asked)


def require_topics(topics: tuple[str, ...]) -> None:
    """Refuse topics of which nothing will ever be told."""
    unknown = sorted(set(topics) - set(TOPICS))
    if unknown:
        raise TopicUnknown(topics=unknown)
