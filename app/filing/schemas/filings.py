"""Filings, and losses of entitlement that end them, as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

from app.entitlement.model import CardKind, IdentityClaim, LossKind
from app.filing.model import (
    Filing,
    FilingAsked,
    FilingEvent,
    FilingKind,
    FilingState,
    FilingStory,
    Happening,
    LossReport,
    Referral,
)
from app.kernel.costs import CostKind
from app.kernel.regions import Scheme
from app.runtime.wire import Day, Flag

ASKED = ConfigDict(extra="forbid", frozen=True)
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Region = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
WorkerNumber = Annotated[str, StringConstraints(pattern=r"^W[0-9]{19}$")]
CostKinds = Annotated[frozenset[CostKind], Field(min_length=1)]

WORKER, FILING = "W1100002509010000001", "Y1100002509010000001"
CITIZEN = "11000019600101001X"
WISH: JsonDict = {"kind": "residence", "treatment_region": "370100", "cost_kinds": ["medical"]}
CLAIM: JsonDict = {
    "certificate_number": CITIZEN,
    "name": "赵例甲甲",
    "card_kind": "physical",
    "card": "A00000000",
}
REFERRAL: JsonDict = {
    "diagnosis_code": "S82.2",
    "diagnosis": "胫骨干骨折",
    "institution": "示例医院",
    "reason": "本地不具备手术条件",
    "referred_on": "2025-09-01",
}
LOSS: JsonDict = {
    "worker": WORKER,
    "kind": "relationship_ended",
    "lost_on": "2025-09-01",
    "reason": "一次性领取待遇并终结工伤保险关系",
}


def _shown(example: JsonDict) -> ConfigDict:
    """Forbid what is unknown, and show a whole message that can be sent."""
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": example})


KIND = Field(description="Kind of filing 备案类型", examples=["residence"])
PLACE = Field(description="Treatment place: a province or a city 就医地区划", examples=["370100"])
COST_KINDS = Field(description="Kinds of cost opened 开通费用类别", examples=[["medical"]])
FIRST_DAY = Field(
    default=None,
    description="First day; left out: the day of approval 生效日期，不填则自审核通过日起",
    examples=[None],
)
REASON = Field(
    description="Reason, kept in the history 原因，计入备案历史", examples=["返回参保地居住"]
)
OVERRIDE = Field(
    default=False,
    description="Set the lock-in aside; the insured agency only 突破限制期（仅参保地经办机构）",
    examples=[False],
)


class ClaimIn(BaseModel):
    """Who the worker says they are 身份核验信息."""

    model_config = _shown(CLAIM)

    certificate_number: Short = Field(
        description="Certificate number 证件号码（社会保障号）", examples=[CITIZEN]
    )
    name: Short = Field(description="Name 姓名", examples=["赵例甲甲"])
    card_kind: CardKind = Field(
        default=CardKind.NONE, description="Card shown 用卡方式", examples=["physical"]
    )
    card: Text | None = Field(
        default=None,
        description="Card number or e-card token 卡号或电子卡凭证",
        examples=["A00000000"],
    )

    def claim(self) -> IdentityClaim:
        """Return the claim inside."""
        return IdentityClaim(
            certificate_number=self.certificate_number,
            name=self.name,
            card_kind=self.card_kind,
            card=self.card,
        )


class ReferralIn(BaseModel):
    """Who refers the worker, and for what 转诊信息."""

    model_config = _shown(REFERRAL)

    diagnosis_code: Short = Field(description="Code of the diagnosis 诊断编码", examples=["S82.2"])
    diagnosis: Text = Field(description="Diagnosis 诊断", examples=["胫骨干骨折"])
    institution: Text = Field(description="Institution that refers 转出机构", examples=["示例医院"])
    reason: Text = Field(description="What is lacking 转诊原因", examples=["本地不具备手术条件"])
    referred_on: Day = Field(description="Day of the referral 转诊日期", examples=["2025-09-01"])

    def referral(self) -> Referral:
        """Return the referral inside."""
        return Referral(**{name: getattr(self, name) for name in type(self).model_fields})


class WishIn(BaseModel):
    """What is to be filed 备案内容."""

    model_config = ASKED

    kind: FilingKind = KIND
    treatment_region: Region = PLACE
    cost_kinds: CostKinds = COST_KINDS
    first_day: Day | None = FIRST_DAY
    referral: ReferralIn | None = Field(
        default=None, description="Only for a referral 转诊信息，仅转诊转院", examples=[None]
    )

    def asked(self) -> FilingAsked:
        """Return what is to be filed."""
        return FilingAsked(
            kind=self.kind,
            treatment_region=self.treatment_region,
            cost_kinds=self.cost_kinds,
            first_day=self.first_day,
            referral=None if self.referral is None else self.referral.referral(),
        )


class FilingIn(WishIn):
    """A filing as a channel or an insured agency submits it 备案申请.

    Name the worker by number, or by `claim`; a channel always by `claim` and with the card.
    """

    model_config = _shown({"claim": CLAIM, **WISH})

    worker: WorkerNumber | None = Field(
        default=None, description="Number of the worker 工伤职工编号", examples=[None]
    )
    claim: ClaimIn | None = Field(default=None, description="Identity and card 身份及用卡信息")

    @model_validator(mode="after")
    def _one_worker(self) -> Self:
        if (self.worker is None) == (self.claim is None):
            raise ValueError("name the worker by either worker or claim")
        return self


class ApprovalIn(BaseModel):
    """An approval 审核通过."""

    model_config = _shown({})

    first_day: Day | None = FIRST_DAY


class RejectionIn(BaseModel):
    """A rejection 不予通过."""

    model_config = _shown({"reason": "未提供居住证明"})

    reason: Text = Field(description="Reason 不予通过原因", examples=["未提供居住证明"])


class CancellationIn(BaseModel):
    """A cancellation 取消备案."""

    model_config = _shown({"reason": "返回参保地居住"})

    reason: Text = REASON
    override: Flag = OVERRIDE


class ChangeIn(WishIn):
    """What the filing is changed to: the whole of the new filing 变更后的备案."""

    model_config = _shown({**WISH, "treatment_region": "370000", "reason": "转至省内他市"})

    reason: Text = REASON
    override: Flag = OVERRIDE


class ReferralView(BaseModel):
    """Who refers the worker, and for what 转诊信息."""

    diagnosis_code: str = Field(description="Code of the diagnosis 诊断编码", examples=["S82.2"])
    diagnosis: str = Field(description="Diagnosis 诊断", examples=["胫骨干骨折"])
    institution: str = Field(description="Institution that refers 转出机构", examples=["示例医院"])
    reason: str = Field(description="What is lacking 转诊原因", examples=["本地不具备手术条件"])
    referred_on: date = Field(description="Day of the referral 转诊日期", examples=["2025-09-01"])

    @classmethod
    def of(cls, it: Referral) -> Self:
        """Show a referral."""
        return cls(**{name: getattr(it, name) for name in cls.model_fields})


class FilingView(BaseModel):
    """A filing 备案信息; while submitted, its days are what approval that day would give."""

    number: str = Field(description="Number of the filing 备案编号", examples=[FILING])
    worker: str = Field(description="Number of the worker 工伤职工编号", examples=[WORKER])
    kind: FilingKind = KIND
    insured_region: str = Field(description="Insured place 参保地区划", examples=["110000"])
    treatment_region: str = PLACE
    scheme: Scheme = Field(description="Scheme 结算范围", examples=["cross_province"])
    cost_kinds: list[CostKind] = COST_KINDS
    state: FilingState = Field(description="State 备案状态", examples=["approved"])
    first_day: date = Field(description="First usable day 生效日期", examples=["2025-09-01"])
    last_day: date = Field(description="Last usable day 有效期截止日", examples=["2026-09-01"])
    ended_on: date | None = Field(
        description="Day it was cancelled, changed or terminated 取消、变更或终止日期",
        examples=[None],
    )
    admission_deadline: date | None = Field(
        description="Last day of a first admission, if limited 入院期限", examples=[None]
    )
    submitted_by: str = Field(description="Party that submitted it 提交方", examples=["110000"])
    submitted_at: datetime = Field(
        description="Submitted at 提交时间", examples=["2025-09-01T01:00:00Z"]
    )
    decided_at: datetime | None = Field(
        description="Approved or rejected at 审核时间", examples=["2025-09-01T01:00:00Z"]
    )
    decided_by: str | None = Field(description="By which agency 审核机构", examples=["110000"])
    reason: str | None = Field(
        description="Reason of the last step 最近一次操作原因", examples=[None]
    )
    referral: ReferralView | None = Field(description="Referral 转诊信息", examples=[None])
    replaces: str | None = Field(
        description="Filing it took the place of 变更前备案", examples=[None]
    )
    replaced_by: str | None = Field(
        description="Filing that took its place 变更后备案", examples=[None]
    )
    open_visits: int = Field(description="Visits open under it 在院就诊数", examples=[0])
    policy_version: str = Field(
        description="Policy book it was decided by 政策版本", examples=["2025.1"]
    )
    revision: int = Field(description="Times it was written 版本号", examples=[1])

    @classmethod
    def of(cls, it: Filing) -> Self:
        """Show a filing."""
        shown = {name: getattr(it, name, None) for name in FilingView.model_fields}
        shown |= {
            "cost_kinds": sorted(it.cost_kinds),
            "first_day": it.term.first,
            "last_day": it.term.last,
            "referral": it.referral and ReferralView.of(it.referral),
        }
        return cls.model_validate(shown)


class HappeningView(BaseModel):
    """One line of a filing's history 备案历史."""

    at: datetime = Field(description="When 时间", examples=["2025-09-01T01:00:00Z"])
    party: str = Field(description="Who 操作方", examples=["110000"])
    event: FilingEvent = Field(description="What 事件", examples=["approve"])
    from_state: FilingState | None = Field(
        description="State before; none: the beginning 变动前状态", examples=["submitted"]
    )
    to_state: FilingState = Field(description="State after 变动后状态", examples=["approved"])
    reason: str | None = Field(description="Why 原因", examples=[None])

    @classmethod
    def of(cls, it: Happening) -> Self:
        """Show a line of history."""
        return cls(**{name: getattr(it, name) for name in cls.model_fields})


