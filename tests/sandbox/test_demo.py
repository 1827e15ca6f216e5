"""`hub demo` as a newcomer and a program meet it: another process, first fresh, then used."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli.demo import listening
from app.runtime.standalone import StandaloneError
from tests.support.world import DATA_KEY, INDEX_KEY

SECONDS_MAX = 240
AGES_MAX = 300  # looks at the age of the last tick, ten a second
KEYS = ["settlements", "refusals", "replays", "clearing", "proof", "elapsed_seconds"]
STAY = {
    "over_cap": (24, "1652.86", "1115.10", "537.76"),
    "out_of_scope": (3, "1586.00", "0.00", "1586.00"),
    "restricted": (5, "566.10", "0.00", "566.10"),
    "not_in_catalogue": (6, "409.50", "0.00", "409.50"),
    "not_injury_related": (8, "135.20", "0.00", "135.20"),
    None: (114, "10876.30", "10876.30", "0.00"),
}
AMOUNTS = {
    "stay": ("15225.96", "11991.40", "3234.56"),
    "fitting": ("26800.00", "21201.80", "5598.20"),
    "cancellation": ("-26800.00", "-21201.80", "-5598.20"),
    "new_settlement": ("24960.00", "21201.80", "3758.20"),
}
CLEARED = "33193.20"  # 11991.40 + 21201.80, the cancelled one having gone in and out
FAILING = """
import sys
from app.sandbox import story

async def disagree(stage):
    stage.expect_equal("The figure", 1, 2)

story.SCENES = (("A scene that cannot go well", disagree),)
sys.argv = ["hub", "demo", "--once", "--json", "--port", "0"]
from app.cli import main
main()
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What a demo that ended left on its outputs."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one document on standard output."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    def settlement(self, act: str) -> dict[str, Any]:
        (found,) = [it for it in self.document["settlements"] if it["act"] == act]
        return dict(found)


def surroundings(home: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HUB_", "DATABASE_URL"))}
    return {**kept, "HUB_HOME": str(home), "PYTHONWARNINGS": "error", **more}


def play(home: Path, *words: str, **more: str) -> Run:
    done = subprocess.run(  # noqa: S603 -- the hub itself
        [sys.executable, *words],
        env=surroundings(home, **more),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="hub-demo-"))
    folder.chmod(0o711)  # as root, Postgres runs as another user and must walk through
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def first(home: Path) -> Run:
    return play(home, "-m", "app", "demo", "--once", "--json", "--port", "0")


@pytest.fixture(scope="module")
def broken_off(home: Path, first: Run) -> Run:
    """A run that is interrupted in the middle of the stay."""
    assert first.code == 0, first.err
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "demo", "--json", "--port", "0"],
        env=surroundings(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if "fee lines uploaded" in line:
            break
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=SECONDS_MAX)
    return Run(process.returncode, out, said + rest)


@pytest.fixture(scope="module")
def second(home: Path, broken_off: Run) -> Iterator[tuple[Run, str]]:
    """A second run on the same data, which keeps serving; its output and where to look next."""
    assert "Broken off" in broken_off.err, broken_off.err
    log = home / "demo.log"
    with log.open("w+", encoding="utf-8") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "demo", "--json", "--port", "0"],
            env=surroundings(home, HUB_TICK_SECONDS="1"),
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        )
        assert process.stdout is not None
        try:
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line == "}\n":
                    break
            said = log.read_text("utf-8")
            url = next(word for word in said.split() if word.endswith("/docs"))
            yield Run(0, "".join(lines), said), url.removesuffix("/docs")
        finally:
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=SECONDS_MAX)
    assert not rest, "only the document is on standard output"
    assert process.returncode == 0, log.read_text("utf-8")


def test_the_demo_ends_well_and_prints_one_document(first: Run) -> None:
    assert first.code == 0, first.err
    assert list(first.document) == KEYS
    assert first.document["elapsed_seconds"] > 0
    assert "The demo runs on its own clock" in first.err


