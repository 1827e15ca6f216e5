"""The calendar of deadlines: whose, until when, for which number, and which clause says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from tests.support.clearing import (
    Arranged,
    all_items,
    arranged,
    claim_path,
    cleared,
    digest_of,
    noticed,
)
from tests.support.deadlines import filing_until
from tests.support.filing import filed, submitted
from tests.support.institutions import JINAN, seeded_institutions
from tests.support.parties import seeded
from tests.support.world import Client, World

AUGUST = date(2025, 8, 5)
PATH = "/v1/deadlines"


async def listed(client: Client, **asked: Any) -> list[dict[str, Any]]:
    """Read the whole calendar, three rows at a time."""
    found: list[dict[str, Any]] = []
    while True:
        answer = await client.get(PATH, limit=3, **asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next"] is None:
            return found
        asked["cursor"] = page["next"]


async def the(client: Client, kind: str, **asked: Any) -> list[dict[str, Any]]:
    """Read the deadlines of a kind."""
    return await listed(client, kind=kind, **asked)


def told(it: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(it[name] for name in names)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def cleared_quarter(world: World) -> AsyncIterator[str]:
    """A nation in which a quarter was cleared on its day: two claims of Shandong's, one of its."""
    await seeded(world)
    await seeded_institutions(world, "institutions.csv")
    world.clock.set_day("2025-10-21")
    await arranged(
        world,
        Arranged("110000", "370000", 150_000, AUGUST),
        Arranged("210000", "370000", 70_000, AUGUST),
        Arranged("370000", "110000", 30_000, AUGUST),
        Arranged("370200", "370100", 900, AUGUST, scheme="in_province"),
    )
    yield await cleared(world, "2025Q3")


async def test_a_place_confirms_its_claims_until_the_25th(
    world: World, cleared_quarter: str
) -> None:
    world.clock.set_day("2025-10-21")
    (it,) = await the(world.agency("370000"), "clearing_confirmation")
    assert told(it, "subject", "party", "due", "state", "waiting", "days_left") == (
        cleared_quarter, "370000", "2025-10-25", "due", 3, 4,
    )  # fmt: skip
    assert it["clause"] == "hub-default/clearing-calendar"
    assert "25th" in it["says"]
    assert "二十五日" in it["says_zh"]
    assert it["title_zh"] == "确认清算，逾期视同确认"
    places = [each["party"] for each in await the(world.operator, "clearing_confirmation")]
    assert places == ["110000", "210000", "370000"]


async def test_a_place_that_confirmed_all_is_done_and_one_that_did_not_is_overdue(
    world: World, cleared_quarter: str
) -> None:
    world.clock.set_day("2025-10-22")
    items = (await world.operator.get(f"/v1/clearings/{cleared_quarter}/claims")).json()["items"]
    claim = next(it["claim"] for it in items if it["claim"]["insured_place"] == "210000")
    path = f"{claim_path(cleared_quarter, claim)}/confirmations"
    assert (await world.agency("210000").post(path, digest_of(claim))).status_code == 201
    (done,) = await the(world.agency("210000"), "clearing_confirmation")
    assert told(done, "state", "waiting") == ("done", 0)
    assert await the(world.agency("210000"), "clearing_confirmation", state="due") == []
    world.clock.set_day("2025-10-26")
    assert await the(world.agency("210000"), "clearing_confirmation") == []
    (late,) = await the(world.agency("110000"), "clearing_confirmation", days=0)
    assert told(late, "state", "days_left") == ("overdue", -1)


async def test_the_operator_generates_issues_and_closes_by_the_calendar(
    world: World, cleared_quarter: str
) -> None:
    world.clock.set_day("2025-10-21")
    operator = world.operator
    own = await listed(operator, party="operator", days=400)
    kinds = {(it["kind"], it["subject"]): told(it, "due", "state") for it in own}
    assert kinds == {
        ("quota_issue", "2025 cross_province"): ("2025-01-31", "overdue"),
        ("quota_issue", "2025 in_province"): ("2025-01-31", "overdue"),
        ("clearing_generation", "2025Q3 cross_province"): ("2025-10-21", "done"),
        ("clearing_generation", "2025Q3 in_province"): ("2025-10-21", "due"),
        ("clearing_generation", "2025Q4 cross_province"): ("2026-01-21", "due"),
        ("clearing_generation", "2025Q4 in_province"): ("2026-01-21", "due"),
        ("notice_issue", cleared_quarter): ("2025-10-31", "due"),
        ("year_close", "2025"): ("2026-03-31", "due"),
    }
    assert await listed(world.agency("370000"), party="operator") == []


