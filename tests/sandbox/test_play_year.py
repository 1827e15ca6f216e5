"""A year in seconds: every law holds after two crashes, by the same seed the same to the fen."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pytest
import sqlalchemy as sa

from app.cli.seeding import seed
from app.kernel.money import Money
from app.sandbox.moved_clock import MovedClock
from app.sandbox.play import Report
from app.sandbox.play.deeds import Stage
from app.sandbox.play.expected import Expected
from app.sandbox.play.month import MONTH
from app.sandbox.play.proving import prove
from app.sandbox.play.timetable import year_table
from app.sandbox.play.year import YearAsked, YearReport, play_year
from app.sandbox.play.year.playing import PROVINCES, YEAR
from app.sandbox.sender import Sender
from tests.support.world import World

SMALL = YearAsked(provinces=4, settlements=60, seed=7, at_once=4)
A, B, HOSPITAL = "110000", "370000", "H37010000001"


def test_a_year_is_planned_by_its_seed_between_its_provinces_alone() -> None:
    among = PROVINCES[:4]
    table = year_table(YEAR, among, 200, 1)
    assert table == year_table(YEAR, among, 200, 1) != year_table(YEAR, among, 200, 2)
    assert len(table.stays) == 200
    for it in table.stays:
        assert set(it.pair) <= set(among)
        assert date(YEAR, 1, 1) <= it.visit.admitted_on <= it.last_day <= date(YEAR, 12, 31)
    assert len(table.days[date(YEAR, 1, 1)].residents) == 4 * 3
    assert {it.last_day.year for it in table.expiring} == {YEAR}


async def test_a_year_ends_with_every_law_held_after_two_crashes(world: World) -> None:
    await seed(world.hub, lambda _: None)

    report = await play_year(world.hub, SMALL, lambda _day, _done: None)

    assert report.holds, report.first_difference
    assert report.laws > 30
    # The same seed plays the same year: whoever changes what is played changes these.
    figures = (str(report.total), str(report.fund), str(report.turnover))
    assert figures == ("941258.56", "733704.88", "4265419.39")
    _require_played(report)
    _require_crashes(report)
    stages = [it.partition(" ")[0] for it in report.trace]
    order = ("bill", "entry", "month", "period", "claim", "notice", "payment")
    assert [it for it in dict.fromkeys(stages) if it in order] == list(order)
    json.dumps(report.document())
    await _require_tables(world, report)
    await _require_noticed(world)


def _require_played(report: YearReport) -> None:
    """Some of everything, but for what so few settlements leave out."""
    missing = {name for name, count in report.counts.items() if not count}
    assert missing <= {"confirmed_by_lines", "increases"}
    assert report.counts["settlements"] == 60
    assert report.counts["months_closed"] == 52
    assert report.counts["overdue_told"] == 4


def _require_crashes(report: YearReport) -> None:
    process, backend = report.crashes
    assert process.sent_again == process.found_done + process.done_now > 0
    assert process.done_now > 0  # what was under way was lost, and done when it was sent again
    assert (backend.sent_again, backend.found_done) == (1, 1)


async def _require_tables(world: World, report: YearReport) -> None:
    """The hub's own tables say the same as the report, which was made of answers."""
    async with world.tx() as tx:
        row = (
            await tx.execute(
                sa.text(
                    "SELECT count(*) FILTER (WHERE kind = 'settlement' AND cancelled_by IS NULL), "
                    "count(DISTINCT (institution, message_key)), "
                    "(SELECT count(*) FROM clearing), (SELECT count(*) FROM clearing_year), "
                    "(SELECT sum(amount_fen) FROM institution_payment) FROM settlement"
                )
            )
        ).one()
        keys = (
            await tx.execute(sa.text("SELECT message_key FROM settlement WHERE cancels IS NULL"))
        ).scalars()
        assert max(Counter(keys).values()) == 1  # every message settled once
    standing = report.counts["settlements"] - report.counts["adjusted_after_clearing"]
    assert (row[0], row[2], row[3]) == (standing, 4, 1)
    assert row[4] == report.sums["paid_to_institutions"].fen


async def _require_noticed(world: World) -> None:
    """A yuan moved behind the hub's back is named, with both figures."""
    async with world.tx() as tx:
        await tx.execute(
            sa.text(
                "UPDATE settlement SET total_fen = total_fen + 100, fund_fen = fund_fen + 100 "
                "WHERE id = (SELECT max(id) FROM settlement)"
            )
        )
    clock = MovedClock(world.clock)
    broken = Report(month=MONTH, seed=1)
    await prove(Stage(Sender(world.hub, "proof"), clock), broken)
    first = broken.first_difference
    assert first is not None
    assert first.what.startswith("law ")
    assert not broken.holds


@pytest.mark.parametrize(
    ("used", "told"),
    [
        ((69,), []),
        ((70,), ["yellow"]),
        ((90,), ["red"]),
        ((70, 90), ["yellow", "red"]),
        ((70, 65, 70), ["yellow"]),
        ((70, 64, 70), ["yellow", "yellow"]),
        ((90, 85, 90), ["red"]),
        ((90, 84, 90), ["red", "red"]),
        ((90, 0, 70), ["red", "yellow"]),
    ],
)
def test_a_line_is_told_once_until_usage_has_fallen_well_below_it(
    used: tuple[int, ...], told: list[str]
) -> None:
    books, before = Expected(), 0
    books.watch((A, B))
    books.advanced((A, B), Money(100))
    for each in used:
        books.settled((A, B), HOSPITAL, Money(each - before))
        before = each
    assert [level for level, _, _ in books.watched[A, B].told] == told
    assert sum(it.fen for it in books.balances.values()) == 0