@pytest.mark.parametrize("act", AMOUNTS)
def test_every_amount_of_a_settlement_is_exact_and_adds_up(first: Run, act: str) -> None:
    found = first.settlement(act)
    assert (found["total"], found["fund"], found["own"]) == AMOUNTS[act]
    for name, part in (("total", "amount"), ("fund", "fund"), ("own", "own")):
        assert sum(Decimal(it[part]) for it in found["by_reason"]) == Decimal(found[name])
    assert sum(it["lines"] for it in found["by_reason"]) == found["line_count"]
    for group in found["by_reason"]:
        assert all(it["clause"] and it["says"] and it["says_zh"] for it in group["clauses"])


def test_the_stay_shows_every_reason_with_its_lines_and_amounts(first: Run) -> None:
    found = {
        it["reason"]: (it["lines"], it["amount"], it["fund"], it["own"])
        for it in first.settlement("stay")["by_reason"]
    }
    assert found == STAY
    assert first.settlement("stay")["line_count"] == 160


def test_the_prosthesis_is_paid_up_to_beijings_cap(first: Run) -> None:
    for act in ("fitting", "new_settlement"):
        (group,) = first.settlement(act)["by_reason"]
        assert (group["reason"], group["fund"]) == ("device_over_cap", "21201.80")


def test_the_cancellation_names_what_it_cancels_and_the_new_settlement_is_another(
    first: Run,
) -> None:
    settled, twin, anew = map(first.settlement, ("fitting", "cancellation", "new_settlement"))
    assert twin["cancels"] == settled["number"]
    assert len({settled["number"], twin["number"], anew["number"]}) == 3
    assert settled["visit"] == twin["visit"] == anew["visit"]


def test_the_admission_is_refused_with_three_reasons_at_once(first: Run) -> None:
    (refusal,) = first.document["refusals"]
    assert refusal["status"] == 422
    assert {it["code"] for it in refusal["reasons"]} == {
        "card-mismatch", "third-party-liable", "filing-missing"
    }  # fmt: skip
    assert all(it["title"] and it["title_zh"] for it in refusal["reasons"])


def test_the_same_settle_sent_twice_has_one_effect(first: Run) -> None:
    (replay,) = first.document["replays"]
    number = first.settlement("stay")["number"]
    assert replay["first"] == {"status": 201, "replayed": False, "settlement": number}
    assert replay["second"] == {"status": 201, "replayed": True, "settlement": number}
    assert replay["equal_bytes"]
    assert (replay["settlements"], replay["postings"]) == (1, 1)


def test_the_quarter_is_cleared_gross_for_both_sides(first: Run) -> None:
    clearing = first.document["clearing"]
    assert (clearing["period"], clearing["scheme"]) == ("2025Q4", "cross_province")
    assert clearing["totals"] == {"settlements": 4, "total": "40185.96", "fund": CLEARED}
    beijing, shandong = clearing["statements"]["110000"], clearing["statements"]["370000"]
    assert beijing["claim"] == shandong["claim"]
    assert beijing["payable"]["fund"] == shandong["receivable"]["fund"] == CLEARED
    assert beijing["receivable"]["fund"] == shandong["payable"]["fund"] == "0.00"
    payable, receivable = clearing["notices"]
    assert (payable["kind"], payable["party_place"]) == ("payable", "110000")
    assert (receivable["kind"], receivable["party_place"]) == ("receivable", "370000")
    assert payable["counterpart"] == receivable["number"]
    assert payable["amount"] == receivable["amount"] == CLEARED


