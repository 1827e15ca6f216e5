"""Read a policy book that somebody sent, whatever is in it, or say in a sentence why it is none.

What is read is held to a form in which no text is slow to read and every line that tells of it is
short: what one person sends must neither stop the hub nor hide from another what it changes.
"""

from __future__ import annotations

import re
from datetime import date

from app.policy.book import Parameter, PolicyBook, Value

VERSION = re.compile(r"[0-9A-Za-z.]{1,16}-[0-9a-f]{8}")
NAME = re.compile(r"[a-z][0-9a-z_]{0,39}\.[a-z][0-9a-z_]{0,59}")
PLACE = re.compile(r"[0-9]{6}")
WHY_CHARACTERS_MAX = 200
# A key of many parts takes the reader the square of their number, and a key ends with its line.
LINE_CHARACTERS_MAX, LINE_DOTS_MAX = 500, 24
WORDS_CHARACTERS_MAX = 200
CLAUSE_CHARACTERS_MAX = 100
VALUE_CHARACTERS_MAX = 2_000
DEPTH_MAX = 3
WHOLE_MAX = 10**18


class BookUnreadableError(ValueError):
    """A text is no policy book; the message says why."""


def read_book(text: str) -> PolicyBook:
    """Read a book that somebody sent."""
    try:
        _require_short_lines(text)
        book = PolicyBook.parse(text)
        for parameter in book.parameters.values():
            _require_form(parameter)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
        raise BookUnreadableError(plain(why)[:WHY_CHARACTERS_MAX]) from error
    if not VERSION.fullmatch(book.version):
        raise BookUnreadableError("the edition's name is 1 to 16 letters, digits and dots")
    return book


def plain(text: str) -> str:
    """Write a text in one line that a database and a terminal can take."""
    return "".join(it if it.isprintable() else "�" for it in text)


def _require_short_lines(text: str) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LINE_CHARACTERS_MAX or line.count(".") > LINE_DOTS_MAX:
            message = (
                f"line {number} has more than {LINE_CHARACTERS_MAX} characters"
                f" or {LINE_DOTS_MAX} dots"
            )
            raise ValueError(message)


def _require_form(it: Parameter) -> None:
    """Hold what two persons are told of a parameter to words they can read."""
    if not NAME.fullmatch(it.name):
        message = f"{it.name} is no name of a parameter"
        raise ValueError(message)
    for words in (it.unit, it.means, it.means_zh):
        _require_short(it.name, words, WORDS_CHARACTERS_MAX)
    for place in it.provinces:
        if not PLACE.fullmatch(place):
            message = f"{it.name}: {place} is no place"
            raise ValueError(message)
    dated = [each for series in (it.national, *it.provinces.values()) for each in series]
    for clause in (*it.carries, *(each.clause for each in dated)):
        _require_short(it.name, clause, CLAUSE_CHARACTERS_MAX)
    for each in dated:
        _require_value(it.name, each.value, DEPTH_MAX)
        _require_short(it.name, str(each.value), VALUE_CHARACTERS_MAX)


def _require_short(name: str, words: str, most: int) -> None:
    if len(words) > most:
        message = f"{name} has words of more than {most} characters"
        raise ValueError(message)


def _require_value(name: str, value: Value, depth: int) -> None:
    """Take what the book hands out and no more: whole numbers, words, days, lists and tables."""
    if isinstance(value, list | dict) and depth:
        for each in value.values() if isinstance(value, dict) else value:
            _require_value(name, each, depth - 1)
        return
    # A moment is a day, too, to Python; a yes is a number.
    if type(value) in (str, bool, date) or (type(value) is int and abs(value) <= WHOLE_MAX):
        return
    message = f"{name} has a value of a kind no rule reads"
    raise ValueError(message)
