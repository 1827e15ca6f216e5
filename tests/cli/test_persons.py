"""At the command line, too, a client in production takes two persons, who sign in there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pyotp
import pytest
from typer.testing import CliRunner, Result

from app.cli.program import program
from app.cli.seeding import seed
from app.runtime.hub import wall_clock
from app.runtime.settings import Settings
from app.runtime.standalone import Home, lend_hub, open_home
from tests.support.world import DATA_KEY, INDEX_KEY, TOKEN_KEY

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def production(database_url: str) -> Iterator[None]:
    """A seeded hub in production, as the command line finds it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", database_url)
        patch.setenv("HUB_TOKEN_KEY", TOKEN_KEY)
        patch.setenv("HUB_DATA_KEYS", DATA_KEY)
        patch.setenv("HUB_INDEX_KEY", INDEX_KEY)
        patch.setenv("HUB_MODE", "production")
        with open_home(Settings()) as home:
            asyncio.run(_seed(home))
        yield


async def _seed(home: Home) -> None:
    async with lend_hub(home) as it:
        await seed(it, lambda _: None)


def hub(*words: str, typed: tuple[str, ...] = ()) -> Result:
    """Run a command, typing what it asks for."""
    return CliRunner().invoke(program, list(words), input="".join(f"{it}\n" for it in typed))


def code(authenticator: str, later: int = 0) -> str:
    """Read an authenticator, or the next code but some."""
    found = pyotp.parse_uri(authenticator)
    assert isinstance(found, pyotp.TOTP)
    return found.at(wall_clock(), counter_offset=later)


def enrolled(person: str) -> str:
    done = hub("persons", "create", person, "--name", person, typed=(PASSWORD, PASSWORD))
    assert done.exit_code == 0, done.output
    authenticator: str = json.loads(done.stdout)["authenticator"]
    return authenticator


@pytest.mark.usefixtures("production")
def test_two_persons_make_a_client_and_one_alone_does_not() -> None:
    alone = hub("clients", "create", "370000")
    assert alone.exit_code == 1
    assert "two persons" in str(alone.exception)
    chen, wang = enrolled("chen"), enrolled("wang")
    two = ("--as", "chen", "--approved-by", "wang")
    made = hub(
        "clients", "create", "H37010000001", *two,
        typed=(PASSWORD, code(chen), PASSWORD, code(wang)),
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    client = json.loads(made.stdout[made.stdout.index("{") :])
    assert client["party"] == "H37010000001"
    assert "." in client["client_secret"]
    again = hub(
        "clients", "secret", client["client_id"], *two,
        typed=(PASSWORD, code(chen, 1), PASSWORD, code(wang, 1)),
    )  # fmt: skip
    assert again.exit_code == 0, again.output
    for words in (
        ("retire", client["client_id"], client["client_secret"].partition(".")[0]),
        ("revoke", client["client_id"]),
        ("disable", client["client_id"]),
    ):
        assert hub("clients", *words).exit_code == 0, words
    listed = hub("clients", "list")
    assert f"{client['client_id']}\tinstitution" in listed.stdout
    third = hub("persons", "create", "li", "--name", "Li", typed=(PASSWORD, PASSWORD))
    assert third.exit_code != 0
    assert hub("persons", "disable", "wang").exit_code == 0
    assert "wang\twang\tdisabled\toperator" in hub("persons", "list").stdout
