"""3261 and 3262: rows confirmed page by page, in part until all came, and taken back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

from tests.support.clearing import Arranged, all_claims, arranged, claim_path, cleared, digest_of
from tests.support.gateway import Gateway, bureau, hospital
from tests.support.world import World

BEIJING, SHANDONG, HEBEI = "110000", "370000", "130000"
QUARTERS = iter([(year, n) for year in range(2025, 2040) for n in range(1, 5)])


async def a_period(world: World, **items: int) -> tuple[str, dict[str, str]]:
    """Clear a quarter in which Beijing owes, for each place named, so many settlements."""
    year, quarter = next(QUARTERS)
    places = {"shandong": SHANDONG, "hebei": HEBEI}
    day = date(year, quarter * 3 - 1, 5)
    await arranged(
        world,
        *(
            Arranged(BEIJING, places[place], 100 * n, day)
            for place, count in items.items()
            for n in range(1, count + 1)
        ),
    )
    world.clock.set_day(date(year + quarter // 4, quarter % 4 * 3 + 1, 21).isoformat())
    number = await cleared(world, f"{year}Q{quarter}")
    return number, {"trt_year": str(year), "trt_month": str(quarter * 3)}


async def extracted(agency: Gateway, month: dict[str, str]) -> list[dict[str, Any]]:
    """Loop over 3260 as clients do."""
    rows: list[dict[str, Any]] = []
    while True:
        output = await agency.done("3260", {"data": month | {"startrow": len(rows) + 1}})
        rows += output["data"]
        if len(output["data"]) < 100:
            return rows


def page(
    month: dict[str, str], rows: list[dict[str, Any]], total: int, **other: Any
) -> dict[str, Any]:
    names = ("mdtrt_id", "mdtrt_setl_time", "setl_sn", "medfee_sumamt", "optins_pay_sumamt")
    detail = [{name: row[name] for name in names} | {"cnfm_flag": "1"} | other for row in rows]
    return {"data": month | {"totalrow": str(total)}, "detail": detail}


def colleague(agency: Gateway) -> Gateway:
    """Return the same agency's other person."""
    caller = agency.client.caller
    other = replace(caller, client=f"{caller.party}-second")
    return Gateway(agency.world, replace(agency.client, caller=other))


