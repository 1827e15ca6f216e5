"""Admissions over HTTP: every failed check at once, one open visit, the admission date decides."""

from __future__ import annotations

import pytest_asyncio

from tests.support.entitlement import determination, registered
from tests.support.filing import filed
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.visit import (
    COSTS,
    DIAGNOSIS,
    KINDS,
    VISITS,
    admission,
    admit,
    admitted,
    charged,
    codes,
    discharged,
    line,
    ready_worker,
    road,
    rows,
)
from tests.support.world import START, World

QINGDAO = "H37020000001"  # medical, cross-province and in-province
LOOKS = """
    SELECT seq FROM audit_trail
     WHERE action = 'worker.look' AND subject = :subject AND party = :party ORDER BY seq
"""
NOON = "2025-09-01T12:00:00+08:00"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def morning(world: World) -> None:
    world.clock.now = START


async def test_an_admission_names_its_filing_and_determination(world: World) -> None:
    worker = await ready_worker(world)
    answer = await admit(world, worker)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["number"].startswith("S370100250901")
    assert (body["state"], body["scheme"]) == ("admitted", "cross_province")
    assert (body["worker"], body["institution"]) == (worker.number, JINAN)
    assert body["filing"].startswith("Y")
    assert worker.person.number not in answer.text
    assert worker.person.name not in answer.text


async def test_every_failed_check_is_told_at_once_in_order_of_precedence(world: World) -> None:
    worker = await registered(world)
    claim = worker.claim(name="另一人", card="X0000000")
    answer = await admit(
        world,
        worker,
        JINAN_DEVICES,
        worker=claim,
        admitted_at="2025-09-01T09:30:00+08:00",
        cost_kind="rehabilitation",
        kind="outpatient",
    )
    assert answer.status_code == 422
    assert codes(answer) == [
        "name-mismatch",
        "card-mismatch",
        "admission-in-future",
        "outpatient-closed",
        "determination-missing",
        "filing-missing",
        "institution-type-mismatch",
    ]


async def test_a_refused_admission_leaves_no_visit_and_holds_no_filing(world: World) -> None:
    worker = await ready_worker(world)
    await admit(world, worker, worker=worker.claim(card="X0000000"))
    listed = await world.operator.get(VISITS, worker=worker.number)
    assert listed.json()["items"] == []


async def test_an_unknown_worker_is_refused_with_what_the_message_itself_has_wrong(
    world: World,
) -> None:
    worker = await ready_worker(world)
    claim = worker.claim(certificate_number="110000199901019999")
    answer = await admit(world, worker, worker=claim, kind="fitting")
    assert codes(answer) == ["worker-unknown", "visit-kind-mismatch"]


async def test_third_party_liability_is_refused(world: World) -> None:
    worker = await registered(world, kinds=())
    body = determination(worker.number, third_party=True)
    assert (await world.agency("110000").post("/v1/determinations", body)).status_code == 201
    await filed(world, worker)
    assert codes(await admit(world, worker)) == ["third-party-liable"]


async def test_entitlement_lost_before_the_admission_is_refused(world: World) -> None:
    worker = await ready_worker(world)
    body = {"worker": worker.number, "kind": "other", "lost_on": "2025-08-31", "reason": "示例"}
    answer = await world.agency("110000").post("/v1/entitlement-losses", body)
    assert answer.status_code == 201, answer.text
    assert codes(await admit(world, worker))[0] == "entitlement-lost"


async def test_an_admission_before_the_determination_is_refused(world: World) -> None:
    worker = await registered(world, decided_on="2025-09-01")
    await filed(world, worker)
    answer = await admit(world, worker, admitted_at="2025-08-30T08:00:00+08:00")
    assert codes(answer)[0] == "admission-before-determination"


async def test_a_named_determination_must_open_the_cost(world: World) -> None:
    worker = await ready_worker(world)
    answer = await admit(world, worker, determination="D1100002509010999999")
    assert codes(answer) == ["determination-not-usable"]


async def test_the_filing_must_cover_the_place_the_cost_and_the_day(world: World) -> None:
    worker = await registered(world, kinds=KINDS)
    await filed(world, worker, treatment_region="370200")
    assert codes(await admit(world, worker)) == ["filing-area-mismatch"]
    other = await registered(world, kinds=KINDS)
    await filed(world, other, cost_kinds=["rehabilitation"])
    assert codes(await admit(world, other)) == ["filing-cost-kind"]


