"""A sound hub obeys every law; each law finds its own kind of fault and names it, both sides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncConnection

from app.proof.model.lawbook import LAWS
from app.proof.model.laws import Difference, Report
from app.proof.service.verifying import verify
from app.runtime.db import Tx
from tests.support.institutions import JINAN
from tests.support.proof_faults import FAULTS, Fault
from tests.support.proof_road import Road, travelled
from tests.support.world import World

TODAY = date(2025, 11, 3)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def road(world: World) -> Road:
    """Everything that can be proven, once."""
    return await travelled(world)


@asynccontextmanager
async def spoiling(world: World) -> AsyncIterator[AsyncConnection]:
    """Give the owner's hand, past every trigger; whatever is spoilt is whole again afterwards."""
    async with world.owner.connect() as connection, connection.begin() as transaction:
        await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield connection
        await transaction.rollback()


@pytest.mark.usefixtures("road")
async def test_a_sound_hub_obeys_every_law(world: World) -> None:
    async with world.rx() as connection:
        report = await verify(connection, TODAY)
    assert [(it.law.code, it.difference) for it in report.broken] == []
    assert report.holds
    assert not report.alarms
    assert {it.law.code for it in report.findings} == {it.code for it in LAWS}
    extent = report.extent
    assert (extent.settlements, extent.claims, extent.notices, extent.payments) == (4, 1, 2, 1)
    assert extent.seals > 4


def test_every_law_has_a_fault_that_breaks_it() -> None:
    assert {it.law for it in FAULTS} == {it.code for it in LAWS}


async def proven_in(connection: AsyncConnection) -> Report:
    return await verify(Tx(connection), TODAY)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda it: f"{it.law}: {it.spoil[:40]}")
async def test_a_fault_is_found_and_named_with_both_sides(
    world: World, road: Road, fault: Fault
) -> None:
    async with spoiling(world) as connection:
        statement = fault.spoil.format(**{name: getattr(road, name) for name in Road.__slots__})
        changed = await connection.exec_driver_sql(statement)
        assert changed.rowcount, "the fault was not made"
        report = await proven_in(connection)
    said = (*report.broken, *report.alarms)
    differences = {it.law.code: it.difference for it in said}
    found = differences.get(fault.law)
    assert isinstance(found, Difference), f"{fault.law} holds; broken: {sorted(differences)}"
    if fault.subject is not None:
        assert found.subject == getattr(road, fault.subject, fault.subject)
    if fault.pair:
        assert (found.insured_place, found.treatment_place) == ("110000", "370000")
    if fault.institution:
        assert found.institution == JINAN
    if fault.period is not None:
        assert found.period == fault.period
    assert found.found != found.expected
    if fault.found is not None:
        assert found.found == fault.found
    if fault.expected is not None:
        assert found.expected == fault.expected
