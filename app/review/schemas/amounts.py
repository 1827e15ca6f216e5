"""Amounts that move money: above zero, in yuan."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError


def _above_zero(text: str) -> str:
    if text.strip("0.") == "":
        detail = "The amount is above zero 金额须大于零"
        raise PydanticCustomError("amount_range", detail)
    return text


AmountMoved = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{1,13}(\.[0-9]{1,2})?$"), AfterValidator(_above_zero)
]
