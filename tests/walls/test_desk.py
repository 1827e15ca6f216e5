"""An identification is two statements; what its one look tells is what the register holds.

So is what the look of the lane tells, which looks for many at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.entitlement import store as register
from app.entitlement.model import Registered
from app.filing import store as filings
from app.institutions.errors import InstitutionUnknown
from app.runtime.arrivals import arriving
from app.runtime.auth import Caller, Unauthenticated
from app.runtime.door import lend, reading
from app.runtime.lane import wired
from app.runtime.vault import vault_of
from app.runtime.work import Record
from app.visit import service
from app.visit.schemas import IdentityIn
from app.visit.store import desk
from app.visit.store.desk import Asked
from tests.support.desk import asked, identify, traces
from tests.support.entitlement import KnownWorker
from tests.support.filing import FILINGS, filed, wish
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.queries import recorded
from tests.support.settlement import at_the_door
from tests.support.visit import ready_worker, road
from tests.support.world import START, World

TABLES = ("worker", "worker_identity", "determination", "entitlement_loss", "filing", "visit")
LOOK = sa.text(
    "SELECT refused, id, region, name, filings::text"
    " FROM identify_look(:client, now(), now(), 'institution', :party, '~', :certificate)"
).bindparams(
    sa.bindparam("client", type_=sa.Text),
    sa.bindparam("party", type_=sa.Text),
    sa.bindparam("certificate", b"none", type_=sa.LargeBinary),
)
REFERRAL = {
    "diagnosis_code": "S82.2",
    "diagnosis": "胫骨干骨折",
    "institution": "北京示例骨科医院",
    "reason": "本地技术条件不足",
    "referred_on": "2025-09-01",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


@pytest_asyncio.fixture(loop_scope="session")
async def hub(world: World) -> World:
    world.clock.now = START
    return world


async def looked(hub: World, certificate: str, caller: Caller | None = None) -> Any:
    who = caller or hub.institution(JINAN).caller
    async with arriving(hub.hub, who, "test") as arrival:
        _, row = await desk.look(arrival, certificate)
        return row


async def held(hub: World, number: str) -> tuple[Registered, Any, Any]:
    """Read what the register holds of a worker, by the statements of every other day."""
    async with hub.rx() as rx:
        found = await register.registered(rx, hub.operator.caller.scope, number)
        assert found is not None
        of = [found.worker.id]
        determinations = await register.determinations(rx, of)
        return found, determinations[found.worker.id], await filings.of_workers(rx, of)


async def looked_at_together(hub: World, *some: Asked) -> dict[int, Any]:
    vault = vault_of(hub.hub.engine)
    async with wired(hub.hub) as (_, wire):
        return await desk.look_at_all(wire, vault, some, hub.clock.now)


async def assert_the_same(hub: World, worker: KnownWorker) -> None:
    row = await looked(hub, worker.person.number)
    in_lane = (await looked_at_together(hub, asked(hub, worker, "same")))[0]
    for name in row._fields[1:]:
        assert getattr(in_lane, name) == getattr(row, name), name
    found, determinations, filed_ = await held(hub, worker.number)
    vault = vault_of(hub.hub.engine)
    assert register.registered_of(row, vault) == found
    assert register.determinations_in(row.determinations, worker.number) == determinations
    assert filings.filings_in(row.filings, worker.number) == filed_
    assert row.region == "370100"


async def test_an_identification_at_the_door_is_two_statements(
    hub: World, database_url: str
) -> None:
    worker = await ready_worker(hub)
    for claim, status in ((worker.claim(), 200), (worker.claim(name="另一人"), 422)):
        async with at_the_door(hub, database_url) as door:
            with recorded(door, entering=True) as statements:
                answer = await identify(door, claim)
        assert answer.status_code == status, answer.text
        assert len(statements) == 2, statements
        assert "identify_look" in statements[0]
        assert "INSERT INTO audit_trail" in statements[1]


async def test_the_look_is_what_the_register_holds(hub: World) -> None:
    worker = await ready_worker(hub)
    await filed(hub, worker, kind="referral", treatment_region="440100", referral=REFERRAL)
    await assert_the_same(hub, worker)


async def test_so_it_is_after_a_filing_was_changed(hub: World) -> None:
    worker = await ready_worker(hub)
    number = (await filed(hub, worker, treatment_region="330000"))["number"]
    hub.clock.advance(days=40)
    agency = hub.agency("110000")
    asked = wish(treatment_region="320000", reason="迁居")
    changed = await agency.post(f"{FILINGS}/{number}/change", asked)
    assert changed.status_code in (200, 201), changed.text
    _, _, kept = await held(hub, worker.number)
    assert any(it.replaced_by for it in kept)
    await assert_the_same(hub, worker)


async def test_so_it_is_after_the_entitlement_ended(hub: World) -> None:
    worker = await ready_worker(hub)
    ended = {"worker": worker.number, "kind": "death", "lost_on": "2025-08-20", "reason": "死亡"}
    answer = await hub.agency("110000").post("/v1/entitlement-losses", ended)
    assert answer.status_code == 201, answer.text
    found, _, _ = await held(hub, worker.number)
    assert found.lost_on is not None
    await assert_the_same(hub, worker)
    told = (await identify(hub, worker.claim())).json()
    assert (told["worker"], told["determinations"], told["filings"]) == (worker.number, [], [])


async def test_a_certificate_nobody_has_shows_nothing(hub: World) -> None:
    await ready_worker(hub)
    row = await looked(hub, "no such certificate")
    told = {name: getattr(row, name) for name in row._fields}
    assert told.pop("region") == "370100"
    assert set(told.values()) == {None}


async def test_who_is_no_institution_is_told_so_and_no_look_is_noted(hub: World) -> None:
    worker = await ready_worker(hub)
    claim = IdentityIn(**worker.claim()).claim()
    caller = hub.institution("H37010000999").caller
    with recorded(hub, entering=True) as statements, pytest.raises(InstitutionUnknown):
        async with arriving(hub.hub, caller, "test") as arrival:
            await service.identify(arrival, claim)
    assert len(statements) == 1


async def test_the_look_opens_no_file(hub: World) -> None:
    worker = await ready_worker(hub)
    caller = hub.institution(JINAN_DEVICES).caller
    async with arriving(hub.hub, caller, "test") as arrival:
        it, row = await desk.look(arrival, worker.person.number)
        assert row.number == worker.number
        for table in TABLES:
            count = await it.rx.exec_driver_sql(f"SELECT count(*) FROM {table}")  # noqa: S608 -- ours
            assert count.scalar_one() == 0, table


async def test_a_look_forgets_the_file_that_was_open(hub: World) -> None:
    worker, other = await ready_worker(hub), await ready_worker(hub)
    caller = hub.institution(JINAN_DEVICES).caller
    async with hub.hub.reading_engine.connect() as connection:
        await connection.exec_driver_sql(
            f"SELECT hub_as('institution', '{JINAN_DEVICES}', '~', false),"
            f" hub_step('identify', NULL, '{other.number}', false)"
        )
        await connection.execute(LOOK, {"client": "nobody", "party": caller.party})
        found = await connection.exec_driver_sql("SELECT count(*) FROM worker")
        assert found.scalar_one() == 0
    assert worker.number != other.number


async def test_nobody_looks(hub: World) -> None:
    for nobody in ("", None):
        with pytest.raises(DBAPIError, match="nobody asks"):
            async with lend(hub.hub) as rx:
                await rx.execute(LOOK, {"client": "nobody", "party": nobody})


async def test_a_client_that_no_longer_stands_is_shown_nothing(hub: World) -> None:
    worker = await ready_worker(hub)
    disabled = sa.text(
        "INSERT INTO client (id, party, state, created_at)"
        " VALUES ('desk-disabled', '370100', 'disabled', now())"
    )
    async with hub.tx() as tx:
        await tx.execute(disabled)
        index = vault_of(hub.hub.engine).index(worker.person.number, "certificate_number")
        asked = {"client": "desk-disabled", "party": JINAN, "certificate": index}
        shown = await tx.execute(LOOK, asked)
        row = shown.one()
    assert row.refused is not None
    assert set(row[1:]) == {None}
    caller = Caller(
        kind=hub.institution(JINAN).caller.kind,
        party=JINAN,
        region="370100",
        client="desk-disabled",
        issued_at=hub.clock.now - timedelta(minutes=1),
    )
    with pytest.raises(Unauthenticated):
        await looked(hub, worker.person.number, caller)


async def test_who_reads_on_is_named(hub: World) -> None:
    """Whoever entered by a look is named as by any other reading."""
    worker = await ready_worker(hub)
    caller = hub.institution(JINAN).caller
    query = "SELECT current_setting('hub.party'), current_setting('hub.prefix')"
    async with reading(hub.hub, caller, "test") as usual:
        named = (await usual.rx.exec_driver_sql(query)).one()
    async with arriving(hub.hub, caller, "test") as arrival:
        it, _ = await desk.look(arrival, worker.person.number)
        assert (await it.rx.exec_driver_sql(query)).one() == named


async def test_the_lane_looks_for_institutions_alone_and_shows_what_their_certificate_opens(
    hub: World,
) -> None:
    worker, other = await ready_worker(hub), await ready_worker(hub)
    own = hub.institution(JINAN).caller
    strange = ("H37010000999", "370100", "operator", "", "~")
    call = [asked(hub, worker, "look", replace(own, party=party)) for party in strange]
    call += [
        asked(hub, other, "look", certificate_number="no such certificate"),
        asked(hub, other, "look"),
    ]
    seen = await looked_at_together(hub, *call)
    assert {place: row.number for place, row in seen.items()} == {len(call) - 1: other.number}


async def test_the_lane_names_nobody_and_opens_no_file(hub: World) -> None:
    worker = await ready_worker(hub)
    query = "SELECT current_setting('hub.party', true), current_setting('hub.worker', true)"
    async with wired(hub.hub) as (rx, wire):
        named = (await rx.exec_driver_sql(query)).one()
        vault, now = vault_of(hub.hub.engine), hub.clock.now
        some = [asked(hub, worker, "look", hub.institution(JINAN_DEVICES).caller)]
        assert (await desk.look_at_all(wire, vault, some, now))[0].number == worker.number
        assert (await rx.exec_driver_sql(query)).one() == named
        await rx.exec_driver_sql(f"SELECT hub_as('institution', '{JINAN_DEVICES}', '~', false)")
        for table in TABLES:
            count = await rx.exec_driver_sql(f"SELECT count(*) FROM {table}")  # noqa: S608 -- ours
            assert count.scalar_one() == 0, table


@pytest.mark.parametrize("nobody", ["", None])
async def test_no_trace_is_kept_of_nobody(hub: World, nobody: str | None) -> None:
    worker = await ready_worker(hub)
    trace = Record(action="worker.look", subject=worker.number, facts={})
    whole = asked(hub, worker, "of-somebody")
    caller = replace(hub.institution(JINAN).caller, party=nobody)  # type: ignore[arg-type]  # none
    some = [(whole, trace), (asked(hub, worker, "of-nobody", caller), trace)]
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="nobody asks"):
        async with wired(hub.hub) as (_, wire):
            await desk.keep(wire, hub.clock.now, some)
    assert await traces(hub, "of-somebody") == [], "all of them or none"
