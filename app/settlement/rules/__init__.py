"""What the law decides about a settlement: one question per file."""

from __future__ import annotations

from app.settlement.rules.entitled import Standing, require_grounds, require_total, settled
from app.settlement.rules.listing import list_of, paying_place
from app.settlement.rules.months import month_of
from app.settlement.rules.reversal import is_adjustment
from app.settlement.rules.shares import adjudicate, differences, require_sums, turned

__all__ = [
    "Standing",
    "adjudicate",
    "differences",
    "is_adjustment",
    "list_of",
    "month_of",
    "paying_place",
    "require_grounds",
    "require_sums",
    "require_total",
    "settled",
    "turned",
]
