"""Filings in numbered transactions, uploaded and revoked by the insured agency."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from tests.support.entitlement import KnownWorker, registered
from tests.support.gateway import admitted, bureau, hospital
from tests.support.visit import road
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _road(world: World) -> None:
    await road(world)


def residence(worker: KnownWorker, **other: Any) -> dict[str, Any]:
    return {
        "data": {
            "psn_no": worker.number,
            "biz_appy_type": "08",
            "fix_srt_no": "1",
            "mdtrtarea_admdvs": "370000",
            "begndate": "",
            "enddate": "",
        }
        | other
    }


def referral(worker: KnownWorker, **other: Any) -> dict[str, Any]:
    return {
        "refmedin": {
            "psn_no": worker.number,
            "insutype": "410",
            "diag_code": "S82.2",
            "diag_name": "胫骨干骨折",
            "reflin_medins_no": "H37010000001",
            "reflin_medins_name": "山东中医药大学第二附属医院",
            "reflout_medins_name": "北京示例医院",
            "mdtrtarea_admdvs": "370100",
            "refl_date": "2025-09-01",
            "refl_rea": "本地无此项技术",
        }
        | other
    }


async def test_a_residence_filed_by_its_agency_admits_at_once(world: World) -> None:
    worker = await registered(world)
    output = await bureau(world).done("2505", residence(worker))
    filing = output["result"]
    assert filing["filing_stas"] == "approved"
    assert (filing["begndate"], filing["enddate"]) == ("2025-09-01", "2026-09-01")
    assert filing["cost_kinds"] == ["420"]
    visit = await admitted(hospital(world), worker)
    found = await hospital(world).done("5303", {"data": {"psn_no": worker.number}})
    assert found["data"][0]["mdtrt_id"] == visit
    assert found["data"][0]["trt_dcla_detl_sn"] == filing["trt_dcla_detl_sn"]


async def test_the_envelope_names_the_place_when_the_input_does_not(world: World) -> None:
    worker = await registered(world)
    body = residence(worker, mdtrtarea_admdvs="", filing_type="long_term_work")
    output = await bureau(world).done("2505", body, mdtrtarea_admvs="370100")
    assert output["result"]["mdtrtarea_admdvs"] == "370100"
    assert output["result"]["filing_type"] == "long_term_work"


async def test_a_referral_is_filed_and_revoked(world: World) -> None:
    agency, worker = bureau(world), await registered(world, kinds=("injury", "device"))
    output = await agency.done("2501", referral(worker, cost_kinds="420,424"))
    filing = output["result"]
    assert (filing["filing_type"], filing["enddate"]) == ("referral", "2026-03-01")
    assert filing["cost_kinds"] == ["420", "424"]
    body = {
        "data": {
            "trt_dcla_detl_sn": filing["trt_dcla_detl_sn"],
            "psn_no": worker.number,
            "memo": "职工申请",
        }
    }
    assert await bureau(world, "370000").refused("2502", body) == ["FILING_FOREIGN"]
    output = await agency.done("2502", body)
    assert output["result"]["filing_stas"] == "cancelled"
    assert await agency.refused("2502", body) == ["FILING_STATE"]


async def test_other_businesses_are_refused_with_a_sentence(world: World) -> None:
    answer = await bureau(world).send(
        "2505", residence(await registered(world), biz_appy_type="01")
    )
    assert answer["err_msg"] == (
        "[CODE_REFUSED] 门诊慢特病备案不属于工伤异地备案 (data.biz_appy_type)"
    )


async def test_a_filing_that_overlaps_is_refused_as_in_rest(world: World) -> None:
    agency, worker = bureau(world), await registered(world)
    await agency.done("2505", residence(worker))
    assert await agency.refused("2505", residence(worker)) == ["FILING_OVERLAP"]
    foreign = await registered(world, "310000")
    assert await agency.refused("2505", residence(foreign)) == ["PERSON_NOT_FOUND"]


async def test_both_faces_file_and_revoke_alike(world: World) -> None:
    left = []
    for face in ("rest", "gateway"):
        worker = await registered(world)
        if face == "rest":
            agency = world.agency("110000")
            asked = {
                "worker": worker.number,
                "kind": "residence",
                "treatment_region": "370000",
                "cost_kinds": ["medical"],
            }
            number = (await agency.post("/v1/filings", asked)).json()["number"]
            answer = await agency.post(f"/v1/filings/{number}/cancel", {"reason": "职工申请"})
            assert answer.status_code == 200, answer.text
        else:
            output = await bureau(world).done("2505", residence(worker))
            number = output["result"]["trt_dcla_detl_sn"]
            data = {"trt_dcla_detl_sn": number, "psn_no": worker.number, "memo": "职工申请"}
            await bureau(world).done("2506", {"data": data})
        kept = (await world.agency("110000").get(f"/v1/filings/{number}")).json()
        left.append({name: kept[name] for name in SAME})
    assert left[0] == left[1]
    assert (left[0]["state"], left[0]["reason"]) == ("cancelled", "职工申请")


SAME = (
    *("kind", "insured_region", "treatment_region", "scheme", "cost_kinds", "state"),
    *("first_day", "last_day", "reason", "revision"),
)
