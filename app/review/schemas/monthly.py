"""Declarations, closed months, fund requests and payments as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.kernel.calendar import Month
from app.kernel.money import YUAN, Money
from app.kernel.regions import REGION_CODE, Scheme
from app.review.model import ReviewState
from app.review.model.monthly import (
    CloseAsked,
    Declaration,
    DeclarationAsked,
    FundRequest,
    MonthFigures,
    OpenReview,
    Review,
    ReviewLine,
    ReviewTotals,
    UploadAsked,
)
from app.runtime.wire import MONTH, Flag

_ROOT = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"
_REVIEW, _DECLARATION = "T3700002510120000001", "B3701002510090000001"
_DECLARED: JsonDict = {"month": "2025-09", "settlements": 3, "total": "57.60", "fund": "57.60"}
_CLOSE: JsonDict = {"place": "370000", "month": "2025-09"}
_UPLOAD: JsonDict = {"settlements": 3, "fund": "57.60", "deductions": 1, "deducted": "12.80"}
Amount = Annotated[str, Field(pattern=f"^{YUAN.pattern}$", max_length=20)]
MonthText = Annotated[
    str,
    Field(
        pattern=MONTH,
        description="Month 月份",
        examples=["2025-09"],
    ),
]
PlaceCode = Annotated[
    str,
    Field(
        pattern=REGION_CODE.pattern,
        description="Treatment place: a province, or a city for its province's own scheme "
        "就医地：省，省内异地为市",
        examples=["370000"],
    ),
]
InstitutionCode = Annotated[
    str,
    Field(pattern=r"^[HA][0-9]{11}$", description="Institution 机构", examples=["H37010000001"]),
]


def _strict(example: JsonDict) -> ConfigDict:
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": example})


class DeclarationIn(BaseModel):
    """An institution's own totals of a month 申报."""

    model_config = _strict(_DECLARED)

    scheme: Scheme = Field(
        default=Scheme.CROSS_PROVINCE,
        description="Scheme 结算范围",
        examples=["cross_province"],
    )
    month: MonthText
    settlements: int = Field(
        ge=1, description="Settlements and cancellations 结算与撤销笔数", examples=[3]
    )
    total: Amount = Field(description="Cost, yuan 费用总额（元）", examples=["57.60"])
    fund: Amount = Field(description="Fund share, yuan 基金支付（元）", examples=["57.60"])

    def read(self) -> DeclarationAsked:
        """Return what is asked."""
        return DeclarationAsked(
            scheme=self.scheme,
            month=Month.parse(self.month),
            settlements=self.settlements,
            total=Money.yuan(self.total),
            fund=Money.yuan(self.fund),
        )


class FiguresView(BaseModel):
    """What an institution settled in a month 机构月度合计."""

    institution: InstitutionCode
    settlements: int = Field(
        description="Settlements and cancellations 结算与撤销笔数", examples=[3]
    )
    total: str = Field(description="Cost, yuan 费用总额（元）", examples=["57.60"])
    fund: str = Field(description="Fund share, yuan 基金支付（元）", examples=["57.60"])
    own: str = Field(description="Own share, yuan 个人支付（元）", examples=["0.00"])
    root: str = Field(
        description="SHA-256 of the lines `number total fund` in fen, by number, parted by line "
        "feeds 按结算编号排序的「编号 总额 基金」（分）各行之 SHA-256",
        examples=[_ROOT],
    )

    @classmethod
    def of(cls, it: MonthFigures) -> FiguresView:
        """Show figures."""
        return cls(
            institution=it.institution,
            settlements=it.settlements,
            total=str(it.total),
            fund=str(it.fund),
            own=str(it.own),
            root=it.root.hex(),
        )


