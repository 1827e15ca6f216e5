"""A journal is downloaded with its seals and checked by a program that knows nothing of the hub."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from app.kernel.money import Money
from app.ledger.entries import settlement_booked
from tests.support.ledger import booked
from tests.support.proof import sealed
from tests.support.world import Client, World

JOURNAL, TRAIL = "/v1/ledger/journal", "/v1/audit-trail/journal"
HOSPITAL = "H37010000001"
Lines = list[bytes]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def days(world: World) -> Sequence[str]:
    """Three days of settlements, sealed."""
    made = ("2025-09-01", "2025-09-02", "2025-09-04")
    for n, day in enumerate(made):
        world.clock.set_day(day)
        on = date.fromisoformat(day)
        await booked(
            world,
            [
                settlement_booked(f"A{n}-{i}", on, "110000", "370000", HOSPITAL, Money(1050 + i))
                for i in range(3)
            ],
        )
    world.clock.set_day("2025-09-05")
    await sealed(world)
    return made


async def downloaded(client: Client, path: str = JOURNAL, **asked: Any) -> Lines:
    answer = await client.get(path, **asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return answer.content.splitlines()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def program(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier as a participant downloads it."""
    answer = await world.institution(HOSPITAL).get(f"{JOURNAL}/verifier")
    assert answer.status_code == 200
    file = tmp_path_factory.mktemp("verifier") / "verify_journal.py"
    file.write_bytes(answer.content)
    return file


def checked(program: Path, *files: Lines, kept: Sequence[str] = ()) -> tuple[int, str]:
    """Run the program alone: isolated from the environment and from this project."""
    return checked_bytes(
        program, *(b"".join(it + b"\n" for it in lines) for lines in files), kept=kept
    )


def checked_bytes(program: Path, *files: bytes, kept: Sequence[str] = ()) -> tuple[int, str]:
    """Run the program on files as they are."""
    names = []
    for n, content in enumerate(files):
        file = program.with_name(f"part-{n}.jsonl")
        file.write_bytes(content)
        names.append(str(file))
    links = [word for link in kept for word in ("--kept", link)]
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-I", "-S", str(program), *names, *links],
        capture_output=True,
        text=True,
        check=False,
        cwd=program.parent,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def end_of(lines: Lines) -> dict[str, Any]:
    end: dict[str, Any] = json.loads(lines[-1])["end"]
    return end


@pytest.mark.parametrize("caller", ["110000", "370000", HOSPITAL])
async def test_every_participant_downloads_and_proves_its_own_journal(
    world: World, days: Sequence[str], program: Path, caller: str
) -> None:
    client = world.institution(caller) if caller == HOSPITAL else world.agency(caller)
    lines = await downloaded(client)
    steps = [json.loads(line) for line in lines if line.startswith(b'{"account"')]
    assert {caller in f"{it['account']}:" for it in steps} == {True}
    assert len(steps) == (18 if caller == "370000" else 9)
    assert end_of(lines)["blocks"] == len(days)
    code, said = checked(program, lines)
    assert (code, said[:5]) == (0, "SOUND"), said


async def test_the_trail_of_a_party_is_proven_the_same_way(
    world: World, days: Sequence[str], program: Path
) -> None:
    assert days
    lines = await downloaded(world.operator, TRAIL)
    assert any(b'"ledger.book"' in line for line in lines)
    code, said = checked(program, lines)
    assert code == 0, said


async def test_a_day_and_what_follows_a_block_are_pages_of_one_journal(
    world: World, days: Sequence[str], program: Path
) -> None:
    beijing = world.agency("110000")
    first = await downloaded(beijing, day=days[0])
    assert (end_of(first)["number"], end_of(first)["more"]) == (1, False)
    rest = await downloaded(beijing, after=1)
    assert checked(program, first, rest)[0] == 0
    code, said = checked(program, rest)
    assert code == 0
    assert "not checked" in said
    assert checked(program, rest, first)[0] == 1
    assert end_of(await downloaded(beijing, day="2025-09-03"))["blocks"] == 0


async def test_a_journal_is_read_by_its_participant_and_the_operator(
    world: World, days: Sequence[str]
) -> None:
    assert days
    whole = await downloaded(world.agency("110000"))
    assert await downloaded(world.operator, participant="110000") == whole
    for client, asked in (
        (world.agency("120000"), "110000"),
        (world.agency("370100"), "370000"),
        (world.agency("370000"), HOSPITAL),
        (world.institution("A37010000001"), HOSPITAL),
        (world.institution(HOSPITAL), "370000"),
    ):
        for path in (JOURNAL, "/v1/ledger/seals"):
            answer = await client.get(path, participant=asked)
            assert (answer.status_code, answer.json()["code"]) == (403, "journal-foreign")
    own = await world.agency("120000").get(TRAIL, party="110000")
    assert own.json()["code"] == "journal-foreign"
    assert (await world.channel().get(JOURNAL)).json()["code"] == "forbidden"
    both = await world.operator.get(JOURNAL, participant="110000", after=1, day=days[0])
    assert (both.status_code, both.json()["code"]) == (400, "journal-page-wrong")


