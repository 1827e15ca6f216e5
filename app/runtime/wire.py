"""How a day, an instant and a yes-or-no are spelled on the wire; nothing else is read as one.

A lenient reader takes 0 for a day of 1970 and "0" for no: what a slip of the sender's program
then says ends an entitlement, or decides who pays.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, StrictBool
from pydantic_core import PydanticCustomError

from app.kernel.calendar import is_within_reach

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
# A month that is asked for, in the same years as a day.
MONTH = r"^(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])$"
UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})  # Unicode's controls, formats, line and paragraph ends


def _spelled_day(text: object) -> object:
    if isinstance(text, str) and DAY.fullmatch(text):
        return text
    detail = "A day is written like 2025-09-01 日期应写作 2025-09-01"
    raise PydanticCustomError("day_spelling", detail)


def _spelled_instant(text: object) -> object:
    if isinstance(text, str) and INSTANT.fullmatch(text):
        return text
    detail = "An instant is written like 2025-09-01T08:30:00+08:00 时间应写作该形式并带时区"
    raise PydanticCustomError("instant_spelling", detail)


def _day_within_reach(day: date) -> date:
    if is_within_reach(day):
        return day
    detail = "A day lies between 1900 and 2999 日期应在 1900 年至 2999 年之间"
    raise PydanticCustomError("day_range", detail)


def _within_reach(instant: datetime) -> datetime:
    if is_within_reach(instant):
        return instant
    detail = "An instant lies between 1900 and 2999 时间应在 1900 年至 2999 年之间"
    raise PydanticCustomError("instant_range", detail)


def _as_it_looks(text: str) -> str:
    if not any(unicodedata.category(each) in UNSEEN for each in text):
        return text
    detail = "A name holds no character that is not seen 名称不得含不可见字符或方向控制符"
    raise PydanticCustomError("unseen_character", detail)


Day = Annotated[date, BeforeValidator(_spelled_day), AfterValidator(_day_within_reach)]
Instant = Annotated[AwareDatetime, BeforeValidator(_spelled_instant), AfterValidator(_within_reach)]
Flag = StrictBool
# What clerks compare by eye: nothing in it turns, hides or breaks what follows. Characters of
# private areas are taken: rare ones of names (生僻字) are still written so.
AsItLooks = AfterValidator(_as_it_looks)