class DeclarationView(BaseModel):
    """A month as declared 申报单."""

    number: str = Field(description="Number 申报编号", examples=[_DECLARATION])
    place: PlaceCode
    scheme: Scheme = Field(description="Scheme 结算范围", examples=["cross_province"])
    month: MonthText
    figures: FiguresView = Field(description="What was declared 申报内容")
    declared_at: datetime = Field(
        description="Declared 申报时间", examples=["2025-10-09T09:00:00+08:00"]
    )
    by_hub: bool = Field(
        description="By the hub, since the institution had not 平台代为申报", examples=[False]
    )

    @classmethod
    def of(cls, it: Declaration) -> DeclarationView:
        """Show a declaration."""
        return cls(
            number=it.number,
            place=it.place,
            scheme=it.scheme,
            month=str(it.month),
            figures=FiguresView.of(it.figures),
            declared_at=it.declared_at,
            by_hub=it.by_hub,
        )


class CloseIn(BaseModel):
    """Which month is closed 关账."""

    model_config = _strict(_CLOSE)

    place: PlaceCode
    month: MonthText
    early: Flag = Field(
        default=False,
        description="Although the month is not over: what comes after falls into the next "
        "月末前提前关账，其后的结算计入次月",
        examples=[False],
    )

    def read(self) -> CloseAsked:
        """Return what is asked."""
        return CloseAsked(place=self.place, month=Month.parse(self.month), early=self.early)


class UploadIn(BaseModel):
    """The agency's own control totals of a closed month 上传的控制总数."""

    model_config = _strict(_UPLOAD)

    settlements: int = Field(ge=0, description="Settlements 结算笔数", examples=[3])
    fund: Amount = Field(description="Fund share, yuan 基金支付（元）", examples=["57.60"])
    deductions: int = Field(ge=0, description="Deductions 扣款笔数", examples=[1])
    deducted: Amount = Field(description="Deducted, yuan 扣款合计（元）", examples=["12.80"])

    def read(self) -> UploadAsked:
        """Return what is asked."""
        return UploadAsked(
            settlements=self.settlements,
            fund=Money.yuan(self.fund),
            deductions=self.deductions,
            deducted=Money.yuan(self.deducted),
        )


class ReviewTotalsView(BaseModel):
    """What a month comes to 月度合计."""

    settlements: int = Field(
        description="Settlements and cancellations 结算与撤销笔数", examples=[3]
    )
    total: str = Field(description="Cost, yuan 费用总额（元）", examples=["57.60"])
    fund: str = Field(description="Fund share, yuan 基金支付（元）", examples=["57.60"])
    own: str = Field(description="Own share, yuan 个人支付（元）", examples=["0.00"])
    deductions: int = Field(
        description="Deductions, and what a clearing's contests took off or gave back "
        "扣款及争议核减笔数",
        examples=[1],
    )
    deducted: str = Field(description="Deducted, yuan 扣款及争议核减合计（元）", examples=["12.80"])
    due: str = Field(description="Due to institutions, yuan 应付机构（元）", examples=["44.80"])

    @classmethod
    def of(cls, it: ReviewTotals) -> ReviewTotalsView:
        """Show totals."""
        return cls(
            settlements=it.settlements,
            total=str(it.total),
            fund=str(it.fund),
            own=str(it.own),
            deductions=it.deductions,
            deducted=str(it.deducted),
            due=str(it.due),
        )


