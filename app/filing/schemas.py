"""Filings, batches and losses of entitlement as they look on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.entitlement.model import CardKind, IdentityClaim, LossKind
from app.filing.model import (
    BatchOutcome,
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
from app.runtime.uploads import RowFaultView

ASKED = ConfigDict(extra="forbid", frozen=True)
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Cell = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Region = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
WorkerNumber = Annotated[str, StringConstraints(pattern=r"^W[0-9]{19}$")]
CostKinds = Annotated[frozenset[CostKind], Field(min_length=1)]

WORKER, FILING = "W1100002509010000001", "Y1100002509010000001"
CITIZEN = "11000019600101001X"
ROWS_MAX = 1_000
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

    model_config = ASKED

    certificate_number: Short = Field(description="社会保障号 证件号码", examples=[CITIZEN])
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

    model_config = ASKED

    diagnosis_code: Short = Field(description="Code of the diagnosis 诊断编码", examples=["S82.2"])
    diagnosis: Text = Field(description="Diagnosis 诊断", examples=["胫骨干骨折"])
    institution: Text = Field(description="Institution that refers 转出机构", examples=["示例医院"])
    reason: Text = Field(description="What is lacking 转诊原因", examples=["本地不具备手术条件"])
    referred_on: date = Field(description="Day of the referral 转诊日期", examples=["2025-09-01"])

    def referral(self) -> Referral:
        """Return the referral inside."""
        return Referral(**{name: getattr(self, name) for name in type(self).model_fields})


class WishIn(BaseModel):
    """What is to be filed 备案内容."""

    model_config = ASKED

    kind: FilingKind = KIND
    treatment_region: Region = PLACE
    cost_kinds: CostKinds = COST_KINDS
    first_day: date | None = FIRST_DAY
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

    model_config = ASKED

    first_day: date | None = FIRST_DAY


class RejectionIn(BaseModel):
    """A rejection 不予通过."""

    model_config = ASKED

    reason: Text = Field(description="Reason 不予通过原因", examples=["未提供居住证明"])


class CancellationIn(BaseModel):
    """A cancellation 取消备案."""

    model_config = ASKED

    reason: Text = REASON
    override: bool = OVERRIDE


class ChangeIn(WishIn):
    """What the filing is changed to: the whole of the new filing 变更后的备案."""

    reason: Text = REASON
    override: bool = OVERRIDE


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

    model_config = ASKED

    worker: WorkerNumber = Field(description="Number of the worker 工伤职工编号", examples=[WORKER])
    kind: LossKind = Field(description="Why 原因类别", examples=["relationship_ended"])
    lost_on: date = Field(
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


class BatchRowIn(BaseModel):
    """One row of a batch: texts as in the sheet, so that each row is judged by itself 一行备案."""

    model_config = ASKED

    worker: Cell = Field(default="", description="Number of the worker 工伤职工编号", examples=[""])
    certificate_number: Cell = Field(default="", description="证件号码", examples=[CITIZEN])
    name: Cell = Field(default="", description="Name 姓名", examples=["赵例甲甲"])
    kind: Cell = Field(default="", description="Kind 备案类型", examples=["residence"])
    treatment_region: Cell = Field(default="", description="Place 就医地区划", examples=["370100"])
    cost_kinds: tuple[Cell, ...] = Field(
        default=(), max_length=10, description="Kinds of cost 费用类别", examples=[["medical"]]
    )
    first_day: Cell = Field(default="", description="First day 生效日期", examples=[""])
    diagnosis_code: Cell = Field(default="", description="Code 转诊诊断编码", examples=[""])
    diagnosis: Cell = Field(default="", description="Diagnosis 转诊诊断", examples=[""])
    referring_institution: Cell = Field(default="", description="转出机构", examples=[""])
    referral_reason: Cell = Field(default="", description="转诊原因", examples=[""])
    referred_on: Cell = Field(default="", description="转诊日期", examples=[""])

    def cells(self) -> dict[str, str]:
        """Return the row as a sheet would hold it."""
        shown = {name: getattr(self, name) for name in type(self).model_fields}
        return shown | {"cost_kinds": "；".join(self.cost_kinds)}


class BatchIn(BaseModel):
    """A batch of filings taken in offline 批量备案."""

    model_config = ASKED

    rows: tuple[BatchRowIn, ...] = Field(
        min_length=1, max_length=ROWS_MAX, description="1 to 1,000 rows 每次 1 至 1000 行"
    )


class AcceptedRowView(BaseModel):
    """A row that is filed 已受理行."""

    row: int = Field(description="Row: line of the sheet, or from 1 in JSON 行号", examples=[2])
    filing: str = Field(description="Number of the filing 备案编号", examples=[FILING])
    already_filed: bool = Field(
        description="It was filed before; nothing was changed 此前已备案，未作变动",
        examples=[False],
    )


class RefusedRowView(BaseModel):
    """A row that is refused, with all its errors 未受理行及全部错误."""

    row: int = Field(description="Row: line of the sheet, or from 1 in JSON 行号", examples=[3])
    errors: list[RowFaultView] = Field(description="All its errors 全部错误")


class BatchView(BaseModel):
    """What became of each row 批量备案结果."""

    accepted: list[AcceptedRowView] = Field(description="Rows filed 已受理行")
    refused: list[RefusedRowView] = Field(description="Rows refused 未受理行")

    @classmethod
    def of(cls, outcomes: Sequence[BatchOutcome]) -> Self:
        """Show the outcome of every row."""
        return cls(
            accepted=[
                AcceptedRowView(row=it.row, filing=it.filing, already_filed=it.already_filed)
                for it in outcomes
                if it.filing is not None
            ],
            refused=[
                RefusedRowView(row=it.row, errors=[RowFaultView.of(each) for each in it.refusals])
                for it in outcomes
                if it.filing is None
            ],
        )
