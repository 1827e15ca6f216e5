"""Numbers of a person where none belongs: in a reason, a note, a remark."""

from __future__ import annotations

import re
import unicodedata

from stdnum import luhn

from app.kernel.basis import basis
from app.kernel.identity import citizen_number_fault

# How people write a number to be read: in groups, with blanks or dashes between them.
_GAP = r"[ ‐-―-]?"
_ALONE, _END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_CITIZEN = re.compile(f"{_ALONE}[1-9](?:{_GAP}[0-9]){{16}}{_GAP}[0-9Xx]{_END}")
_BANK_CARD = re.compile(f"{_ALONE}62(?:{_GAP}[0-9]){{14,17}}{_END}")
_SOCIAL_CARD = re.compile(f"{_ALONE}[A-Z][0-9]{{8}}{_END}")
_MOBILE = re.compile(f"{_ALONE}1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}{_END}")
_BETWEEN = re.compile(r"[^0-9X]")


@basis("hub-default/personal-data")
def holds_citizen_number(text: str) -> bool:
    """Say whether a text holds a 社会保障号 whose birth date and check digit are right."""
    found = _CITIZEN.findall(unicodedata.normalize("NFKC", text))
    return any(citizen_number_fault(_digits(it)) is None for it in found)


@basis("hub-default/personal-data")
def holds_personal_number(text: str) -> bool:
    """Say whether prose holds a citizen number, a card's number or that of a mobile phone.

    Of a card: the face of a social security card (a letter and eight digits), or a bank's number
    (62…) whose check digit is right.
    """
    folded = unicodedata.normalize("NFKC", text)
    if _SOCIAL_CARD.search(folded) or _MOBILE.search(folded):
        return True
    if any(luhn.is_valid(_digits(it)) for it in _BANK_CARD.findall(folded)):
        return True
    return holds_citizen_number(folded)


def _digits(found: str) -> str:
    return _BETWEEN.sub("", found.upper())