async def test_the_list_of_seals_holds_the_links_of_the_download(
    world: World, days: Sequence[str], program: Path
) -> None:
    beijing = world.agency("110000")
    listed = (await beijing.get("/v1/ledger/seals")).json()["items"]
    assert [it["day"] for it in listed] == list(days)
    lines = await downloaded(beijing)
    assert end_of(lines)["chain"] == listed[-1]["chain"]
    links = [str(it["chain"]) for it in listed]
    assert checked(program, lines, kept=links)[0] == 0
    code, said = checked(program, await downloaded(beijing, day=days[0]), kept=links)
    assert code == 1
    assert "noted earlier" in said
    trail = (await world.operator.get("/v1/audit-trail/seals")).json()["items"]
    assert trail[0]["participant"] == "operator"


def _changed(lines: Lines) -> Lines:
    return [lines[0], lines[1].replace(b"10.50", b"10.51"), *lines[2:]]


def _changed_in_a_space(lines: Lines) -> Lines:
    return [lines[0], lines[1].replace(b" : ", b":  ", 1), *lines[2:]]


def _line_deleted(lines: Lines) -> Lines:
    return [lines[0], *lines[2:]]


def _line_inserted(lines: Lines) -> Lines:
    return [lines[0], lines[1], *lines[1:]]


def _lines_reordered(lines: Lines) -> Lines:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def _seal_changed(lines: Lines) -> Lines:
    at = next(n for n, it in enumerate(lines) if it.startswith(b'{"seal"'))
    return [*lines[:at], lines[at].replace(b"2025-09-01", b"2025-09-02"), *lines[at + 1 :]]


def _block_deleted(lines: Lines) -> Lines:
    seals = [n for n, it in enumerate(lines) if it.startswith(b'{"seal"')]
    return [*lines[: seals[0] + 1], *lines[seals[1] + 1 :]]


def _blocks_swapped(lines: Lines) -> Lines:
    a, b, c = (n + 1 for n, it in enumerate(lines) if it.startswith(b'{"seal"'))
    return [*lines[:a], *lines[b:c], *lines[a:b], *lines[c:]]


def _end_cut_off(lines: Lines) -> Lines:
    return lines[:-1]


def _cut_off_at_a_block(lines: Lines) -> Lines:
    seals = [n for n, it in enumerate(lines) if it.startswith(b'{"seal"')]
    return [*lines[: seals[1] + 1], lines[-1]]


def _emptied(lines: Lines) -> Lines:
    return [lines[0], lines[-1]]


def _headless(lines: Lines) -> Lines:
    return lines[1:]


def _garbled(lines: Lines) -> Lines:
    return [lines[0], b"{", *lines[2:]]


def _something_after_the_end(lines: Lines) -> Lines:
    return [*lines, lines[1]]


def _a_field_missing(lines: Lines) -> Lines:
    return [lines[0], lines[1].replace(b'"version"', b'"vision"'), *lines[2:]]


@pytest.mark.parametrize(
    "tampered",
    [
        _changed,
        _changed_in_a_space,
        _line_deleted,
        _line_inserted,
        _lines_reordered,
        _seal_changed,
        _block_deleted,
        _blocks_swapped,
        _end_cut_off,
        _cut_off_at_a_block,
        _emptied,
        _headless,
        _garbled,
        _something_after_the_end,
        _a_field_missing,
    ],
)
@pytest.mark.parametrize("path", [JOURNAL, TRAIL])
async def test_the_program_finds(
    world: World,
    days: Sequence[str],
    program: Path,
    tampered: Callable[[Lines], Lines],
    path: str,
) -> None:
    assert days
    lines = await downloaded(world.agency("110000") if path == JOURNAL else world.operator, path)
    if path == TRAIL and tampered in (_changed, _a_field_missing):
        spoilt = [lines[0], lines[1].replace(b'"seq"', b'"sec"'), *lines[2:]]
    else:
        spoilt = tampered(lines)
    assert spoilt != lines
    code, said = checked(program, spoilt)
    assert (code, said[:6]) == (1, "BROKEN"), said


async def test_a_byte_missing_within_a_line_is_found(
    world: World, days: Sequence[str], program: Path
) -> None:
    assert days
    whole = b"".join(line + b"\n" for line in await downloaded(world.agency("110000")))
    for cut in (len(whole) - 1, len(whole) // 2):
        code, said = checked_bytes(program, whole[:cut])
        assert code == 1
        assert "cut off" in said


async def test_what_the_owner_changes_in_the_books_no_longer_fits_its_seal(
    world: World, days: Sequence[str], program: Path
) -> None:
    assert days
    async with world.tx() as tx:
        await tx.exec_driver_sql("UPDATE posting SET fen = fen + 1 WHERE id = 2")
    code, said = checked(program, await downloaded(world.agency("110000")))
    async with world.tx() as tx:
        await tx.exec_driver_sql("UPDATE posting SET fen = fen - 1 WHERE id = 2")
    assert code == 1, said
