"""Synthetic workers: an index always gives the same person, and nobody real.

Their numbers pass every check of GB 11643, yet begin with the code of a whole province, which is
never issued: a real number begins with the code of a county.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from app.kernel.identity import Sex
from app.kernel.regions import province_of

FIRST_BIRTH = date(1960, 1, 1)
BIRTH_DAYS = (date(2004, 1, 1) - FIRST_BIRTH).days
ORDERS = 999
PEOPLE_MAX = BIRTH_DAYS * ORDERS  # about 16 million

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
NUMERALS = "甲乙丙丁戊己庚辛壬癸"
BINGTUAN, XINJIANG = "660000", "650000"
CARD_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
CARD_NUMBERS = 10**8

# Prime steps, so that neighbours in the index are strangers in birth date and card number.
BIRTH_STEP = 7919
CARD_STEP = 48_271_009
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticPerson:
    """A worker (工伤职工) who does not exist."""

    name: str
    number: str
    card_number: str
    sex: Sex
    birth_date: date
    region: str
    source: str = "synthetic"


def person(index: int, region: str) -> SyntheticPerson:
    """Return the person of an index, insured in a region; no two indexes share a number or card."""
    if not 0 <= index < PEOPLE_MAX:
        message = f"there are synthetic people 0 to {PEOPLE_MAX - 1}, not {index}"
        raise ValueError(message)
    generation, slot = divmod(index, BIRTH_DAYS)
    birth_date = FIRST_BIRTH + timedelta(days=slot * BIRTH_STEP % BIRTH_DAYS)
    order = generation + 1
    body = f"{_division(region)}{birth_date:%Y%m%d}{order:03d}"
    return SyntheticPerson(
        name=_name(index),
        number=body + _check_digit(body),
        card_number=_card_number(index),
        sex=Sex.MALE if order % 2 else Sex.FEMALE,
        birth_date=birth_date,
        region=region,
    )


def _division(region: str) -> str:
    """660000 is the insurance's own code; its people's numbers begin with Xinjiang's."""
    province = province_of(region)
    return XINJIANG if province == BINGTUAN else province


def _check_digit(body: str) -> str:
    """ISO 7064 MOD 11-2, spelled out: a million numbers are made in one go."""
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
    return CHECK_DIGITS[total % 11]


def _name(index: int) -> str:
    """A surname, 例 (sample), and two of the ten numerals: 王例甲丙."""
    rest, surname = divmod(index, len(SURNAMES))
    rest, second = divmod(rest, len(NUMERALS))
    first = rest % len(NUMERALS)
    return f"{SURNAMES[surname]}例{NUMERALS[first]}{NUMERALS[second]}"


def _card_number(index: int) -> str:
    """One letter and eight digits, as printed on the card's face."""
    letter = CARD_LETTERS[index % len(CARD_LETTERS)]
    return f"{letter}{index * CARD_STEP % CARD_NUMBERS:08d}"