async def test_the_day_of_admission_decides_whether_the_filing_still_holds(world: World) -> None:
    worker = await ready_worker(world, kind="referral", referral=REFERRAL)
    last_day = "2026-03-01"
    world.clock.set_day(last_day)
    visit = await admitted(world, worker, admitted_at=f"{last_day}T08:00:00+08:00")
    world.clock.set_day("2026-03-20")
    await charged(world, visit, line("1", occurred_at="2026-03-19T08:00:00+08:00"))
    await discharged(world, visit)
    answer = await world.institution(JINAN).post(f"{VISITS}/{visit}/settle", {"total": "10.00"})
    assert answer.status_code == 201, answer.text
    late = await admit(world, worker, admitted_at="2026-03-02T08:00:00+08:00")
    assert codes(late) == ["filing-expired"]


async def test_a_second_open_visit_is_refused_until_the_first_is_settled(world: World) -> None:
    worker = await ready_worker(world, treatment_region="370000")
    visit = await admitted(world, worker)
    assert codes(await admit(world, worker, QINGDAO)) == ["visit-open"]
    await charged(world, visit, line("1"))
    await discharged(world, visit)
    answer = await world.institution(JINAN).post(f"{VISITS}/{visit}/settle", {"total": "10.00"})
    assert answer.status_code == 201, answer.text
    await admitted(world, worker, QINGDAO)


async def test_a_transfer_continues_an_open_visit_under_the_same_filing_once(world: World) -> None:
    worker = await ready_worker(world, treatment_region="370000")
    first = await admitted(world, worker)
    world.clock.advance(hours=3)
    second = await admit(world, worker, QINGDAO, transfer_from=first, admitted_at=NOON)
    assert second.status_code == 201, second.text
    assert second.json()["transfer_from"] == first
    third = await admit(world, worker, QINGDAO, transfer_from=first, admitted_at=NOON)
    assert codes(third) == ["transfer-mismatch", "visit-open"]
    late = await world.institution(JINAN).post(
        f"{VISITS}/{first}/discharge",
        {"discharged_at": "2025-09-01T12:00:01+08:00", "way": "transferred"},
    )
    assert late.json()["code"] == "discharge-out-of-order"
    on_time = await world.institution(JINAN).post(
        f"{VISITS}/{first}/discharge", {"discharged_at": NOON, "way": "transferred"}
    )
    assert on_time.status_code == 200, on_time.text


async def test_a_transfer_from_a_stranger_is_refused(world: World) -> None:
    stranger = await admitted(world)
    worker = await ready_worker(world)
    answer = await admit(world, worker, transfer_from=stranger)
    assert codes(answer) == ["transfer-mismatch"]


async def test_outpatient_visits_are_open_within_shandong_and_closed_across(world: World) -> None:
    asked = {"kind": "outpatient", "cost_kind": "medical"}
    outside = await ready_worker(world, treatment_region="370000")
    assert codes(await admit(world, outside, QINGDAO, **asked)) == ["outpatient-closed"]
    inside = await ready_worker(world, "370100", treatment_region="370200")
    answer = await admit(world, inside, QINGDAO, **asked)
    assert (answer.status_code, answer.json()["scheme"]) == (201, "in_province")


async def test_nothing_is_settled_where_the_worker_is_insured(world: World) -> None:
    worker = await ready_worker(world, "370100", treatment_region="370200")
    assert codes(await admit(world, worker)) == ["not-elsewhere"]


async def test_a_cancelled_admission_frees_the_worker_and_keeps_its_number(world: World) -> None:
    worker = await ready_worker(world)
    visit = await admitted(world, worker)
    await charged(world, visit, line("1"))
    hospital = world.institution(JINAN)
    answer = await hospital.post(f"{VISITS}/{visit}/cancel")
    assert answer.json()["code"] == "lines-remain"
    await hospital.delete(f"{VISITS}/{visit}/lines")
    answer = await hospital.post(f"{VISITS}/{visit}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert (await hospital.post(f"{VISITS}/{visit}/cancel")).json()["code"] == "no-such-move"
    await admitted(world, worker)


async def test_a_discharge_is_undone_unless_the_worker_is_elsewhere_by_now(world: World) -> None:
    worker = await ready_worker(world, treatment_region="370000")
    visit = await admitted(world, worker)
    await discharged(world, visit)
    hospital = world.institution(JINAN)
    answer = await hospital.post(f"{VISITS}/{visit}/discharge/undo")
    assert (answer.json()["state"], answer.json()["discharged_at"]) == ("admitted", None)
    await discharged(world, visit)
    await admitted(world, worker, QINGDAO, admitted_at=world.clock.now.isoformat())
    answer = await hospital.post(f"{VISITS}/{visit}/discharge/undo")
    assert (answer.status_code, answer.json()["code"]) == (409, "visit-open")


async def test_particulars_change_until_the_visit_is_settled(world: World) -> None:
    visit = await admitted(world)
    path = f"{VISITS}/{visit}"
    hospital = world.institution(JINAN)
    other = {"code": "S62.0", "name": "舟骨骨折", "main": True}
    answer = await hospital.patch(path, {"bed": "7", "diagnoses": [other]})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["bed"], body["diagnoses"], body["revision"]) == ("7", [other], 2)
    assert body["department"] == "骨科"
    assert (await hospital.patch(path, {"admitted_at": NOON})).status_code == 400


