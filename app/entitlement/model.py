"""Workers, their certificates and cards, what was determined for them, and what ended it."""

from __future__ import annotations

import enum
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime

from app.kernel.identity import Sex, masked_name, masked_number
from app.kernel.lifecycle import Lifecycle

MIDDLE_DOT = "·"  # between the parts of a name, U+00B7
DOT_VARIANTS = str.maketrans(dict.fromkeys("•‧∙⋅・●．.", MIDDLE_DOT))


class CertificateKind(enum.StrEnum):
    """证件类型: what a worker proves who they are with."""

    SOCIAL_SECURITY_NUMBER = "social_security_number"  # 社会保障号（公民身份号码）
    PASSPORT = "passport"  # 护照
    HONGKONG_MACAO_PERMIT = "hongkong_macao_permit"  # 港澳居民来往内地通行证
    TAIWAN_PERMIT = "taiwan_permit"  # 台湾居民来往大陆通行证
    PERMANENT_RESIDENCE = "permanent_residence"  # 外国人永久居留身份证


class CardKind(enum.StrEnum):
    """用卡方式: how a worker shows the social security card."""

    PHYSICAL = "physical"  # 社会保障卡
    ELECTRONIC = "electronic"  # 电子社保卡
    NONE = "none"  # 未出示


class DeterminationKind(enum.StrEnum):
    """Kind of determination 认定（确认）类型."""

    INJURY = "injury"  # 工伤认定
    RECURRENCE = "recurrence"  # 工伤复发确认
    REHABILITATION = "rehabilitation"  # 工伤康复确认
    DEVICE = "device"  # 辅助器具配置确认


class DeterminationState(enum.StrEnum):
    """Whether a determination stands 认定（确认）状态."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


class DeterminationEvent(enum.StrEnum):
    """What can happen to a determination."""

    WITHDRAW = "withdraw"  # 撤销认定（确认）


LIFE = Lifecycle(
    name="determination",
    start=DeterminationState.ACTIVE,
    moves={
        (DeterminationState.ACTIVE, DeterminationEvent.WITHDRAW): DeterminationState.WITHDRAWN,
    },
)


class LossKind(enum.StrEnum):
    """Why a worker's entitlement ends (丧失待遇享受资格原因)."""

    DEATH = "death"  # 死亡
    RELATIONSHIP_ENDED = "relationship_ended"  # 终结工伤保险关系
    LUMP_SUM = "lump_sum"  # 领取一次性待遇
    OTHER = "other"  # 其他


class LookPurpose(enum.StrEnum):
    """Why an insured agency looks at a worker's data unmasked (查看事由)."""

    FILING = "filing"  # 备案审核
    VISIT = "visit"  # 就诊核实
    REVIEW = "review"  # 费用审核
    INQUIRY = "inquiry"  # 协查
    COMPLAINT = "complaint"  # 投诉举报
    CORRECTION = "correction"  # 信息更正


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """An injured worker (工伤职工) without anything personal."""

    id: int
    number: str
    insured_region: str
    employer: str
    registered_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who a worker is: the personal data, kept apart."""

    name: str
    certificate_kind: CertificateKind
    certificate_number: str
    card_number: str | None
    electronic_card: str | None
    phone: str | None
    sex: Sex
    birth_date: date

    def masked(self) -> Person:
        """Return what those may see who need not know the person."""
        return replace(
            self,
            name=masked_name(self.name),
            certificate_number=masked_number(self.certificate_number),
            card_number=self.card_number and masked_number(self.card_number),
            electronic_card=self.electronic_card and masked_number(self.electronic_card),
            phone=self.phone and masked_number(self.phone),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A worker as the register answers it."""

    worker: Worker
    person: Person
    lost_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityClaim:
    """Who somebody at a desk or online says they are."""

    certificate_number: str
    name: str
    card_kind: CardKind = CardKind.NONE
    card: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """One 认定 or 确认 of a worker; `last_day` None = without end."""

    id: int
    number: str
    worker_id: int
    worker: str
    kind: DeterminationKind
    document_number: str
    decided_on: date
    last_day: date | None
    injured_parts: tuple[str, ...]
    diagnoses: tuple[str, ...]
    third_party: bool
    state: DeterminationState
    registered_by: str
    created_at: datetime
    withdrawn_at: datetime | None = None
    withdrawal_reason: str | None = None

    @property
    def stands(self) -> bool:
        """Say whether it was not withdrawn."""
        return self.state is DeterminationState.ACTIVE

    def in_force(self, day: date) -> bool:
        """Say whether it stands and `day` lies within it, both ends included."""
        if not self.stands:
            return False
        return self.decided_on <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementLoss:
    """The event that ended a worker's entitlement; the day itself is the last one entitled."""

    id: int
    number: str
    worker_id: int
    worker: str
    kind: LossKind
    lost_on: date
    reason: str
    recorded_by: str
    recorded_at: datetime


def comparable_name(name: str) -> str:
    """Fold what typing habits add to a name: full width, spaces, other middle dots, case."""
    folded = "".join(unicodedata.normalize("NFKC", name).split())
    return folded.translate(DOT_VARIANTS).upper()


def comparable_number(number: str) -> str:
    """Fold what typing habits add to a certificate or card number: width, spaces, case."""
    return "".join(unicodedata.normalize("NFKC", number).split()).upper()


def comparable_token(token: str) -> str:
    """Fold an e-card token: only surrounding space; its case has a meaning."""
    return token.strip()
