"""Numbers of a person are found in free text however they are written; others are left alone."""

from __future__ import annotations

import pytest

from app.kernel.personal import holds_citizen_number, holds_personal_number

CITIZEN = "11000019600101001X"
BANK_CARD = "6222020000000000000"


@pytest.mark.parametrize(
    "text",
    [
        CITIZEN,
        f"见{CITIZEN}的材料",
        "11000019600101001x",
        "110000 19600101 001X",
        "110000-19600101-001X",
        "１１００００１９６００１０１００１Ｘ",
        "1100 0019 6001 0100 1X",
    ],
)
def test_a_citizen_number_is_found_however_it_is_written(text: str) -> None:
    assert holds_citizen_number(text)
    assert holds_personal_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "A00000000",
        "卡号B12345678，已挂失",
        BANK_CARD,
        "6222 0200 0000 0000 000",
        "致电13800000000",
        "138 0000 0000",
    ],
)
def test_a_card_or_a_phone_is_found_in_prose(text: str) -> None:
    assert holds_personal_number(text)
    assert not holds_citizen_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "本地不具备手术条件",
        "110000196001010011",  # the check digit is wrong
        "110000196013010018",  # there is no thirteenth month
        f"9{CITIZEN}",  # part of something longer
        f"W{CITIZEN[:-1]}12",
        "W1100002509010000001",  # a worker's number 工伤职工编号
        "H37010000001",
        "6222020000000000004",  # no card has this check digit
        "京人社工伤认〔2025〕000001号",
        "2025-09-01 10:00:00",
        "91110000100000000X",
        "S82.201",
        "XJ01CRA0001",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not holds_personal_number(text)
