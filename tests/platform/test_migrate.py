"""Alembic's plumbing against a real database."""

from __future__ import annotations

from app.runtime import migrate


def test_a_cloned_database_is_at_the_newest_revision(database_url: str) -> None:
    migrate.require_current(database_url)


def test_the_history_is_linear() -> None:
    assert len(migrate.heads()) <= 1


async def test_migrating_works_inside_a_running_loop(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    migrate.require_current(empty_database_url)
