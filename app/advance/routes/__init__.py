"""HTTP for advances, in the order of their life: computed, called, paid, used, changed."""

from __future__ import annotations

from fastapi import APIRouter

from app.advance.routes.changing import router as changing
from app.advance.routes.runs import router as runs
from app.advance.routes.transfers import router as transfers
from app.advance.routes.watching import router as watching

router = APIRouter()
for part in (runs, transfers, watching, changing):
    router.include_router(part)
