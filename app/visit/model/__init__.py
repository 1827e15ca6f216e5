"""What visits and fee lines are, and what is asked and told of them."""

from __future__ import annotations

from app.visit.model.asked import (
    Admission,
    Amendment,
    Identification,
    LinesRemoved,
    LinesTaken,
    NamedVisit,
    Totals,
    VisitsAsked,
)
from app.visit.model.lines import (
    FAULT_SAYS,
    LINES_PER_CALL_MAX,
    LINES_PER_VISIT_MAX,
    SUBSIDIES,
    Fault,
    FaultCode,
    FeeCategory,
    FeeLine,
    Span,
)
from app.visit.model.visits import (
    COST_KINDS,
    DESK_LIFE,
    LIVES,
    OPEN_STATES,
    STAY_LIFE,
    Diagnosis,
    DischargeWay,
    Visit,
    VisitEvent,
    VisitKind,
    VisitState,
)

__all__ = [
    "COST_KINDS",
    "DESK_LIFE",
    "FAULT_SAYS",
    "LINES_PER_CALL_MAX",
    "LINES_PER_VISIT_MAX",
    "LIVES",
    "OPEN_STATES",
    "STAY_LIFE",
    "SUBSIDIES",
    "Admission",
    "Amendment",
    "Diagnosis",
    "DischargeWay",
    "Fault",
    "FaultCode",
    "FeeCategory",
    "FeeLine",
    "Identification",
    "LinesRemoved",
    "LinesTaken",
    "NamedVisit",
    "Span",
    "Totals",
    "Visit",
    "VisitEvent",
    "VisitKind",
    "VisitState",
    "VisitsAsked",
]
