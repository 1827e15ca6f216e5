"""What an agreement institution is: its entry, its service scopes and its standing over time."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from app.kernel.costs import CostKind
from app.kernel.lifecycle import Lifecycle
from app.kernel.refusal import Refusal
from app.kernel.regions import Scheme
from app.policy.book import CoverageTarget


class InstitutionType(enum.StrEnum):
    """机构类别; one institution may be of several."""

    MEDICAL = "medical"  # 工伤医疗机构
    REHABILITATION = "rehabilitation"  # 工伤康复机构
    DEVICE = "device"  # 辅助器具配置机构


class Grade(enum.StrEnum):
    """医疗等级 as the notices publish it; device firms have none."""

    THREE_A = "三级甲等"
    THREE_B = "三级乙等"
    THREE_UNRANKED = "三级未定等"
    THREE = "三级"
    TWO_A = "二级甲等"
    TWO_UNRANKED = "二级未定等"
    TWO = "二级"

    @property
    def is_grade_3(self) -> bool:
        """Say whether the targets for grade-3 hospitals (三级医院) count it."""
        return self.value.startswith("三级")


class InstitutionState(enum.StrEnum):
    """Whether an institution settles directly (上线状态)."""

    ONLINE = "online"  # 已上线
    SUSPENDED = "suspended"  # 暂停: admits nobody, open visits go on
    OFFLINE = "offline"  # 已下线: admits nobody, open visits settle for a while


class InstitutionEvent(enum.StrEnum):
    """What can happen to an institution."""

    SUSPEND = "suspend"
    RESUME = "resume"
    TAKE_OFFLINE = "take_offline"


LIFE = Lifecycle(
    name="institution",
    start=InstitutionState.ONLINE,
    moves={
        (InstitutionState.ONLINE, InstitutionEvent.SUSPEND): InstitutionState.SUSPENDED,
        (InstitutionState.ONLINE, InstitutionEvent.TAKE_OFFLINE): InstitutionState.OFFLINE,
        (InstitutionState.SUSPENDED, InstitutionEvent.RESUME): InstitutionState.ONLINE,
        (InstitutionState.SUSPENDED, InstitutionEvent.TAKE_OFFLINE): InstitutionState.OFFLINE,
        (InstitutionState.OFFLINE, InstitutionEvent.RESUME): InstitutionState.ONLINE,
    },
)

TYPE_NEEDED: Mapping[CostKind, InstitutionType] = MappingProxyType(
    {
        CostKind.MEDICAL: InstitutionType.MEDICAL,
        CostKind.REHABILITATION: InstitutionType.REHABILITATION,
        CostKind.DEVICE: InstitutionType.DEVICE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class InstitutionScope:
    """服务范围: one cost kind under one scheme, on some days."""

    cost_kind: CostKind
    scheme: Scheme
    first_day: date
    last_day: date | None = None

    def covers(self, day: date) -> bool:
        """Say whether `day` lies inside, both ends included."""
        return self.first_day <= day <= (self.last_day or date.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The state of an institution from a day on, and why."""

    first_day: date
    state: InstitutionState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionEntry:
    """What the treatment agency says of an institution; known by its code, never by name."""

    code: str
    name: str
    aliases: tuple[str, ...]
    types: frozenset[InstitutionType]
    grade: Grade | None
    region: str
    address: str
    address_aliases: tuple[str, ...]
    specialities: tuple[str, ...]
    uscc: str | None  # 统一社会信用代码
    source: str
    scopes: tuple[InstitutionScope, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution(InstitutionEntry):
    """One agreement institution as the hub knows it; `state` is the last one declared."""

    id: int
    state: InstitutionState
    state_since: date
    standings: tuple[Standing, ...]  # oldest first
    revision: int
    updated_at: datetime

    def standing_on(self, day: date) -> Standing | None:
        """Return how it stands on a day; None before it was ever online."""
        begun = [standing for standing in self.standings if standing.first_day <= day]
        return begun[-1] if begun else None

    def state_on(self, day: date) -> InstitutionState:
        """Return the state on a day; before the first it is not online yet."""
        standing = self.standing_on(day)
        return InstitutionState.OFFLINE if standing is None else standing.state


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionsAsked:
    """What a caller looks for; what is None does not matter."""

    place: str | None = None
    type: InstitutionType | None = None
    grade: Grade | None = None
    scheme: Scheme | None = None
    cost_kind: CostKind | None = None
    speciality: str | None = None
    q: str | None = None
    on: date | None = None
    since: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvinceCount:
    """Institutions of one province and how many are online across provinces, by kind."""

    province: str
    name: str
    grade3_medical: int
    grade3_medical_online: int
    rehabilitation: int
    rehabilitation_online: int
    device: int
    device_online: int


@dataclass(frozen=True, slots=True)
class TakenRow:
    """One accepted row of a sheet: `change` is created, updated or unchanged."""

    line: int
    institution: str
    change: str


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One refused row of a sheet, with everything wrong with it."""

    line: int
    institution: str
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a sheet: each row stands alone."""

    accepted: tuple[TakenRow, ...]
    refused: tuple[RefusedRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """An event that begins on a day, and why."""

    event: InstitutionEvent
    first_day: date | None  # None: today
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvinceCoverage:
    """One province's counts on a day, beside all its targets and the one that counts."""

    day: date
    counted: ProvinceCount
    targets: tuple[CoverageTarget, ...]
    due: CoverageTarget | None
