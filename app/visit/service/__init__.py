"""What can be done with a visit. Load, decide, keep, record: in that order."""

from __future__ import annotations

from app.visit.service.admission import admit
from app.visit.service.desk import identify
from app.visit.service.lines import (
    concerned,
    fee_lines,
    lines,
    remove_line,
    remove_lines,
    take_lines,
)
from app.visit.service.stay import (
    amend,
    cancel,
    discharge,
    ended_at,
    find,
    locked,
    mark_settled,
    reopen,
    seen,
    undo_discharge,
    visits,
)

__all__ = [
    "admit",
    "amend",
    "cancel",
    "concerned",
    "discharge",
    "ended_at",
    "fee_lines",
    "find",
    "identify",
    "lines",
    "locked",
    "mark_settled",
    "remove_line",
    "remove_lines",
    "reopen",
    "seen",
    "take_lines",
    "undo_discharge",
    "visits",
]
