"""Between JSON and typed values: by the dataclass's own annotations, in both directions.

Reading is tolerant: a field the client does not know is passed over, so a newer hub can say more.
Writing is strict: money has two decimals and nothing is rounded on the quiet.
"""

from __future__ import annotations

import dataclasses
import types
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import (
    Annotated,
    Any,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from hub_client.problems import AnswerUnreadableError
from hub_client.wire import Json

S = TypeVar("S")
Yuan: TypeAlias = Annotated[Decimal, "yuan"]
CENT = Decimal("0.01")


def read_as(shape: type[S], told: Json) -> S:
    """Read a JSON object as a dataclass."""
    try:
        return cast("S", _read(shape, told))
    except (TypeError, ValueError, KeyError, InvalidOperation) as error:
        raise AnswerUnreadableError(f"{shape.__name__}: {error}") from error


_FIELDS: dict[type[Any], tuple[tuple[str, Any, bool], ...]] = {}  # read once per shape


def _fields(shape: type[Any]) -> tuple[tuple[str, Any, bool], ...]:
    known = _FIELDS.get(shape)
    if known is None:
        hints = get_type_hints(shape, include_extras=True)
        known = _FIELDS[shape] = tuple(
            (each.name, hints[each.name], not _has_default(each))
            for each in dataclasses.fields(shape)
        )
    return known


def _has_default(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is not missing or field.default_factory is not missing


# The values below have the type their annotation names, which only the reader of it can know.
def _read(shape: Any, told: Any) -> Any:  # noqa: ANN401, PLR0911 -- one line per kind of value
    origin = get_origin(shape)
    if origin is Annotated:
        return _read(get_args(shape)[0], told)
    if origin in (Union, types.UnionType):
        kinds = [kind for kind in get_args(shape) if kind is not type(None)]
        return None if told is None else _read(kinds[0], told)
    if origin is tuple:
        return tuple(_read(get_args(shape)[0], each) for each in told)
    if dataclasses.is_dataclass(shape):
        return _read_record(cast("type[Any]", shape), told)
    if shape is Decimal:
        return Decimal(str(told))
    if shape in (date, datetime):
        return shape.fromisoformat(told)
    return _read_plain(shape, told)


def _read_plain(shape: type[Any], told: Any) -> Any:  # noqa: ANN401 -- as above
    if not isinstance(told, shape) or (shape is int and isinstance(told, bool)):
        raise TypeError(f"{told!r} is not {shape.__name__}")
    return told


def _read_record(shape: type[Any], told: Any) -> Any:  # noqa: ANN401 -- as above
    if not isinstance(told, dict):
        raise TypeError(f"{shape.__name__} is not an object")
    given = {
        name: _read(kind, told[name])
        for name, kind, needed in _fields(shape)
        if needed or name in told
    }
    return shape(**given)


def written(order: object) -> Json:
    """Write a dataclass as JSON; what is None is left out."""
    assert dataclasses.is_dataclass(order)
    told: dict[str, Json] = {}
    for name, kind, _ in _fields(type(cast("Any", order))):
        value = getattr(order, name)
        if value is not None:
            told[name] = yuan(value) if _is_yuan(kind) else _write(value)
    return told


def _is_yuan(kind: object) -> bool:
    return get_origin(kind) is Annotated or any(_is_yuan(each) for each in get_args(kind))


def yuan(amount: Decimal) -> str:
    """Write an amount with two decimals; a third is a mistake of the caller's."""
    exact = amount.quantize(CENT)
    if exact != amount:
        raise ValueError(f"{amount} has more than two decimals")
    return format(exact, "f")


def _write(value: object) -> Json:
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, tuple | list | frozenset):
        return [_write(each) for each in value]
    return written(value)
