"""The paths of parties: tokens, clients and keys, persons, proposals, policy editions, regions."""

from __future__ import annotations

from fastapi import APIRouter

from app.parties.routes.clients import router as clients
from app.parties.routes.editions import router as editions
from app.parties.routes.keys import router as keys
from app.parties.routes.persons import router as persons
from app.parties.routes.proposals import router as proposals
from app.parties.routes.regions import router as regions
from app.parties.routes.tokens import router as tokens

router = APIRouter()
for each in (tokens, clients, keys, persons, proposals, editions, regions):
    router.include_router(each)
