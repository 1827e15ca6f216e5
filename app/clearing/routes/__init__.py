"""HTTP for clearings, in the order of their life: run, confirmed, contested, noticed, paid.

What was paid astray is put right at the end.
"""

from __future__ import annotations

from fastapi import APIRouter

from app.clearing.routes.confirming import router as confirming
from app.clearing.routes.contests import router as contests
from app.clearing.routes.issuing import router as issuing
from app.clearing.routes.paying import router as paying
from app.clearing.routes.reassigning import router as reassigning
from app.clearing.routes.runs import router as runs

router = APIRouter()
for part in (runs, confirming, contests, issuing, paying, reassigning):
    router.include_router(part)