async def confirmed(agency: Gateway, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Confirm; return the output and the number the answer gave the message."""
    answer = await agency.send("3261", body)
    assert answer["infcode"] == 0, answer
    assert answer["output"]["result"]["otransid"] == answer["inf_refmsgid"]
    return dict(answer["output"]), str(answer["inf_refmsgid"])


def standing(output: dict[str, Any]) -> dict[str, tuple[int, str]]:
    return {it["mdtrtarea"]: (it["cnfm_row"], it["cnfm_stas"]) for it in output["claims"]}


async def said_in_rest(world: World, number: str) -> dict[str, tuple[int, bool] | None]:
    """Return what Beijing said of each claim, as REST shows it: rows, and whether whole."""
    return {
        it["claim"]["treatment_place"]: it["insured"]
        and (it["insured"]["lines"], it["insured"]["confirmed_at"] is not None)
        for it in await all_claims(world, number)
    }


async def test_rows_are_confirmed_with_their_claims_and_in_part_until_all_came(
    world: World,
) -> None:
    number, month = await a_period(world, shandong=101, hebei=2)
    agency = bureau(world, BEIJING)
    rows = await extracted(agency, month)
    assert len(rows) == 103
    assert {row["medins_no"] for row in rows} == {"H37000000001", "H13000000001"}
    first, _ = await confirmed(agency, page(month, rows[:100], 103))
    assert first["result"]["cnfm_row"] == 100
    assert first["result"]["cnfm_stas"] == "1"
    assert standing(first) == {HEBEI: (2, "2"), SHANDONG: (98, "1")}
    assert await said_in_rest(world, number) == {HEBEI: (2, True), SHANDONG: (98, False)}
    last, _ = await confirmed(agency, page(month, rows[100:], 103))
    assert (last["result"]["cnfm_row"], last["result"]["cnfm_stas"]) == (103, "2")
    assert await said_in_rest(world, number) == {HEBEI: (2, True), SHANDONG: (101, True)}


async def test_a_page_sent_twice_counts_once(world: World) -> None:
    _, month = await a_period(world, shandong=3)
    agency = bureau(world, BEIJING)
    rows = await extracted(agency, month)
    message = agency.envelope("3261", page(month, rows[:2], 3))
    first, again = await agency.post(message), await agency.post(message)
    assert first.json()["infcode"] == 0
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    other, _ = await confirmed(agency, page(month, rows[:2], 3))
    assert standing(other) == {SHANDONG: (2, "1")}


async def test_pages_sent_at_once_are_all_counted(world: World) -> None:
    number, month = await a_period(world, shandong=4, hebei=4)
    agency = bureau(world, BEIJING)
    rows = await extracted(agency, month)
    pages = [page(month, rows[n::4], 8) for n in range(4)]
    answers = await asyncio.gather(*(agency.send("3261", each) for each in pages))
    assert [it["infcode"] for it in answers] == [0, 0, 0, 0]
    assert await said_in_rest(world, number) == {SHANDONG: (4, True), HEBEI: (4, True)}


async def test_a_wrong_totalrow_keeps_nothing(world: World) -> None:
    number, month = await a_period(world, shandong=3)
    agency = bureau(world, BEIJING)
    rows = await extracted(agency, month)
    answer = await agency.send("3261", page(month, rows, 2))
    assert answer["err_msg"] == "[TOTALROW_MISMATCH] 清分总行数不一致 (totalrow)"
    assert answer["output"]["errors"][0]["facts"]["rows"] == 3
    assert await said_in_rest(world, number) == {SHANDONG: None}


async def test_every_wrong_row_is_told_at_its_place_and_nothing_is_kept(world: World) -> None:
    number, month = await a_period(world, shandong=2, hebei=2)
    agency = bureau(world, BEIJING)
    rows = await extracted(agency, month)
    wrong = page(month, rows, 4)
    wrong["detail"][1]["optins_pay_sumamt"] = "0.01"
    wrong["detail"][3]["optins_pay_sumamt"] = "9.99"
    wrong["detail"].append(wrong["detail"][0] | {"setl_sn": "A3700002509019999999"})
    answer = await agency.send("3261", wrong)
    told = {(it["code"], it["index"], it["field"]) for it in answer["output"]["errors"]}
    assert told == {
        ("LINES_MISMATCH", 1, "detail[1].optins_pay_sumamt"),
        ("LINES_MISMATCH", 3, "detail[3].optins_pay_sumamt"),
        ("LINES_MISMATCH", 4, "detail[4].setl_sn"),
    }
    assert await said_in_rest(world, number) == {SHANDONG: None, HEBEI: None}


async def test_a_row_twice_in_a_message_is_refused(world: World) -> None:
    _, month = await a_period(world, shandong=1)
    agency = bureau(world, BEIJING)
    rows = await extracted(agency, month)
    assert await agency.refused("3261", page(month, rows * 2, 1)) == ["ROW_REPEATED"]


async def test_a_contested_row_says_why(world: World) -> None:
    number, month = await a_period(world, shandong=2)
    agency = bureau(world, BEIJING)
    rows = await extracted(agency, month)
    bare = page(month, rows, 2, cnfm_flag="0")
    answer = await agency.send("3261", bare)
    fields = [it["field"] for it in answer["output"]["errors"]]
    assert fields == [f"detail[{n}].{name}" for n in (0, 1) for name in ("dspt_rea", "memo")]
    good = page(month, rows, 2)
    good["detail"][1] |= {"cnfm_flag": "0", "dspt_rea": "3", "dspt_amt": "0.50", "memo": "票据不符"}
    output, reference = await confirmed(agency, good)
    assert standing(output) == {SHANDONG: (2, "2")}
    (claim,) = await all_claims(world, number)
    assert claim["contested"]["items"] == 1
    listed = await agency.client.get("/v1/contests", clearing=number)
    (contest,) = listed.json()["items"]
    found = (contest["settlement"], contest["reason"], contest["proposed"], contest["note"])
    assert found == (rows[1]["setl_sn"], "wrong_amount", "0.50", "票据不符")
    back = {"data": month | {"otransid": reference}}
    await colleague(agency).done("3262", back)
    (claim,) = await all_claims(world, number)
    assert claim["contested"]["items"] == 0


async def test_only_the_insured_side_contests(world: World) -> None:
    _, month = await a_period(world, shandong=1)
    agency = bureau(world, SHANDONG)
    rows = await extracted(agency, month)
    contested = page(month, rows, 1, cnfm_flag="0", dspt_rea="9", memo="不符")
    answer = await agency.send("3261", contested)
    (error,) = answer["output"]["errors"]
    assert error["code"] == "CONTEST_SIDE_WRONG"
    assert (error["facts"]["insuplc"], error["facts"]["mdtrtarea"]) == (BEIJING, SHANDONG)


async def test_a_roll_back_takes_what_its_message_spoke_of(world: World) -> None:
    number, month = await a_period(world, shandong=2, hebei=2)
    agency = bureau(world, BEIJING)
    rows = await extracted(agency, month)
    shandong = [row for row in rows if row["mdtrtarea"] == SHANDONG]
    hebei = [row for row in rows if row["mdtrtarea"] == HEBEI]
    _, first = await confirmed(agency, page(month, shandong[:1], 4))
    await confirmed(agency, page(month, hebei, 4))
    back = {"data": month | {"otransid": first, "memo": "金额有误"}}
    assert await agency.refused("3262", back) == ["SECOND_PERSON_NEEDED"]
    output = await colleague(agency).done("3262", back)
    assert standing(output) == {SHANDONG: (0, "0"), HEBEI: (2, "2")}
    assert await colleague(agency).refused("3262", back) == ["CLAIM_UNCONFIRMED"]
    await confirmed(agency, page(month, shandong, 4))
    assert await colleague(agency).refused("3262", back) == ["CLAIM_UNCONFIRMED"]
    assert await said_in_rest(world, number) == {SHANDONG: (2, True), HEBEI: (2, True)}


async def test_the_system_of_an_agency_with_persons_is_told_where_two_of_them_take_it_back(
    world: World,
) -> None:
    number, month = await a_period(world, shandong=1)
    agency = bureau(world, BEIJING)
    rows = await extracted(agency, month)
    _, reference = await confirmed(agency, page(month, rows, 1))
    whole = {"data": month | {"otransid": reference}}
    async with world.tx() as owner:
        system = "INSERT INTO client (id, party, state, created_at) VALUES ($1, $2, 'active', $3)"
        party = (BEIJING, "agency", "示例经办机构", BEIJING, "both", "active", "synthetic")
        await owner.exec_driver_sql(
            "INSERT INTO region (code, name, level, source, as_of)"
            " VALUES ('110000', '北京市', 'province', 'synthetic', '2025-01-01')"
            " ON CONFLICT DO NOTHING"
        )
        await owner.exec_driver_sql(
            "INSERT INTO party (code, kind, name, region, role, state, source)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            party,
        )
        await owner.exec_driver_sql(system, (agency.client.caller.client, BEIJING, world.clock.now))
        for who in ("bei", "jing"):
            await owner.exec_driver_sql(
                "INSERT INTO person (id, party, name, password_hash, seed, state, created_at)"
                " VALUES ($1, $2, $1, '', '', 'active', $3)",
                (who, BEIJING, world.clock.now),
            )
    answer = await agency.send("3262", whole)
    (error,) = answer["output"]["errors"]
    assert error["code"] == "WITHDRAWAL_BY_PERSONS"
    path = f"/v1/clearings/{number}/claims/{BEIJING}/{SHANDONG}/withdrawals"
    assert error["facts"]["path"] == path
    assert path in error["detail"]
    assert path in error["detail_en"]
    for who, left in (("bei", {SHANDONG: (1, True)}), ("jing", {SHANDONG: None})):
        client = agency.client
        by = replace(client, caller=replace(client.caller, client=f"person:{who}"))
        assert (await by.post(path, {"reason": "金额有误"})).status_code == 201
        assert await said_in_rest(world, number) == left
    async with world.tx() as owner:
        await owner.exec_driver_sql("DELETE FROM person")
        await owner.exec_driver_sql("DELETE FROM client")


async def test_a_roll_back_of_zero_takes_the_whole_period(world: World) -> None:
    number, month = await a_period(world, shandong=1, hebei=1)
    agency = bureau(world, BEIJING)
    rows = await extracted(agency, month)
    whole = {"data": month | {"otransid": 0}}
    assert await colleague(agency).refused("3262", whole) == ["CLAIM_UNCONFIRMED"]
    await confirmed(agency, page(month, rows, 2))
    output = await colleague(agency).done("3262", whole)
    assert output["result"]["cnfm_stas"] == "0"
    assert await said_in_rest(world, number) == {SHANDONG: None, HEBEI: None}


async def test_a_roll_back_names_a_message_of_ones_own_in_this_period(world: World) -> None:
    _, month = await a_period(world, shandong=1)
    _, later = await a_period(world, shandong=1)
    agency, other = bureau(world, BEIJING), bureau(world, SHANDONG)
    _, reference = await confirmed(agency, page(month, await extracted(agency, month), 1))
    asked = [
        (other, month | {"otransid": reference}),
        (colleague(agency), later | {"otransid": reference}),
        (colleague(agency), month | {"otransid": "000000202501010000000000000000"}),
    ]
    for sender, wanted in asked:
        assert await sender.refused("3262", {"data": wanted}) == ["CONFIRMED_PAGE_UNKNOWN"]


async def test_what_rest_confirmed_shows_here_and_is_not_confirmed_again(world: World) -> None:
    number, month = await a_period(world, shandong=1, hebei=1)
    agency = bureau(world, BEIJING)
    rows = await extracted(agency, month)
    (claim,) = [
        it["claim"]
        for it in await all_claims(world, number)
        if it["claim"]["treatment_place"] == HEBEI
    ]
    path = f"{claim_path(number, claim)}/confirmations"
    assert (await agency.client.post(path, digest_of(claim))).status_code == 201
    assert await agency.refused("3261", page(month, rows, 2)) == ["CLAIM_CONFIRMED"]
    rest = [row for row in rows if row["mdtrtarea"] == SHANDONG]
    output, _ = await confirmed(agency, page(month, rest, 2))
    assert standing(output) == {HEBEI: (1, "2"), SHANDONG: (1, "2")}
    assert {it["cnfm_way"] for it in output["claims"]} == {"1", "2"}


async def test_a_hospital_confirms_nothing(world: World) -> None:
    his = hospital(world)
    whole = {"data": {"trt_year": 2025, "trt_month": 9, "otransid": 0}}
    assert await his.refused("3262", whole) == ["CALLER_NOT_ALLOWED"]


async def test_a_confirmation_is_rolled_back_and_not_reversed(world: World) -> None:
    number, month = await a_period(world, shandong=1)
    agency = bureau(world, BEIJING)
    message = agency.envelope("3261", page(month, await extracted(agency, month), 1))
    assert (await agency.post(message)).json()["infcode"] == 0
    asked = {"psn_no": "W1100002509010000001", "omsgid": message["msgid"], "oinfno": "3261"}
    assert (await agency.refused("2601", {"data": asked}))[0] == "REVERSAL_NOT_ALLOWED"
    assert await said_in_rest(world, number) == {SHANDONG: (1, True)}
