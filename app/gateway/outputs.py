"""Writes the output of a transaction by its mapping, amounts as exact JSON numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from app.gateway.mapping import DECIMALS, FieldType, OutputField, OutputNode, Transaction
from app.kernel.calendar import CHINA
from app.kernel.money import Money
from app.reference.value_sets import value_sets

Facts: TypeAlias = Mapping[str, object]
Told: TypeAlias = Mapping[str, Sequence[Facts]]  # by node
# JSON text has exact numbers, Python's writer has not: digits travel marked and are unwrapped.
MARK = "\u0001"
MARKED = re.compile(r'"\\u0001(-?[0-9.]+)"')


def show(transaction: Transaction, told: Told) -> dict[str, object]:
    """Lay out what a deed told as the transaction's output."""
    return {
        node.name: _node(node, told.get(node.name, ()))
        for node in transaction.outputs
        if node.many or told.get(node.name)
    }


def write_json(body: object, *, as_text: bool = False) -> str:
    """Write JSON with exact numbers, or with text for those who cannot read them."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return MARKED.sub(r'"\1"' if as_text else r"\1", text)


def number(value: Decimal | Money | int, decimals: int) -> str:
    """Return a number as `write_json` unwraps it."""
    exact = Decimal(value.fen).scaleb(-2) if isinstance(value, Money) else Decimal(value)
    return f"{MARK}{exact:.{decimals}f}"


def _node(node: OutputNode, rows: Sequence[Facts]) -> object:
    shown = [{it.name: _value(it, facts) for it in node.fields} for facts in rows]
    return shown if node.many else shown[0]


def _value(it: OutputField, facts: Facts) -> object:
    """Show a fact; a number that is not there is 0, anything else is ""."""
    value = it.constant if it.constant is not None else facts.get(it.fact)
    if it.type in DECIMALS:
        return _number(value, DECIMALS[it.type])
    if it.type is FieldType.TEXTS:
        assert isinstance(value, Sequence | frozenset), f"{it.name} shows several"
        return sorted(_coded(it, str(each)) for each in value)
    if value is None:
        return ""
    if it.type is FieldType.INSTANT:
        assert isinstance(value, datetime), f"{it.name} shows an instant"
        return instant(value)
    if it.type is FieldType.DAY:
        assert isinstance(value, date), f"{it.name} shows a day"
        return value.isoformat()
    if isinstance(value, bool):
        value = "true" if value else "false"
    return _coded(it, str(value))


def _number(value: object, decimals: int) -> object:
    if value is None:
        value = Decimal(0)
    if isinstance(value, str):
        value = Decimal(value)
    assert isinstance(value, Decimal | Money | int), "a number is shown"
    return int(value) if decimals == 0 and not isinstance(value, Money) else number(value, decimals)


def _coded(it: OutputField, value: str) -> str:
    return value_sets()[it.value_set].shown(value) if it.value_set else value


def instant(moment: datetime) -> str:
    """Write an instant as the clocks of China show it."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
