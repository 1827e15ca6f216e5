"""What may be kept of an exchange: its body without anything that points to a person.

Masked by the name of the field, and once more by the look of the text: numbers of the length of a
certificate or a phone do not get through wherever they stand.
"""

from __future__ import annotations

import json
import re

BODY_CHARACTERS_MAX = 8_000
READ_BYTES_MAX = 256 * 1024
MASK = "***"
# REST first, then the names of the gateway's fields.
PERSONAL = frozenset(
    (
        *("certificate_number", "card", "card_number", "electronic_card", "phone", "birth_date"),
        *("sex", "worker_name", "physician", "reason", "memo", "address"),
        *("certno", "mdtrt_cert_no", "card_sn", "psn_card_no", "brdy", "gend", "tel"),
        *("psn_name", "opter_name", "agnter_name"),
    )
)
PHYSICIANS = re.compile(r"[a-z_]*do?r_name")  # of the gateway: dise_dor_name, bilg_dr_name, …
SECRET = frozenset({"client_secret", "secret", "access_token", "password", "authorization"})
# A name is a person's where the same object holds anything else of a person.
BESIDE_A_NAME = frozenset(
    {"certificate_number", "certificate_kind", "birth_date", "card_number", "sex"}
)
# 18 or 15 digits of a certificate, 11 of a phone; public numbers begin with a letter.
NUMBERS = re.compile(r"(?<![0-9A-Za-z])(?:\d{17}[0-9Xx]|\d{15}|1[3-9]\d{9})(?![0-9A-Za-z])")


def masked(body: bytes, content_type: str) -> str | None:
    """Return what may be kept of a body; what cannot be read is named, not kept."""
    if not body:
        return None
    kind = content_type.partition(";")[0].strip().lower()
    if len(body) > READ_BYTES_MAX:
        return f"({kind or 'no type'}, {len(body)} bytes, too long to keep)"
    try:
        found = json.loads(body)
    except ValueError:
        return f"({kind or 'no type'}, {len(body)} bytes, not JSON)"
    text = json.dumps(_masked(found), ensure_ascii=False)
    return masked_text(text)[:BODY_CHARACTERS_MAX]


def masked_text(text: str) -> str:
    """Cover whatever looks like a certificate or a phone."""
    return NUMBERS.sub(MASK, text)


def _masked(value: object) -> object:
    if isinstance(value, list):
        return [_masked(each) for each in value]
    if not isinstance(value, dict):
        return value
    is_person = not BESIDE_A_NAME.isdisjoint(value)
    return {
        name: MASK if _is_covered(name, it, is_person=is_person) else _masked(it)
        for name, it in value.items()
    }


def _is_covered(name: str, value: object, *, is_person: bool) -> bool:
    covered = (
        name in PERSONAL
        or name in SECRET
        or (is_person and name == "name")
        or PHYSICIANS.fullmatch(name) is not None
    )
    return covered and value not in (None, "") and not isinstance(value, dict | list)
