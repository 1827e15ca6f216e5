"""Alembic's plumbing and the hub's revisions, against a real database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app.runtime import migrate
from app.runtime.embedded.databases import in_own_loop, select_one_column
from app.runtime.migrate import DatabaseNotReadyError

CHECKOUT = Path(__file__).parents[2]
UPGRADE = "import sys; from app.runtime.migrate import upgrade; upgrade(sys.argv[1])"


def tables(url: str) -> set[object]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    return set(in_own_loop(select_one_column(url, query)))


def test_a_cloned_database_is_at_the_newest_revision(database_url: str) -> None:
    migrate.require_current(database_url)
    assert migrate.current(database_url) == migrate.heads()[0]


def test_the_history_is_linear() -> None:
    assert len(migrate.heads()) == 1


def test_the_tables_are_what_the_metadata_says(database_url: str) -> None:
    migrate.check(database_url)
    assert set(migrate.whole_metadata().tables) <= tables(database_url)


def test_the_newest_revision_can_be_taken_back_and_made_again(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    migrate.downgrade(empty_database_url, "-1")
    with pytest.raises(DatabaseNotReadyError, match="Run `hub migrate`"):
        migrate.require_current(empty_database_url)
    migrate.upgrade(empty_database_url)
    migrate.check(empty_database_url)


def test_every_revision_can_be_taken_back(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    migrate.downgrade(empty_database_url, "base")
    assert tables(empty_database_url) == {"alembic_version"}
    assert migrate.current(empty_database_url) is None


def test_an_unmigrated_database_is_refused_with_what_to_do(empty_database_url: str) -> None:
    with pytest.raises(DatabaseNotReadyError, match=r"revision none, .* Run `hub migrate`"):
        migrate.require_current(empty_database_url)


async def test_migrating_works_inside_a_running_loop(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    migrate.require_current(empty_database_url)


def test_hubs_that_migrate_at_the_same_time_take_turns(empty_database_url: str) -> None:
    command = [sys.executable, "-c", UPGRADE, empty_database_url]
    rivals = [
        subprocess.Popen(command, cwd=CHECKOUT)  # noqa: S603 - this interpreter, our own program
        for _ in range(3)
    ]
    assert [rival.wait() for rival in rivals] == [0, 0, 0]
    migrate.require_current(empty_database_url)


def test_a_database_that_does_not_answer_is_explained_without_its_password() -> None:
    url = "postgresql+asyncpg://hub:geheim@127.0.0.1:1/hub"
    with pytest.raises(DatabaseNotReadyError, match="does not answer") as caught:
        migrate.require_current(url)
    assert "geheim" not in str(caught.value)


def test_a_database_that_does_not_exist_is_explained(empty_database_url: str) -> None:
    missing = make_url(empty_database_url).set(database="no_such_database")
    with pytest.raises(DatabaseNotReadyError, match="does not exist"):
        migrate.upgrade(missing.render_as_string(hide_password=False))
