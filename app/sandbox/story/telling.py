"""How the story is told to people: what happens as it happens, bills as tables, balances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from app.kernel.calendar import Quarter
from app.sandbox.story.tale import DecidedLine, ReasonGroup
from app.sandbox.story.wire import Body

ROOMY = 110  # columns
SHOWN = 3  # lines of each reason
REASONS: Mapping[str | None, str] = {
    None: "paid by the fund 基金支付",
    "out_of_scope": "out of scope 不纳入直接结算",
    "entitlement_lost": "entitlement lost 丧失待遇资格",
    "not_injury_related": "not injury-related 非工伤",
    "not_in_catalogue": "not in catalogue 目录外",
    "device_not_listed": "device not listed 项目范围外",
    "device_life": "minimum life 未满使用年限",
    "restricted": "restricted 限制使用",
    "over_cap": "over cap 超最高支付标准",
    "device_over_cap": "over device cap 超最高限额",
}


class Teller:
    """Prints to one console, with a progress display below what it has said."""

    def __init__(self, console: Console, steps: int) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("…", total=steps)
        self.console = console

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def opening(self, quarter: Quarter) -> None:
        """Say by whose clock the story goes."""
        self.console.print(
            f"[bold]The demo runs on its own clock 演示使用自己的时钟[/bold]: its business is that "
            f"of {quarter}, {quarter.first} to {quarter.last}, whatever the day outside. All "
            "people, cards and prices are synthetic 均为虚构.",
            highlight=False,
        )

    def scene(self, title: str) -> None:
        """Begin a scene."""
        self._progress.update(self._task, description=title)
        self.console.print()
        self.console.rule(f"[bold]{title}[/bold]", align="left")

    def ends(self) -> None:
        """End a scene."""
        self._progress.advance(self._task)

    def says(self, sentence: str) -> None:
        """Say what just happened."""
        self.console.print(f"  [green]✓[/green] {sentence}", highlight=False)

    def deviates(self, sentence: str) -> None:
        """Say what should not have happened."""
        self.console.print(f"  [red]✗[/red] {sentence}", highlight=False)

    def bill(self, title: str, groups: Sequence[ReasonGroup]) -> None:
        """Show a bill: the first lines of each reason, the rest counted, and the totals."""
        table = Table(title=title, title_justify="left", expand=False)
        table.add_column("line\n流水号", no_wrap=True)
        table.add_column("item\n项目", overflow="fold")
        for heading in ("quantity\n数量", "price\n单价", "amount\n金额", "fund\n基金", "own\n个人"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("reason\n原因", no_wrap=self.console.width >= ROOMY)
        for group in groups:
            _add_group(table, group)
        whole = ReasonGroup(None, tuple(line for group in groups for line in group.lines))
        count = "1 line" if len(whole.lines) == 1 else f"{len(whole.lines)} lines"
        table.add_row(count, "total 合计", "", "", *_sums(whole), "", style="bold")
        self.console.print(table)
        for group in groups:
            if group.reason is not None:
                self._explain(group)

    def _explain(self, group: ReasonGroup) -> None:
        """Say which clauses a reason rests on, in the hub's own sentences."""
        for clause, line in group.clauses().items():
            self.console.print(
                f"  [bold]{REASONS.get(group.reason, group.reason)}[/bold] [dim]({clause})[/dim] "
                f"{line.says} {line.says_zh}",
                highlight=False,
            )

    def table(self, title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Show a small table; columns of amounts are those whose heading ends in 元."""
        table = Table(title=title, title_justify="left")
        for heading in headings:
            table.add_column(heading, justify="right" if heading.endswith("元") else "left")
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def refusal(self, problem: Body) -> None:
        """Show every reason of a refusal."""
        reasons = (problem, *problem.get("also", ()))
        rows = [(it["code"], it["title"], it["title_zh"]) for it in reasons]
        self.table(f"Refused with {problem['status']} 拒绝", ("code", "reason", "原因"), rows)


def _add_group(table: Table, group: ReasonGroup) -> None:
    why = "" if group.reason is None else REASONS.get(group.reason, group.reason)
    shown = _shown(group)
    for line in shown:
        amounts = (str(line.amount), str(line.fund), str(line.own))
        quantity = f"{line.quantity.normalize():f}"
        price = f"{line.price:.2f}"
        table.add_row(line.serial, line.name, quantity, price, *amounts, why)
    hidden = len(group.lines) - len(shown)
    if hidden:
        more, whose = f"… {hidden} more 另有{hidden}条", REASONS.get(group.reason, "")
        table.add_row(f"{len(group.lines)} lines", more, "", "", *_sums(group), whose, style="dim")
    table.add_section()


def _shown(group: ReasonGroup) -> Sequence[DecidedLine]:
    """Pick the first lines; where there is a refund, it takes the place of the last of them."""
    first = group.lines[:SHOWN]
    refund = next((line for line in group.lines[SHOWN:] if line.amount.is_negative), None)
    return first if refund is None else (*first[:-1], refund)


def _sums(group: ReasonGroup) -> tuple[str, str, str]:
    return str(group.amount), str(group.fund), str(group.own)
