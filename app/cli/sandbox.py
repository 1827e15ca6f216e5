"""`hub sandbox`: what a sandbox can play by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from app.cli.quiet import quiet
from app.cli.seeding import seed as load_seeds
from app.runtime.door import Hub
from app.runtime.settings import Mode, Settings
from app.runtime.standalone import Home, StandaloneError, lend_hub, open_home
from app.runtime.telemetry import configure_logging
from app.sandbox.play import Asked, Report, own_database, play
from app.sandbox.play.report import Checks
from app.sandbox.play.year import YearAsked, YearReport, play_year
from app.sandbox.play.year.playing import PROVINCES, PROVINCES_MIN

R = TypeVar("R", Report, YearReport)
Tell = Callable[[date, int], None]
SPARE_CONNECTIONS = 2
WIDTH = 132  # where there is no terminal to ask

program = typer.Typer(no_args_is_help=True, help="The sandbox 沙箱.")
plays = typer.Typer(no_args_is_help=True, help="Play business on the test clock 业务演练.")
program.add_typer(plays, name="play")


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

    async def play_it(hub: Hub, home: Home, tell: Tell) -> Report:
        asked = Asked(settlements=settlements, seed=seed, at_once=_hands(home))
        return await play(hub, asked, tell)

    report = _on_own_ground(settlements, play_it, keep=keep, as_json=as_json)
    if not as_json:
        _print_month(report, _console(as_json=as_json))
    _finish(report, as_json=as_json)


@plays.command()
def year(
    *,
    provinces: Annotated[
        int, typer.Option(min=PROVINCES_MIN, max=len(PROVINCES), help="Provinces that take part")
    ] = 4,
    settlements: Annotated[
        int, typer.Option(min=40, max=20_000, help="Settlements of the year")
    ] = 600,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, other traffic")] = 1,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the database it was played in")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
) -> None:
    """Play a year between some provinces, with two crashes, and prove every fen of it.

    Exit status 1, and the first difference, where something does not hold.
    """

    async def play_it(hub: Hub, home: Home, tell: Tell) -> YearReport:
        asked = YearAsked(
            provinces=provinces,
            settlements=settlements,
            seed=seed,
            at_once=_hands(home),
        )
        return await play_year(hub, asked, tell)

    report = _on_own_ground(settlements, play_it, keep=keep, as_json=as_json)
    if not as_json:
        _print_year(report, _console(as_json=as_json))
    _finish(report, as_json=as_json)


def _on_own_ground(
    settlements: int,
    play_it: Callable[[Hub, Home, Tell], Awaitable[R]],
    *,
    keep: bool,
    as_json: bool,
) -> R:
    """Lend a seeded hub on a database of its own, beside the hub's; drop it unless it is kept."""
    settings = quiet(Settings())
    configure_logging(settings)
    console = _console(as_json=as_json)
    with open_home(settings, shared=True) as home:
        if home.settings.mode is not Mode.SANDBOX:
            raise StandaloneError("A play needs a sandbox; this hub is for production.")
        with own_database(home.url, keep=keep) as ground:
            own_home = replace(home, url=ground.url)
            report = asyncio.run(_play(own_home, settlements, play_it, console))
            if keep:
                report.database = ground.name
                console.print(f"Kept 已保留: database {ground.name}", highlight=False)
    return report


async def _play(
    home: Home,
    settlements: int,
    play_it: Callable[[Hub, Home, Tell], Awaitable[R]],
    console: Console,
) -> R:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
    )
    async with lend_hub(home) as hub:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("Loading seeds 载入基础数据", total=settlements)
            await load_seeds(hub, lambda _: None)
            return await play_it(
                hub,
                home,
                lambda day, done: progress.update(task, description=f"{day}", completed=done),
            )


def _hands(home: Home) -> int:
    return max(1, home.settings.pool_connections - SPARE_CONNECTIONS)


