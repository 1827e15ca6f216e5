"""`hub sandbox`: what a sandbox can play by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from app.cli.demo import quiet
from app.cli.seeding import seed as load_seeds
from app.runtime.door import Hub
from app.runtime.mode import mode_of
from app.runtime.settings import Mode, Settings
from app.runtime.standalone import Home, StandaloneError, lend_hub, open_home
from app.runtime.telemetry import configure_logging
from app.sandbox import casting
from app.sandbox.moved_clock import MovedClock
from app.sandbox.play import Asked, Report, own_database, play
from app.sandbox.play.report import LEFT_OUT
from app.sandbox.playground import Playground

SPARE_CONNECTIONS = 2
WIDTH = 132  # where there is no terminal to ask

program = typer.Typer(no_args_is_help=True, help="The sandbox 沙箱.")
plays = typer.Typer(no_args_is_help=True, help="Play business on the test clock 业务演练.")
program.add_typer(plays, name="play")


@plays.callback()
def _plays() -> None:
    """Keep `month` a command of its own, though it is the only one."""


@plays.command()
def month(
    *,
    settlements: Annotated[
        int, typer.Option(min=1, max=20_000, help="Settlements of the month")
    ] = 1_000,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, other people")] = 1,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the database it was played in")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
) -> None:
    """Play a month of business and its clearing in a database of its own; hold every balance."""
    settings = quiet(Settings())
    configure_logging(settings)
    console = Console(stderr=as_json)
    if not console.is_terminal:
        console = Console(stderr=as_json, width=WIDTH)
    with open_home(settings, shared=True) as home:
        if home.settings.mode is not Mode.SANDBOX:
            raise StandaloneError("A month is played in a sandbox; this hub is for production.")
        with own_database(home.url, keep=keep) as ground:
            at_once = max(1, home.settings.pool_connections - SPARE_CONNECTIONS)
            asked = Asked(settlements=settlements, seed=seed, at_once=at_once)
            report = asyncio.run(_play(replace(home, url=ground.url), asked, console))
            if keep:
                console.print(f"Kept 已保留: database {ground.name}", highlight=False)
    if as_json:
        typer.echo(json.dumps(report.document(), ensure_ascii=False, indent=2))
    else:
        _print(report, console)
    raise typer.Exit(0 if report.holds else 1)


async def populate(home: Home) -> None:
    """Make the personas of today, by the sandbox's own clock, unless they are there."""
    async with lend_hub(home) as hub, on_its_clock(hub, home.settings) as timed:
        await casting.refresh(timed)


@asynccontextmanager
async def on_its_clock(hub: Hub, settings: Settings) -> AsyncIterator[Hub]:
    """Lend a hub on the clock its sandbox was set to; production knows only one."""
    if mode_of(settings) is not Mode.SANDBOX:
        yield hub
        return
    playground = Playground(MovedClock(hub.clock))
    await playground.recall(hub)
    yield replace(hub, clock=playground.clock)


async def _play(home: Home, asked: Asked, console: Console) -> Report:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
    )
    async with lend_hub(home) as hub:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("Loading seeds 载入基础数据", total=asked.settlements)
            await load_seeds(hub, lambda _: None)
            return await play(
                hub,
                asked,
                lambda day, done: progress.update(task, description=f"{day}", completed=done),
            )


def _print(report: Report, console: Console) -> None:
    """Say what was played and what held."""
    table = Table(title=f"A month in seconds 一个月的业务: {report.month}", title_justify="left")
    table.add_column("what 项目")
    table.add_column("how many 数量", justify="right")
    for name, value in (
        ("workers 工伤职工", report.workers),
        ("filings 备案", f"{report.filings} in {report.batches} batches"),
        ("filings expired 备案届满", report.expired),
        ("turned away after expiry 届满后拒绝", report.refused),
        ("settlements 结算", report.settlements),
        ("cancelled and settled again 撤销重结", report.cancelled),
        ("charged 费用总额, yuan 元", report.total),
        ("paid by the funds 基金支付", report.fund),
        ("paid by the workers 个人支付", report.total - report.fund),
        (f"clearing 清算 {report.month.quarter}", report.clearing),
        ("pairs of places 地区对", report.pairs),
        ("notices 通知书", report.notices),
        ("contested and deducted 异议扣减", report.contested),
        ("payments matched 到账", report.paid),
        ("messages 报文", report.messages),
        ("seconds 耗时", report.elapsed_seconds),
    ):
        table.add_row(name, str(value))
    console.print(table)
    for it in report.checks:
        if it.held:
            console.print(f"[green]held[/green]   {it.what}", highlight=False)
        else:
            console.print(f"[red]broken[/red] {it.what}: {it.found}, and should be {it.expected}")
    console.print("Not played 未包含:", style="bold")
    for each in LEFT_OUT:
        console.print(f"  {each}", highlight=False)
