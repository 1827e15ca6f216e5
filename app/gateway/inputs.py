"""Reads the input of a transaction by its mapping: every fault of every field, at once.

Numbers come as JSON numbers or as text; "" and null are no value; one object stands for a list of
one; what the mapping does not name is passed over. Normalising ends here: the deeds get values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from app.gateway.errors import FieldsRefused
from app.gateway.mapping import DECIMALS, FieldType, InputField, InputNode, Transaction
from app.gateway.parcels import content_of
from app.kernel.calendar import CHINA, is_within_reach
from app.kernel.money import Money
from app.reference.value_sets import ValueSet, value_sets

Json: TypeAlias = object  # what a JSON text can hold
Value: TypeAlias = str | Decimal | date | datetime | tuple[str, ...] | bytes
# A time of day after a day is passed over: hospital software has one type for both.
DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})([ T][0-9]{2}:[0-9]{2}:[0-9]{2})?")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?")
NUMBER = re.compile(r"-?[0-9]{1,24}(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,2})?")
UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
WHOLE_DIGITS, COUNT_DIGITS = 10, 9
TEXT_MAX = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFault:
    """One thing wrong with one field."""

    code: str
    node: str
    field: str
    index: int | None
    zh: str
    en: str

    def told(self) -> dict[str, object]:
        """Say it for the wire; never the value, which may be personal."""
        where = self.node if self.index is None else f"{self.node}[{self.index}]"
        place = f"{where}.{self.field}".strip(".")
        return {
            "code": self.code,
            "field": place,
            "index": self.index,
            "detail": self.en,
            "detail_zh": self.zh,
        }


@dataclass(frozen=True, slots=True)
class Row:
    """The values of one object, by the published names of its fields."""

    values: Mapping[str, Value]

    def has(self, name: str) -> bool:
        """Say whether a field has a value."""
        return name in self.values

    def text(self, name: str) -> str:
        """Return a required text or code."""
        value = self.values[name]
        assert isinstance(value, str), "the mapping says what each field is"
        return value

    def text_or(self, name: str, *others: str) -> str | None:
        """Return the first of several texts that has a value."""
        return next((self.text(each) for each in (name, *others) if self.has(each)), None)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.values.get(name, ())
        assert isinstance(value, tuple), "the mapping says what each field is"
        return value

    def content(self, name: str) -> bytes:
        """Return a required file."""
        value = self.values[name]
        assert isinstance(value, bytes), "the mapping says what each field is"
        return value

    def number(self, name: str) -> Decimal:
        """Return a required number."""
        value = self.values[name]
        assert isinstance(value, Decimal), "the mapping says what each field is"
        return value

    def count(self, name: str) -> int | None:
        """Return a whole number."""
        return int(self.number(name)) if self.has(name) else None

    def money(self, name: str) -> Money:
        """Return a required amount."""
        return Money(int(self.number(name).scaleb(2)))

    def day(self, name: str) -> date | None:
        """Return a day."""
        value = self.values.get(name)
        assert value is None or isinstance(value, date), "the mapping says what each field is"
        return value

    def instant(self, name: str) -> datetime:
        """Return a required instant."""
        value = self.values[name]
        assert isinstance(value, datetime), "the mapping says what each field is"
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a code of a set whose own values are true and false."""
        return self.text(name) == "true" if self.has(name) else default


NOTHING = Row({})


@dataclass(frozen=True, slots=True)
class Input:
    """The rows of each node."""

    nodes: Mapping[str, tuple[Row, ...]]
    unknown: tuple[str, ...] = ()  # names that were sent and passed over

    def one(self, node: str) -> Row:
        """Return the one row of a node."""
        rows = self.nodes.get(node, ())
        return rows[0] if rows else NOTHING

    def rows(self, node: str) -> tuple[Row, ...]:
        """Return every row of a node."""
        return self.nodes.get(node, ())


