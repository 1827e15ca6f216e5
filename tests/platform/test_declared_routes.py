"""What is asked of all routes is read from them as declared; none is built anew to be asked."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from app.clearing.routes import router
from app.runtime.shedding import Spared


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the framework builds of routes from now on."""
    found: list[object] = []
    build = Dependant.__init__

    def noted(self: Dependant, *args: object, **named: object) -> None:
        found.append(self)
        build(self, *args, **named)  # type: ignore[arg-type]  # whatever it is given

    monkeypatch.setattr(Dependant, "__init__", noted)
    return found


def test_the_first_overload_builds_no_route_a_second_time(built: list[object]) -> None:
    app = FastAPI()
    app.include_router(router)
    built.clear()
    spared = Spared(app)
    assert spared.is_operators("POST", "/v1/clearings")
    assert not spared.is_operators("POST", "/v1/clearings/2025Q3/claims/1/confirmations")
    assert not built
    assert list(iter_route_contexts(app.routes))
    assert built, "the framework's own look builds them, which is what costs"
