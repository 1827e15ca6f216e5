"""The client's parts by themselves: ids, journal, pauses, problems, shapes."""

from __future__ import annotations

import multiprocessing
import stat
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_client import AnswerUnreadableError, Journal, JournalInUseError, Pacing, State
from hub_client.acts import chunks
from hub_client.ids import Mark, message_id
from hub_client.journal import Intent
from hub_client.problems import ConflictError, MalformedError, NotAllowedError, Problem, refused
from hub_client.shapes import Yuan, read_as, written
from hub_client.wire import Reply

NOON = datetime(2025, 9, 1, 4, 0, tzinfo=UTC)  # 12:00 in China
JINAN = "H37010000001"


def intent(body: bytes = b"{}") -> Intent:
    return Intent(verb="admit", method="POST", path="/v1/visits", body=body)


def journal(path: Path | str = ":memory:", at: datetime = NOON, window: int = 0) -> Journal:
    return Journal(path, party=JINAN, window=window, clock=lambda: at)


def test_an_institutions_id_has_the_national_form() -> None:
    made = journal(window=7).mean(intent()).id
    assert made == "H37010000001" + "20250901120000" + "7000"
    assert len(made) == 30


@given(st.lists(st.integers(-3_000, 3_000), min_size=2, max_size=200))
def test_ids_never_repeat_whatever_the_clock_does(jumps: list[int]) -> None:
    mark, made = Mark(datetime(2025, 1, 1), 0), []  # noqa: DTZ001 -- civil time, as kept
    for jump in jumps:
        mark = mark.next(NOON + timedelta(seconds=jump // 1_000))
        made.append(message_id(JINAN, 0, mark))
    assert made == sorted(set(made))


def test_a_full_second_runs_over_into_the_next() -> None:
    mark = Mark(datetime(2025, 9, 1, 12, 0, 0), 999)  # noqa: DTZ001 -- civil time, as kept
    assert message_id(JINAN, 0, mark.next(NOON)).endswith("202509011200010000")


def test_ids_go_on_after_a_restart_with_the_clock_set_back(tmp_path: Path) -> None:
    before = journal(tmp_path / "j")
    first = before.mean(intent(b"1")).id
    before.close()
    after = journal(tmp_path / "j", NOON - timedelta(days=1))
    assert after.mean(intent(b"2")).id > first
    after.close()


def test_the_message_meant_last_is_found_by_its_verb() -> None:
    kept = journal()
    assert kept.latest("admit") is None
    kept.mean(intent(b"1"))
    last = kept.mean(intent(b"2"))
    kept.mean(Intent(verb="settle", method="POST", path="/v1/visits/S/settle", body=b"{}"))
    assert kept.latest("admit") == last


def test_what_was_meant_outlives_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "j"
    child = multiprocessing.get_context("spawn").Process(target=_mean_and_die, args=(path,))
    child.start()
    child.join(30)
    assert child.exitcode == -9
    found = journal(path)
    assert [entry.intent.body for entry in found.unsettled()] == [b"meant"]
    found.close()


def _mean_and_die(path: Path) -> None:
    import os  # noqa: PLC0415 -- runs in a process of its own
    import signal  # noqa: PLC0415 -- as above

    Journal(path, party=JINAN, clock=lambda: NOON).mean(intent(b"meant"))
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_journal_belongs_to_one_process_and_one_user(tmp_path: Path) -> None:
    mine = journal(tmp_path / "j")
    with pytest.raises(JournalInUseError):
        journal(tmp_path / "j")
    mine.close()
    assert stat.S_IMODE((tmp_path / "j").stat().st_mode) == 0o600
    journal(tmp_path / "j").close()


def test_the_same_act_while_open_is_the_same_message_and_afterwards_a_new_one() -> None:
    kept = journal()
    first = kept.mean(intent())
    kept.doubt(first.id)
    assert kept.mean(intent()).id == first.id
    assert kept.mean(intent(b"other")).id != first.id
    kept.settle(first.id, State.APPLIED, 201, b"{}")
    assert kept.mean(intent()).id != first.id


def test_old_settled_messages_are_forgotten_and_open_ones_never() -> None:
    kept = journal()
    done, waiting = kept.mean(intent(b"done")), kept.mean(intent(b"waiting"))
    kept.settle(done.id, State.APPLIED, 201, b"{}")
    assert [entry.id for entry in kept.meant_on("2025-09-01")] == [done.id, waiting.id]
    assert kept.forget(NOON + timedelta(days=400)) == 1
    assert kept.find(done.id) is None
    assert kept[waiting.id].is_open
    with pytest.raises(KeyError):
        kept[done.id]


@given(st.integers(1, 60), st.floats(0, 0.999), st.none() | st.floats(0, 100))
def test_pauses_grow_to_a_limit_and_never_undercut_the_hub(
    attempt: int, dice: float, asked: float | None
) -> None:
    pause = Pacing(jitter=lambda: dice).pause(attempt, asked)
    assert 0.25 <= pause <= max(8.0, asked or 0.0)
    assert pause >= (asked or 0.0)


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    now = NOON.timestamp()
    wait = {"retry-after": "7"}
    until = {"retry-after": "Mon, 01 Sep 2025 04:00:30 GMT"}
    assert Reply(status=503, headers=wait).retry_after_seconds(now) == 7
    assert Reply(status=503, headers=until).retry_after_seconds(now) == 30
    assert Reply(status=503, headers={"retry-after": "soon"}).retry_after_seconds(now) is None
    assert Reply(status=503).retry_after_seconds(now) is None


def test_only_the_hubs_own_words_count_as_a_refusal() -> None:
    problem = {"content-type": "application/problem+json; charset=utf-8"}
    assert Reply(status=422, headers=problem, body=b'{"code":"busy"}').is_refused
    assert not Reply(status=422, headers=problem, body=b'{"code"').is_refused
    assert not Reply(status=413, body=b"<html>too large</html>").is_refused
    running = Reply(status=409, headers=problem, body=b'{"code":"message-running"}')
    assert running.may_go_again
    assert not running.is_refused
    assert not Reply(status=201, body=b'{"number":').is_applied


@pytest.mark.parametrize(
    ("status", "kind"), [(401, NotAllowedError), (409, ConflictError), (400, MalformedError)]
)
def test_each_refusal_has_a_type(status: int, kind: type[Exception]) -> None:
    told = {"code": "a", "also": [{"code": "b", "day": "2025-09-01"}], "yours": "1.00"}
    error = refused(Problem.read(told, status))  # type: ignore[arg-type]  # a literal
    assert type(error) is kind
    assert (error.code, error.facts, error.problem.all_codes) == (
        "a",
        {"yours": "1.00"},
        ("a", "b"),
    )
    assert error.also[0].facts == {"day": "2025-09-01"}


@settings(max_examples=50)
@given(st.integers(0, 450), st.integers(1, 100))
def test_chunks_lose_nothing_and_are_never_empty(count: int, size: int) -> None:
    split = chunks(range(count), size)
    assert [row for chunk in split for row in chunk] == list(range(count))
    assert all(0 < len(chunk) <= size for chunk in split)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a whole."""

    amount: Yuan
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Every kind of value a shape can hold."""

    name: str
    count: int
    parts: tuple[Part, ...]
    at: datetime
    sure: bool = False


def test_values_are_written_and_read_alike_and_new_fields_are_passed_over() -> None:
    whole = Whole(name="x", count=2, parts=(Part(amount=Decimal("3.5")),), at=NOON, sure=True)
    told = written(whole)
    assert isinstance(told, dict)
    assert told["parts"] == [{"amount": "3.50"}]
    assert read_as(Whole, {**told, "new": 1}) == whole


@pytest.mark.parametrize(
    "told",
    [
        None,
        {"name": "x"},
        {"name": 1, "count": 2, "parts": [], "at": "2025-09-01T00:00:00Z"},
        {"name": "x", "count": True, "parts": [], "at": "2025-09-01T00:00:00Z"},
        {"name": "x", "count": 2, "parts": [{"amount": "a"}], "at": "2025-09-01T00:00:00Z"},
        {"name": "x", "count": 2, "parts": [1], "at": "2025-09-01T00:00:00Z"},
    ],
)
def test_an_answer_of_another_shape_is_told_as_such(told: object) -> None:
    with pytest.raises(AnswerUnreadableError):
        read_as(Whole, told)  # type: ignore[arg-type]  # wrong on purpose


def test_a_third_decimal_is_not_rounded_away() -> None:
    with pytest.raises(ValueError, match="two decimals"):
        written(Part(amount=Decimal("1.005")))
