"""Counts the statements that a piece of a test sends to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from tests.support.world import World


@contextmanager
def recorded(world: World, *, entering: bool = False) -> Iterator[list[str]]:
    """Collect the hub's SQL statements, in order.

    Transactions' own commands are not among them, nor what names the caller before every reading
    unless `entering`.
    """
    statements: list[str] = []

    def note(*details: object) -> None:
        statement = str(details[2])
        if entering or not statement.startswith("SELECT hub_enter("):
            statements.append(statement)

    engine = world.hub.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
