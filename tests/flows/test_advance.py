"""The yearly run: computed by one person, issued by another, paid, received and booked."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from openpyxl import load_workbook

from app.advance.service.runs import run_due
from app.kernel.regions import Scheme
from app.runtime.db import Rx
from tests.support.advance import (
    NOTICES,
    RUNS,
    another,
    confirmed,
    done,
    funded,
    items,
    open_payments,
    quota_changed,
    saying,
    used,
)
from tests.support.clearing import Arranged, arranged
from tests.support.ledger import booked, proven
from tests.support.world import World

BEIJING, TIANJIN, SHANDONG, ANHUI = "110000", "120000", "370000", "340000"
ASKED = {"scheme": "cross_province", "year": 2025}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def run(world: World) -> dict[str, Any]:
    """A year's quotas, computed and not yet issued.

    Beijing spent 365,000.01 in Shandong in its base period, cancellations taken off, and Tianjin
    next to nothing; Tianjin also holds more with Anhui than it should.
    """
    in_base = [
        Arranged(BEIJING, SHANDONG, 20_000_000, date(2024, 4, 5)),
        Arranged(BEIJING, SHANDONG, 20_000_001, date(2024, 4, 6)),
        Arranged(BEIJING, SHANDONG, -3_500_000, date(2024, 11, 30)),
        Arranged(TIANJIN, SHANDONG, 100, date(2024, 5, 5)),
        Arranged(BEIJING, SHANDONG, 99_999_999, date(2024, 12, 1)),  # after the base period
        Arranged("370200", "370100", 5_000_000, date(2024, 6, 1), scheme="in_province"),
    ]
    await arranged(world, *in_base)
    await funded(world, TIANJIN, ANHUI, "90000.00")
    return await done(world.operator.post(RUNS, ASKED), 201)


async def lines(world: World, number: str) -> dict[tuple[str, str], dict[str, Any]]:
    found = await items(world.operator, f"{RUNS}/{number}/worksheet")
    return {(it["insured_place"], it["treatment_place"]): it for it in found}


async def test_a_run_names_its_base_period_and_what_it_computes_with(
    run: dict[str, Any],
) -> None:
    assert run["state"] == "computed"
    assert (run["months"][0], run["months"][-1], len(run["months"])) == ("2023-12", "2024-11", 12)
    assert (run["cover_months"], run["floor"], run["round_up_to"]) == (4, "50000.00", "1000.00")


async def test_a_line_of_the_worksheet_shows_every_figure_on_the_way(
    world: World, run: dict[str, Any]
) -> None:
    found = await lines(world, run["number"])
    assert set(found) == {(BEIJING, SHANDONG), (TIANJIN, SHANDONG), (TIANJIN, ANHUI)}
    it = found[BEIJING, SHANDONG]
    assert it["months"][4] == "400000.01"
    assert it["months"][11] == "-35000.00"
    assert (it["base"], it["mean"], it["exact"]) == ("365000.01", "30416.67", "121666.67")
    assert (it["rounded"], it["quota"], it["reason"]) == ("122000.00", "122000.00", "base_period")
    assert (it["held"], it["difference"]) == ("0.00", "122000.00")
    assert found[TIANJIN, SHANDONG]["reason"] == "floor"
    assert found[TIANJIN, SHANDONG]["quota"] == "50000.00"
    # No history: the floor; what is held above it comes back.
    assert found[TIANJIN, ANHUI]["reason"] == "new_pair"
    assert found[TIANJIN, ANHUI]["difference"] == "-40000.00"


async def test_a_party_sees_the_lines_it_is_a_side_of(world: World, run: dict[str, Any]) -> None:
    path = f"{RUNS}/{run['number']}"
    mine = await done(world.agency(BEIJING).get(path))
    assert (mine["pairs"], mine["quota"]) == (1, "122000.00")
    sheet = await items(world.agency(BEIJING), f"{path}/worksheet")
    assert [it["insured_place"] for it in sheet] == [BEIJING]
    nobody = world.agency("650000")
    assert (await nobody.get(path)).status_code == 404
    assert await items(nobody, RUNS) == []
    assert [it["number"] for it in await items(world.operator, RUNS)] == [run["number"]]


async def test_the_worksheet_is_a_sheet_whose_lines_can_be_recomputed(
    world: World, run: dict[str, Any]
) -> None:
    path = f"{RUNS}/{run['number']}/worksheet/file"
    text = (await world.operator.get(path)).content.decode("utf-8-sig")
    header, *rows = [line.split(",") for line in text.splitlines()]
    named = [dict(zip(header, row, strict=True)) for row in rows]
    beijing = next(it for it in named if it["insured_place"] == BEIJING)
    assert (beijing["2024-04"], beijing["base_months"], beijing["quota"]) == (
        "400000.01",
        "12",
        "122000.00",
    )
    book = (await world.operator.get(path, format="xlsx")).content
    cells = list(load_workbook(io.BytesIO(book))["Sheet1"].values)
    assert [list(row) for row in cells] == [header, *rows]


async def test_a_run_of_another_time_is_refused(world: World) -> None:
    for year in (2024, 2026):
        answer = await world.operator.post(RUNS, {"scheme": "cross_province", "year": year})
        assert (answer.status_code, answer.json()["code"]) == (422, "advance-year-wrong")
    unknown = await world.operator.get(f"{RUNS}/Q0000002501010000000")
    assert unknown.json()["code"] == "advance-run-unknown"
    for deed in ("issue", "withdrawal"):
        answer = await world.operator.post(f"{RUNS}/Q0000002501010000000/{deed}")
        assert answer.json()["code"] == "advance-run-unknown"


@pytest.mark.usefixtures("run")
async def test_cities_of_a_province_have_a_run_of_their_own_which_can_be_withdrawn(
    world: World,
) -> None:
    asked = {"scheme": "in_province", "year": 2025}
    first = await done(world.operator.post(RUNS, asked), 201)
    found = await lines(world, first["number"])
    assert set(found) == {("370200", "370100")}
    withdrawn = await done(world.operator.post(f"{RUNS}/{first['number']}/withdrawal"))
    assert withdrawn["state"] == "withdrawn"
    again = await done(world.operator.post(RUNS, asked), 201)
    assert again["number"] != first["number"]


async def test_the_person_who_computed_it_does_not_issue_it_and_moved_figures_are_noticed(
    world: World, run: dict[str, Any]
) -> None:
    issue = f"{RUNS}/{run['number']}/issue"
    answer = await world.operator.post(issue)
    assert (answer.status_code, answer.json()["code"]) == (403, "second-person-needed")
    await quota_changed(world, TIANJIN, SHANDONG, "1.00")
    answer = await another(world.operator).post(issue)
    assert (answer.status_code, answer.json()["code"]) == (409, "advance-moved")
    assert answer.json()["pairs"] == ["120000-370000"]


async def test_another_person_issues_it_and_both_sides_get_their_notices(
    world: World, run: dict[str, Any]
) -> None:
    await done(world.operator.post(f"{RUNS}/{run['number']}/withdrawal"))
    again, spare = [await done(world.operator.post(RUNS, ASKED), 201) for _ in range(2)]
    issued = await done(another(world.operator).post(f"{RUNS}/{again['number']}/issue"))
    assert issued["state"] == "issued"
    refused = await another(world.operator).post(f"{RUNS}/{again['number']}/issue")
    assert refused.json()["code"] == "no-such-move"
    # A year may be computed again until it is issued; of several runs one is.
    for answer in (
        await another(world.operator).post(f"{RUNS}/{spare['number']}/issue"),
        await world.operator.post(RUNS, ASKED),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "advance-run-exists")
        assert answer.json()["run"] == again["number"]
    async with world.hub.reading_engine.connect() as connection:
        today = date(2025, 9, 1)
        assert not await run_due(Rx(connection), Scheme.CROSS_PROVINCE, today)
        assert await run_due(Rx(connection), Scheme.IN_PROVINCE, today)
        assert await run_due(Rx(connection), Scheme.CROSS_PROVINCE, date(2026, 1, 5))
    payable = next(
        it for it in await items(world.agency(BEIJING), NOTICES) if it["purpose"] == "yearly"
    )
    assert (payable["kind"], payable["amount"]) == ("payment", "122000.00")
    # Five working days, then ten, across the national holiday and its shifted Sunday.
    assert (payable["agency_by"], payable["finance_by"]) == ("2025-09-08", "2025-09-22")
    receivable = await done(world.agency(SHANDONG).get(f"{NOTICES}/{payable['counterpart']}"))
    assert (receivable["kind"], receivable["counterpart"]) == ("receipt", payable["number"])
    # A float that comes back is paid by the treatment place.
    back = (await open_payments(world, TIANJIN, ANHUI))[0]
    assert (back["party_place"], back["direction"], back["amount"]) == (
        ANHUI,
        "paid_back",
        "40000.00",
    )
    async with world.tx() as tx:
        query = sa.text("SELECT parties, topic FROM announcement WHERE subject = :it")
        told = (await tx.execute(query, {"it": payable["number"]})).one()
    assert (told.parties, told.topic) == ([BEIJING], "advance.payment_noticed")


@pytest.mark.usefixtures("run")
async def test_the_calendar_lists_what_is_due_until_it_is_paid(world: World) -> None:
    async def calendar(kind: str, state: str) -> list[tuple[str, str]]:
        asked = {"kind": kind, "state": state, "days": 60}
        found = await items(world.operator, "/v1/deadlines", **asked)
        return [(it["subject"], it["due"]) for it in found]

    unbooked = await items(world.operator, NOTICES, open="true")
    payable = [it for it in unbooked if it["kind"] == "payment"]
    assert len(payable) > 1
    due = await calendar("advance_payment", "due")
    assert sorted(due) == sorted((it["number"], it["finance_by"]) for it in payable)
    assert [day for _, day in due] == sorted(day for _, day in due)
    to_finance = await calendar("advance_to_finance", "due")
    assert sorted(to_finance) == sorted((it["number"], it["agency_by"]) for it in payable)
    # Who has said what was paid has nothing left to do; the receiver's word books it.
    paid = (await open_payments(world, TIANJIN, ANHUI))[0]
    path = f"{NOTICES}/{paid['number']}/confirmations"
    await done(world.agency(ANHUI).post(path, saying(paid)))
    assert (paid["number"], paid["finance_by"]) in await calendar("advance_payment", "done")
    assert paid["number"] not in dict(await calendar("advance_payment", "due"))


@pytest.mark.usefixtures("run")
async def test_it_is_booked_when_both_sides_say_the_same(world: World) -> None:
    payable = (await open_payments(world, BEIJING, SHANDONG))[0]
    pays = f"{NOTICES}/{payable['number']}/confirmations"
    takes = f"{NOTICES}/{payable['counterpart']}/confirmations"
    said = saying(payable)
    early = await world.agency(SHANDONG).post(takes, said)
    assert (early.status_code, early.json()["code"]) == (409, "advance-not-paid-yet")
    foreign = await world.agency(SHANDONG).post(pays, said)
    assert foreign.json()["code"] == "advance-notice-unknown"
    city = await world.agency("110101").post(pays, said)
    assert city.json()["code"] == "advance-notice-unknown"
    short = await world.agency(BEIJING).post(pays, said | {"amount": "121999.99"})
    assert (short.status_code, short.json()["code"]) == (422, "confirmation-mismatch")
    assert short.json()["theirs"] == {"amount": "122000.00"}
    for day in ("2025-08-31", "2025-09-02"):
        answer = await world.agency(BEIJING).post(pays, said | {"paid_on": day})
        assert answer.json()["code"] == "paid-later"
    await done(world.agency(BEIJING).post(pays, said | {"bank_reference": "WRONG-1"}))
    other = await world.agency(SHANDONG).post(takes, said)
    assert other.json()["code"] == "confirmation-mismatch"
    assert other.json()["different"] == ["bank_reference"]
    assert other.json()["yours"] == {"bank_reference": said["bank_reference"]}
    assert other.json()["theirs"] == {"bank_reference": "WRONG-1"}
    # The payer corrects itself, and then both agree.
    await done(world.agency(BEIJING).post(pays, said))
    booked_now = await done(world.agency(SHANDONG).post(takes, said))
    assert booked_now["state"] == "received"
    for client, path in ((world.agency(BEIJING), pays), (world.agency(SHANDONG), takes)):
        assert (await client.post(path, said)).json()["code"] == "no-such-move"
    found = await items(
        world.agency(BEIJING),
        "/v1/advances/statement",
        insured_place=BEIJING,
        treatment_place=SHANDONG,
    )
    assert [(it["subject"], it["change"], it["balance"]) for it in found] == [
        (payable["number"], "122000.00", "122000.00")
    ]
    assert (await proven(world)).holds


@pytest.mark.usefixtures("run")
async def test_a_bank_reference_is_one_payment(world: World) -> None:
    await quota_changed(world, TIANJIN, "330000", "70000.00")
    one, two = [
        (await open_payments(world, *pair))[0]
        for pair in ((TIANJIN, SHANDONG), (TIANJIN, "330000"))
    ]
    said = saying(one)
    await done(world.agency(TIANJIN).post(f"{NOTICES}/{one['number']}/confirmations", said))
    path, other = f"{NOTICES}/{two['number']}/confirmations", {"amount": two["amount"]}
    answer = await world.agency(TIANJIN).post(path, said | other)
    assert (answer.status_code, answer.json()["code"]) == (409, "advance-bank-reference-reused")
    # Another payer's bank counts for itself.
    back = (await open_payments(world, TIANJIN, ANHUI))[0]
    path, other = f"{NOTICES}/{back['number']}/confirmations", {"amount": back["amount"]}
    await done(world.agency(ANHUI).post(path, said | other))


@pytest.mark.usefixtures("run")
async def test_a_statement_runs_over_what_was_paid_and_returned_of_a_pair_and_of_a_pool(
    world: World,
) -> None:
    await confirmed(world, (await open_payments(world, TIANJIN, ANHUI))[0])
    await funded(world, BEIJING, ANHUI, "10000.00")
    await booked(world, [used(BEIJING, ANHUI, 5)])
    asked = {"treatment_place": ANHUI}
    pair = await items(
        world.agency(TIANJIN), "/v1/advances/statement", **asked, insured_place=TIANJIN
    )
    assert [(it["direction"], it["change"], it["balance"]) for it in pair] == [
        ("paid_in", "90000.00", "90000.00"),
        ("paid_back", "-40000.00", "50000.00"),
    ]
    pool = await items(world.agency(ANHUI), "/v1/advances/statement", **asked)
    assert [it["balance"] for it in pool] == ["90000.00", "50000.00", "60000.00"]
    # The pool is nobody's business but the treatment place's; a third place sees no pair either.
    assert await items(world.agency(TIANJIN), "/v1/advances/statement", **asked) == []
    third = await items(
        world.agency(SHANDONG), "/v1/advances/statement", **asked, insured_place=TIANJIN
    )
    assert third == []
