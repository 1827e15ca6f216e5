"""A number of a person is found in free text, in whatever dress the message comes."""

from __future__ import annotations

import codecs
import json

import httpx
import pytest

from tests.support.gateway import hospital
from tests.support.world import World

NUMBER = "110101199003074514"  # nobody's
WITHDRAWAL = "/v1/determinations/D1100002509010000001/withdraw"
BODY = json.dumps({"reason": f"登记有误 {NUMBER}"}, ensure_ascii=False)


async def withdraw(world: World, content: bytes, media_type: str) -> httpx.Response:
    headers = world.agency("110000").headers() | {"Content-Type": media_type}
    return await world.http.post(WITHDRAWAL, content=content, headers=headers)


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON",
        "APPLICATION/JSON; charset=UTF-8",
        "application/problem+JSON",
    ],
)
async def test_a_content_type_has_no_case_to_hide_a_number_behind(
    world: World, media_type: str
) -> None:
    answer = await withdraw(world, BODY.encode(), media_type)
    assert answer.json()["code"] == "personal-number-in-text"
    assert answer.json()["places"] == ["/reason"]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-32-be", b""),
        ("utf-32-le", codecs.BOM_UTF32_LE),
    ],
)
async def test_a_wider_encoding_hides_no_number(world: World, encoding: str, mark: bytes) -> None:
    answer = await withdraw(world, mark + BODY.encode(encoding), "application/json")
    assert answer.json()["code"] == "personal-number-in-text"


@pytest.mark.parametrize("media_type", ["Application/JSON", "application/problem+JSON"])
async def test_depth_is_counted_whatever_the_case_of_the_content_type(
    world: World, media_type: str
) -> None:
    answer = await withdraw(world, b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", media_type)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert [it["code"] for it in answer.json()["errors"]] == ["too_deep"]


async def test_json_in_a_part_of_a_form_is_searched_as_json_alone_is(world: World) -> None:
    row = {"certificate_number": NUMBER, "referral_reason": f"转诊 {NUMBER}"}
    agency, batch = world.agency("110000"), json.dumps({"rows": [row]}).encode()
    headers = agency.headers()
    answer = await world.http.post(
        "/v1/filings/batch",
        files={"file": ("batch.json", batch, "application/json")},
        headers=headers,
    )
    assert answer.json()["code"] == "personal-number-in-text"
    assert answer.json()["places"] == ["/rows/0/referral_reason"]


async def test_json_in_a_part_of_a_form_is_no_deeper_than_json_alone(world: World) -> None:
    agency, batch = world.agency("110000"), b'{"rows": ' + b"[" * 40 + b"]" * 40 + b"}"
    answer = await world.http.post(
        "/v1/filings/batch",
        files={"file": ("batch.json", batch, "application/json")},
        headers=agency.headers(),
    )
    assert [it["code"] for it in answer.json()["errors"]] == ["too_deep"]


async def test_a_key_that_is_a_persons_number_is_not_told_back(world: World) -> None:
    answer = await withdraw(
        world, json.dumps({"reason": "x", NUMBER: 1}).encode(), "application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert [it["pointer"] for it in answer.json()["errors"]] == ["/*"]
    assert NUMBER not in answer.text


@pytest.mark.parametrize(
    ("memo", "code"),
    [
        (int(NUMBER), "PERSONAL_NUMBER_IN_TEXT"),
        (13_800_138_000, "PERSONAL_NUMBER_IN_TEXT"),
        (NUMBER, "PERSONAL_NUMBER_IN_TEXT"),
        (138_001, "FIELD_REQUIRED"),
    ],
)
async def test_a_number_that_old_software_sends_for_a_text_is_looked_at_as_one(
    world: World, memo: object, code: str
) -> None:
    refused = await hospital(world).refused("2401", {"mdtrtinfo": {"memo": memo}})
    assert code in refused
