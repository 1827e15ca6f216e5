"""The envelope: what is read of it, what is wrong with it, and how every answer looks."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from app.gateway.mapping import transactions
from app.parties import service as parties
from tests.support.gateway import BY_NUMBER, SINGLE, bureau, hospital
from tests.support.institutions import seeded_institutions
from tests.support.parties import as_operator
from tests.support.world import World

DICTIONARY = {"data": {"type": "insutype"}}
ERR_MSG = re.compile(r"\[[A-Z_]+\] .+?( \([\w.\[\]]+\))?")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _institutions(world: World) -> None:
    await seeded_institutions(world)


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/json;charset=UTF-8", None]
)
async def test_any_usual_content_type_is_read(world: World, content_type: str | None) -> None:
    his = hospital(world)
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = await his.post(his.envelope("1901", DICTIONARY), headers=headers)
    assert answer.status_code == 200
    body = answer.json()
    assert body["infcode"] == 0
    assert [it["value"] for it in body["output"]["list"]] == ["410", "310", "390", "510"]
    assert re.fullmatch(r"000000\d{14}\d{10}", body["inf_refmsgid"])
    assert body["refmsg_time"] == body["respond_time"] == "20250901090000000"


async def test_the_number_may_stand_in_the_path_and_must_then_agree(world: World) -> None:
    his = hospital(world)
    answer = await his.post(his.envelope("1901", DICTIONARY), f"{BY_NUMBER}/1901")
    assert answer.json()["infcode"] == 0
    answer = await his.post(his.envelope("1901", DICTIONARY), f"{BY_NUMBER}/2304")
    assert answer.json()["err_msg"] == "[INFNO_MISMATCH] 请求路径与报文中的交易编号不一致 (infno)"


async def test_an_unmapped_number_is_answered_with_the_supported_ones(world: World) -> None:
    answer = await hospital(world).send("4101", {"data": {}})
    assert answer["err_msg"] == "[UNSUPPORTED_INFNO] 不支持该交易编号 (infno)"
    assert answer["output"]["supported"] == list(transactions())


async def test_every_fault_of_a_header_is_told_at_once(world: World) -> None:
    his = hospital(world)
    message = his.envelope("1901", DICTIONARY, infver="", opter="x" * 31, opter_type="7")
    message |= {"msgid": "0815", "fixmedins_code": "H11010000001", "inf_time": "gestern"}
    answer = (await his.post(message)).json()
    told = [(it["code"], it["field"]) for it in answer["output"]["errors"]]
    assert told == [
        ("FIELD_REQUIRED", "infver"),
        ("CODE_UNKNOWN", "opter_type"),
        ("FIELD_TOO_LONG", "opter"),
        ("FIELD_FORMAT", "inf_time"),
        ("MSGID_FORMAT", "msgid"),
        ("SENDER_MISMATCH", "fixmedins_code"),
    ]


async def test_half_a_character_anywhere_is_a_fault_and_not_a_bug(world: World) -> None:
    his = hospital(world)
    for name in ("msgid", "sign_no", "opter"):
        assert "FIELD_FORMAT" in await his.refused("1901", DICTIONARY, **{name: "\ud800"}), name
    odds: list[object] = [{"\ud800": {}}, {"data": {"type": "insutype", "\ud800": "1"}}]
    for odd in odds:
        assert (await his.post(his.envelope("1901", odd))).status_code == 200


async def test_a_message_id_begins_with_the_senders_code(world: World) -> None:
    his = hospital(world)
    wrong = his.message_id().replace("H37", "H11")
    assert await his.refused("1901", DICTIONARY, msgid=wrong) == ["MSGID_PREFIX_MISMATCH"]
    agency = bureau(world)
    assert agency.message_id().startswith("110000000000")
    assert (await agency.done("1901", DICTIONARY))["list"]


async def test_transactions_are_kept_to_those_who_send_them(world: World) -> None:
    answer = await bureau(world).send("1101", {"data": {}})
    assert answer["err_msg"] == "[CALLER_NOT_ALLOWED] 该接入方无权发起此交易"


async def test_a_clock_that_is_far_off_is_told_and_a_near_one_is_not(world: World) -> None:
    his, now = hospital(world), world.clock.now
    near, far = now - timedelta(minutes=29), now + timedelta(minutes=31)
    assert await his.done("1901", DICTIONARY, inf_time=_china(near))
    assert await his.refused("1901", DICTIONARY, inf_time=_china(far)) == ["CLOCK_SKEW"]


def _china(moment: Any) -> str:
    return str((moment + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S"))


async def test_the_err_msg_is_short_and_of_one_form(world: World) -> None:
    his = hospital(world)
    for infno, body in (
        ("0000", {}),
        ("2401", {}),
        ("2301", {"feedetail": []}),
        ("2304", {"data": {"medfee_sumamt": "x" * 300}}),
    ):
        answer = await his.send(infno, body)
        assert len(answer["err_msg"]) <= 200
        assert ERR_MSG.fullmatch(answer["err_msg"]), answer["err_msg"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b'"text"',
        b'{"infno": NaN}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"infno":' + b"1" * 5_000 + b"}",
    ],
)
async def test_what_is_no_json_object_is_answered_with_400(world: World, raw: bytes) -> None:
    answer = await hospital(world).post(raw)
    assert answer.status_code == 400
    assert answer.json()["infcode"] == -1
    assert answer.json()["err_msg"].startswith("[FIELD_FORMAT] 报文格式错误")


async def test_an_input_nested_too_deeply_is_refused_and_not_a_bug(world: World) -> None:
    his = hospital(world)
    message = json.dumps(his.envelope("9001", {"signIn": "HERE", "x": "HERE"}))
    for depth in (*range(100, 1000, 50), *range(900, 1000)):
        deep = '{"a":' * depth + "0" + "}" * depth
        answer = await his.post(message.replace('"HERE"', deep).encode())
        assert answer.status_code in (200, 400), answer.text
        assert answer.json()["infcode"] == -1


async def test_a_body_over_size_is_answered_with_413(world: World) -> None:
    async def pieces() -> Any:
        yield b'{"input":"'
        for _ in range(40):
            yield b"x" * 65_536

    headers = {"Authorization": hospital(world).client.headers()["Authorization"]}
    answer = await world.http.post(SINGLE, content=pieces(), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["err_msg"] == "[BODY_TOO_LARGE] 请求体过大"


@pytest.mark.parametrize(
    "authorization",
    [None, "Bearer x.y.z", "Basic ***", "Basic " + base64.b64encode(b"nocolon").decode(), "Digest"],
)
async def test_wrong_credentials_are_answered_with_401(
    world: World, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = await world.http.post(SINGLE, json={}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["err_msg"] == "[CREDENTIALS_INVALID] 需要有效的访问令牌"


async def test_basic_credentials_are_proved_once_in_a_tokens_lifetime(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await as_operator(world, lambda work: parties.create_client(work, "370100"))
    proofs: list[str] = []
    prove = parties.issue_token

    async def counted(*details: Any, **more: Any) -> Any:
        proofs.append(details[2])
        return await prove(*details, **more)

    monkeypatch.setattr(parties, "issue_token", counted)
    his = bureau(world, "370100")

    async def send(secret: str) -> int:
        pair = base64.b64encode(f"{made.id}:{secret}".encode()).decode()
        message = json.dumps(his.envelope("1901", DICTIONARY))
        headers = {"Authorization": f"Basic {pair}"}
        return (await world.http.post(SINGLE, content=message, headers=headers)).status_code

    assert [await send(made.secret) for _ in range(5)] == [200] * 5
    assert proofs == [made.id]
    assert await send("wrong") == 401
    world.clock.advance(minutes=16)
    assert await send(made.secret) == 200
    assert proofs == [made.id] * 3


async def test_basic_credentials_outlive_the_token_that_was_revoked(world: World) -> None:
    made = await as_operator(world, lambda work: parties.create_client(work, "370100"))
    his = bureau(world, "370100")
    pair = base64.b64encode(f"{made.id}:{made.secret}".encode()).decode()

    async def send() -> int:
        message = json.dumps(his.envelope("1901", DICTIONARY))
        headers = {"Authorization": f"Basic {pair}"}
        return (await world.http.post(SINGLE, content=message, headers=headers)).status_code

    assert await send() == 200
    await as_operator(world, lambda work: parties.revoke_tokens(work, made.id))
    world.clock.advance(seconds=1)
    assert await send() == 200
    await as_operator(world, lambda work: parties.disable_client(work, made.id))
    assert await send() == 401
