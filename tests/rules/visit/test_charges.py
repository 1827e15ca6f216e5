"""What is read in one pass says what the same body says read line by line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.kernel.refusal import Refusal
from app.visit.schemas import ChargesIn, LinesIn
from app.visit.schemas.charges import PlainInstant
from tests.support.visit import line

TEXT = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["甲", " a ", "0.5g[袋]{1}", "a\x1fb", "a\0", "", "示" * 100, "示" * 101]),
)
SAID = st.one_of(st.none(), TEXT)
NUMBERS = st.one_of(
    st.from_regex(r"-?[0-9]{1,10}(\.[0-9]{1,6})?", fullmatch=True),
    st.sampled_from(["1", "0.0000", "-0", "01.10", "9999999999.9999", "1e3", "٣", "1."]),
)
INSTANTS = st.one_of(
    st.from_regex(
        r"20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,6})?"
        r"(Z|[+-][01][0-9]:[0-6][0-9])",
        fullmatch=True,
    ),
    st.sampled_from(["2025-09-01T08:40:00+08:00", "2025-09-01T23:59:60Z", "1700-01-01T00:00:00Z"]),
)
LINES = st.fixed_dictionaries(
    {
        "serial": st.from_regex(r"[0-9A-Za-z_-]{1,30}", fullmatch=True),
        "category": st.sampled_from(["drug", "bed", "nothing"]),
        "item_name": TEXT,
        "quantity": NUMBERS,
        "unit_price": NUMBERS,
        "amount": NUMBERS,
        "occurred_at": INSTANTS,
        "injury_related": st.sampled_from([True, False, 1]),
    },
    optional={
        "refund_of": st.sampled_from([None, "1"]),
        "item_code": SAID,
        "institution_item_code": SAID,
        "specification": SAID,
        "unit": SAID,
        "restricted_approved": st.booleans(),
        "department": SAID,
        "physician": SAID,
    },
)


def read(body: bytes) -> list[tuple[Any, ...]] | None:
    """Read a plain body as lines; None where it is not plain."""
    try:
        it = ChargesIn.read(body)
    except (Refusal, ValueError):
        return None
    columns = (
        *(it.serials, it.categories, it.item_codes, it.item_names, it.institution_item_codes),
        *(it.specifications, it.units, it.quantities, it.unit_prices, it.amounts),
        *(it.occurred_at, it.injury_related, it.restricted_approved),
        *(it.departments, it.physicians),
    )
    return list(zip(*columns, strict=True))


def meant(body: bytes) -> list[tuple[Any, ...]]:
    """Read a body line by line."""
    return [
        (
            *(it.serial, it.category, it.item_code, it.item_name, it.institution_item_code),
            *(it.specification, it.unit, it.quantity, it.unit_price, it.amount),
            *(it.occurred_at, it.injury_related, it.restricted_approved),
            *(it.department, it.physician),
        )
        for it in (line.read() for line in LinesIn.model_validate(json.loads(body)).lines)
    ]


@given(lines=st.lists(LINES, min_size=1, max_size=3), escaped=st.booleans())
def test_what_is_plain_is_read_as_it_is_line_by_line(
    lines: list[dict[str, Any]], *, escaped: bool
) -> None:
    body = json.dumps({"lines": lines}, ensure_ascii=escaped).encode(errors="surrogatepass")
    plain = read(body)
    if plain is not None:
        assert plain == meant(body)


@given(lines=st.lists(LINES, min_size=1, max_size=3))
def test_what_is_wrong_line_by_line_is_not_plain(lines: list[dict[str, Any]]) -> None:
    body = json.dumps({"lines": lines}).encode()
    try:
        meant(body)
    except ValidationError:
        assert read(body) is None


def test_most_of_what_hospitals_send_is_plain() -> None:
    whole = line("1", item_name="注射液[甲]", unit="支", department="骨科", physician="示例医师")
    body = json.dumps({"lines": [whole, line("2", refund_of=None, item_code=None)]}).encode()
    plain = read(body)
    assert plain is not None
    assert plain == meant(body)


@pytest.mark.parametrize("time", ["24:00:00", "29:00:00", "23:60:00", "23:59:60"])
def test_an_hour_no_clock_shows_is_not_plain_whoever_reads_it_after(time: str) -> None:
    plain = TypeAdapter(PlainInstant)
    assert plain.validate_python("2025-09-01T23:59:59+08:00")
    with pytest.raises(ValidationError):
        plain.validate_python(f"2025-09-01T{time}+08:00")


@pytest.mark.parametrize(
    "other",
    [
        {"item_name": "a\x1fb"},
        {"unit": "\0"},
        {"physician": "身份证 110105 19491231 002X"},
        {"specification": "１１０１０５１９４９１２３１００２Ｘ"},
        {"serial": "11010519491231002X"},
        {"refund_of": "0"},
    ],
)
def test_what_the_door_looks_at_more_closely_is_not_plain(other: dict[str, Any]) -> None:
    assert read(json.dumps({"lines": [line("1"), line("2") | other]}).encode()) is None
