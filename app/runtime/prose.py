"""Keeps personal numbers out of free text (文字说明): what people type is kept as they typed it.

Reasons and notes go into records and onto the trail, and are shown and exported; so a number of a
person in them is refused at the edge, before anything of the message is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import ClassVar

from app.kernel.personal import holds_citizen_number, holds_personal_number
from app.kernel.refusal import Kind, Refusal
from app.runtime.depth import is_json

# Where the number of a person belongs. REST first, then the names of the gateway's fields.
PERSONAL = frozenset(
    (
        *("certificate_number", "card", "card_number", "electronic_card", "phone"),
        *("certno", "mdtrt_cert_no", "card_sn", "psn_card_no", "tel"),
    )
)
# Where people write sentences; anywhere else only a citizen number is looked for.
PROSE = frozenset(
    (
        *("reason", "referral_reason", "withdrawal_reason", "note", "memo", "request", "comment"),
        *("refl_rea", "dspt_rea", "main_cond_dscr", "dise_cond_dscr", "adm_diag_dscr"),
        *("stmt_rslt_dscr", "addr"),
    )
)
PLACES_MAX = 20
LONG = 10**10  # as many digits as a mobile phone's number has; a card's and a citizen's have more
STEP_MAX = 40  # characters of a key that are told; a name of the hub's own has fewer
NINES = bytes.maketrans(b"012345678", b"9" * 9)  # every digit a nine
RUNS = (b"9" * 8, b"9999 9999", b"9999-9999")
# Escapes, full-width digits, typographic dashes, and what UTF-16 and UTF-32 put beside a digit.
WIDE = (b"\\u", b"\xef\xbc", b"\xe2\x80", b"\0")


class PersonalNumberInText(Refusal):
    """A citizen, card or phone number stands where it would be kept and shown as it was typed."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "personal-number-in-text"
    title: ClassVar = "A person's number does not belong into this text"
    title_zh: ClassVar = "文字说明中不得填写证件号码、卡号或电话"
    says: ClassVar = "Found in {places}; nothing of the message was kept."
    says_zh: ClassVar = "所在位置：{places}；报文内容未予保存。"
    remedy: ClassVar = (
        "Write the worker's number (W…) or the number of the filing or visit instead."
    )
    remedy_zh: ClassVar = "请改填工伤职工编号（W…）或备案、就诊编号。"


def check_body(content_type: str | None, content: bytes) -> None:
    """Refuse a JSON body with a person's number in its free text; most are not even parsed."""
    if not is_json(content_type) or not _may_hold_numbers(content):
        return
    try:
        sent = json.loads(content)
    except (ValueError, RecursionError):  # whoever reads it next says so
        return
    check(sent)


def check(sent: object) -> None:
    """Refuse what was sent if its free text holds a person's number; tell places, no values."""
    _refuse(_places(sent))


def check_cells(rows: Iterable[tuple[int, Iterable[tuple[str, str]]]]) -> None:
    """Refuse a sheet whose free text holds a person's number; rows are told as the sheet shows."""
    _refuse(
        f"row {line}: {column}"
        for line, cells in rows
        for column, text in cells
        if _is_misplaced(text, column)
    )


def check_key(message_id: str) -> None:
    """Refuse a message id made of a person's number: ids are kept for ever."""
    if holds_citizen_number(message_id):
        raise PersonalNumberInText(places=["Idempotency-Key"])


def _refuse(places: Iterable[str]) -> None:
    found = [place for place, _ in zip(places, range(PLACES_MAX), strict=False)]
    if found:
        raise PersonalNumberInText(places=found)


def _places(sent: object) -> Iterator[str]:
    """Walk in the order of the text, on a stack of our own: depth is the sender's to choose."""
    waiting: list[tuple[object, str, str]] = [(sent, "", "")]  # value, its name, its place
    while waiting:
        value, name, path = waiting.pop()
        if isinstance(value, dict):
            within = [(it, str(key), f"{path}/{step_of(str(key))}") for key, it in value.items()]
            waiting.extend(reversed(within))
        elif isinstance(value, list):
            listed = [(it, name, f"{path}/{index}") for index, it in enumerate(value)]
            waiting.extend(reversed(listed))
        elif _is_text(value) and _is_misplaced(str(value), name):
            yield path


def _is_text(value: object) -> bool:
    """Say whether a value is text, or a long number, which the gateway takes for text."""
    return isinstance(value, str) or (isinstance(value, int | Decimal) and value >= LONG)


def _is_misplaced(text: str, name: str) -> bool:
    if name in PERSONAL:
        return False
    return holds_personal_number(text) if name in PROSE else holds_citizen_number(text)


def _may_hold_numbers(content: bytes) -> bool:
    """Say whether a body may hold a person's number at all, without reading it."""
    nines = content.translate(NINES)
    return any(run in nines for run in RUNS) or any(mark in content for mark in WIDE)


def step_of(key: str) -> str:
    """Write a key of the sender's as a JSON pointer does, unless it is a number itself."""
    if holds_citizen_number(key):
        return "*"
    return key[:STEP_MAX].replace("~", "~0").replace("/", "~1")
