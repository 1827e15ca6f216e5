"""What is decided about an institution: whether it may admit and settle, and what an entry is."""

from __future__ import annotations

from app.institutions.rules.coverage import Share, share_of, target_due
from app.institutions.rules.entry import entry_faults, read_row
from app.institutions.rules.open import earliest_change, may_settle, not_open

__all__ = [
    "Share",
    "earliest_change",
    "entry_faults",
    "may_settle",
    "not_open",
    "read_row",
    "share_of",
    "target_due",
]
