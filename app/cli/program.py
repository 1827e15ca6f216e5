"""What the command `hub` can do; each command is one sentence of work and one line of answer."""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import SecretStr, ValidationError
from rich.console import Console

import app
from app.cli import clients, keys, persons, policy, proving, sandbox, serving
from app.cli import demo as showcase
from app.cli import generate as traffic
from app.cli.credentials import ensure_credentials
from app.cli.deliveries import deliver
from app.cli.examples import lay_examples
from app.cli.seeding import seed as load_seeds
from app.cli.ticks import tick
from app.cli.token import token
from app.conformance import command as conformance
from app.institutions import notice
from app.kernel.refusal import Refusal
from app.main import create_app
from app.reference import refusals
from app.runtime.embedded import EmbeddedPostgresError
from app.runtime.hub import wall_clock
from app.runtime.migrate import DatabaseNotReadyError
from app.runtime.openapi import show
from app.runtime.problems import body_of
from app.runtime.seeds import SeedsMissingError
from app.runtime.settings import Mode, Settings
from app.runtime.standalone import (
    Home,
    StandaloneError,
    lend_hub,
    migrate_database,
    open_home,
    open_hub,
)
from app.runtime.telemetry import configure_logging
from app.sandbox.load import Loaded

program = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Cross-province settlement of work-injury insurance 工伤保险跨省异地就医直接结算平台",
)
program.add_typer(clients.program, name="clients")
program.add_typer(persons.program, name="persons")
program.add_typer(keys.program, name="keys")
program.add_typer(policy.program, name="policy")
program.add_typer(conformance.program, name="conformance")
program.command()(token)
program.command()(proving.verify)
program.command()(proving.trace)
program.command()(proving.seal)
program.add_typer(proving.audit, name="audit")
program.command()(tick)
program.command()(deliver)
program.add_typer(sandbox.program, name="sandbox")
institutions = typer.Typer(no_args_is_help=True, help="Agreement institutions 协议机构.")
program.add_typer(institutions, name="institutions")
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one")]
Host = Annotated[str, typer.Option(help="Address to listen on")]


@program.command()
def run(port: Port = 8000, host: Host = "127.0.0.1") -> None:
    """Serve on an embedded Postgres in HUB_HOME, or on DATABASE_URL when it is set."""
    settings = Settings()
    configure_logging(settings)
    with (
        serving.ending_cleanly(),
        serving.listening(host, port) as taken,
        open_home(settings) as home,
    ):
        policy.require_adopted(home)
        served = create_app(home.settings, url=home.url)
        if home.embedded:
            asyncio.run(prepare(home, home.folder))
            configure_logging(showcase.quiet(settings))
            show(served, asyncio.run(lay_examples(home.settings, home.url, wall_clock())))
            configure_logging(settings)
        if home.embedded and home.settings.mode is Mode.SANDBOX:
            asyncio.run(sandbox.populate(home))
        _say(f"The hub serves {serving.base_url(taken)}/docs · Ctrl-C stops it.")
        serving.serve(served, taken)


@program.command()
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="End with the story")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 8000 if free, or any")
    ] = None,
    host: Host = "127.0.0.1",
) -> None:
    """Play one case along the whole road over HTTP, on the demo's own clock, and keep serving."""
    settings = showcase.quiet(Settings())
    configure_logging(settings)
    code = 1
    with (
        serving.ending_cleanly(),
        showcase.listening(host, port) as taken,
        open_home(settings) as home,
        showcase.credentials_folder(home) as folder,
    ):
        credentials = asyncio.run(prepare(home, folder))
        showing = showcase.Showing(once=once, as_json=as_json)
        code = showcase.show(home, taken, credentials, showing)
    raise typer.Exit(code)


@program.command()
def serve(port: Port = 8000, host: Host = "127.0.0.1") -> None:
    """Serve in production: needs DATABASE_URL, already migrated, HUB_TOKEN_KEY and data keys."""
    settings = Settings()
    configure_logging(settings)
    if settings.database_url is None:
        raise StandaloneError("`hub serve` needs DATABASE_URL; to try the hub out: `hub run`.")
    if settings.token_key is None:
        raise StandaloneError(
            "`hub serve` needs HUB_TOKEN_KEY; make one with: openssl rand -hex 32"
        )
    with (
        serving.ending_cleanly(),
        serving.listening(host, port) as taken,
        open_home(settings) as home,
    ):
        policy.require_adopted(home)
        serving.serve(create_app(home.settings, url=home.url), taken)