def _console(*, as_json: bool) -> Console:
    console = Console(stderr=as_json)
    return console if console.is_terminal else Console(stderr=as_json, width=WIDTH)


def _finish(report: Checks, *, as_json: bool) -> None:
    """Print the document if it is asked for; end with 1, and the first difference, if one is."""
    if as_json:
        typer.echo(json.dumps(report.document(), ensure_ascii=False, indent=2))
    first = report.first_difference
    if first is not None:
        said = f"{first.what}: {first.found}, and should be {first.expected}"
        typer.echo(f"First difference 首个差异: {said}", err=True)
    raise typer.Exit(0 if report.holds else 1)


def _print_month(report: Report, console: Console) -> None:
    """Say what was played and what held."""
    rows: list[tuple[str, object]] = [
        ("workers 工伤职工", report.workers),
        ("filings 备案", f"{report.filings} in {report.batches} batches"),
        ("filings expired 备案届满", report.expired),
        ("turned away after expiry 届满后拒绝", report.refused),
        ("settlements 结算", report.settlements),
        ("cancelled or reversed, and settled again 撤销、冲正后重结", report.cancelled),
        ("charged 费用总额, yuan 元", report.total),
        ("paid by the funds 基金支付", report.fund),
        ("paid by the workers 个人支付", report.own),
        ("deducted in review 审核扣款", report.deducted),
        ("paid to institutions 拨付协议机构", report.institutions_paid),
        ("advance of the busiest pair 预付金", report.advances),
        ("warnings, yellow and red 黄色、红色预警", f"{report.yellow}, {report.red}"),
        ("warnings acknowledged 签收", report.acknowledged),
        ("emergency increases 紧急调增", report.increases),
        (f"clearing 清算 {report.month.quarter}", report.clearing),
        ("pairs of places 地区对", report.pairs),
        ("notices 通知书", report.notices),
        ("contested and deducted 异议扣减", report.contested),
        ("payments matched 到账", report.paid),
        ("messages 报文", report.messages),
        ("seconds 耗时", report.elapsed_seconds),
    ]
    _print(f"A month in seconds 一个月的业务: {report.month}", rows, report, console)


def _print_year(report: YearReport, console: Console) -> None:
    """Say what was played, what the crashes left, where one settlement's money went."""
    places = ", ".join(report.provinces)
    rows: list[tuple[str, object]] = [
        ("provinces 省份", places),
        ("seed 种子", report.seed),
        ("charged 费用总额, yuan 元", report.total),
        ("paid by the funds 基金支付", report.fund),
        *((name.replace("_", " "), value) for name, value in report.sums.items()),
        *((name.replace("_", " "), value) for name, value in report.counts.items()),
        ("turned over 借贷发生额", report.turnover),
        ("due acts done by the tick 到期事项", report.due_acts),
        ("messages 报文", report.messages),
        ("seconds 耗时", report.elapsed_seconds),
    ]
    _print(f"A year in seconds 一年的业务: {report.year}", rows, report, console)
    for it in report.crashes:
        console.print(
            f"{it.day}  {it.what}: {it.sent_again} sent again by their ids, "
            f"{it.found_done} found done, {it.done_now} done now",
            highlight=False,
        )
    console.print(f"hub trace {report.traced} 资金追溯", style="bold")
    for step in report.trace:
        console.print(f"  {step}", highlight=False)


def _print(
    title: str, rows: Iterable[tuple[str, object]], report: Checks, console: Console
) -> None:
    table = Table(title=title, title_justify="left")
    table.add_column("what 项目")
    table.add_column("how many 数量", justify="right")
    for name, value in rows:
        table.add_row(name, str(value))
    console.print(table)
    for it in report.checks:
        if it.held:
            console.print(f"[green]held[/green]   {it.what}", highlight=False)
        else:
            console.print(f"[red]broken[/red] {it.what}: {it.found}, and should be {it.expected}")
