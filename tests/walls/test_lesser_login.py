"""In production the hub serves by a login that is a member of its role and of nothing else."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app.runtime.embedded.databases import administer, in_own_loop, select_one_column
from app.runtime.logins import besides, require_lesser
from app.runtime.mistakes import StandaloneError
from tests.support.pg import client_program

LOGIN = Path(__file__).parents[2] / "deploy" / "login.sql"
WITHIN = "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = to_regrole($1)"
HASHED = "SELECT rolpassword FROM pg_authid WHERE rolname = $1"


@pytest.fixture
def login(database_url: str) -> Iterator[str]:
    """A login of the test's own: those of a server are everybody's."""
    name = f"hub_login_{uuid.uuid4().hex[:12]}"
    yield name
    administer(database_url, f"DROP ROLE IF EXISTS {name}")


def made(url: str, login: str, password: str) -> None:
    """Do what the composition does, with the database's own program."""
    server = make_url(url)
    connecting = {
        "PGHOST": server.query.get("host", server.host),
        "PGPORT": server.query.get("port", server.port and str(server.port)),
        "PGUSER": server.username,
        "PGPASSWORD": server.password,
        "PGDATABASE": server.database,
    }
    known = {name: str(value) for name, value in connecting.items() if value}
    subprocess.run(  # noqa: S603 -- of the Postgres the tests run on
        [client_program(), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={LOGIN}"],
        env={**os.environ, **known, "HUB_SERVICE_LOGIN": login, "HUB_SERVICE_PASSWORD": password},
        check=True,
    )


def test_the_compositions_login_is_a_member_of_the_services_role_alone(
    database_url: str, login: str
) -> None:
    kept = []
    for password in ("first", "first", 'it\'s "another"'):
        made(database_url, login, password)
        assert in_own_loop(select_one_column(database_url, WITHIN, login)) == ["hub_app"]
        assert besides(database_url, "hub_app", login) == []
        kept += in_own_loop(select_one_column(database_url, HASHED, login))
    assert all(str(it).startswith("SCRAM-SHA-256$") for it in kept)
    assert kept[2] not in kept[:2]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("ALTER ROLE {login} BYPASSRLS", "may bypass row security"),
        ("ALTER ROLE {login} CREATEROLE", "may create roles"),
        ("CREATE TABLE its_own (); ALTER TABLE its_own OWNER TO {login}", "owns the tables"),
        ("ALTER DATABASE {database} OWNER TO {login}", "owns the database"),
        ("ALTER ROLE {login} REPLICATION", "may replicate everything"),
        (
            "GRANT pg_read_server_files TO {login}",
            "may read or write files of the server, or run programs there",
        ),
    ],
)
def test_a_login_that_is_more_is_told_by_what(
    empty_database_url: str, login: str, more: str, found: str
) -> None:
    made_by_hand = f"CREATE ROLE {login} LOGIN"
    database = make_url(empty_database_url).database
    administer(empty_database_url, made_by_hand, more.format(login=login, database=database))
    assert besides(empty_database_url, "hub_app", login) == [found]
    administer(
        empty_database_url, f"REASSIGN OWNED BY {login} TO CURRENT_USER", f"DROP OWNED BY {login}"
    )


@pytest.mark.parametrize(
    "more", ["GRANT pg_write_all_data TO {login}", "GRANT DELETE ON posting TO {login}"]
)
def test_a_login_with_rights_of_its_own_is_more(database_url: str, login: str, more: str) -> None:
    administer(database_url, f"CREATE ROLE {login} LOGIN IN ROLE hub_app")
    assert besides(database_url, "hub_app", login) == []
    administer(database_url, more.format(login=login))
    assert besides(database_url, "hub_app", login) == ["has rights to tables that the role has not"]
    administer(database_url, f"DROP OWNED BY {login}")


def test_what_a_login_may_become_counts_as_what_it_is(empty_database_url: str, login: str) -> None:
    administer(empty_database_url, f"CREATE ROLE {login} LOGIN NOINHERIT IN ROLE CURRENT_USER")
    assert "is a superuser" in besides(empty_database_url, "hub_app", login)


def test_who_owns_everything_is_refused_in_one_sentence_with_what_to_do(database_url: str) -> None:
    with pytest.raises(StandaloneError, match=r"is a superuser, .*owns the tables") as refused:
        require_lesser(database_url, "hub_app")
    assert "IN ROLE hub_app" in str(refused.value)