@dataclass(slots=True)
class _Reader:
    """Collects rows and faults while the input is walked."""

    faults: list[FieldFault] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def fault(
        self, code: str, said: tuple[str, str], node: str, name: str = "", index: int | None = None
    ) -> None:
        """Note a fault."""
        zh, en = said
        self.faults.append(FieldFault(code=code, node=node, field=name, index=index, zh=zh, en=en))

    def rows(self, node: InputNode, sent: Json) -> tuple[Row, ...]:
        """Read a node: an object, a list of objects, or nothing."""
        if sent is None or sent in ("", {}) or (sent == [] and not node.many):
            if not node.optional:
                code = "BATCH_EMPTY" if node.many else "FIELD_REQUIRED"
                self.fault(code, ("缺少数据节点", "The node is missing or empty"), node.name)
            return ()
        found = sent if isinstance(sent, list) else [sent]
        if not found and not node.optional:
            self.fault("BATCH_EMPTY", ("明细条数为零", "The batch is empty"), node.name)
        most = node.rows_max if node.many else 1
        if len(found) > most:
            said = (f"至多 {most} 条", f"At most {most} rows; {len(found)} were sent")
            self.fault("BATCH_TOO_LARGE", said, node.name)
            return ()
        return tuple(
            self.row(node, each, index if node.many else None) for index, each in enumerate(found)
        )

    def row(self, node: InputNode, sent: Json, index: int | None) -> Row:
        """Read one object."""
        if not isinstance(sent, dict):
            self.fault("FIELD_FORMAT", ("应为对象", "An object is wanted"), node.name, "", index)
            return NOTHING
        values: dict[str, Value] = {}
        for it in node.fields:
            try:
                value = read_value(it, sent.get(it.name))
            except UnreadableError as fault:
                self.fault(fault.code, fault.said, node.name, it.name, index)
                continue
            if value is not None:
                values[it.name] = value
            elif it.required:
                said = (f"{it.zh}不能为空", "Required")
                self.fault("FIELD_REQUIRED", said, node.name, it.name, index)
        known = {it.name for it in node.fields}
        self.unknown += [f"{node.name}.{name}"[:60] for name in sent if name not in known]
        return Row(values)


def read_input(transaction: Transaction, sent: Json) -> Input:
    """Read the input of a transaction, or refuse with every fault."""
    reader = _Reader()
    if not isinstance(sent, dict):
        reader.fault("FIELD_FORMAT", ("input 应为对象", "input must be an object"), "input")
        sent = {}
    else:
        reader.unknown += [
            str(name)[:60]
            for name in sent
            if name not in {node.name for node in transaction.inputs}
        ]
    nodes = {node.name: reader.rows(node, sent.get(node.name)) for node in transaction.inputs}
    refuse_faults(reader.faults)
    return Input(nodes, tuple(dict.fromkeys(reader.unknown)))


def refuse_faults(faults: Sequence[FieldFault]) -> None:
    """Refuse when there is a fault."""
    if faults:
        raise FieldsRefused(fields=[fault.told() for fault in faults])


def missing(node: str, name: str, zh: str, index: int | None = None) -> FieldFault:
    """Describe a field that is wanted because of what another one says."""
    return FieldFault(
        code="FIELD_REQUIRED", node=node, field=name, index=index, zh=f"{zh}不能为空", en="Required"
    )