def test_the_books_end_with_what_was_settled_and_are_proved(first: Run) -> None:
    assert first.document["clearing"]["balances"] == {
        "uncleared:110000:370000": "0.00",
        "notified:110000:370000": CLEARED,
        "payable:370000:H37010000001": "-11991.40",
        "payable:370000:A37010000001": "-21201.80",
    }
    proof = first.document["proof"]
    counted = {
        "holds": True,
        "accounts": 4,
        "entries": 5,
        "postings": 5,
        "turnover": "108790.00",
        "settlements": 4,
        "claims": 1,
        "notices": 2,
        "difference": None,
    }
    assert {name: proof[name] for name in counted} == counted
    assert proof["laws"]
    assert [it["law"] for it in proof["laws"] if not it["holds"]] == []


def test_a_run_that_is_broken_off_says_so_and_prints_no_document(broken_off: Run) -> None:
    assert broken_off.code == 1
    assert not broken_off.out
    assert "Broken off" in broken_off.err
    assert "Traceback" not in broken_off.err


def test_a_second_run_plays_the_next_quarter_on_the_same_data(
    first: Run, second: tuple[Run, str]
) -> None:
    again, _ = second
    for act, amounts in AMOUNTS.items():
        found = again.settlement(act)
        assert (found["total"], found["fund"], found["own"]) == amounts
        assert found["number"] != first.settlement(act)["number"]
    assert again.document["clearing"]["period"] == "2026Q1"
    assert again.document["clearing"]["totals"]["fund"] == CLEARED
    assert again.document["proof"]["turnover"] == "217580.00"
    assert again.document["proof"]["holds"]


def test_after_the_story_the_hub_keeps_serving(home: Path, second: tuple[Run, str]) -> None:
    said, url = second
    assert httpx.get(f"{url}/v1/health/ready", timeout=SECONDS_MAX).status_code == 200
    assert httpx.get(f"{url}/docs", timeout=SECONDS_MAX).status_code == 200
    assert str(home / "credentials.json") in said.err


def test_after_the_story_the_hub_does_what_falls_due(second: tuple[Run, str]) -> None:
    """A clean tick begins the age of the last one anew; it only grows where nothing ticks."""
    _, url = second

    def age() -> float:
        told = httpx.get(f"{url}/v1/metrics", timeout=SECONDS_MAX).text
        return float(told.partition("\nhub_tick_age_seconds ")[2].splitlines()[0])

    ages = [age()]
    while len(ages) < AGES_MAX and ages[-1] >= ages[0]:
        ages.append(age())
        time.sleep(0.1)
    assert ages[-1] < ages[0]


def test_the_demo_takes_another_port_when_the_usual_one_is_in_use() -> None:
    with listening("127.0.0.1", None) as one:
        one.listen()
        with listening("127.0.0.1", None) as two:
            two.listen()
            taken = two.getsockname()[1]
            assert taken != one.getsockname()[1]
            with (
                pytest.raises(StandaloneError, match="Choose another: --port"),
                listening("127.0.0.1", taken),
            ):
                pass


@pytest.fixture
def yours(database_url: str) -> dict[str, str]:
    """A database that was there before, and its keys."""
    keys = {"HUB_DATA_KEYS": DATA_KEY, "HUB_INDEX_KEY": INDEX_KEY}
    return {"DATABASE_URL": database_url, "HUB_MODE": "sandbox", **keys}


def test_on_a_database_of_yours_the_demo_keeps_its_credentials_to_itself(
    tmp_path: Path, yours: dict[str, str]
) -> None:
    run = play(tmp_path, "-m", "app", "demo", "--once", "--json", "--port", "0", **yours)
    assert run.code == 0, run.err
    assert run.document["proof"]["turnover"] == "108790.00"
    assert not (tmp_path / "credentials.json").exists()
    assert not (tmp_path / "postgres").exists()


def test_what_deviates_is_said_in_a_sentence_and_ends_with_1(
    tmp_path: Path, yours: dict[str, str]
) -> None:
    run = play(tmp_path, "-c", FAILING, **yours)
    assert run.code == 1
    assert "The figure is 1, and should be 2." in run.err
    assert list(run.document) == KEYS
