"""A stay from card to bill and back, in numbered transactions."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from tests.support.gateway import (
    about,
    admission,
    admitted,
    bill,
    discharge,
    hospital,
    line,
    person_shown,
    ready,
)
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.queries import recorded
from tests.support.visit import ready_worker, road
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _road(world: World) -> None:
    await road(world)


async def test_the_cashier_learns_what_is_usable_here_today(world: World) -> None:
    worker = await ready_worker(world)
    output = await hospital(world).done("1101", person_shown(worker))
    assert output["baseinfo"]["psn_no"] == worker.number
    assert output["baseinfo"]["psn_cert_type"] == "01"
    assert output["baseinfo"]["gend"] in {"1", "2"}
    assert output["insuinfo"][0]["insutype"] == "410"
    assert {it["decision_kind"] for it in output["injuries"]} == {
        "injury",
        "rehabilitation",
        "device",
    }
    (filing,) = output["filings"]
    assert filing["filing_type"] == "long_term_residence"
    assert filing["cost_kinds"] == ["420", "421", "424"]


async def test_a_stay_runs_from_admission_to_bill_and_back(world: World) -> None:
    his, worker = hospital(world), await ready_worker(world)
    visit = await admitted(his, worker)
    rows = [
        line(visit, worker.number, "1", cnt=10, pric=1, det_item_fee_sumamt=10.0),
        line(visit, worker.number, "2", injury_flag="1"),
    ]
    output = await his.done("2301", {"feedetail": rows})
    assert output["totals"] == {
        "accepted_count": 2,
        "replayed_count": 0,
        "visit_line_count": 2,
        "visit_total_amt": 20.0,
    }
    assert [it["fee_category"] for it in output["result"]] == ["drug", "drug"]
    output = await his.done("2402", discharge(world, visit, worker.number))
    assert output["result"]["visit_stas"] == "discharged"
    shown = await his.done("2303", bill(visit, worker.number, "20.00"))
    output = await his.done("2304", bill(visit, worker.number, 20))
    settled = output["setlinfo"]
    assert settled["fund_pay_sumamt"] == 10.0
    assert settled["psn_part_amt"] == 10.0
    assert settled["medins_setl_id"].startswith("H37010000001")
    assert shown["feedetail"] == output["feedetail"]
    for it in output["feedetail"]:
        parts = it["fulamt_ownpay_amt"] + it["overlmt_amt"] + it["inscp_scp_amt"]
        assert it["det_item_fee_sumamt"] == parts
    assert output["setldetail"][0]["fund_pay_type_name"] == "工伤保险基金"
    again = await his.done(
        "5203", {"data": {"psn_no": worker.number, "setl_id": settled["setl_id"]}}
    )
    assert again["setlinfo"]["fund_pay_sumamt"] == settled["fund_pay_sumamt"]
    await _undone(world, visit, worker.number, settled)


async def test_every_line_is_answered_as_it_would_be_split_today(world: World) -> None:
    his, worker = hospital(world), await ready_worker(world)
    visit = await admitted(his, worker)
    bed = {"med_list_codg": "B010001", "cnt": 1, "pric": "98", "det_item_fee_sumamt": "98.00"}
    rows = [
        line(visit, worker.number, "1"),
        line(visit, worker.number, "2", injury_flag="1"),
        line(visit, worker.number, "3", **bed),
        line(visit, worker.number, "4", med_list_codg="D010017"),
    ]
    split = (await his.done("2301", {"feedetail": rows}))["result"]
    assert [it["feedetl_sn"] for it in split] == ["1", "2", "3", "4"]
    paid, illness, capped, restricted = split
    assert (paid["inscp_scp_amt"], paid["line_reason"], paid["memo"]) == (10.0, "", "")
    assert (illness["fulamt_ownpay_amt"], illness["line_reason"]) == (10.0, "not_injury_related")
    assert capped["overlmt_amt"] == 98 - capped["pric_uplmt_amt"] > 0
    assert capped["line_reason"] == "over_cap"
    assert (restricted["lmt_used_flag"], restricted["line_reason"]) == ("1", "restricted")
    assert restricted["memo"]
    await his.done("2402", discharge(world, visit, worker.number))
    decided = await his.done("2304", bill(visit, worker.number, "128.00"))
    shared = [name for name in decided["feedetail"][0] if name in paid]
    assert {"inscp_scp_amt", "memo", "line_clause"} <= set(shared)
    assert [{name: it[name] for name in shared} for it in split] == [
        {name: it[name] for name in shared} for it in decided["feedetail"]
    ]


async def test_lines_of_a_long_stay_are_split_as_its_preview_splits_them_and_read_alone(
    world: World,
) -> None:
    """Charges and refunds over several calls; a call reads no line but those it touches."""
    his, worker = hospital(world), await ready_worker(world)
    visit = await admitted(his, worker)
    bed = {"med_list_codg": "B010001", "pric": "98"}

    def charge(serial: str, count: int, **other: Any) -> dict[str, Any]:
        amount = {"cnt": count, "det_item_fee_sumamt": f"{98 * count}.00"}
        return line(visit, worker.number, serial, **bed, **amount, **other)

    calls = (
        [charge("1", 5), line(visit, worker.number, "2", injury_flag="1")],
        [charge("3", -2, init_feedetl_sn="1"), line(visit, worker.number, "4")],
        [charge("5", -3, init_feedetl_sn="1"), charge("6", 1)],
    )
    split: dict[str, dict[str, Any]] = {}
    counted: set[int] = set()
    for rows in calls:
        with recorded(world) as statements:
            told = (await his.done("2301", {"feedetail": rows}))["result"]
        counted.add(len(statements))
        reading = [it for it in statements if "fee_line.physician" in it]
        assert reading
        assert all("ANY" in it for it in reading), "every line of the stay was read"
        split |= {it["feedetl_sn"]: it for it in told}
    assert len(counted) == 1
    path = f"/v1/visits/{visit}/preview"
    shown = await world.institution(JINAN).post(path)
    assert shown.status_code == 200, shown.text
    lines = {it["serial"]: it for it in shown.json()["lines"]}
    assert {serial: f"{it['inscp_scp_amt']:.2f}" for serial, it in split.items()} == {
        serial: it["fund"] for serial, it in lines.items()
    }
    assert {serial: it["line_reason"] for serial, it in split.items()} == {
        serial: it["reason"] or "" for serial, it in lines.items()
    }
    again = (await his.done("2301", {"feedetail": calls[0]}))["result"]
    assert again == [split["1"], split["2"]]


async def test_lines_of_a_visit_that_could_not_be_settled_are_taken_at_the_workers_charge(
    world: World,
) -> None:
    his, worker = hospital(world), await ready_worker(world)
    visit = await admitted(his, worker)
    loss = {"worker": worker.number, "kind": "lump_sum", "lost_on": "2025-08-31", "reason": "示例"}
    answer = await world.agency("110000").post("/v1/entitlement-losses", loss)
    assert answer.status_code == 201, answer.text
    output = await his.done("2301", {"feedetail": line(visit, worker.number, "1")})
    (told,) = output["result"]
    assert (told["fulamt_ownpay_amt"], told["inscp_scp_amt"]) == (10.0, 0.0)
    assert told["memo"].startswith("暂不能直接结算：")
    assert output["totals"]["visit_line_count"] == 1


async def _undone(world: World, visit: str, worker: str, settled: dict[str, Any]) -> None:
    """Undo strictly backwards: 2305, 2405, 2302, 2404."""
    his = hospital(world)
    assert await his.refused("2405", about(visit, worker)) == ["VISIT_STATE"]
    output = await his.done("2305", about(visit, worker, setl_id=settled["setl_id"]))
    assert output["setlinfo"]["medfee_sumamt"] == -20.0
    assert output["setlinfo"]["orig_setl_id"] == settled["setl_id"]
    found = await his.done("5203", {"data": {"psn_no": worker, "setl_id": settled["setl_id"]}})
    assert found["setlinfo"]["refd_setl_flag"] == "1"
    await his.done("2405", about(visit, worker))
    assert await his.refused("2404", about(visit, worker)) == ["VISIT_HAS_LINES"]
    output = await his.done("2302", about(visit, worker, feedetl_sn="0000"))
    assert output["totals"]["removed_count"] == 2
    output = await his.done("2404", about(visit, worker))
    assert output["result"]["visit_stas"] == "cancelled"


async def test_a_fitting_has_no_discharge(world: World) -> None:
    his, worker = hospital(world, JINAN_DEVICES), await ready_worker(world)
    visit = await admitted(his, worker, med_type="45")
    row = line(visit, worker.number, "1", med_list_codg="A020006", cnt=1)
    row |= {"pric": "30000", "det_item_fee_sumamt": "30000.00"}
    output = await his.done("2301", {"feedetail": row})
    assert output["result"][0]["fee_category"] == "device"
    output = await his.done("2304", bill(visit, worker.number, "30000.00"))
    assert output["setlinfo"]["med_type"] == "45"
    (decided,) = output["feedetail"]
    assert decided["line_reason"] == "device_over_cap"
    assert decided["overlmt_amt"] == output["setlinfo"]["psn_cash_pay"] > 0


async def test_an_admission_is_amended(world: World) -> None:
    his, worker = hospital(world), await ready_worker(world)
    visit = await admitted(his, worker)
    output = await his.done(
        "2403",
        {"adminfo": {"mdtrt_id": visit, "psn_no": worker.number, "adm_bed": "33", "ipt_no": ""}},
    )
    assert output["result"]["adm_bed"] == "33"
    assert output["result"]["ipt_no"] == "ZY0001"
    output = await his.done("5303", {"data": {"psn_no": worker.number}})
    assert [it["mdtrt_id"] for it in output["data"]] == [visit]
    output = await his.done("5204", about(visit, worker.number))
    assert output["feedetail"] == []


async def test_every_reason_against_an_admission_is_told_at_once(world: World) -> None:
    worker = await ready_worker(world, cost_kinds=["medical"])
    wrong = admission(worker, mdtrt_cert_no="X00000000", cost_kind="421", psn_name="别人")
    codes = await hospital(world).refused("2401", wrong)
    assert codes == ["NAME_MISMATCH", "CARD_MISMATCH", "FILING_COST_KIND"]


async def test_a_visit_is_not_touched_under_another_workers_number(world: World) -> None:
    his, worker, other = hospital(world), await ready_worker(world), await ready_worker(world)
    visit = await ready(his, worker)
    for infno, body in (
        ("2303", bill(visit, other.number)),
        ("2304", bill(visit, other.number)),
        ("2405", about(visit, other.number)),
        ("2302", about(visit, other.number, feedetl_sn="0000")),
    ):
        assert await his.refused(infno, body) == ["PERSON_NOT_FOUND"]


async def test_exactly_one_diagnosis_is_the_main_one(world: World) -> None:
    worker = await ready_worker(world)
    body = admission(worker)
    second = dict(body["diseinfo"][0], diag_code="S82.3")
    body["diseinfo"] = [body["diseinfo"][0], second]
    assert await hospital(world).refused("2401", body) == ["MAIN_DIAGNOSIS_COUNT"]
    body["diseinfo"] = [dict(it, maindiag_flag="0") for it in body["diseinfo"]]
    output = await hospital(world).done("2401", body)
    assert output["result"]["dscg_maindiag_code"] == "S82.201"  # named in the header
