"""Filing over HTTP: submitted, decided, ended, and never two at once."""

from __future__ import annotations

import pytest_asyncio

from tests.support.entitlement import registered
from tests.support.filing import FILINGS, filed, submitted, wish
from tests.support.parties import seeded
from tests.support.queries import recorded
from tests.support.world import START, World


@pytest_asyncio.fixture(loop_scope="session")
async def hub(world: World) -> World:
    world.clock.now = START
    await seeded(world)
    return world


async def test_a_channel_submits_and_the_insured_agency_approves(hub: World) -> None:
    waiting = await submitted(hub)
    assert (waiting["state"], waiting["decided_at"]) == ("submitted", None)
    hub.clock.set_day("2025-09-05")
    answer = await hub.agency("110000").post(f"{FILINGS}/{waiting['number']}/approve", {})
    assert answer.status_code == 200
    approved = answer.json()
    assert approved["state"] == "approved"
    assert (approved["first_day"], approved["last_day"]) == ("2025-09-05", "2026-09-05")
    assert approved["decided_by"] == "110000"
    assert approved["scheme"] == "cross_province"


async def test_an_agencys_upload_is_approved_at_once(hub: World) -> None:
    filing = await filed(hub)
    assert (filing["state"], filing["submitted_by"]) == ("approved", "110000")
    assert (filing["first_day"], filing["last_day"]) == ("2025-09-01", "2026-09-01")
    assert filing["number"].startswith("Y110000250901")


async def test_an_agency_may_name_the_worker_by_certificate_without_a_card(hub: World) -> None:
    someone = await registered(hub)
    claim = {"certificate_number": someone.person.number, "name": someone.person.name}
    answer = await hub.agency("110000").post(FILINGS, wish(claim=claim))
    assert (answer.status_code, answer.json()["worker"]) == (201, someone.number)


async def test_a_channel_needs_the_card(hub: World) -> None:
    someone = await registered(hub)
    for body in (wish(worker=someone.number), wish(claim=someone.claim(card_kind="none"))):
        answer = await hub.channel().post(FILINGS, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "card-required")


async def test_every_mismatch_of_an_identity_is_told(hub: World) -> None:
    someone = await registered(hub)
    claim = someone.claim(name="别人", card="Z99999999")
    answer = (await hub.channel().post(FILINGS, wish(claim=claim))).json()
    assert [answer["code"], *(it["code"] for it in answer["also"])] == [
        "name-mismatch",
        "card-mismatch",
    ]
    assert someone.person.name not in str(answer)


async def test_a_wish_is_refused_with_all_its_faults(hub: World) -> None:
    someone = await registered(hub, "370200")
    asked = wish(
        worker=someone.number,
        kind="posting",
        treatment_region="370000",
        cost_kinds=["medical", "device"],
        first_day="2024-12-01",
        referral={
            "diagnosis_code": "S82.2",
            "diagnosis": "胫骨干骨折",
            "institution": "示例医院",
            "reason": "本地不具备条件",
            "referred_on": "2025-08-30",
        },
    )
    answer = (await hub.agency("370200").post(FILINGS, asked)).json()
    assert [answer["code"], *(it["code"] for it in answer["also"])] == [
        "treatment-place-at-home",
        "referral-misplaced",
        "determination-missing",
        "filing-backdated",
        "filing-before-determination",
    ]


async def test_a_place_the_hub_does_not_know_is_refused(hub: World) -> None:
    someone = await registered(hub)
    for place in ("990000", "370102"):
        asked = wish(worker=someone.number, treatment_region=place)
        answer = await hub.agency("110000").post(FILINGS, asked)
        assert answer.json()["code"] == "treatment-place-unknown"


async def test_between_cities_only_provinces_that_take_part_file(hub: World) -> None:
    shandong = await filed(hub, region="370200")
    assert shandong["scheme"] == "in_province"
    someone = await registered(hub, "330100")
    asked = wish(worker=someone.number, treatment_region="330200")
    answer = await hub.agency("330100").post(FILINGS, asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "scheme-not-open")


