"""What is decided about a reconciliation, and the text of a day file."""

from __future__ import annotations

from app.review.rules.comparison import require_comparable, result_of, side_of
from app.review.rules.day_file import day_text, read_day_text
from app.review.rules.repair import require_repairable

__all__ = [
    "day_text",
    "read_day_text",
    "require_comparable",
    "require_repairable",
    "result_of",
    "side_of",
]
