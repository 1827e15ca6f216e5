"""A day or an instant that is asked for is read as the wire spells it, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Any, get_args

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import AwareDatetime, BaseModel, BeforeValidator, NaiveDatetime, PastDate
from pydantic.fields import FieldInfo

from app.runtime import wire
from tests.support.world import World

KINDS = (date, AwareDatetime, NaiveDatetime, PastDate)
SPELLED = {get_args(it)[1] for it in (wire.Day, wire.Instant)}


def lenient(annotation: Any, known: tuple[Any, ...], seen: set[type]) -> Iterator[str]:
    """Name each place within a type where 0 would be read as a day of 1970."""
    if isinstance(annotation, type) and issubclass(annotation, KINDS):
        if not SPELLED.intersection(it for it in known if isinstance(it, BeforeValidator)):
            yield annotation.__name__
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in seen:
            seen.add(annotation)
            for name, field in annotation.model_fields.items():
                for fault in lenient(field.annotation, tuple(field.metadata), seen):
                    yield f"{annotation.__name__}.{name}: {fault}"
    else:
        of_it = tuple(getattr(annotation, "__metadata__", ()))
        within = get_args(annotation)[:1] if of_it else get_args(annotation)
        for each in within:
            yield from lenient(each, known + of_it, seen)


def asked_for(dependant: Dependant) -> Iterator[tuple[str, FieldInfo]]:
    """Give what a route takes: in its path, its query, its headers and its body."""
    params = (dependant.path_params, dependant.query_params, dependant.header_params)
    for field in (*chain(*params), *dependant.body_params):
        yield field.name, field.field_info
    for each in dependant.dependencies:
        yield from asked_for(each)


def test_nothing_but_the_wires_spelling_is_read_as_a_day(world: World) -> None:
    all_ = [it.original_route for it in iter_route_contexts(world.app.routes)]
    found = []
    for route in [it for it in all_ if isinstance(it, APIRoute)]:
        for name, field in asked_for(route.dependant):
            known = tuple(field.metadata)
            faults = lenient(field.annotation, known, set())
            found += [f"{route.path} {name}: {fault}" for fault in faults]
    assert not found


@pytest.mark.parametrize("annotation", [date | None, list[date], dict[str, date]])
def test_a_lenient_day_would_be_found(annotation: object) -> None:
    assert list(lenient(annotation, (), set())) == ["date"]
    assert not list(lenient(wire.Day | None, (), set()))


def test_a_lenient_instant_would_be_found() -> None:
    assert list(lenient(AwareDatetime | None, (), set())) == ["AwareDatetime"]
    assert not list(lenient(wire.Instant | None, (), set()))
