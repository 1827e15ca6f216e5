"""HTTP for reconciliations day by day, and for the monthly review, in the order of its life."""

from __future__ import annotations

from fastapi import APIRouter

from app.review.routes.deductions import router as deductions
from app.review.routes.monthly import router as monthly
from app.review.routes.paying import router as paying
from app.review.routes.reconciliations import router as reconciliations

router = APIRouter()
for part in (reconciliations, deductions, paying, monthly):
    router.include_router(part)
