"""Who may change a quota, a mode or a held settlement, and when an increase is open."""

from __future__ import annotations

from datetime import date

from app.advance.errors import AdvanceNotRed, AdvancePairWrong
from app.advance.model import Pair
from app.advance.model.watching import Level, Lines, Mode
from app.advance.rules.quota import is_pair
from app.kernel.basis import basis
from app.policy.book import PolicyBook


@basis("hub-default/advance-mode")
def require_pair(pair: Pair) -> None:
    """An advance is kept between two places that owe each other."""
    if not is_pair(pair):
        raise AdvancePairWrong(
            insured_place=pair.insured_place, treatment_place=pair.treatment_place
        )


@basis("hub-default/advance-increase")
def require_red(pair: Level, pool: Level) -> None:
    """Red usage, of the pair or of the pool it is part of, opens an increase."""
    if Level.RED not in (pair, pool):
        raise AdvanceNotRed(pair_level=pair, pool_level=pool)


@basis("hub-default/advance-mode")
def first_mode(day: date, insured_place: str, book: PolicyBook) -> Mode:
    """The mode a pair begins with is the policy's; afterwards only two persons change it."""
    return Mode(book.text("advance.mode", day, insured_place))


@basis("hub-default/advance-alerts", "hub-default/advance-rearm")
def lines_of(day: date, book: PolicyBook) -> Lines:
    """The lines of usage, and how far below one it must fall before it is told again."""
    return Lines(
        yellow=book.whole("advance.alert_percent", day, of="yellow"),
        red=book.whole("advance.alert_percent", day, of="red"),
        rearm=book.whole("advance.rearm_points", day),
    )
