"""`hub verify`, `hub trace`, `hub seal` and `hub audit search`, as an operator types them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from app.cli.proving import line_of
from app.proof.model.trail import TrailLine
from tests.cli.test_commands import KEY, ONE_AFTER_ANOTHER, surroundings
from tests.support.proof_road import Road, travelled
from tests.support.world import World

Answer = tuple[int, str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def road(world: World) -> Road:
    """Everything that can be proven, once."""
    return await travelled(world)


def commanded(home: Path, database: str, *commands: str) -> Mapping[str, Answer]:
    """Run commands one after another in one process."""
    done = subprocess.run(  # noqa: S603 -- the hub itself
        [sys.executable, "-c", ONE_AFTER_ANOTHER, *commands],
        env=surroundings(home, database, HUB_TOKEN_KEY=KEY, COLUMNS="240"),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert not done.returncode, done.stderr
    answers = [(code, out, err) for code, out, err in json.loads(done.stdout)]
    return dict(zip(commands, answers, strict=True))


@pytest.fixture(scope="module")
def answers(
    road: Road, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Answer]:
    """What each command answers on a sound hub."""
    commands = (
        "verify", "verify --json", f"trace {road.settlement}", f"trace {road.settlement} --json",
        "trace A0", f"audit search --subject {road.settlement} --json",
        "audit search --party 110000 --rows 1",
        "audit search --action audit.search --json", "seal", "seal",
    )  # fmt: skip
    return commanded(tmp_path_factory.mktemp("home"), database_url, *commands)


def test_a_sound_hub_is_verified_law_by_law(answers: Mapping[str, Answer]) -> None:
    code, out, _ = answers["verify"]
    # the road lies behind the wall clock, so what the last days left is unsealed: late, not wrong
    assert code == 3
    assert "FAILS" not in out
    assert "holds  A claim's root digests its items 清算摘要与明细一致" in out
    assert "LATE   Sealing keeps up 封存及时" in out
    assert "balances sum to zero" in out
    told = json.loads(answers["verify --json"][1])
    assert told["holds"] is True
    assert told["difference"] is None
    assert {it["law"] for it in told["laws"] if not it["holds"]} == {"sealing_in_time"}


def test_sealing_by_hand_is_harmless_and_done_once(answers: Mapping[str, Answer]) -> None:
    code, out, _ = answers["seal"]
    assert code == 0
    assert out == "0 blocks sealed, 0 lines.\n"  # the answer of the second time


def test_a_settlement_is_traced_to_its_payment(road: Road, answers: Mapping[str, Answer]) -> None:
    code, out, _ = answers[f"trace {road.settlement}"]
    assert code == 0
    places = [
        out.index(word)
        for word in (
            "line 费用明细", "bill 结算单", "month 月份", road.deduction, "period 清算期",
            "claim 应收应付", road.payable, "payment 清算到账", road.payment, "advance 预付金",
        )
    ]  # fmt: skip
    assert places == sorted(places)
    told = json.loads(answers[f"trace {road.settlement} --json"][1])
    assert told["settlement"] == road.settlement
    code, out, err = answers["trace A0"]
    assert (code, out) == (1, "")
    assert "No such settlement" in err


def test_the_trail_is_searched_and_the_search_is_on_it(
    road: Road, answers: Mapping[str, Answer]
) -> None:
    found = json.loads(answers[f"audit search --subject {road.settlement} --json"][1])["items"]
    assert "settlement.settle" in {it["action"] for it in found}
    code, out, err = answers["audit search --party 110000 --rows 1"]
    assert code == 0
    assert len(out.splitlines()) == 1
    assert "--after" in err
    searched = json.loads(answers["audit search --action audit.search --json"][1])["items"]
    assert {it["party"] for it in searched} == {"operator"}
    assert road.settlement in {it["subject"] for it in searched}


def test_a_line_of_the_trail_tells_the_purpose_and_moves_no_terminal() -> None:
    line = TrailLine(
        seq=7,
        at=datetime(2025, 9, 1, 1, tzinfo=UTC),
        party="110000",
        client="110000-desk",
        request="r",
        action="worker.look",
        subject="\x1b[1A\x1b[2K\u202e赵W1",
        facts={"purpose": "complaint", "masked": False},
        message=None,
    )
    assert line_of(line) == (
        "7\t2025-09-01T01:00:00+00:00\t110000\t110000-desk\tworker.look"
        "\t\\x1b[1A\\x1b[2K\\u202e赵W1"
        '\t{"masked": false, "purpose": "complaint"}'
    )


async def test_a_fault_ends_in_exit_code_one_with_both_sides(
    world: World, road: Road, database_url: str, tmp_path: Path
) -> None:
    spoil = "UPDATE posting SET fen = fen {sign} 1 WHERE entry_id = (SELECT id FROM entry WHERE "
    spoil += f"subject = '{road.settlement}')"
    async with world.tx() as tx:
        await tx.exec_driver_sql(spoil.format(sign="+"))
    try:
        code, out, err = commanded(tmp_path, database_url, "verify")["verify"]
    finally:
        async with world.tx() as tx:
            await tx.exec_driver_sql(spoil.format(sign="-"))
    assert code == 1
    assert "FAILS  A settlement is posted with its fund amount 结算基金支付额等于其分录" in out
    assert f"{road.settlement}, insured place 参保地 110000, treatment place 就医地 370000" in out
    assert "1000.01 yuan" in out
    assert "1000.00 yuan" in out
    assert "laws do not hold" in err
