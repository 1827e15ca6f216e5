"""Numbers that identify people (社会保障号), firms, institutions and the hub's own records.

How they are checked, and how they are shown to those who need not know them whole.
"""

from __future__ import annotations

import enum
import re
from datetime import date, datetime
from uuid import UUID

from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat

from app.kernel.basis import basis

# The patterns are written for `fullmatch`; the anchors keep them right in a schema as well.
CITIZEN_NUMBER = re.compile(r"^[1-9][0-9]{16}[0-9X]$")
USCC = re.compile(r"^[0-9A-Z]{18}$")
PUBLIC_NUMBER = re.compile(r"^[A-Z][0-9]{19}$")
INSTITUTION_CODE = re.compile(r"^[HA][0-9]{11}$")

SERIAL_MAX = 9_999_999
BIRTH_YEAR_MIN = 1880  # nobody older can be a worker; catches a slipped digit
SHOWN = 4  # characters of a number left readable at each end
ENTROPY_BYTES = 10


class Fault(enum.StrEnum):
    """Why a number cannot be what it says it is."""

    FORMAT = "format"
    BIRTH_DATE = "birth_date"
    CHECK_DIGIT = "check_digit"


class Sex(enum.StrEnum):
    """性别, as the citizen number encodes it."""

    MALE = "male"
    FEMALE = "female"


@basis("hub-default/worker-identity")
def citizen_number_fault(text: str) -> str | None:
    """Return why `text` is not a 社会保障号 (GB 11643, ISO 7064 MOD 11-2), or None.

    The place of birth is left alone: the published list misses numbers that are in lawful use
    (830000 for residents of Taiwan, 9… for foreign permanent residents), who can be insured too.
    """
    if not CITIZEN_NUMBER.fullmatch(text):
        return Fault.FORMAT
    try:
        born = ric.get_birth_date(text)
    except InvalidComponent:
        return Fault.BIRTH_DATE
    if born.year < BIRTH_YEAR_MIN:
        return Fault.BIRTH_DATE
    return None if text[-1] == ric.calc_check_digit(text) else Fault.CHECK_DIGIT


def birth_date_of(number: str) -> date:
    """Read the date of birth out of a sound citizen number."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def sex_of(number: str) -> Sex:
    """Read the sex out of a sound citizen number: odd order codes are men's."""
    return Sex.MALE if int(number[16]) % 2 else Sex.FEMALE


def uscc_fault(text: str) -> str | None:
    """Return why `text` is not a unified social credit code (统一社会信用代码), or None."""
    if not USCC.fullmatch(text):
        return Fault.FORMAT
    try:
        uscc.validate(text)
    except InvalidChecksum:
        return Fault.CHECK_DIGIT
    except InvalidFormat:
        return Fault.FORMAT
    return None


def masked_number(number: str) -> str:
    """Hide all but both ends of a citizen or card number; a short one is hidden whole."""
    hidden = len(number) - 2 * SHOWN
    if hidden < SHOWN:
        return "*" * len(number)
    return f"{number[:SHOWN]}{'*' * hidden}{number[-SHOWN:]}"


def masked_name(name: str) -> str:
    """Show a person's first character only: 张三丰 → 张**."""
    return name[:1] + "*" * (len(name) - 1)


@basis("hub-default/public-numbers")
def public_number(letter: str, region: str, day: date, serial: int) -> str:
    """Make a public number as HR&SS does: letter, division, YYMMDD, serial of seven digits."""
    number = f"{letter}{region}{day:%y%m%d}{serial:07d}"
    if not PUBLIC_NUMBER.fullmatch(number) or not 1 <= serial <= SERIAL_MAX:
        message = f"no public number can be made of {letter!r}, {region!r} and {serial}"
        raise ValueError(message)
    return number


def uuid7(moment: datetime, entropy: bytes) -> UUID:
    """Make a time-ordered id (RFC 9562, version 7) from a given moment and ten random bytes."""
    if len(entropy) != ENTROPY_BYTES:
        message = f"a uuid7 takes {ENTROPY_BYTES} random bytes, not {len(entropy)}"
        raise ValueError(message)
    milliseconds = round(moment.timestamp() * 1000)
    bits = bytearray(milliseconds.to_bytes(6, "big") + entropy)
    bits[6] = 0x70 | bits[6] & 0x0F
    bits[8] = 0x80 | bits[8] & 0x3F
    return UUID(bytes=bytes(bits))
