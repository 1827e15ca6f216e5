"""What can be done about settlements. Load, decide, keep, record: in that order."""

from __future__ import annotations

from app.settlement.service.lane import Asked
from app.settlement.service.looking import find, recompute, settlements
from app.settlement.service.months import (
    close_months,
    concede,
    hold,
    open_months,
    paying_place,
    take_into_clearing,
)
from app.settlement.service.settling import preview, settle, split
from app.settlement.service.undoing import cancel, restore

__all__ = [
    "Asked",
    "cancel",
    "close_months",
    "concede",
    "find",
    "hold",
    "open_months",
    "paying_place",
    "preview",
    "recompute",
    "restore",
    "settle",
    "settlements",
    "split",
    "take_into_clearing",
]