@program.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    typer.echo(f"The database is at schema revision {migrate_database(Settings())}.")


@program.command()
def seed() -> None:
    """Load regions, parties, institutions and synthetic catalogues; again changes nothing."""

    async def work() -> int:
        async with open_hub(Settings()) as hub:
            return await load_seeds(hub, lambda name: _say(f"loaded {name}"))

    done = asyncio.run(work())
    typer.echo(f"{done} seeds loaded." if done else "Every seed was loaded before.")


@program.command()
def generate(
    workers: Annotated[int, typer.Option(min=1, max=1_000_000, help="Workers, one case each")],
    months: Annotated[int, typer.Option(min=1, max=60, help="Months of business")] = 3,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, other people")] = 1,
    first_month: Annotated[
        str, typer.Option(help="First month, 2024-04 or later", metavar="YYYY-MM")
    ] = "2025-10",
) -> None:
    """Load synthetic national traffic; the same again changes nothing."""
    asked = traffic.asked(workers, months, seed, first_month)
    settings = Settings()
    console = Console()

    async def work() -> Loaded:
        async with open_hub(settings) as hub:
            await load_seeds(hub, lambda name: _say(f"loaded {name}"))
            return await traffic.generate(hub, settings, asked, console)

    traffic.summarise(asyncio.run(work()), console)


@institutions.command("read-notice")
def read_notice(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The annex, as text")],
) -> None:
    """Read the institutions out of a published notice and print them as CSV."""
    try:
        typer.echo(notice.to_csv(file.read_text("utf-8")), nl=False)
    except UnicodeDecodeError:
        raise StandaloneError(f"{file} is not a text in UTF-8.") from None
    except notice.UnreadableNoticeError as error:
        raise StandaloneError(f"{file} cannot be read whole:\n{error}") from error


@program.command()
def problems() -> None:
    """List every refusal with its status."""
    for each in refusals.all_explanations():
        typer.echo(f"{each.status}  {each.code:<32}  {each.title}  {each.title_zh}")


@program.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    key = SecretStr("the document does not depend on a key")
    shown = create_app(Settings(token_key=key), url="postgresql+asyncpg://nowhere").openapi()
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))


@program.command()
def docs(
    check: Annotated[bool, typer.Option("--check", help="Only say which are stale")] = False,  # noqa: FBT002 -- typer's way
) -> None:
    """Write the pages of docs/ that follow from the code (from a checkout)."""
    assert app.__file__ is not None
    script = Path(app.__file__).resolve().parents[1] / "docs" / "generate.py"
    if not script.exists():
        raise StandaloneError("The pages are written from a checkout; this is an installation.")
    sys.argv = [str(script), *(["--check"] if check else [])]
    runpy.run_path(str(script), run_name="__main__")


async def prepare(home: Home, folder: Path) -> Path:
    """Seed a hub and make its ready-made clients, kept in a folder."""
    async with lend_hub(home) as hub:
        await policy.adopt_where_played(home, hub)
        await load_seeds(hub, lambda name: _say(f"loaded {name}"))
        return await ensure_credentials(hub, folder)


def main() -> None:
    """Run a command; a mistake is answered with one sentence and exit code 1."""
    try:
        program(prog_name="hub")
    except Refusal as refusal:
        body = body_of(refusal, "-")
        _fail(f"{body['detail']} {body['detail_zh']}")
    except ValidationError as error:
        wrong = ", ".join(f"HUB_{'_'.join(map(str, e['loc']))}".upper() for e in error.errors())
        _fail(f"A setting is out of order: {wrong}.")
    except (
        StandaloneError,
        EmbeddedPostgresError,
        DatabaseNotReadyError,
        SeedsMissingError,
    ) as error:
        _fail(str(error))


def _fail(sentence: str) -> NoReturn:
    _say(sentence)
    sys.exit(1)


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)
