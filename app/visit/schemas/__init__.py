"""Visits and fee lines as they look on the wire: what callers say, and what the hub shows."""

from __future__ import annotations

from app.visit.schemas.asked import (
    AdmissionIn,
    AmendmentIn,
    DischargeIn,
    FeeLineIn,
    IdentityIn,
    LinesIn,
    PublicNumber,
    Serial,
)
from app.visit.schemas.charges import ChargesIn
from app.visit.schemas.shown import (
    FeeLinesView,
    FeeLineView,
    IdentificationView,
    LinesRemovedView,
    LinesTakenView,
    NamedVisitView,
    VisitView,
)

__all__ = [
    "AdmissionIn",
    "AmendmentIn",
    "ChargesIn",
    "DischargeIn",
    "FeeLineIn",
    "FeeLineView",
    "FeeLinesView",
    "IdentificationView",
    "IdentityIn",
    "LinesIn",
    "LinesRemovedView",
    "LinesTakenView",
    "NamedVisitView",
    "PublicNumber",
    "Serial",
    "VisitView",
]