class ReviewView(BaseModel):
    """A closed month 已关账月份."""

    number: str = Field(description="Number 关账编号", examples=[_REVIEW])
    place: PlaceCode
    scheme: Scheme = Field(description="Scheme 结算范围", examples=["cross_province"])
    month: MonthText
    state: ReviewState = Field(description="State 状态", examples=["closed"])
    totals: ReviewTotalsView = Field(description="Control totals 控制总数")
    carried: int = Field(
        description="Deductions still open, which count in a later month "
        "未了结的扣款笔数，计入以后月份",
        examples=[0],
    )
    carried_amount: str = Field(
        description="Their amounts, yuan 未了结的扣款合计（元）", examples=["0.00"]
    )
    root: str = Field(
        description="SHA-256 of the lines `number total fund` in fen, by number, `fund` less what "
        "contests had taken before; of a deduction or an accepted contest `number 0 -amount` "
        "明细摘要：基金金额扣除此前核减；扣款、争议核减行为「编号 0 -金额」",
        examples=[_ROOT],
    )
    review_by: date = Field(description="Was to be closed by 应关账日期", examples=["2025-10-15"])
    request_by: date = Field(
        description="Money to be asked for by 应请款日期", examples=["2025-10-20"]
    )
    closed_at: datetime = Field(
        description="Closed 关账时间", examples=["2025-10-12T09:00:00+08:00"]
    )
    uploaded_at: datetime | None = Field(description="Uploaded 上传时间", examples=[None])
    request: str | None = Field(description="Fund request 用款申请编号", examples=[None])
    requested_at: datetime | None = Field(description="Asked for 请款时间", examples=[None])

    @classmethod
    def of(cls, it: Review) -> ReviewView:
        """Show a closed month."""
        return cls(
            number=it.number,
            place=it.place,
            scheme=it.scheme,
            month=str(it.month),
            state=it.state,
            totals=ReviewTotalsView.of(it.totals),
            carried=it.carried,
            carried_amount=str(it.carried_amount),
            root=it.root.hex(),
            review_by=it.due.review_by,
            request_by=it.due.request_by,
            closed_at=it.closed_at,
            uploaded_at=it.uploaded_at,
            request=it.request,
            requested_at=it.requested_at,
        )


class ReviewLineView(BaseModel):
    """What a closed month comes to for one institution 机构月度应付."""

    institution: InstitutionCode
    totals: ReviewTotalsView = Field(description="Totals 合计")

    @classmethod
    def of(cls, it: ReviewLine) -> ReviewLineView:
        """Show a line."""
        return cls(institution=it.institution, totals=ReviewTotalsView.of(it.totals))


class InsuredLineView(BaseModel):
    """What a closed month comes to for one insured place 参保地月度合计."""

    insured_place: str = Field(description="Insured place 参保地", examples=["110000"])
    totals: ReviewTotalsView = Field(description="Totals 合计")


class FundRequestView(BaseModel):
    """What is asked of finance, to pay institutions for a month 用款申请."""

    number: str = Field(description="Number 用款申请编号", examples=["U3700002510180000001"])
    review: ReviewView = Field(description="The month 月份")
    institutions: list[ReviewLineView] = Field(description="By institution 分机构")
    insured_places: list[InsuredLineView] = Field(description="By insured place 分参保地")

    @classmethod
    def of(cls, it: FundRequest) -> FundRequestView:
        """Show a fund request."""
        return cls(
            number=it.number,
            review=ReviewView.of(it.review),
            institutions=[ReviewLineView.of(each) for each in it.institutions],
            insured_places=[
                InsuredLineView(
                    insured_place=each.insured_place, totals=ReviewTotalsView.of(each.totals)
                )
                for each in it.insured_places
            ],
        )


class OpenReviewView(BaseModel):
    """A month that waits to be closed, or to have its money asked for 待办月份."""

    place: PlaceCode
    month: MonthText
    state: ReviewState = Field(description="State 状态", examples=["open"])
    review: str | None = Field(description="Number, once closed 关账编号", examples=[None])
    last_day: date = Field(
        description="Last day of the step it waits for 当前步骤截止日", examples=["2025-10-15"]
    )
    alerted_at: datetime | None = Field(
        description="Found not closed in time 逾期提醒时间", examples=[None]
    )

    @classmethod
    def of(cls, it: OpenReview) -> OpenReviewView:
        """Show an open month."""
        return cls(
            place=it.place,
            month=str(it.month),
            state=it.state,
            review=it.review,
            last_day=it.last_day,
            alerted_at=it.alerted_at,
        )


class OpenReviewsView(BaseModel):
    """The months that wait 待办月份清单."""

    items: list[OpenReviewView] = Field(description="Oldest first 由早到晚")