async def test_a_quarter_with_settlements_and_no_clearing_is_overdue(world: World) -> None:
    world.clock.set_day("2025-10-22")
    late = await the(world.operator, "clearing_generation", state="overdue")
    assert [told(it, "subject", "due") for it in late] == [("2025Q3 in_province", "2025-10-21")]


async def test_a_contest_is_answered_within_three_working_days(
    world: World, cleared_quarter: str
) -> None:
    world.clock.set_day("2025-10-23")
    beijing = world.agency("110000")
    items = (await beijing.get(f"/v1/clearings/{cleared_quarter}/claims")).json()["items"]
    claim = next(it["claim"] for it in items if it["claim"]["insured_place"] == "110000")
    (line,) = await all_items(beijing, cleared_quarter, insured_place="110000")
    objection = {
        "settlement": line["number"], "reason": "wrong_amount", "proposed": "0.00", "note": "不符",
    }  # fmt: skip
    body = digest_of(claim) | {"contests": [objection]}
    path = f"{claim_path(cleared_quarter, claim)}/confirmations"
    assert (await beijing.post(path, body)).status_code == 201
    (it,) = await the(world.agency("370000"), "contest_reply")
    assert told(it, "due", "party", "counterpart", "state", "announced", "clause") == (
        "2025-10-28", "370000", "110000", "due", True, "hub-default/contest",
    )  # fmt: skip
    assert await the(beijing, "contest_reply") == []
    reply = {"reply": "rejected", "note": "经核对无误"}
    answered = await world.agency("370000").post(f"/v1/contests/{it['subject']}/reply", reply)
    assert answered.status_code in (200, 201), answered.text
    (it,) = await the(world.agency("370000"), "contest_reply")
    assert it["state"] == "done"


async def test_a_notice_is_with_finance_and_then_paid_in_working_days(
    world: World, cleared_quarter: str
) -> None:
    world.clock.set_day("2025-10-31")
    await noticed(world, cleared_quarter)
    (issued,) = await the(world.operator, "notice_issue")
    assert told(issued, "subject", "state") == (cleared_quarter, "done")
    beijing = world.agency("110000")
    (finance,) = await the(beijing, "notice_to_finance")
    (payment,) = await the(beijing, "notice_payment")
    assert finance["subject"] == payment["subject"]
    assert told(finance, "due", "counterpart", "announced") == ("2025-11-07", "370000", True)
    assert told(payment, "due", "state", "clause") == (
        "2025-11-21", "due", "hub-default/payment-days",
    )  # fmt: skip
    world.clock.set_day("2025-11-24")
    assert await the(beijing, "notice_to_finance") == []
    (payment,) = await the(beijing, "notice_payment", days=0)
    assert told(payment, "state", "days_left") == ("overdue", -3)


async def test_a_filing_runs_out_for_its_agency_and_for_the_channel_it_came_through(
    world: World,
) -> None:
    world.clock.set_day("2025-10-21")
    uploaded = await filing_until(world, date(2025, 11, 1))
    through = await submitted(world)
    approved = await world.agency("110000").post(f"/v1/filings/{through['number']}/approve", {})
    assert approved.status_code == 200, approved.text
    beijing = await the(world.agency("110000"), "filing_term", days=400)
    assert [told(it, "subject", "due", "party", "counterpart") for it in beijing] == [
        (uploaded, "2025-11-01", "110000", "370100"),
        (through["number"], "2026-10-21", "110000", "370100"),
    ]
    assert {it["clause"] for it in beijing} == {"beijing-2025-5/2.2"}
    channel = await the(world.channel(), "filing_term", days=400)
    assert [told(it, "subject", "party") for it in channel] == [
        (through["number"], "national-platform")
    ]
    assert await the(world.agency("210000"), "filing_term", days=400) == []
    soon = await the(world.agency("110000"), "filing_term", days=10)
    assert soon == []


