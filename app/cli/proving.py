"""`hub verify`, `trace`, `seal` and `audit search`: proofs for people and for programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from app.cli.acts import act, look
from app.cli.clocks import on_its_clock
from app.kernel.money import Money
from app.proof.model.laws import Finding, Report, Unit
from app.proof.model.seals import Sealed
from app.proof.model.tracing import Stage, Step, Trace
from app.proof.model.trail import TrailAsked, TrailLine
from app.proof.schemas.laws import ProofView
from app.proof.schemas.tracing import TraceView
from app.proof.schemas.trail import TrailLineView
from app.proof.service import sealing, tracing, trail, verifying
from app.runtime.paging import Page, PageAsked, PageView
from app.runtime.settings import Settings
from app.runtime.standalone import open_hub
from app.runtime.work import Reading

T = TypeVar("T")
BROKEN, LATE = 1, 3  # exit codes: something does not add up; all adds up, and sealing lags
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document")]
audit = typer.Typer(no_args_is_help=True, help="The audit trail 操作留痕.")
STAGES = {
    Stage.LINE: "line 费用明细",
    Stage.BILL: "bill 结算单",
    Stage.ENTRY: "entry 记账",
    Stage.MONTH: "month 月份",
    Stage.DEDUCTION: "deduction 审核扣款",
    Stage.CONTEST: "contest 争议",
    Stage.PERIOD: "period 清算期",
    Stage.CLAIM: "claim 应收应付",
    Stage.NOTICE: "notice 通知书",
    Stage.PAYMENT: "payment 清算到账",
    Stage.INSTITUTION_PAYMENT: "to the institution 拨付协议机构",
    Stage.ADVANCE: "advance 预付金",
}


def verify(*, as_json: AsJson = False) -> None:
    """Prove that everything adds up: settlements, books, claims, notices, payments, seals.

    Exit code 0: all holds. 1: a law does not; the first difference of each is printed with both
    sides. 3: all adds up, and sealing lags behind.
    """

    async def use_case(reading: Reading) -> Report:
        return await verifying.verify(reading.rx, reading.today)

    report = _read(use_case)
    if as_json:
        typer.echo(ProofView.of(report).model_dump_json(indent=2))
    else:
        _tell(report)
    if not report.holds:
        raise typer.Exit(BROKEN)
    if report.alarms:
        raise typer.Exit(LATE)


def trace(
    settlement: Annotated[str, typer.Argument(help="Number of the settlement, A…")],
    *,
    as_json: AsJson = False,
) -> None:
    """Trace a settlement's money: line, bill, month, period, claim, notice, payment."""

    async def use_case(reading: Reading) -> Trace:
        return await tracing.trace(reading, settlement)

    found = _read(use_case)
    if as_json:
        typer.echo(TraceView.of(found).model_dump_json(indent=2))
        return
    Console().print(_tree(found), soft_wrap=True)


def seal() -> None:
    """Seal every day that is over; the service does so by itself, and again changes nothing."""

    async def work() -> Sealed:
        settings = Settings()
        async with open_hub(settings) as hub, on_its_clock(hub, settings) as timed:
            return await act(timed, "seal", sealing.seal_due)

    done = asyncio.run(work())
    typer.echo(f"{done.blocks} blocks sealed, {done.lines} lines.")
    for journal in done.waiting:
        typer.echo(f"Writers of the {journal} did not end in time; seal again.", err=True)


