"""What the law decides about a visit: one question per file."""

from __future__ import annotations

from app.visit.rules.admission import (
    Places,
    admission_day,
    determination_faults,
    future_fault,
    kind_fault,
    liability_fault,
    open_visit_fault,
    scheme_faults,
    transfer_fault,
)
from app.visit.rules.lines import all_fresh, fresh_lines, require_removable, require_room
from app.visit.rules.stay import cancelled, discharged, require_open

__all__ = [
    "Places",
    "admission_day",
    "all_fresh",
    "cancelled",
    "determination_faults",
    "discharged",
    "fresh_lines",
    "future_fault",
    "kind_fault",
    "liability_fault",
    "open_visit_fault",
    "require_open",
    "require_removable",
    "require_room",
    "scheme_faults",
    "transfer_fault",
]