class FilingStoryView(FilingView):
    """A filing with its history 备案信息及历史."""

    history: list[HappeningView] = Field(
        description="Everything that happened until then, oldest first 截至该时刻的全部历史"
    )

    @classmethod
    def told(cls, story: FilingStory) -> Self:
        """Show a filing and what happened to it."""
        shown = FilingView.of(story.filing).model_dump()
        return cls(**shown, history=[HappeningView.of(it) for it in story.history])


class LossIn(BaseModel):
    """A loss of entitlement as the insured agency reports it 丧失待遇享受资格登记."""

    model_config = _shown(LOSS)

    worker: WorkerNumber = Field(description="Number of the worker 工伤职工编号", examples=[WORKER])
    kind: LossKind = Field(description="Why 原因类别", examples=["relationship_ended"])
    lost_on: Day = Field(
        description="Last day of entitlement 丧失资格日期", examples=["2025-09-01"]
    )
    reason: Text = Field(description="Reason 说明", examples=["一次性领取待遇并终结工伤保险关系"])


class LossReportView(BaseModel):
    """A loss of entitlement, and the filings it terminated 丧失资格及终止的备案."""

    number: str = Field(description="Number 记录编号", examples=["L1100002509010000001"])
    worker: str = Field(description="Number of the worker 工伤职工编号", examples=[WORKER])
    kind: LossKind = Field(description="Why 原因类别", examples=["relationship_ended"])
    lost_on: date = Field(
        description="Last day of entitlement 丧失资格日期", examples=["2025-09-01"]
    )
    terminated: list[str] = Field(
        description="Filings terminated 终止的备案编号", examples=[[FILING]]
    )

    @classmethod
    def of(cls, it: LossReport) -> Self:
        """Show a loss and what it ended."""
        return cls(
            number=it.loss.number,
            worker=it.loss.worker,
            kind=it.loss.kind,
            lost_on=it.loss.lost_on,
            terminated=[filing.number for filing in it.terminated],
        )
