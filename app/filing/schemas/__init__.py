"""Filings, batches and losses of entitlement as they look on the wire."""

from app.filing.schemas.batches import BatchIn, BatchView
from app.filing.schemas.filings import (
    FILING,
    WORKER,
    ApprovalIn,
    CancellationIn,
    ChangeIn,
    FilingIn,
    FilingStoryView,
    FilingView,
    LossIn,
    LossReportView,
    RejectionIn,
)

__all__ = [
    "FILING",
    "WORKER",
    "ApprovalIn",
    "BatchIn",
    "BatchView",
    "CancellationIn",
    "ChangeIn",
    "FilingIn",
    "FilingStoryView",
    "FilingView",
    "LossIn",
    "LossReportView",
    "RejectionIn",
]
