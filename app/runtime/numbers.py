"""Public numbers (业务编号): letter + division 6 + YYMMDD + 7-digit serial, made by the database.

The serial comes from one sequence per letter that starts again after 9,999,999, so numbers cost
no lock and no round trip; the column's unique constraint is the guard.
"""

from __future__ import annotations

import sqlalchemy as sa

from app.runtime.db import METADATA

_NOUN_OF: dict[str, str] = {}  # letter → what its numbers name


def serial_of(letter: str, noun: str) -> sa.Sequence:
    """Declare the sequence behind the numbers of `noun` (say "A", "settlement")."""
    assert len(letter) == 1
    assert _NOUN_OF.setdefault(letter, noun) == noun, f"{letter} names a {_NOUN_OF[letter]} already"
    return sa.Sequence(
        f"{noun}_serial", start=1, minvalue=1, maxvalue=9_999_999, cycle=True, metadata=METADATA
    )


def next_number(
    letter: str, serial: sa.Sequence, region: str = "number_region", day: str = "number_day"
) -> sa.ColumnElement[str]:
    """Return the SQL expression of the next number.

    Execute it with the parameters `number_region` (6-digit code) and `number_day` (a date).
    """
    padded = sa.func.lpad(sa.cast(serial.next_value(), sa.Text), 7, "0")
    stamp = sa.func.to_char(sa.bindparam(day, type_=sa.Date), "YYMMDD")
    return sa.literal(letter) + sa.bindparam(region, type_=sa.Text) + stamp + padded
