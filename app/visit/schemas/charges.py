"""A plain call of fee lines, read in one pass: it takes nothing back and spells its days plainly.

What is read here is read the same by `LinesIn`, which says what is wrong with anything else.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.kernel.money import Money
from app.kernel.personal import holds_citizen_number
from app.runtime.depth import check_depth
from app.runtime.wire import Flag
from app.visit.model import BETWEEN, LINES_PER_CALL_MAX, Charges, FeeCategory
from app.visit.schemas.asked import Amount, Quantity, Serial, Text, UnitPrice

# Of the years the wire takes, in whole seconds, with an offset the database takes too. No later
# reader is asked about the hour: some know a 24th.
PlainInstant = Annotated[
    str,
    StringConstraints(
        pattern=r"^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
        r"(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
    ),
]
NUL = "\0"  # which Postgres does not keep


class ChargeIn(BaseModel):
    """A fee line that is no refund; `FeeLineIn` describes its fields."""

    model_config = ConfigDict(extra="forbid")

    serial: Serial
    refund_of: None = None
    category: FeeCategory
    item_code: Text | None = None
    item_name: Text
    institution_item_code: Text | None = None
    specification: Text | None = None
    unit: Text | None = None
    quantity: Quantity
    unit_price: UnitPrice
    amount: Amount
    occurred_at: PlainInstant
    injury_related: Flag
    restricted_approved: Flag = False
    department: Text | None = None
    physician: Text | None = None


_FIELDS = itemgetter(*ChargeIn.model_fields)


class ChargesIn(BaseModel):
    """A plain call of fee lines."""

    model_config = ConfigDict(extra="forbid")

    lines: list[ChargeIn] = Field(min_length=1, max_length=LINES_PER_CALL_MAX)

    @classmethod
    def read(cls, body: bytes) -> Charges:
        """Read a body; raises a `ValueError` or a refusal for what is not plain."""
        lines = cls.model_validate_json(body).lines
        if body.count(b"{") + body.count(b"[") > len(lines) + 2:
            check_depth("json", body)  # most have no bracket but those of the lines
        (
            serials,
            _,
            categories,
            item_codes,
            item_names,
            institution_item_codes,
            specifications,
            units,
            quantities,
            unit_prices,
            amounts,
            occurred_at,
            injury_related,
            restricted_approved,
            departments,
            physicians,
        ) = zip(*[_FIELDS(line.__dict__) for line in lines], strict=True)
        _require_keepable(
            *(serials, item_codes, item_names, institution_item_codes, specifications, units),
            *(departments, physicians),
        )
        at = {text: datetime.fromisoformat(text) for text in set(occurred_at)}
        return Charges(
            serials=serials,
            categories=categories,
            item_codes=item_codes,
            item_names=item_names,
            institution_item_codes=institution_item_codes,
            specifications=specifications,
            units=units,
            quantities=tuple(map(Decimal, quantities)),
            unit_prices=tuple(map(Decimal, unit_prices)),
            amounts=tuple([Money(int(Decimal(text).scaleb(2))) for text in amounts]),
            occurred_at=tuple(map(at.__getitem__, occurred_at)),
            injury_related=injury_related,
            restricted_approved=restricted_approved,
            departments=departments,
            physicians=physicians,
        )


def _require_keepable(*columns: tuple[str | None, ...]) -> None:
    """Refuse text that parts columns, or that cannot be kept, or that names a person."""
    texts = {text for column in columns for text in set(column) if text}
    joined = BETWEEN.join(texts)
    if joined.count(BETWEEN) >= len(texts) or NUL in joined or holds_citizen_number(joined):
        message = "a text that is not plain"
        raise ValueError(message)
