"""Usage of an advance, its crossings, its mode, and what changes it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from app.advance.model import Pair
from app.kernel.lifecycle import Lifecycle
from app.kernel.money import Money


class Mode(enum.StrEnum):
    """What an empty advance does 预付金不足时的处理方式."""

    WARN = "warn"  # 预警
    HOLD = "hold"  # 暂停，须批准
    HARD = "hard"  # 禁止透支


class Level(enum.StrEnum):
    """How far an advance is used 预警级别."""

    NORMAL = "normal"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The lines of usage in percent, and how far below one usage must fall to be told again."""

    yellow: int
    red: int
    rearm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What is watched and how: a pair, or the pool of a treatment place (no insured place)."""

    insured_place: str | None
    treatment_place: str
    mode: Mode
    lines: Lines
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageAsked:
    """Of what the usage is asked, and over which recent days spending is averaged."""

    pools: bool
    place: str | None
    today: date
    burn_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A guarded pair or pool as it stands: what is used, what covers it, what was burnt lately."""

    id: int
    guard: Guard
    uncleared: Money
    notified: Money
    advance: Money
    burnt: Money  # fund amounts settled in the recent days
    burn_days: int

    @property
    def used(self) -> Money:
        """What is owed and not yet paid."""
        return self.uncleared + self.notified


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A standing with its rate, and how long it lasts at the recent pace."""

    standing: Standing
    percent: str | None  # two decimals, never rounded up; none without an advance
    daily: Money
    days_until_empty: int | None  # none when nothing is burnt


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A line was crossed: told to one addressee until it acknowledges."""

    id: int
    number: str
    insured_place: str | None
    treatment_place: str
    addressee: str
    level: Level
    used: Money
    advance: Money
    subject: str
    raised_at: datetime
    announced_on: date
    acknowledged_at: datetime | None
    acknowledged_by: str | None


class ChangeKind(enum.StrEnum):
    """What is to change 变更类别."""

    MODE = "mode"
    QUOTA = "quota"
    INCREASE = "increase"


class ChangeState(enum.StrEnum):
    """Where a change stands 变更状态."""

    ASKED = "asked"  # an increase, by the treatment place
    PROPOSED = "proposed"  # by one person of the operator
    APPROVED = "approved"  # by another
    REJECTED = "rejected"


class ChangeEvent(enum.StrEnum):
    """What happens to a change."""

    DECIDE = "decide"
    APPROVE = "approve"
    REJECT = "reject"


LIFE_OF_CHANGE: Lifecycle[ChangeState, ChangeEvent] = Lifecycle(
    name="advance change",
    start=ChangeState.ASKED,
    moves=MappingProxyType(
        {
            (ChangeState.ASKED, ChangeEvent.DECIDE): ChangeState.PROPOSED,
            (ChangeState.ASKED, ChangeEvent.REJECT): ChangeState.REJECTED,
            (ChangeState.PROPOSED, ChangeEvent.APPROVE): ChangeState.APPROVED,
            (ChangeState.PROPOSED, ChangeEvent.REJECT): ChangeState.REJECTED,
        }
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A change as it is asked for or proposed."""

    kind: ChangeKind
    pair: Pair
    mode: Mode | None
    amount: Money | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a pair's mode, of its quota, or an emergency increase."""

    id: int
    number: str
    wish: Wish  # its amount is what was asked for
    decided: Money | None  # what the operator proposes
    state: ChangeState
    opened_at: datetime
    opened_by: str
    proposed_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    note: str | None


class HoldState(enum.StrEnum):
    """Whether a held settlement may go on 待批结算状态."""

    ASKED = "asked"
    APPROVED = "approved"
    REJECTED = "rejected"


class HoldEvent(enum.StrEnum):
    """What happens to it."""

    APPROVE = "approve"
    REJECT = "reject"


LIFE_OF_HOLD: Lifecycle[HoldState, HoldEvent] = Lifecycle(
    name="hold",
    start=HoldState.ASKED,
    moves=MappingProxyType(
        {
            (HoldState.ASKED, HoldEvent.APPROVE): HoldState.APPROVED,
            (HoldState.ASKED, HoldEvent.REJECT): HoldState.REJECTED,
        }
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAsked:
    """A visit whose settlement waits for approval, up to an amount of the fund."""

    visit: str
    fund: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A visit's approval, asked for, given or declined."""

    id: int
    number: str
    visit: str
    institution: str
    pair: Pair
    fund: Money
    reason: str
    state: HoldState
    asked_at: datetime
    asked_by: str
    decided_at: datetime | None
    decided_by: str | None
    note: str | None
