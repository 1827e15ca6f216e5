"""Fields: read leniently where it costs nothing, and never guessed."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateway.errors import FieldsRefused
from app.gateway.inputs import read_input
from app.gateway.mapping import transactions
from app.gateway.outputs import number, write_json
from app.kernel.money import Money


def lines(*rows: dict[str, Any]) -> Any:
    return {"feedetail": [row() | each for each in rows]}


def row() -> dict[str, Any]:
    return {
        "feedetl_sn": "1",
        "mdtrt_id": "S3701002509010000001",
        "psn_no": "W1100002509010000001",
        "fee_ocur_time": "2025-09-01 08:40:00",
        "medins_list_codg": "YP0001",
        "det_item_fee_sumamt": "10.00",
        "cnt": "10",
        "pric": "1.00",
    }


def read(sent: Any) -> Any:
    return read_input(transactions()["2301"], sent)


def refused(sent: Any) -> list[tuple[str, str]]:
    with pytest.raises(FieldsRefused) as caught:
        read(sent)
    faults: Any = caught.value.facts["fields"]
    return [(it["code"], it["field"]) for it in faults]


def test_numbers_come_as_numbers_or_as_text() -> None:
    for sent in ("12.30", 12.3, Decimal("12.30"), " 12.3 ", "1,2.30", "12.300000", "1.23E1"):
        said = Decimal(str(sent)) if isinstance(sent, float) else sent
        found = read(lines({"det_item_fee_sumamt": said})).one("feedetail")
        assert found.money("det_item_fee_sumamt") == Money(1230)


@pytest.mark.parametrize("missing", ["", None, "  "])
def test_what_is_empty_is_not_there(missing: object) -> None:
    found = read(lines({"memo": missing, "spec": missing})).one("feedetail")
    assert not found.has("memo")
    assert refused(lines({"cnt": missing})) == [("FIELD_REQUIRED", "feedetail[0].cnt")]


def test_a_zero_is_no_value_where_none_is_needed_and_a_number_where_one_is() -> None:
    bill = transactions()["2304"]
    sent = {"mdtrt_id": "S", "psn_no": "W", "medfee_sumamt": "0", "line_count": "0"}
    found = read_input(bill, {"data": sent}).one("data")
    assert found.money("medfee_sumamt") == Money(0)
    assert found.count("line_count") is None


def test_one_object_stands_for_a_list_of_one() -> None:
    alone = {"feedetail": row()}
    assert read(alone).rows("feedetail") == read(lines({})).rows("feedetail")


def test_an_empty_batch_is_how_lines_get_lost_and_is_refused() -> None:
    empty: tuple[Any, ...] = ({"feedetail": []}, {"feedetail": None}, {}, {"feedetail": ""})
    for sent in empty:
        assert refused(sent) == [("BATCH_EMPTY", "feedetail")]


def test_a_hundred_lines_are_taken_and_one_more_is_not() -> None:
    assert len(read(lines(*[{}] * 100)).rows("feedetail")) == 100
    assert refused(lines(*[{}] * 101)) == [("BATCH_TOO_LARGE", "feedetail")]


def test_every_fault_of_every_line_is_told_at_once() -> None:
    faulty = lines(
        {"cnt": "ten", "injury_flag": "9"},
        {},
        {"feedetl_sn": "9" * 31, "fee_ocur_time": "2025-13-01", "pric": "1.1234567"},
    )
    assert refused(faulty) == [
        ("FIELD_FORMAT", "feedetail[0].cnt"),
        ("CODE_UNKNOWN", "feedetail[0].injury_flag"),
        ("FIELD_TOO_LONG", "feedetail[2].feedetl_sn"),
        ("FIELD_FORMAT", "feedetail[2].fee_ocur_time"),
        ("FIELD_FORMAT", "feedetail[2].pric"),
    ]


def test_lengths_are_counted_in_characters() -> None:
    assert read(lines({"bilg_dr_name": "医" * 50}))
    assert refused(lines({"bilg_dr_name": "医" * 51})) == [
        ("FIELD_TOO_LONG", "feedetail[0].bilg_dr_name")
    ]


@pytest.mark.parametrize(
    "value",
    [
        "1E5000",
        "NaN",
        "Infinity",
        "12.345",
        "1" * 16,
        True,
        [],
        {},
        "1\x000",
        "\ud800",
        "十",
        "1" * 11,
        "1_0",
        "١٢",
    ],
)
def test_what_is_no_amount_is_refused(value: object) -> None:
    assert refused(lines({"det_item_fee_sumamt": value})) == [
        ("FIELD_FORMAT", "feedetail[0].det_item_fee_sumamt")
    ]


@pytest.mark.parametrize(
    "value",
    [
        "2025-09-01",
        "20250901083000",
        "2025-W36-1T08:00:00",
        "0001-01-01 00:00:00",
        "9999-01-01 00:00:00",
        "2025-09-01 24:00:00",
        "2025-09-01 08:40:00Z",
        "0",
        0,
    ],
)
def test_what_is_no_instant_is_refused(value: object) -> None:
    assert refused(lines({"fee_ocur_time": value})) == [
        ("FIELD_FORMAT", "feedetail[0].fee_ocur_time")
    ]


def test_prices_are_never_below_zero_and_serials_are_plain() -> None:
    assert refused(lines({"pric": "-1", "feedetl_sn": "一", "init_feedetl_sn": "a b"})) == [
        ("FIELD_FORMAT", "feedetail[0].feedetl_sn"),
        ("FIELD_FORMAT", "feedetail[0].init_feedetl_sn"),
        ("FIELD_FORMAT", "feedetail[0].pric"),
    ]


def test_a_number_alone_is_no_card() -> None:
    sent = {"mdtrt_cert_type": "02", "mdtrt_cert_no": "1", "certno": "1", "psn_name": "某"}
    with pytest.raises(FieldsRefused) as caught:
        read_input(transactions()["1101"], {"data": sent})
    fields: Any = caught.value.facts["fields"]
    assert [(it["code"], it["field"]) for it in fields] == [
        ("CODE_REFUSED", "data.mdtrt_cert_type")
    ]


def test_a_known_code_that_is_not_taken_is_refused_with_its_sentence() -> None:
    with pytest.raises(FieldsRefused) as caught:
        read(lines({"med_type": "41"}))
    fields: Any = caught.value.facts["fields"]
    assert fields[0]["code"] == "CODE_REFUSED"
    assert "41 在医疗保险中表示定点药店购药" in fields[0]["detail_zh"]


def test_unknown_fields_are_passed_over_and_can_be_named() -> None:
    found = read({"feedetail": row() | {"exp_content": {"a": 1}}, "other": 1})
    assert found.unknown == ("other", "feedetail.exp_content")


@given(st.integers(-(10**15), 10**15))
def test_amounts_leave_as_exact_json_numbers(fen: int) -> None:
    text = write_json({"amount": number(Money(fen), 2)})
    assert json.loads(text, parse_float=str)["amount"] == str(Money(fen))


@given(st.text())
def test_text_leaves_as_it_is(text: str) -> None:
    if "\u0001" not in text:
        assert json.loads(write_json({"text": text})) == {"text": text}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.decimals(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=12,
    )
)
def test_whatever_is_sent_is_read_or_refused(sent: object) -> None:
    for it in transactions().values():
        for node in it.inputs:
            with suppress(FieldsRefused):
                read_input(it, {node.name: sent})
