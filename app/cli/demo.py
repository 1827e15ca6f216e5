"""`hub demo`: serve the hub on the demo's own clock, let the story be played, keep serving."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import uvicorn
import uvloop
from rich.console import Console

from app.cli import serving
from app.cli.examples import laid
from app.cli.opened import prepare
from app.cli.quiet import quiet
from app.cli.running import Host
from app.main import again_and_again, create_app
from app.runtime import docs_pages
from app.runtime.settings import Settings
from app.runtime.standalone import Home, StandaloneError, open_home
from app.runtime.telemetry import configure_logging
from app.sandbox import story
from app.sandbox.story import Credential, Tale

USUAL_PORT = 8000
PAUSE_SECONDS = 0.01
WIDTH = 132  # where there is no terminal to ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How a demo is shown: whether it ends with the story, and whether a program reads it."""

    once: bool
    as_json: bool

    def console(self) -> Console:
        """People read standard output, unless that is where the document goes."""
        console = Console(stderr=self.as_json)
        return console if console.is_terminal else Console(stderr=self.as_json, width=WIDTH)


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
    settings = quiet(Settings())
    configure_logging(settings)
    code = 1
    with (
        serving.ending_cleanly(),
        listening(host, port) as taken,
        open_home(settings) as home,
        credentials_folder(home) as folder,
    ):
        credentials = asyncio.run(prepare(home, folder))
        code = show(home, taken, credentials, Showing(once=once, as_json=as_json))
    raise typer.Exit(code)


@contextmanager
def listening(host: str, port: int | None) -> Iterator[socket]:
    """Take the port asked for; where none was, the usual one, or any if that is in use."""
    with ExitStack() as stack:
        try:
            wanted = USUAL_PORT if port is None else port
            taken = stack.enter_context(serving.listening(host, wanted))
        except StandaloneError:
            if port is not None:
                raise
            taken = stack.enter_context(serving.listening(host, 0))
        yield taken


@contextmanager
def credentials_folder(home: Home) -> Iterator[Path]:
    """Keep the demo's credentials in HUB_HOME; those of a database of yours only while it runs."""
    if home.embedded:
        yield home.folder
        return
    with TemporaryDirectory(prefix="hub-demo-") as folder:
        yield Path(folder)


def show(home: Home, taken: socket, credentials: Path, showing: Showing) -> int:
    """Play the story against a hub served here; return the exit code."""
    clock = story.begin()
    # The story lets the hub tick where it sets the clock; after it the hub does so by itself.
    settings = home.settings.model_copy(update={"tick_seconds": 0})
    served = create_app(settings, url=home.url, clock=clock)
    server = serving.server_of(served)
    url, console = serving.base_url(taken), showing.console()

    told: list[Tale] = []

    async def tell() -> None:
        tale = await story.play(
            url, _clients(credentials), clock, console, tick=served.state.ticker.tick
        )
        _conclude(tale, console, url, credentials)
        if showing.as_json:
            typer.echo(json.dumps(tale.document(), ensure_ascii=False, indent=2))
        if not showing.once:
            if home.embedded:
                docs_pages.show(served, laid(home.settings, home.url, clock))
                await served.state.document.read()
            console.print("The hub keeps serving on the demo's clock 持续运行 · Ctrl-C stops it.")
        told.append(tale)

    with (
        suppress(KeyboardInterrupt),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        seconds = 0 if showing.once else home.settings.tick_seconds
        ticking = again_and_again(served.state.ticker.keep_ticking, seconds)
        runner.run(_beside(server, taken, tell, ticking, once=showing.once))
    if not told:
        console.print("Broken off 已中断: what was done stays done; another run plays it anew.")
    return 0 if told and not told[0].deviations else 1


async def _beside(
    server: uvicorn.Server,
    taken: socket,
    tell: Callable[[], Awaitable[None]],
    then: AbstractAsyncContextManager[None],
    *,
    once: bool,
) -> None:
    """Serve while the story is told, and after it unless once or it came to grief."""
    serving_on = asyncio.create_task(server.serve(sockets=[taken]))
    while not (server.started or serving_on.done()):  # noqa: ASYNC110 -- uvicorn tells by a flag
        await asyncio.sleep(PAUSE_SECONDS)
    telling = asyncio.ensure_future(tell())
    while not (telling.done() or serving_on.done() or server.should_exit):
        await asyncio.wait(
            {telling, serving_on},
            timeout=PAUSE_SECONDS,  # sooner than the server closes its doors on a signal
            return_when=asyncio.FIRST_COMPLETED,
        )
    if not telling.done():
        telling.cancel()
    if once or not telling.done() or telling.exception() is not None:
        server.should_exit = True
    async with then:
        await serving_on
    with suppress(asyncio.CancelledError):
        await telling


def _clients(credentials: Path) -> dict[str, Credential]:
    """Read the ready-made clients, as any other software would."""
    try:
        kept = json.loads(credentials.read_text("utf-8"))["clients"]
        return {
            party: Credential(it["client_id"], it["client_secret"]) for party, it in kept.items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StandaloneError(
            f"{credentials} cannot be read; remove it and start again."
        ) from error


def _conclude(tale: Tale, console: Console, url: str, credentials: Path) -> None:
    """Say how it went and where to look next."""
    console.print()
    if tale.deviations:
        console.print(f"[red]{len(tale.deviations)} deviations 偏差[/red], the first:")
        console.print(f"  {tale.deviations[0]}", highlight=False, soft_wrap=True)
    else:
        console.print(
            f"[green]All {tale.held} expectations held[/green] 全部符合预期, "
            f"in {tale.elapsed_seconds:.1f} seconds.",
            highlight=False,
        )
    console.print("Where to look next 下一步", style="bold")
    for what, where in (
        ("try the interface 接口文档", f"{url}/docs"),
        ("why the hub says no 拒绝原因", f"{url}/v1/problems"),
        ("clients to authorize with 接入凭据", str(credentials)),
        ("how it works 说明", "docs/life-of-a-settlement.md"),
    ):
        console.print(f"  {what:<36} {where}", highlight=False, soft_wrap=True)
