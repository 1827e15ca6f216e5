"""The gateway's envelope 报文信封: checked field by field, refused in its own words."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.conformance.bench import Bench, charges, expect
from app.conformance.case import GATEWAY, Family
from app.conformance.desk import Said
from app.conformance.gateway import BRACKETED, ERR_MSG_MAX, PATH, GatewayDesk, said, written

FAMILY = Family.of("envelope")
ONLY = (GATEWAY,)
PARTS = ("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")


async def _sent(at: Bench, path: str = PATH, **other: Any) -> Said:  # noqa: ANN401 -- any header
    assert isinstance(at.desk, GatewayDesk)
    body = at.desk.envelope.wrap("1901", at.key(), "data", {"type": "med_type"}) | other
    return said(await at.lines.institution.send("POST", path, body))


def _said_in_form(told: Said) -> None:
    message = str(json.loads(told.text).get("err_msg", ""))
    expect(len(message) <= ERR_MSG_MAX, f"err_msg has {len(message)} characters")
    expect(BRACKETED.match(message) is not None, f"err_msg is {message!r}")


@FAMILY.case("A right envelope is answered", "正确报文应答 infcode 0", ONLY)
async def right_envelope(at: Bench) -> None:
    (await _sent(at)).must()


@FAMILY.case("The number in the path is the number in the message", "路径与报文交易编号一致", ONLY)
async def number_mismatch(at: Bench) -> None:
    _said_in_form((await _sent(at, "/compat/hsa/hgs/2401")).must_refuse("infno-mismatch"))


@FAMILY.case("An unsupported number answers with those that are", "不支持的交易列出支持范围", ONLY)
async def unsupported_number(at: Bench) -> None:
    told = (await _sent(at, infno="9999")).must_refuse("unsupported-infno")
    expect("2304" in told.text, "the supported numbers are not listed")


@FAMILY.case("A clock that is hours off is told", "报文时间偏差过大应拒绝", ONLY)
async def clock_skew(at: Bench) -> None:
    late = written(at.now - timedelta(hours=30))
    (await _sent(at, inf_time=late)).must_refuse("clock-skew")


@FAMILY.case("Another institution's code is refused", "机构编码与凭证不符应拒绝", ONLY)
async def sender_mismatch(at: Bench) -> None:
    (await _sent(at, fixmedins_code="H99999999999")).must_refuse("sender-mismatch")


@FAMILY.case("All missing fields are told at once", "缺少的必填字段一次性列出", ONLY)
async def missing_fields(at: Bench) -> None:
    told = (await _sent(at, opter="", opter_name="", infver="")).must_refuse()
    for name in ("opter", "opter_name", "infver"):
        expect(f'"{name}"' in told.text, f"{name} is not named")
    _said_in_form(told)


@FAMILY.case("One line may come as an object", "单条明细可为对象而非数组", ONLY)
async def one_object(at: Bench) -> None:
    assert isinstance(at.desk, GatewayDesk)
    stay = await at.stay()
    row = {
        "feedetl_sn": "000001",
        "mdtrt_id": stay.visit,
        "psn_no": stay.person.worker,
        "fee_ocur_time": written(stay.at),
        "medins_list_codg": "YP0001",
        "medins_list_name": "示例项目",
        "fee_category": "drug",
        "det_item_fee_sumamt": 2,
        "cnt": 1,
        "pric": "2.00",
        "init_feedetl_sn": "",
        "injury_flag": "0",
    }
    (await at.desk.call("2301", "feedetail", row, at.key())).must()
    await at.must_hold(stay.visit, lines=1, total="2.00")


@FAMILY.case("Every line is answered with its split, which adds up", "逐条返回分解且合计一致", ONLY)
async def lines_split(at: Bench) -> None:
    stay = await at.stay()
    rows = charges(2)
    rows[1] = rows[1].but(for_injury=False)
    told = (await at.desk.upload(stay, rows, at.key())).must()
    split = json.loads(told.text, parse_float=Decimal)["output"]["result"]
    for row in split:
        parts = sum(row[name] for name in PARTS)
        expect(parts == row["det_item_fee_sumamt"], f"{row['feedetl_sn']} is split into {parts}")
    own = [row["fulamt_ownpay_amt"] for row in split]
    expect(own[1] == Decimal("2.00"), f"of the illness the worker bears {own[1]}, not all")


@FAMILY.case(
    "One sign-in a day and operator, told again the same", "同日重复签到返回同一编号", ONLY
)
async def signed_in_twice(at: Bench) -> None:
    first, again = await _signed_in(at), await _signed_in(at)
    expect(bool(first), "no sign_no was given")
    expect(first == again, f"{first}, then {again}")


async def _signed_in(at: Bench) -> str:
    assert isinstance(at.desk, GatewayDesk)
    asked = {"opter_no": "0001", "mac": "00-00-00-00-00-00", "ip": "127.0.0.1"}
    told = (await at.desk.call("9001", "signIn", asked, at.key())).must()
    return str(json.loads(told.text)["output"]["signinoutb"]["sign_no"])


@FAMILY.case("Half a JSON is HTTP 400, never a success", "无法解析的报文应答 HTTP 400", ONLY)
async def half_json(at: Bench) -> None:
    reply = await at.lines.institution.send("POST", PATH, raw=b'{"infno":"23')
    expect(reply.status == 400, f"HTTP {reply.status}")  # noqa: PLR2004 -- HTTP's own


@FAMILY.case("Medical insurance's codes are refused with a sentence", "医保代码应说明后拒绝", ONLY)
async def foreign_codes(at: Bench) -> None:
    assert isinstance(at.desk, GatewayDesk)
    person = await at.person()
    asked = {
        "psn_no": person.worker,
        "insutype": "310",
        "begntime": written(at.now),
        "mdtrt_cert_type": "03",
        "mdtrt_cert_no": person.card,
        "med_type": "41",
        "ipt_no": "ZY1",
        "chfpdr_name": "示例医师",
        "adm_dept_name": "骨科",
    }
    told = (await at.desk.call("2401", "mdtrtinfo", asked, at.key())).must_refuse()
    expect("med_type" in told.text, "med_type is not named")
    _said_in_form(told)


@FAMILY.case("A message of one face is known to the other", "两种接口共用报文记录", ONLY)
async def one_log_for_both(at: Bench) -> None:
    stay, key = await at.stay(), at.key()
    (await at.desk.upload(stay, charges(1), key)).must()
    told = (await at.outcome(key)).json.get("outcome")
    expect(told == "applied", f"outcome {told}")