class UnreadableError(Exception):
    """A value cannot be read; `said` is the sentence in Chinese and English."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code = code
        self.said = (zh, en)


def read_value(it: InputField, sent: Json) -> Value | None:
    """Read one value; None when there is none. A zero in an optional number is none, too."""
    if it.type is FieldType.TEXTS:
        return _texts(it, sent)
    if it.type is FieldType.FILE:
        return None if sent in (None, "", []) else content_of(sent)
    text = plain_text(sent)
    return None if text is None else _plain(it, text)


def _plain(it: InputField, text: str) -> Value | None:
    if it.type in DECIMALS:
        number = _number(text, it)
        return None if number == 0 and not it.required else number
    if it.type is FieldType.DAY:
        return _day(text)
    if it.type is FieldType.INSTANT:
        return read_instant(text)
    if len(text) > (it.length or TEXT_MAX):
        raise UnreadableError(
            "FIELD_TOO_LONG", f"{it.zh}超过 {it.length} 字符", f"At most {it.length}"
        )
    if it.like and not re.fullmatch(it.like, text):
        raise UnreadableError("FIELD_FORMAT", f"应符合 {it.like}", f"Of the form {it.like}")
    return _coded(text, value_sets()[it.value_set], it) if it.value_set else text


def plain_text(sent: Json) -> str | None:
    """Return a value as text without surrounding space; None for "", null and blanks."""
    if sent is None:
        return None
    if isinstance(sent, bool) or not isinstance(sent, str | int | Decimal):
        raise UnreadableError("FIELD_FORMAT", "应为文本或数字", "Text or a number is wanted")
    text = str(sent).strip()
    if UNSAFE.search(text):
        raise UnreadableError(
            "FIELD_FORMAT", "含有不可用字符", "Contains characters that cannot be kept"
        )
    return text or None


def _texts(it: InputField, sent: Json) -> tuple[str, ...] | None:
    pieces = re.split(r"[,，、;；]", sent) if isinstance(sent, str) else sent
    if pieces is None:
        return None
    if not isinstance(pieces, list):
        raise UnreadableError("FIELD_FORMAT", "应为列表", "A list is wanted")
    texts = [text for text in map(plain_text, pieces) if text is not None]
    if any(len(text) > it.length for text in texts):
        raise UnreadableError(
            "FIELD_TOO_LONG", f"{it.zh}超过 {it.length} 字符", f"At most {it.length}"
        )
    if it.value_set:
        texts = [_coded(text, value_sets()[it.value_set], it) for text in texts]
    return tuple(dict.fromkeys(texts)) or None


def _coded(text: str, values: ValueSet, it: InputField) -> str:
    """Return the hub's own value for a code, or the code itself where it has none."""
    found = values.code(text)
    if found is not None:
        return found.ours or found.value
    sentence = values.refusal(text)
    if sentence is not None:
        raise UnreadableError("CODE_REFUSED", sentence.zh, sentence.en)
    taken = "、".join(code.value for code in values.values)
    raise UnreadableError("CODE_UNKNOWN", f"{it.zh}取值应为 {taken}", f"One of {taken}")


def _number(text: str, it: InputField) -> Decimal:
    """Read a number; prices and counts are never below zero."""
    digits, decimals = text.replace(",", ""), DECIMALS[it.type]
    if not NUMBER.fullmatch(digits):
        raise UnreadableError("FIELD_FORMAT", "应为数字", "A number is wanted")
    number = Decimal(digits)
    whole = COUNT_DIGITS if it.type is FieldType.COUNT else WHOLE_DIGITS
    if abs(number.adjusted()) >= whole and number != 0:
        raise UnreadableError("FIELD_FORMAT", "数字超出范围", "The number is out of range")
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > decimals:
        raise UnreadableError(
            "FIELD_FORMAT", f"至多 {decimals} 位小数", f"At most {decimals} decimals"
        )
    if number < 0 and it.type in (FieldType.PRICE, FieldType.COUNT):
        raise UnreadableError("FIELD_FORMAT", "不得为负数", "Never below zero")
    return number


def _day(text: str) -> date:
    found = DAY.fullmatch(text)
    try:
        day = date(*map(int, found.groups()[:3] if found else ()))
    except (TypeError, ValueError):
        raise UnreadableError("FIELD_FORMAT", "应为 yyyy-MM-dd", "yyyy-MM-dd is wanted") from None
    _require_reach(day)
    return day


def read_instant(text: str) -> datetime:
    """Read a time of China's day."""
    if not INSTANT.fullmatch(text):
        raise _no_instant()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _no_instant() from None
    _require_reach(found)
    return found.replace(tzinfo=CHINA)


def _no_instant() -> UnreadableError:
    return UnreadableError(
        "FIELD_FORMAT", "应为 yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss is wanted"
    )


def _require_reach(day: date) -> None:
    if not is_within_reach(day):
        raise UnreadableError(
            "FIELD_FORMAT", "年份应在 1900 至 2999 之间", "Between the years 1900 and 2999"
        )
