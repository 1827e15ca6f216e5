"""Amounts on printed notices are written out in the numerals of financial documents."""

from __future__ import annotations

import pytest

from app.kernel.money import Money
from app.runtime.documents import capitals


@pytest.mark.parametrize(
    ("yuan", "written"),
    [
        ("0.00", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("1.05", "壹元零伍分"),
        ("10.00", "壹拾元整"),
        ("105.30", "壹佰零伍元叁角整"),
        ("1001.01", "壹仟零壹元零壹分"),
        ("10000.00", "壹万元整"),
        ("100500.00", "壹拾万零伍佰元整"),
        ("1701850.50", "壹佰柒拾万零壹仟捌佰伍拾元伍角整"),
        ("100000000.00", "壹亿元整"),
        ("100000001.00", "壹亿零壹元整"),
        ("1000000000000.00", "壹万亿元整"),
        ("1000100000000.00", "壹万零壹亿元整"),
        ("-3.00", "负叁元整"),
    ],
)
def test_an_amount_is_written_out(yuan: str, written: str) -> None:
    assert capitals(Money.yuan(yuan)) == written