async def test_a_referral_of_liaoning_is_used_within_thirty_days(world: World) -> None:
    world.clock.set_day("2025-10-21")
    referral = {
        "diagnosis_code": "S82.201", "diagnosis": "胫骨干骨折", "institution": "示例转出医院",
        "reason": "参保地不具备救治条件", "referred_on": "2025-10-20",
    }  # fmt: skip
    made = await filed(world, region="210000", kind="referral", referral=referral)
    (it,) = await the(world.agency("210000"), "admission")
    assert told(it, "subject", "due", "clause") == (
        made["number"], "2025-11-20", "liaoning-2024/2-admission",
    )  # fmt: skip
    assert it["says_zh"] == "转诊转院备案通过后应在三十日内入院。"


async def test_a_day_with_settlements_is_reconciled_by_the_next(world: World) -> None:
    world.clock.set_day("2025-10-21")
    day = date(2025, 10, 20)
    await arranged(world, Arranged("120000", "420000", 5_000, day))
    hospital = world.institution("H42000000001")
    (it,) = await the(hospital, "reconciliation")
    assert told(it, "subject", "due", "state", "party", "waiting") == (
        "2025-10-20 own", "2025-10-21", "due", "H42000000001", 1,
    )  # fmt: skip
    sides = [it["subject"] for it in await the(world.agency("420000"), "reconciliation")]
    assert sides == ["2025-10-20 treatment"]
    world.clock.set_day("2025-10-22")
    (it,) = await the(hospital, "reconciliation", state="overdue")
    nothing = {"day": "2025-10-20", "count": 0, "total": "0.00", "fund": "0.00", "rows": []}
    compared = (await hospital.post("/v1/reconciliations", nothing)).json()
    (it,) = await the(hospital, "reconciliation")
    assert told(it, "subject", "state", "waiting") == (compared["number"], "overdue", 1)
    whole = nothing | {"count": 1, "total": "50.00", "fund": "50.00"}
    del whole["rows"]
    assert (await hospital.post("/v1/reconciliations", whole)).json()["result"] == "equal"
    assert await the(hospital, "reconciliation") == []


async def test_a_day_compared_before_the_first_rules_has_no_deadline(world: World) -> None:
    hospital = world.institution("H42000000001")
    day = {"day": "2024-03-31", "count": 1, "total": "5.00", "fund": "5.00"}
    row = {"settlement": "A-000001", "total": "5.00", "fund": "5.00"}
    compared = await hospital.post("/v1/reconciliations", day | {"rows": [row]})
    assert (compared.status_code, compared.json()["state"]) == (201, "open"), compared.text
    assert await the(hospital, "reconciliation") == []


async def test_the_calendar_is_in_the_order_of_days_on_every_page(world: World) -> None:
    world.clock.set_day("2025-11-24")
    found = await listed(world.operator, days=400)
    keys = [told(it, "due", "kind", "subject", "party") for it in found]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys) > 6
    whole = (await world.operator.get(PATH, days=400, limit=200)).json()
    assert whole["items"] == found


async def test_an_institution_sees_nobody_elses_deadlines(world: World) -> None:
    world.clock.set_day("2025-10-21")
    assert await listed(world.institution(JINAN), days=400) == []


async def test_a_cursor_of_another_list_is_unreadable(world: World) -> None:
    page = (await world.operator.get("/v1/institutions", limit=1)).json()
    for cursor in (page["next"], "WyIyMDI1Il0"):
        answer = await world.operator.get(PATH, cursor=cursor)
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-unreadable")


@pytest.mark.parametrize("asked", [{"days": 401}, {"days": -1}, {"state": "late"}, {"kind": "x"}])
async def test_what_cannot_be_asked_is_malformed(world: World, asked: dict[str, Any]) -> None:
    assert (await world.operator.get(PATH, **asked)).status_code == 400