async def test_there_is_exactly_one_main_diagnosis(world: World) -> None:
    worker = await ready_worker(world)
    for diagnoses in ([], [DIAGNOSIS, DIAGNOSIS], [DIAGNOSIS | {"main": False}]):
        answer = await admit(world, worker, diagnoses=diagnoses)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_worker_is_identified_with_what_is_usable_here_today(world: World) -> None:
    worker = await ready_worker(world)
    await filed(world, worker, treatment_region="440100")
    answer = await world.institution(JINAN).post("/v1/workers/identify", worker.claim())
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["worker"], body["name"]) == (worker.number, worker.person.name)
    assert [it["treatment_region"] for it in body["filings"]] == ["370100"]
    assert sorted(it["kind"] for it in body["determinations"]) == sorted(KINDS)
    assert len(await rows(world, LOOKS, subject=worker.number, party=JINAN)) == 1


async def test_identification_needs_all_three_parts(world: World) -> None:
    worker = await ready_worker(world)
    hospital = world.institution(JINAN)
    wrong = worker.claim(name="另一人", card="X0000000")
    assert codes(await hospital.post("/v1/workers/identify", wrong)) == [
        "name-mismatch",
        "card-mismatch",
    ]
    for part in ("certificate_number", "name", "card"):
        less = {name: value for name, value in worker.claim().items() if name != part}
        assert (await hospital.post("/v1/workers/identify", less)).status_code == 400


async def test_an_identification_that_fails_leaves_a_trace_without_the_number(world: World) -> None:
    worker = await ready_worker(world)
    wrong = worker.claim(name="另一人")
    answer = await world.institution(JINAN).post("/v1/workers/identify", wrong)
    query = "SELECT party, facts::text FROM audit_trail WHERE request = $1"
    async with world.tx() as tx:
        found = await tx.exec_driver_sql(query, (answer.headers["X-Request-ID"],))
        kept = found.one()
    assert kept.party == JINAN
    assert "name-mismatch" in kept.facts
    assert wrong["certificate_number"] not in kept.facts


async def test_names_are_masked_in_lists_and_whole_for_one_with_a_trace(world: World) -> None:
    worker = await ready_worker(world)
    visit = await admitted(world, worker)
    name = worker.person.name
    (listed,) = (await world.agency("110000").get(VISITS, worker=worker.number)).json()["items"]
    assert listed["worker_name"] == name[0] + "*" * (len(name) - 1)
    one = await world.agency("110000").get(f"{VISITS}/{visit}")
    assert one.json()["worker_name"] == name


async def test_a_foreign_visit_looks_as_if_it_did_not_exist(world: World) -> None:
    visit = await admitted(world)
    stranger = world.institution(QINGDAO)
    for answer in (
        await stranger.get(f"{VISITS}/{visit}"),
        await stranger.get(f"{VISITS}/{visit}/lines"),
        await stranger.post(f"{VISITS}/{visit}/cancel"),
        await stranger.delete(f"{VISITS}/{visit}/lines"),
        await world.agency("440000").get(f"{VISITS}/{visit}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "visit-unknown")
    assert (await world.agency("370100").get(f"{VISITS}/{visit}")).status_code == 200


async def test_only_institutions_admit_and_channels_see_no_visits(world: World) -> None:
    worker = await ready_worker(world, cost_kinds=COSTS)
    for party in (world.agency("370100"), world.operator, world.channel()):
        assert (await party.post(VISITS, admission(worker))).status_code == 403
    assert (await world.channel().get(VISITS)).status_code == 403


REFERRAL = {
    "diagnosis_code": "S82.2",
    "diagnosis": "胫骨干骨折",
    "institution": "北京示例骨科医院",
    "reason": "本地技术条件不足",
    "referred_on": "2025-09-01",
}


async def test_an_admission_of_long_ago_is_refused_with_reasons(world: World) -> None:
    answer = await admit(world, await ready_worker(world), admitted_at="1970-01-01T00:00:00Z")
    assert answer.status_code == 422, answer.text
    assert {"scheme-not-open", "filing-not-started"} <= set(codes(answer))
