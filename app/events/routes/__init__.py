"""The paths of events: the feed, and subscriptions to it."""

from __future__ import annotations

from fastapi import APIRouter

from app.events.routes.feed import router as feed
from app.events.routes.subscriptions import router as subscriptions

router = APIRouter()
for each in (feed, subscriptions):
    router.include_router(each)
