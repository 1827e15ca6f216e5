"""At the command line: the first edition is adopted by one, the next by two who read it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from app.cli import policy
from app.cli.policy import require_adopted
from app.policy.book import PolicyBook
from app.runtime.settings import Mode, Settings
from app.runtime.standalone import Home, StandaloneError, lend_hub, open_home
from tests.cli.test_persons import PASSWORD, code, enrolled, hub, production
from tests.support.editions import another, own
from tests.support.pg import fresh_database

__all__ = ["production"]  # a fixture, used by its name
FIRST = own().version


@pytest.fixture
def next_release(monkeypatch: pytest.MonkeyPatch) -> PolicyBook:
    """The commands of a release that brings another edition."""
    book = PolicyBook.parse(another("110000"))
    monkeypatch.setattr(PolicyBook, "load", classmethod(lambda _: book))
    return book


def test_the_digest_is_that_of_the_packaged_book_and_needs_no_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "none"))
    shown = json.loads(hub("policy", "digest").stdout)
    packaged = Path(policy.__file__).parents[1] / "policy" / "parameters.toml"
    digest = hashlib.sha256(packaged.read_bytes()).hexdigest()
    assert shown == {"version": own().version, "digest": digest}
    body = json.loads(hub("policy", "digest", "--proposal").stdout)
    assert body["asked"] == {"act": "policy.adopt", "book": own().source}
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("production")
def test_in_production_nothing_serves_or_falls_due_before_the_first_edition_is_adopted() -> None:
    serving = [(it, "--port", "0") for it in ("serve", "run")]
    for words in (*serving, ("tick",)):
        refused = hub(*words)
        assert isinstance(refused.exception, StandaloneError), words
        assert f"{own().version} is not adopted" in str(refused.exception)
        assert "hub policy adopt" in str(refused.exception)
    assert hub("policy", "adopt").stdout == f"{own().version} is adopted.\n"
    assert hub("policy", "adopt").stdout == f"{own().version} is adopted already.\n"
    with open_home(Settings()) as home:
        require_adopted(home)
    assert hub("tick").exit_code == 0


@pytest.mark.usefixtures("production")
def test_nothing_is_made_up_in_a_database_of_production() -> None:
    assert hub("policy", "adopt").exit_code == 0
    for words in (("generate", "--workers", "1"), ("demo", "--once", "--port", "0")):
        refused = hub(*words)
        assert isinstance(refused.exception, StandaloneError), words
        assert "makes people and money up" in str(refused.exception)


@pytest.mark.usefixtures("production")
def test_the_next_edition_takes_two_who_are_shown_what_it_changes(
    next_release: PolicyBook,
) -> None:
    refused = hub("serve", "--port", "0")
    assert f"{next_release.version} is not adopted; adopted last:" in str(refused.exception)
    alone = hub("policy", "adopt")
    assert alone.exit_code == 1
    assert "second person" in str(alone.exception.title)  # type: ignore[union-attr]  # a refusal
    assert "two persons" in str(hub("policy", "adopt", "--as", "chen").exception)
    chen, wang = enrolled("chen"), enrolled("wang")
    done = hub(
        "policy", "adopt", "--as", "chen", "--approved-by", "wang",
        typed=(PASSWORD, code(chen), PASSWORD, code(wang)),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith(f"{next_release.version} is adopted.\n")
    assert "110000 · from 2030-01-01 起" in done.stderr
    again = hub("policy", "adopt", "--as", "chen", "--approved-by", "wang")
    assert again.stdout == f"{next_release.version} is adopted already.\n"
    listed = hub("policy", "list").stdout.splitlines()
    assert [it.partition("\t")[0] for it in listed] == [FIRST, next_release.version, ""]
    assert next_release.digest in listed[1]


def test_a_sandbox_adopts_what_it_is_run_with_by_itself_and_on_the_trail(
    database_server: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with fresh_database(*database_server) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("HUB_MODE", "sandbox")
        monkeypatch.setenv("HUB_HOME", str(tmp_path))
        with open_home(Settings()) as home:
            assert home.settings.mode is Mode.SANDBOX
            for _ in range(2):
                require_adopted(home)
            with pytest.MonkeyPatch.context() as patch:
                book = PolicyBook.parse(another("110000"))
                patch.setattr(PolicyBook, "load", classmethod(lambda _: book))
                require_adopted(home)
            assert asyncio.run(_trail(home)) == [own().version, book.version]


async def _trail(home: Home) -> list[str]:
    async with lend_hub(home) as it, it.engine.connect() as connection:
        await connection.exec_driver_sql("SELECT hub_as('operator', 'operator', '', false)")
        found = await connection.exec_driver_sql(
            "SELECT subject FROM audit_trail WHERE action = 'policy.adopt' ORDER BY seq"
        )
        return [str(subject) for subject in found.scalars()]
