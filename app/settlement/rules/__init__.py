"""What the law decides about a settlement: one question per file."""

from __future__ import annotations

from app.settlement.rules.entitled import (
    Standing,
    require_grounds,
    require_previewable,
    require_settleable,
    require_total,
)
from app.settlement.rules.listing import (
    charges,
    list_of,
    paying_place,
    require_lists,
    wanted,
)
from app.settlement.rules.months import earliest_month, month_of, open_month
from app.settlement.rules.reversal import is_adjustment, require_restorable
from app.settlement.rules.shares import adjudicate, differences, require_sums, turned

__all__ = [
    "Standing",
    "adjudicate",
    "charges",
    "differences",
    "earliest_month",
    "is_adjustment",
    "list_of",
    "month_of",
    "open_month",
    "paying_place",
    "require_grounds",
    "require_lists",
    "require_previewable",
    "require_restorable",
    "require_settleable",
    "require_sums",
    "require_total",
    "turned",
    "wanted",
]