@audit.command()
def search(  # noqa: PLR0913 -- one option a way to look
    *,
    subject: Annotated[str | None, typer.Option(help="Number it is about")] = None,
    party: Annotated[str | None, typer.Option(help="Party")] = None,
    client: Annotated[str | None, typer.Option(help="Client")] = None,
    action: Annotated[str | None, typer.Option(help="Action, or its beginning")] = None,
    since: Annotated[datetime | None, typer.Option(help="From this instant, UTC")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before this instant, UTC")] = None,
    after: Annotated[int, typer.Option(min=0, help="Go on after this line")] = 0,
    rows: Annotated[int, typer.Option(min=1, max=1000, help="Lines to show")] = 100,
    as_json: AsJson = False,
) -> None:
    """Search who read, changed and approved; the search itself is on the trail."""
    asked = TrailAsked(
        subject=subject,
        party=party,
        client=client,
        action=action,
        since=since and since.replace(tzinfo=UTC),
        until=until and until.replace(tzinfo=UTC),
    )

    async def use_case(reading: Reading) -> Page[TrailLine]:
        return await trail.search(reading, asked, PageAsked(str(after), rows))

    found = _read(use_case)
    if as_json:
        typer.echo(PageView.of(found, TrailLineView.of).model_dump_json(indent=2))
        return
    for it in found.rows:
        typer.echo(line_of(it))
    if found.last is not None:
        typer.echo(f"More follows: --after {found.last}", err=True)


def line_of(it: TrailLine) -> str:
    """Write one line of the trail; facts say with which purpose, and who asked for what.

    What somebody looked for is theirs to choose, so nothing of it may move the reader's terminal.
    """
    facts = json.dumps(it.facts, ensure_ascii=False, sort_keys=True) if it.facts else ""
    cells = (str(it.seq), it.at.isoformat(), it.party, it.client, it.action, it.subject, facts)
    return "\t".join(_visible(cell) for cell in cells).rstrip()


def _visible(text: str) -> str:
    """Write what a terminal would act on, or hide, as its escape."""
    return "".join(it if it.isprintable() else ascii(it)[1:-1] for it in text)


def _read(use_case: Callable[[Reading], Awaitable[T]]) -> T:
    async def work() -> T:
        settings = Settings()
        async with (
            open_hub(settings) as hub,
            on_its_clock(hub, settings) as timed,
            look(timed) as reading,
        ):
            return await use_case(reading)

    return asyncio.run(work())


def _tell(report: Report) -> None:
    """Print one line a law, and what differs."""
    for it in report.findings:
        mark = "holds" if it.difference is None else "LATE " if it.law.warning else "FAILS"
        typer.echo(f"{mark}  {it.law.title} {it.law.title_zh}")
        for line in _difference(it):
            typer.echo(f"       {line}")
    of = report.extent
    if not report.holds:
        typer.echo(f"{len(report.broken)} laws do not hold 不符.", err=True)
        return
    typer.echo(
        f"Everything adds up 账账相符、账款相符: {of.settlements} settlements, {of.accounts} "
        f"accounts, {of.entries} entries, {of.postings} postings, {of.turnover} yuan turned over, "
        f"{of.claims} claims, {of.notices} notices, {of.payments} payments, {of.seals} seals; "
        "balances sum to zero."
    )


def _difference(it: Finding) -> Iterable[str]:
    found = it.difference
    if found is None:
        return
    named = {
        "": found.subject,
        "insured place 参保地": found.insured_place,
        "treatment place 就医地": found.treatment_place,
        "institution 协议机构": found.institution,
        "period 期间": found.period,
    }
    yield ", ".join(f"{name} {value}".strip() for name, value in named.items() if value)
    sides = (
        (it.law.found, it.law.found_zh, found.found),
        (it.law.expected, it.law.expected_zh, found.expected),
    )
    for name, name_zh, value in sides:
        shown = f"{Money(value)} yuan" if it.law.unit is Unit.FEN else str(value)
        yield f"{name} {name_zh}: {shown}"


def _tree(it: Trace) -> Tree:
    head = it.settlement
    tree = Tree(
        f"{head.number}  {head.insured_place} → {head.treatment_place}  {head.institution}  "
        f"fund 基金 {head.fund}"
    )
    for stage in Stage:
        steps = [step for step in it.steps if step.stage is stage]
        branch = tree.add(STAGES[stage]) if steps else tree
        for step in steps:
            _add(branch, step)
    return tree


def _add(branch: Tree, it: Step) -> None:
    """Add a step in lines of its own: a number is never cut, however narrow the terminal."""
    amounts = (("total", it.total), ("fund", it.fund), ("own", it.own))
    said = (
        escape(it.number or "–"),
        "" if it.day is None else it.day.isoformat(),
        *(f"{name} {amount}" for name, amount in amounts if amount is not None),
    )
    step = branch.add("  ".join(word for word in said if word))
    step.add(f"clause 依据 {it.clause}")
    for name, value in it.facts.items():
        step.add(escape(f"{name} {value}"))
