"""`hub generate`: load national traffic into a hub, and say what is in it now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from app.cli.policy import adopt_where_played
from app.cli.seeding import seed as load_seeds
from app.kernel.calendar import Month
from app.runtime.door import Hub
from app.runtime.settings import Settings
from app.runtime.standalone import Home, StandaloneError, lend_hub, open_home
from app.sandbox.load import Loaded, Traffic, load
from app.sandbox.traffic import FIRST_MONTH

# Each case in hand holds one connection; one more is left for those who write down refusals.
SPARE_CONNECTIONS = 2
COUNTED = (
    ("register", "workers registered 工伤职工"),
    ("determine", "determinations 认定（确认）"),
    ("file", "filings 备案"),
    ("admit", "visits 就诊"),
    ("settle", "settlements 结算"),
)


def generate(
    workers: Annotated[int, typer.Option(min=1, max=1_000_000, help="Workers, one case each")],
    months: Annotated[int, typer.Option(min=1, max=60, help="Months of business")] = 3,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, other people")] = 1,
    first_month: Annotated[
        str, typer.Option(help="First month, 2024-04 or later", metavar="YYYY-MM")
    ] = "2025-10",
) -> None:
    """Load synthetic national traffic into a sandbox; the same again changes nothing."""
    traffic = asked(workers, months, seed, first_month)
    settings = Settings()
    console = Console()

    async def work(home: Home) -> Loaded:
        async with lend_hub(home) as hub:
            await adopt_where_played(home, hub)
            await load_seeds(hub, lambda name: typer.echo(f"loaded {name}", err=True))
            return await load_with(hub, settings, traffic, console)

    with open_home(settings, shared=True) as home:
        home.require_sandbox("generate")
        loaded = asyncio.run(work(home))
    summarise(loaded, console)


def asked(workers: int, months: int, seed: int, first_month: str) -> Traffic:
    """Read what the command was given."""
    try:
        first = Month.parse(first_month)
    except ValueError as error:
        raise StandaloneError(f"--first-month: {error}.") from None
    if first < FIRST_MONTH:
        raise StandaloneError(f"--first-month: direct settlement began in {FIRST_MONTH}.")
    return Traffic(workers=workers, months=months, seed=seed, first_month=first)


async def load_with(hub: Hub, settings: Settings, traffic: Traffic, console: Console) -> Loaded:
    """Load the traffic with a progress display."""
    at_once = max(1, settings.pool_connections - SPARE_CONNECTIONS)
    with _progress(console) as progress:
        task = progress.add_task("Loading cases 生成病例", total=traffic.workers)
        return await load(hub, traffic, at_once=at_once, advance=lambda: progress.advance(task))


def summarise(loaded: Loaded, console: Console) -> None:
    """Say what this plan has put into the hub, and whether any of it is new."""
    table = Table(title="Traffic 业务量", title_justify="left")
    table.add_column("what 项目")
    table.add_column("how many 数量", justify="right")
    for step, name in COUNTED:
        table.add_row(name, str(loaded.messages[step]))
    table.add_section()
    for name, amount in (
        ("charged 费用总额, yuan 元", loaded.total),
        ("paid by the funds 基金支付", loaded.fund),
        ("paid by the workers 个人支付", loaded.total - loaded.fund),
    ):
        table.add_row(name, str(amount))
    if loaded.refusals:
        table.add_section()
        for code, times in sorted(loaded.refusals.items()):
            table.add_row(f"refused 拒绝: {code}", str(times))
    console.print(table)
    if loaded.applied_now:
        console.print(f"{loaded.applied_now} messages were new.")
    else:
        console.print("Nothing was new: this traffic had been loaded before 未产生新业务.")


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield progress
