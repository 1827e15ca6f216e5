"""HTTP for proofs: the laws, journals with their seals, the trail, and traces."""

from __future__ import annotations

from fastapi import APIRouter

from app.proof.routes.ledger import router as ledger
from app.proof.routes.tracing import router as tracing
from app.proof.routes.trail import router as trail

router = APIRouter()
for each in (ledger, tracing, trail):
    router.include_router(each)
