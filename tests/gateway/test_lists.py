"""Institutions and value sets over the gateway."""

from __future__ import annotations

import pytest_asyncio

from app.reference.value_sets import value_sets
from tests.support.gateway import bureau, hospital
from tests.support.institutions import JINAN, seeded_institutions
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _institutions(world: World) -> None:
    await seeded_institutions(world)


async def test_an_institution_is_found_by_code_or_by_a_part_of_its_name(world: World) -> None:
    his = hospital(world)
    output = await his.done("1201", {"medinsinfo": {"fixmedins_code": JINAN}})
    (found,) = output["medinsinfo"]
    assert found["fixmedins_name"] == "山东中医药大学第二附属医院"
    assert found["hosp_lv"] == "三级甲等"
    assert found["institution_types"] == ["medical", "rehabilitation"]
    assert found["fixmedins_type"] == "1"
    assert "medical/cross_province/2024-04-01/" in found["scopes"]
    body = {"medinsinfo": {"fixmedins_type": "1", "fixmedins_name": "中医药", "admdvs": "370000"}}
    output = await bureau(world).done("1201", body)
    assert JINAN in {it["fixmedins_code"] for it in output["medinsinfo"]}
    unknown = {"medinsinfo": {"fixmedins_code": "H00000000000"}}
    assert await his.refused("1201", unknown) == ["INSTITUTION_UNKNOWN"]


async def test_institutions_come_in_pages_of_a_hundred(world: World) -> None:
    his, codes, start = hospital(world), [], ""
    while True:
        output = await his.done("1201", {"medinsinfo": {"fixmedins_type": "", "startrow": start}})
        page = [it["fixmedins_code"] for it in output["medinsinfo"]]
        codes += page
        if len(page) < 100:
            break
        start = page[-1]
    assert len(codes) == len(set(codes)) > 100


async def test_every_value_set_is_told_and_refused_codes_with_their_sentence(world: World) -> None:
    output = await hospital(world).done("1901", {"data": {}})
    assert {it["type"] for it in output["list"]} == set(value_sets())
    output = await hospital(world).done("1901", {"data": {"type": "med_type"}})
    told = {it["value"]: (it["valiFlag"], it["label"]) for it in output["list"]}
    assert told["42"] == ("1", "工伤住院")
    assert told["41"][0] == "0"
    unknown = {"data": {"type": "weather"}}
    assert await hospital(world).refused("1901", unknown) == ["DICTIONARY_UNKNOWN"]


async def test_the_value_sets_stand_beside_the_hubs_own_dictionaries(world: World) -> None:
    answer = await world.http.get("/v1/dictionaries/gateway-med-type")
    assert [it["value"] for it in answer.json()["items"]] == ["42", "82", "45"]
