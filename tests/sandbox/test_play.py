"""A month in seconds: every balance holds, nothing is left behind, and a broken book is noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.cli.seeding import seed
from app.deadlines.model import Act
from app.deadlines.rules.acts import OF_THE_PRESENT
from app.kernel.calendar import Month
from app.kernel.money import Money
from app.runtime.embedded.databases import in_own_loop, select_one_column
from app.sandbox.play import Asked, Report, own_database, play
from app.sandbox.play.month import MONTH
from app.sandbox.play.proving import check_books
from app.sandbox.play.timetable import timetable
from tests.support.world import World

ROOT = Path(__file__).parents[2]
SMALL = Asked(settlements=102, seed=3, at_once=4)


def test_a_timetable_has_exactly_the_settlements_asked_for_and_keeps_to_its_month() -> None:
    for settlements in (1, 57, 1_000):
        plan = timetable(MONTH, settlements, 1)
        assert len(plan.stays) == settlements
        for it in plan.stays:
            assert Month.of(it.visit.admitted_on) == Month.of(it.last_day) == MONTH
        for each in plan.expiring:
            assert Month.of(each.last_day) == MONTH
        assert list(plan.days) == sorted(plan.days)
        assert plan == timetable(MONTH, settlements, 1)


async def test_a_month_is_played_and_every_balance_holds(world: World) -> None:
    await seed(world.hub, lambda _: None)
    told: list[int] = []

    report = await play(world.hub, SMALL, lambda _, done: told.append(done))

    assert report.holds, [it for it in report.checks if not it.held]
    plan = timetable(MONTH, SMALL.settlements, SMALL.seed)
    undone = [it for it in plan.stays if it.again or it.reversed]
    assert (report.settlements, report.cancelled) == (102, len(undone))
    assert {it.again for it in undone} == {True, False}
    assert (report.filings, report.expired, report.refused) == (report.workers, 5, 5)
    assert 0 < report.contested.fen < report.fund.fen
    assert report.paid == report.notices // 2 > 0
    # Both lines are crossed, an increase arms them anew, and they are crossed once more.
    assert (report.yellow, report.red, report.increases, report.rearmed) == (2, 2, 1, 1)
    assert report.acknowledged > report.yellow + report.red
    assert report.deducted.fen > 0 < report.institutions_paid.fen
    named = {it.what for it in report.checks}
    assert {"law claims_are_items", "law pairs_advance", "warnings of 1 pairs"} <= named
    # The hub did what fell due by itself, to the seals that the proof holds it to.
    assert {"clearings noticed", "sides that confirmed by silence", "law sealing_in_time"} <= named
    assert report.due_acts > report.days * len(set(Act) - OF_THE_PRESENT)
    assert told == sorted(told)
    json.dumps(report.document())
    # The hub's own tables say the same as the report, which was made of answers alone.
    async with world.tx() as tx:
        row = (
            await tx.execute(
                sa.text(
                    "SELECT count(*) FILTER (WHERE kind = 'settlement' AND cancelled_by IS NULL), "
                    "sum(fund_fen), sum(total_fen), count(*) FILTER (WHERE clearing IS NULL), "
                    "(SELECT sum(amount_fen) FROM deduction WHERE state = 'final'), "
                    "(SELECT sum(fund_fen) FROM claim) "
                    "FROM settlement LEFT JOIN cleared_month USING (scheme, month)"
                )
            )
        ).one()
        expired = await tx.scalar(sa.text("SELECT count(*) FROM filing WHERE state = 'expired'"))
    fund, deducted = report.fund.fen, report.deducted.fen
    expected = (102, fund, report.total.fen, 0, deducted, fund - deducted)
    assert tuple(map(int, row)) == expected
    assert expired == report.expired


async def test_a_balance_that_is_not_what_was_told_is_named(world: World) -> None:
    """Somebody books beside the play: the books hold, and yet not what the parties were told."""
    before = Report(month=MONTH, seed=1)
    await check_books(world.hub, before, "now", {"notified:110000:370000": Money(1)})
    (check,) = before.checks
    assert not check.held
    assert not before.holds
    assert "should be 0.00" in check.found


def databases(url: str) -> list[object]:
    named = "SELECT datname FROM pg_database WHERE starts_with(datname, 'hub_play_')"
    return in_own_loop(select_one_column(url, named))


def test_the_database_of_a_play_is_dropped_also_when_it_breaks_off(
    database_server: tuple[str, str],
) -> None:
    url, _ = database_server
    with pytest.raises(KeyError), own_database(url, keep=False) as ground:  # noqa: PT012 -- the ending is what raises
        assert ground.name in databases(url)
        raise KeyError
    assert ground.name not in databases(url)


def test_the_command_plays_beside_the_hub_and_prints_one_document(embedded_home: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HUB_", "DATABASE"))}
    environment["HUB_HOME"] = str(embedded_home)
    command = [sys.executable, "-m", "app", "sandbox", "play", "month", "--settlements", "12"]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 -- our own command
            [*command, *more],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["holds"]
    assert document["settlements"] == 12

    environment["HUB_MODE"] = "production"
    command[5:] = ["year"]
    refused = run()
    assert refused.returncode == 1
    assert "marked sandbox" in refused.stderr
    assert "Traceback" not in refused.stderr
