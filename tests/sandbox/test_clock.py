"""One clock for every rule, that only goes forward; a reset; and none of it in production."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from app.cli.seeding import seed
from app.main import create_app
from app.runtime import mode as modes
from app.runtime.db import METADATA
from app.runtime.hub import wall_clock
from app.runtime.migrate import DatabaseNotReadyError
from app.runtime.settings import Mode, Settings
from app.sandbox.moved_clock import ClockAct, ClockAsked, MovedClock
from app.sandbox.people import person
from tests.flows import test_descriptions as descriptions
from tests.support.pg import fresh_database
from tests.support.sandbox import go, open_sandbox, personas, played
from tests.support.world import START, TOKEN_KEY, World, open_world

HOSPITAL = "H37010000001"
# In a database for production a token needs its client.
CLIENT = sa.text(
    "INSERT INTO client (id, party, state, created_at) VALUES (:id, 'operator', 'active', :at)"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(database_url: str) -> AsyncIterator[World]:
    async with open_sandbox(database_url) as world:
        yield world


async def reset(world: World, **asked: object) -> None:
    answer = await world.operator.post("/v1/sandbox/reset", asked)
    assert answer.status_code == 200, answer.text


async def counts(world: World) -> dict[str, int]:
    async with world.tx() as tx:
        return {
            table: int(await tx.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608 -- our own names
            for table in METADATA.tables
        }


async def test_a_frozen_clock_stands_and_runs_on_when_told(sandbox: World) -> None:
    await go(sandbox, act="freeze")
    sandbox.clock.advance(hours=3)
    first = (await sandbox.operator.get("/v1/sandbox/clock")).json()
    assert not first["ticks"]
    await go(sandbox, act="run")
    sandbox.clock.advance(hours=1)
    then = (await sandbox.operator.get("/v1/sandbox/clock")).json()
    passed = datetime.fromisoformat(then["now"]) - datetime.fromisoformat(first["now"])
    assert (then["ticks"], passed) == (True, timedelta(hours=1))


async def test_it_advances_and_jumps_but_never_back(sandbox: World) -> None:
    before = (await sandbox.operator.get("/v1/sandbox/clock")).json()
    after = await go(sandbox, act="advance", days=2, hours=1)
    assert datetime.fromisoformat(after["now"]) == datetime.fromisoformat(
        before["now"]
    ) + timedelta(days=2, hours=1)
    refused = await sandbox.operator.put("/v1/sandbox/clock", {"act": "jump", "to": before["now"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "sandbox-clock-out-of-range")


async def test_an_advance_that_is_sent_again_moves_the_clock_once(sandbox: World) -> None:
    before = sandbox.hub.clock()
    asked = {"act": "advance", "days": 1}
    for _ in range(2):
        await sandbox.operator.put("/v1/sandbox/clock", asked, key="one-advance")
    assert sandbox.hub.clock() == before + timedelta(days=1)


async def test_advances_at_the_same_instant_all_count(sandbox: World) -> None:
    before = sandbox.hub.clock()
    await asyncio.gather(*(go(sandbox, act="advance", days=1) for _ in range(5)))
    assert sandbox.hub.clock() == before + timedelta(days=5)


@pytest.mark.parametrize(
    "asked",
    [
        {"act": "jump"},
        {"act": "freeze", "days": 1},
        {"act": "advance", "to": "2030-01-01T00:00:00Z"},
        {"act": "advance", "days": -1},
        {"act": "jump", "to": "2030-01-01T00:00:00"},
    ],
)
async def test_what_makes_no_sense_is_malformed(sandbox: World, asked: dict[str, object]) -> None:
    assert (await sandbox.operator.put("/v1/sandbox/clock", asked)).status_code == 400


async def test_only_the_operator_sets_it_and_everybody_reads_it(sandbox: World) -> None:
    hospital = sandbox.institution(HOSPITAL)
    assert (await hospital.get("/v1/sandbox/clock")).status_code == 200
    for refused in (
        await hospital.put("/v1/sandbox/clock", {"act": "freeze"}),
        await hospital.post("/v1/sandbox/reset", {}),
    ):
        assert refused.status_code == 403
    unknown = await sandbox.http.get("/v1/sandbox/clock")
    assert unknown.status_code == 401


async def test_filings_and_tokens_expire_by_it(sandbox: World) -> None:
    await reset(sandbox, starts_at="2026-03-02T09:00:00+08:00")
    found = await personas(sandbox)
    referral, beijing = found["referral-five-days-left"], sandbox.agency("110000")
    token = beijing.headers()
    filing = f"/v1/filings/{referral['filing']}"
    assert (await beijing.get(filing)).json()["state"] == "approved"

    last_day = date.fromisoformat(referral["last_day"])
    on_the_last = await go(sandbox, act="jump", to=f"{last_day}T23:59:00+08:00")
    assert on_the_last["expired"] == 0
    beyond = await go(sandbox, act="advance", minutes=2)
    assert beyond["expired"] == 1
    assert (await beijing.get(filing)).json()["state"] == "expired"
    late = (await personas(sandbox))["referral-five-days-left"]
    assert (await played(sandbox, late))["refusals"] == ["filing-expired"]
    assert (await sandbox.http.get(filing, headers=token)).status_code == 401
    assert not (await sandbox.operator.get("/v1/sandbox/personas")).json()["of_today"]


async def test_a_reset_leaves_what_the_sandbox_was_set_up_with_and_no_business(
    sandbox: World,
) -> None:
    await reset(sandbox)
    pristine = await counts(sandbox)
    found = await personas(sandbox)
    assert (await played(sandbox, found["valid-filing"])) == found["valid-filing"]["expect"]
    stopped = await sandbox.agency("370100").post(
        f"/v1/institutions/{HOSPITAL}/suspend", {"reason": "示例"}
    )
    assert stopped.status_code == 200, stopped.text
    await sandbox.operator.put("/v1/sandbox/faults", {"party": HOSPITAL, "faults": "delay=1"})

    await reset(sandbox)

    again = await counts(sandbox)
    assert again == pristine
    assert again["settlement"] == again["posting"] == again["sandbox_exchange"] == 0
    assert again["catalogue_item"] > 0
    assert again["institution"] > 0
    fresh = await personas(sandbox)
    assert (await played(sandbox, fresh["valid-filing"])) == fresh["valid-filing"]["expect"]


async def test_a_reset_that_is_sent_again_resets_once(sandbox: World) -> None:
    first = await sandbox.operator.post("/v1/sandbox/reset", {}, key="one-reset")
    found = await personas(sandbox)
    assert (await played(sandbox, found["valid-filing"])) == found["valid-filing"]["expect"]
    again = await sandbox.operator.post("/v1/sandbox/reset", {}, key="one-reset")
    assert again.json() == first.json()
    assert (await counts(sandbox))["settlement"] == 1


async def test_a_reset_among_writes_leaves_nothing_by_halves(sandbox: World) -> None:
    async def register(index: int) -> int:
        who = person(9_700_000 + index, "110000")
        asked = {
            "certificate_kind": "social_security_number",
            "certificate_number": who.number,
            "name": who.name,
            "insured_region": "110000",
            "employer": "示例用人单位",
        }
        return (await sandbox.agency("110000").post("/v1/workers", asked)).status_code

    done = await asyncio.gather(
        *(register(index) for index in range(10)),
        sandbox.operator.post("/v1/sandbox/reset", {}),
        *(register(index) for index in range(10, 20)),
    )
    statuses = [it for it in done if isinstance(it, int)]
    assert set(statuses) <= {200, 503}
    found = await counts(sandbox)
    assert found["worker"] == found["worker_identity"]
    again = await personas(sandbox)
    assert (await played(sandbox, again["valid-filing"])) == again["valid-filing"]["expect"]


async def test_seeds_are_not_loaded_again_after_a_reset(sandbox: World) -> None:
    await reset(sandbox)
    assert await seed(sandbox.hub, lambda _: None) == 0


async def test_a_reset_begins_at_no_time_the_personas_cannot_live_in(sandbox: World) -> None:
    early = await sandbox.operator.post("/v1/sandbox/reset", {"starts_at": "2024-01-01T00:00:00Z"})
    assert (early.status_code, early.json()["code"]) == (422, "sandbox-clock-out-of-range")


async def test_how_it_was_set_outlives_a_restart(sandbox: World, database_url: str) -> None:
    settings = Settings(token_key=SecretStr(TOKEN_KEY), log_level="ERROR", mode=Mode.SANDBOX)
    wanted = datetime(2098, 1, 1, tzinfo=UTC)
    asked = ClockAsked(act=ClockAct.JUMP, to=wanted)
    for _ in range(2):
        app = create_app(settings, url=database_url)
        async with app.router.lifespan_context(app):
            clock: MovedClock = app.state.playground.clock
            assert clock.source is wall_clock
            if clock.setting is None or clock() < wanted:
                async with sandbox.tx() as tx:
                    kept = clock.asked(asked)
                    row = {"at": kept.at, "since": kept.since}
                    await tx.execute(
                        sa.text("UPDATE sandbox_clock SET at = :at, since = :since"), row
                    )
            else:
                assert wanted <= clock() < wanted + timedelta(minutes=5)
                return
    pytest.fail("the second start did not remember the clock")


async def test_ordered_faults_outlive_a_restart(sandbox: World, database_url: str) -> None:
    order = {"party": HOSPITAL, "faults": "delay=1"}
    await sandbox.operator.put("/v1/sandbox/faults", order)
    settings = Settings(token_key=SecretStr(TOKEN_KEY), log_level="ERROR", mode=Mode.SANDBOX)
    app = create_app(settings, url=database_url)
    async with app.router.lifespan_context(app):
        assert app.state.playground.faults == {HOSPITAL: "delay=1"}


async def test_the_service_cannot_say_itself_what_the_database_is_for(sandbox: World) -> None:
    for statement in (
        "INSERT INTO database_mark (single, mode, marked_at) VALUES (true, 'sandbox', now())",
        "UPDATE database_mark SET mode = 'production'",
        "DELETE FROM database_mark",
        "TRUNCATE settlement",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with sandbox.hub.engine.connect() as connection:
                await connection.execute(sa.text(statement))


def test_its_own_paths_are_described_as_all_others_are(sandbox: World) -> None:
    assert "/v1/sandbox/clock" in sandbox.app.openapi()["paths"]
    descriptions.test_everything_on_the_page_is_described_in_both_languages(sandbox)
    descriptions.test_every_field_that_is_asked_for_has_an_example(sandbox)
    descriptions.test_people_in_the_general_examples_are_one_who_does_not_exist(sandbox)


async def test_production_has_no_sandbox_and_plays_no_fault(database_url: str) -> None:
    async with open_world(database_url) as world:
        for path in ("personas", "clock", "faults", "log"):
            assert (await world.operator.get(f"/v1/sandbox/{path}")).status_code == 404
        assert (await world.operator.post("/v1/sandbox/reset", {})).status_code == 404
        headers = world.operator.headers() | {"X-Sandbox-Fault": "status=502"}
        answer = await world.http.get("/v1/filings", headers=headers)
        assert answer.status_code == 200
        paths = (await world.http.get("/openapi.json")).json()["paths"]
        assert not [path for path in paths if "sandbox" in path]


def test_a_database_keeps_the_mode_it_was_first_opened_in(
    database_server: tuple[str, str],
) -> None:
    for first, other in ((Mode.SANDBOX, Mode.PRODUCTION), (Mode.PRODUCTION, Mode.SANDBOX)):
        with fresh_database(*database_server) as url:
            modes.require(url, first, embedded=False)
            modes.require(url, first, embedded=False)
            with pytest.raises(DatabaseNotReadyError, match=f"marked {first}"):
                modes.require(url, other, embedded=True)


async def test_a_database_with_business_becomes_no_sandbox_and_is_not_emptied(
    database_server: tuple[str, str],
) -> None:
    with fresh_database(*database_server) as url:
        async with open_world(url) as world:
            await seed(world.hub, lambda _: None)
            with pytest.raises(DatabaseNotReadyError, match="holds business"):
                modes.require(url, Mode.SANDBOX, embedded=False)
            modes.require(url, Mode.PRODUCTION, embedded=False)
            with pytest.raises(DBAPIError, match="not a sandbox"):
                async with world.tx() as tx:
                    await tx.execute(sa.text("SELECT sandbox_reset('operator', 'k')"))
            assert (await counts(world))["institution"] > 0
        # Even an application put together wrongly cannot empty it.
        async with open_world(url, mode=Mode.SANDBOX) as wrong:
            async with wrong.tx() as tx:
                await tx.execute(CLIENT, {"id": wrong.operator.caller.client, "at": START})
            answer = await wrong.operator.post("/v1/sandbox/reset", {})
            assert answer.status_code == 500
            assert (await counts(wrong))["institution"] > 0


@pytest.mark.parametrize(
    ("given", "url", "expected"),
    [
        (None, None, Mode.SANDBOX),
        (None, "postgresql://hub@db/hub", Mode.PRODUCTION),
        (Mode.SANDBOX, "postgresql://hub@db/hub", Mode.SANDBOX),
        (Mode.PRODUCTION, None, Mode.PRODUCTION),
    ],
)
def test_the_mode_follows_the_database_unless_it_is_said(
    given: Mode | None, url: str | None, expected: Mode
) -> None:
    assert modes.mode_of(Settings(mode=given, database_url=url)) is expected