async def test_an_agency_files_for_its_own_workers_only(hub: World) -> None:
    someone = await registered(hub)
    answer = await hub.agency("370000").post(FILINGS, wish(worker=someone.number))
    assert (answer.status_code, answer.json()["code"]) == (404, "worker-unknown")
    claimed = await hub.agency("370000").post(FILINGS, wish(claim=someone.claim()))
    assert (claimed.status_code, claimed.json()["code"]) == (404, "worker-unknown")


async def test_an_overlap_is_refused_and_names_the_other_filing(hub: World) -> None:
    someone = await registered(hub, kinds=("injury", "rehabilitation"))
    first = await filed(hub, someone)
    province = wish(
        worker=someone.number, treatment_region="370000", cost_kinds=["rehabilitation", "medical"]
    )
    answer = await hub.agency("110000").post(FILINGS, province)
    assert (answer.status_code, answer.json()["code"]) == (409, "filing-overlap")
    assert answer.json()["filing"] == first["number"]
    other_kind = await filed(hub, someone, cost_kinds=["rehabilitation"])
    other_place = await filed(hub, someone, treatment_region="330000")
    assert {other_kind["state"], other_place["state"]} == {"approved"}


async def test_approval_finds_an_overlap_as_well(hub: World) -> None:
    someone = await registered(hub)
    waiting = await submitted(hub, someone)
    first = await filed(hub, someone)
    answer = await hub.agency("110000").post(f"{FILINGS}/{waiting['number']}/approve", {})
    assert (answer.status_code, answer.json()["filing"]) == (409, first["number"])
    kept = (await hub.agency("110000").get(f"{FILINGS}/{waiting['number']}")).json()
    assert kept["state"] == "submitted"
    later = {"first_day": "2026-09-02"}
    too_late = await hub.agency("110000").post(f"{FILINGS}/{waiting['number']}/approve", later)
    assert too_late.json()["code"] == "filing-too-far-ahead"


async def test_a_renewal_may_begin_after_the_last_day(hub: World) -> None:
    someone = await registered(hub)
    await filed(hub, someone)
    hub.clock.set_day("2026-08-20")
    renewed = await filed(hub, someone, first_day="2026-09-02")
    assert (renewed["first_day"], renewed["last_day"]) == ("2026-09-02", "2027-09-02")


