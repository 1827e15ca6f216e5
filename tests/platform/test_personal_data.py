"""The grep test: four scenarios are played, and nothing they leave behind names anybody in clear.

Whoever was registered is known from the vault itself; every certificate, card, token, phone and
name is then looked for in every log line, metric, error, export and column of the database.
"""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from app.cli.seeding import seed
from app.entitlement import service as entitlement
from app.runtime.db import METADATA, Rx
from app.runtime.door import reading
from app.runtime.settings import Mode
from app.sandbox.play import Asked, play
from tests.support.entitlement import KnownWorker, registration, somebody
from tests.support.events import LOOPBACK, Wall, delivered, deliverer, receiving, subscribed
from tests.support.gateway import (
    SINGLE,
    admission,
    admitted,
    bill,
    discharge,
    hospital,
    line,
    person_shown,
)
from tests.support.institutions import JINAN
from tests.support.pg import fresh_database
from tests.support.settlement import ready, settle, settled
from tests.support.visit import ready_worker, road
from tests.support.world import DATA_KEY, INDEX_KEY, World, open_world

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 240
PHONE = "13900000017"
FILES = (
    "text/csv",
    "application/zip",
    "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
# Where a person may stand in clear, and why; anything else is a leak.
ALLOWED: dict[str, str] = {}
Texts = list[tuple[str, str]]  # where it was found, and what it says


@dataclass(slots=True)
class Left:
    """What a scenario left behind, and who took part in it."""

    texts: Texts = field(default_factory=list)
    people: set[str] = field(default_factory=set)

    def keep(self, place: str, content: bytes | str) -> None:
        """Keep a text; of an archive, what its parts say."""
        if isinstance(content, bytes) and content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                for name in book.namelist():
                    self.keep(f"{place} {name}", book.read(name))
            return
        text = content.decode("utf-8", "ignore") if isinstance(content, bytes) else content
        self.texts.append((place, text))

    async def keep_answer(self, answer: httpx.Response) -> None:
        """Keep every error and every exported file."""
        kind = answer.headers.get("content-type", "").partition(";")[0]
        await answer.aread()
        if answer.is_error or kind in FILES or b'"infcode":-1' in answer.content:
            self.keep(f"answer {answer.status_code} {answer.request.url.path}", answer.content)
        self.keep("headers", str(answer.headers))

    async def keep_database(self, world: World) -> None:
        """Keep every value of every column that can hold a text, and learn who is registered."""
        async with world.tx() as tx:
            for table in METADATA.sorted_tables:
                for row in (await tx.execute(sa.select(table))).mappings():
                    for column, value in row.items():
                        self.keep(f"{table.name}.{column}", _text_of(value))
            ids = (await tx.exec_driver_sql("SELECT id FROM worker")).scalars().all()
        async with reading(world.hub, world.operator.caller, "test") as it:
            for person in (await entitlement.persons(Rx(it.rx), ids)).values():
                shown = (person.certificate_number, person.card_number, person.name)
                self.people |= {text for text in (*shown, person.phone) if text}
                self.people |= {person.electronic_card} if person.electronic_card else set()

    def leaks(self) -> set[str]:
        """Tell where somebody stands in clear; never who."""
        assert len(self.people) > 3, "nobody was registered"
        said: dict[str, set[str]] = {}
        for place, text in self.texts:
            said.setdefault(place, set()).add(text)
        whole = {place: "\0".join(texts) for place, texts in said.items() if place not in ALLOWED}
        return {place for place, text in whole.items() if any(it in text for it in self.people)}

    def places(self) -> set[str]:
        """Tell where anything was looked for."""
        return {place for place, text in self.texts if text}


def _text_of(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "ignore")
    return "" if value is None else str(value)


class _Lines(logging.Handler):
    """Keeps what libraries say to the standard logger."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line; what the senders of these tests say of their own requests is theirs."""
        said = self.format(record)
        if " http://hub/" not in said:
            self.said.append(said)


@contextmanager
def talkative() -> Iterator[list[str]]:
    """Let every library say what it would to somebody who turned its log on."""
    root, lines = logging.getLogger(), _Lines()
    level = root.level
    root.setLevel(logging.INFO)
    root.addHandler(lines)
    try:
        yield lines.said
    finally:
        root.removeHandler(lines)
        root.setLevel(level)


@asynccontextmanager
async def watched(url: str, left: Left, **limits: Any) -> AsyncIterator[World]:
    """Open a sandbox on a database, and keep what it says until it is closed."""
    with capture_logs() as lines:
        async with open_world(url, mode=Mode.SANDBOX, tick_seconds=0, **limits) as world:
            world.http.event_hooks = {"response": [left.keep_answer]}
            yield world
            left.keep("metrics", (await world.http.get("/v1/metrics")).content)
            await left.keep_database(world)
    for each in lines:
        left.keep("log", str(each))


async def exports(world: World, institutions: Iterable[str]) -> None:
    """Export whatever can be exported as a file."""
    async with world.tx() as tx:
        numbers = await tx.exec_driver_sql("SELECT number FROM clearing")
        days = await tx.exec_driver_sql(
            "SELECT DISTINCT (settled_at AT TIME ZONE 'Asia/Shanghai')::date FROM settlement"
        )
        clearings, settled_on = list(numbers.scalars()), list(days.scalars())
    assert settled_on, "nothing was settled"
    for number in clearings:
        answer = await world.operator.get(f"/v1/clearings/{number}/payment-advice")
        assert answer.status_code == 200, answer.text
    for kind in ("csv", "zip"):
        for day in settled_on:
            for code in institutions:
                await _file(world, code, day, kind)


async def _file(world: World, institution: str, day: date, kind: str) -> None:
    path = f"/v1/reconciliations/files/{day}"
    answer = await world.institution(institution).get(path, format=kind)
    assert answer.status_code in (200, 404), answer.text


async def test_the_story_names_nobody(tmp_path: Path, database_server: tuple[str, str]) -> None:
    left = Left()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HUB_", "DATABASE"))}
    with fresh_database(*database_server) as url:
        settings = {
            "DATABASE_URL": url,
            "HUB_DATA_KEYS": DATA_KEY,
            "HUB_INDEX_KEY": INDEX_KEY,
            "HUB_HOME": str(tmp_path),
            "HUB_MODE": "sandbox",
            "HUB_LOG_LEVEL": "DEBUG",
        }
        run = subprocess.run(  # noqa: ASYNC221 -- the hub itself; nothing else runs here
            [sys.executable, "-m", "app", "demo", "--once", "--json", "--port", "0"],
            cwd=ROOT,
            env={**kept, **settings},
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert '"event": "request"' in run.stderr
        left.keep("told by the story", run.stdout)
        left.keep("log and story", run.stderr)
        async with watched(url, left) as world:
            await exports(world, (JINAN,))
    assert "message.body" in left.places()
    assert left.leaks() == set()


async def test_the_month_names_nobody(database_server: tuple[str, str]) -> None:
    left = Left()
    with fresh_database(*database_server) as url:
        async with watched(url, left) as world:
            await seed(world.hub, lambda _: None)
            report = await play(
                world.hub, Asked(settlements=24, seed=3, at_once=4), lambda _, __: None
            )
            assert report.holds
            left.keep("report", str(report.document()))
            await exports(world, (JINAN,))
    assert {"audit_trail.facts", "announcement.body", "message.body"} <= left.places()
    assert left.leaks() == set()


async def test_the_gateway_names_nobody(database_server: tuple[str, str]) -> None:
    left = Left()
    with fresh_database(*database_server) as url:
        async with watched(url, left) as world:
            await road(world)
            worker = await ready_worker(world)
            asked = registration(worker.person, phone=PHONE)
            assert (await world.agency("110000").post("/v1/workers", asked)).status_code == 200
            his = hospital(world)
            await his.done("1101", person_shown(worker))
            visit = await admitted(his, worker)
            row = line(visit, worker.number, "1", cnt=10, pric=1, det_item_fee_sumamt=10.0)
            await his.done("2301", {"feedetail": [row]})
            await his.done("2402", discharge(world, visit, worker.number))
            await his.done("2303", bill(visit, worker.number, "10.00"))
            await his.done("2304", bill(visit, worker.number, 10))
            await _mistakes(world)
            await exports(world, (JINAN,))
    assert PHONE in left.people
    exported = {it for it in left.places() if it.startswith("answer 200 /v1/reconciliations")}
    assert {"message.body", "audit_trail.facts", "log", "metrics"} <= left.places()
    assert exported
    assert left.leaks() == set()


async def test_the_swift_ways_and_the_deliveries_name_nobody(
    database_server: tuple[str, str],
) -> None:
    left = Left()
    with fresh_database(*database_server) as url, talkative() as said:
        async with watched(url, left, webhook_networks=LOOPBACK) as world, receiving() as receiver:
            await road(world)
            worker = await ready_worker(world)
            await subscribed(world.institution(JINAN), receiver.url)
            receiver.script = [500, "babble"]
            await _swift_looks(world, worker, await _settled_in_the_lane(world, worker))
            await delivered(deliverer(world, Wall(world.clock())), receiver, 1)
            for post in receiver.got:
                left.keep("delivered", f"{post.path} {post.headers} {post.body!r}")
    left.keep("libraries", "\n".join(said))
    assert {"delivered", "delivery.outcome", "libraries", "log", "metrics"} <= left.places()
    assert left.leaks() == set()


async def _settled_in_the_lane(world: World, worker: KnownWorker) -> str:
    visit = await ready(world, worker)
    refused = await settle(world, visit, invoice_no=worker.person.number)
    assert refused.json()["code"] == "personal-number-in-text"
    assert (await settle(world, visit, "11.00")).json()["code"] == "total-mismatch"
    settlement = await settled(world, visit)
    registry = world.app.state.metrics.registry
    assert registry.get_sample_value("hub_lane_total", {"outcome": "carried"}) == 1.0
    return str(settlement["number"])


async def _swift_looks(world: World, worker: KnownWorker, settlement: str) -> None:
    """Look by every hot way, rightly and wrongly; the right ones leave their trace."""
    desk = world.institution(JINAN)
    claim = worker.claim()
    assert (await desk.post("/v1/workers/identify", claim)).status_code == 200
    assert (await desk.post("/v1/workers/identify", claim | {"name": "示例他人"})).is_error
    assert (await desk.get(f"/v1/settlements/{settlement}")).status_code == 200
    assert (await desk.get("/v1/visits", q=worker.person.number)).status_code < 500
    assert (await desk.get(f"/v1/visits/{worker.person.number}")).is_error
    assert (await desk.get("/v1/institutions", q=worker.person.number)).status_code < 500
    async with world.tx() as tx:
        looks = await tx.execute(
            sa.text(
                "SELECT DISTINCT action FROM audit_trail WHERE party = :it AND message IS NULL"
            ),
            {"it": JINAN},
        )
        assert {"worker.look", "worker.look_refused", "settlement.look"} <= set(looks.scalars())


async def _mistakes(world: World) -> None:
    """Make every kind of mistake that quotes a person."""
    his, worker = hospital(world), await ready_worker(world)
    shown = person_shown(worker)
    shown["data"]["psn_name"] = somebody().name
    assert await his.refused("1101", shown) == ["NAME_MISMATCH"]
    typed = admission(worker, memo=f"本人 {worker.person.number}")
    assert await his.refused("2401", typed) == ["PERSONAL_NUMBER_IN_TEXT"]
    hurt = {"worker": worker.number, "kind": "other", "lost_on": "2025-08-31"}
    for said in (worker.person.number, worker.person.card_number, PHONE):
        answer = await world.agency("110000").post(
            "/v1/entitlement-losses", {**hurt, "reason": f"见{said}"}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "personal-number-in-text")
        assert answer.json()["places"] == ["/reason"]
    twice = registration(somebody(), card_number=worker.person.card_number)
    assert (await world.agency("110000").post("/v1/workers", twice)).json()["code"] == "card-taken"
    unread = registration(worker.person, sex=worker.person.number)
    assert (await world.agency("110000").post("/v1/workers", unread)).status_code == 400
    elsewhere = f"/v1/workers/{worker.person.number}"
    assert (await world.agency("110000").get(elsewhere)).status_code == 400
    await his.post(b"{" + worker.person.number.encode(), SINGLE)
    async with world.tx() as tx:
        await tx.exec_driver_sql("ALTER TABLE worker_identity RENAME COLUMN name TO mislaid")
    broken = await world.agency("110000").post("/v1/workers", registration(somebody()))
    assert broken.status_code == 500
    async with world.tx() as tx:
        await tx.exec_driver_sql("ALTER TABLE worker_identity RENAME COLUMN mislaid TO name")


async def test_a_name_that_gets_out_is_noticed(database_server: tuple[str, str]) -> None:
    left = Left()
    with fresh_database(*database_server) as url:
        async with watched(url, left) as world:
            await road(world)
            worker = await ready_worker(world)
            async with world.tx() as tx:
                await tx.execute(
                    sa.text("UPDATE filing_history SET reason = :name WHERE id = 1"),
                    {"name": f"为{worker.person.name}办理"},
                )
    assert left.leaks() == {"filing_history.reason"}


async def test_an_unmasked_look_leaves_its_purpose_on_the_trail(world: World) -> None:
    await road(world)
    worker = await ready_worker(world)
    masked = await world.agency("110000").get(f"/v1/workers/{worker.number}")
    whole = await world.agency("110000").get(f"/v1/workers/{worker.number}", purpose="complaint")
    assert (masked.json()["name"], masked.json()["birth_date"]) == (
        worker.person.name[0] + "***",
        None,
    )
    assert whole.json()["certificate_number"] == worker.person.number
    curious = await world.agency("110000").get(f"/v1/workers/{worker.number}", purpose="curiosity")
    assert curious.status_code == 400
    async with world.tx() as tx:
        looks = await tx.execute(
            sa.text(
                "SELECT facts ->> 'purpose', facts ->> 'masked' FROM audit_trail "
                "WHERE action = 'worker.look' AND subject = :worker ORDER BY seq"
            ),
            {"worker": worker.number},
        )
        assert [tuple(it) for it in looks] == [(None, "true"), ("complaint", "false")]


@pytest.mark.parametrize("column", ["certificate_number", "referral_reason"])
async def test_a_sheet_is_searched_where_a_number_does_not_belong(
    world: World, column: str
) -> None:
    header = (await world.agency("110000").get("/v1/filings/batch/template")).text.splitlines()[0]
    cells = dict.fromkeys(header.lstrip("\ufeff").split(","), "")
    cells[column] = somebody().number
    answer = await world.agency("110000").post(
        "/v1/filings/batch",
        content=f"{header}\r\n{','.join(cells.values())}\r\n".encode(),
        headers={"Content-Type": "text/csv"},
    )
    if column == "certificate_number":
        assert answer.status_code == 200
    else:
        assert answer.json()["code"] == "personal-number-in-text"
        assert answer.json()["places"] == ["row 2: referral_reason"]