async def test_a_rejection_has_a_reason_and_is_final(hub: World) -> None:
    waiting = await submitted(hub)
    path = f"{FILINGS}/{waiting['number']}"
    agency = hub.agency("110000")
    rejected = (await agency.post(f"{path}/reject", {"reason": "未提供居住证明"})).json()
    assert (rejected["state"], rejected["reason"]) == ("rejected", "未提供居住证明")
    for move, body in (("approve", {}), ("reject", {"reason": "重复"})):
        answer = await agency.post(f"{path}/{move}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "no-such-move")


async def test_only_the_insured_agency_decides(hub: World) -> None:
    waiting = await submitted(hub)
    path = f"{FILINGS}/{waiting['number']}"
    treatment = hub.agency("370100")
    assert (await treatment.get(path)).status_code == 200
    for move, body in (
        ("approve", {}),
        ("reject", {"reason": "不同意"}),
        ("cancel", {"reason": "不同意"}),
        ("change", wish(reason="不同意")),
    ):
        answer = await treatment.post(f"{path}/{move}", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "filing-foreign")
    stranger = await hub.agency("330000").post(f"{path}/approve", {})
    assert (stranger.status_code, stranger.json()["code"]) == (404, "filing-unknown")
    assert (await hub.operator.post(f"{path}/approve", {})).json()["code"] == "forbidden"


async def test_beijing_cancels_at_any_time(hub: World) -> None:
    filing = await filed(hub)
    path = f"{FILINGS}/{filing['number']}/cancel"
    answer = await hub.agency("110000").post(path, {"reason": "返回参保地"})
    cancelled = answer.json()
    assert (cancelled["state"], cancelled["ended_on"]) == ("cancelled", "2025-09-01")
    assert (await hub.agency("110000").post(path, {"reason": "重复"})).status_code == 409


async def test_shandong_locks_three_months_unless_overridden(hub: World) -> None:
    someone = await registered(hub, "370100")
    filing = await filed(hub, someone, treatment_region="110000")
    path = f"{FILINGS}/{filing['number']}"
    agency = hub.agency("370100")
    locked = await agency.post(f"{path}/cancel", {"reason": "返回参保地"})
    assert (locked.status_code, locked.json()["locked_through"]) == (422, "2025-12-01")
    asked = wish(treatment_region="310000", reason="搬迁")
    assert (await agency.post(f"{path}/change", asked)).json()["code"] == "filing-locked"
    freed = await agency.post(f"{path}/cancel", {"reason": "职工急需返鲁", "override": True})
    assert (freed.status_code, freed.json()["reason"]) == (200, "职工急需返鲁")
    async with hub.tx() as connection:
        query = "SELECT facts FROM audit_trail WHERE action = 'filing.cancel' AND subject = $1"
        trail = await connection.exec_driver_sql(query, (filing["number"],))
        assert trail.scalar_one()["overridden"] is True


async def test_the_lock_in_ends_with_its_last_day(hub: World) -> None:
    someone = await registered(hub, "370100")
    filing = await filed(hub, someone, treatment_region="110000")
    path = f"{FILINGS}/{filing['number']}/cancel"
    hub.clock.set_day("2025-12-01")
    assert (await hub.agency("370100").post(path, {"reason": "返回"})).status_code == 422
    hub.clock.set_day("2025-12-02")
    assert (await hub.agency("370100").post(path, {"reason": "返回"})).status_code == 200


async def test_a_channel_cancels_its_own_but_overrides_nothing(hub: World) -> None:
    someone = await registered(hub, "370100")
    waiting = await submitted(hub, someone, treatment_region="110000")
    path = f"{FILINGS}/{waiting['number']}"
    await hub.agency("370100").post(f"{path}/approve", {})
    channel, asked = hub.channel(), {"reason": "返回参保地"}
    assert (await channel.post(f"{path}/cancel", asked)).json()["code"] == "filing-locked"
    forced = await channel.post(f"{path}/cancel", asked | {"override": True})
    assert (forced.status_code, forced.json()["code"]) == (403, "override-foreign")
    other = await hub.channel("zhangshang-12333").post(f"{path}/cancel", asked)
    assert other.status_code == 404
    hub.clock.set_day("2025-12-02")
    assert (await channel.post(f"{path}/cancel", asked)).json()["state"] == "cancelled"


async def test_a_change_closes_the_old_filing_and_links_the_new(hub: World) -> None:
    filing = await filed(hub)
    path = f"{FILINGS}/{filing['number']}"
    agency = hub.agency("110000")
    hub.clock.set_day("2025-10-01")
    same = await agency.post(f"{path}/change", wish(reason="无变化"))
    assert same.json()["code"] == "filing-unchanged"
    answer = await agency.post(
        f"{path}/change", wish(treatment_region="370000", reason="转至省内他市")
    )
    assert answer.status_code == 201
    opened = answer.json()
    assert (opened["replaces"], opened["state"]) == (filing["number"], "approved")
    assert (opened["first_day"], opened["last_day"]) == ("2025-10-01", "2026-10-01")
    closed = (await agency.get(path)).json()
    assert (closed["state"], closed["replaced_by"]) == ("changed", opened["number"])
    assert closed["ended_on"] == "2025-10-01"


async def test_a_change_into_another_filings_place_leaves_all_as_it_was(hub: World) -> None:
    someone = await registered(hub)
    first, second = await filed(hub, someone), await filed(hub, someone, treatment_region="330000")
    agency = hub.agency("110000")
    answer = await agency.post(
        f"{FILINGS}/{first['number']}/change", wish(treatment_region="330100", reason="搬迁")
    )
    assert (answer.status_code, answer.json()["filing"]) == (409, second["number"])
    assert (await agency.get(f"{FILINGS}/{first['number']}")).json()["state"] == "approved"


async def test_a_filing_costs_few_statements(hub: World) -> None:
    someone = await registered(hub)
    with recorded(hub) as statements:
        await filed(hub, someone)
    # claim, lock and read the worker, determinations, place, keep and read the filing, finish
    assert len(statements) == 8
