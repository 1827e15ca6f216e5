"""Visits and fee lines as the hub shows them."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from app.entitlement.model import CardKind, Determination, DeterminationKind
from app.filing.model import Filing, FilingKind
from app.kernel.costs import CostKind
from app.kernel.identity import Sex
from app.kernel.regions import Scheme
from app.visit.model import (
    Diagnosis,
    DischargeWay,
    FeeCategory,
    FeeLine,
    Identification,
    LinesRemoved,
    LinesTaken,
    NamedVisit,
    Visit,
    VisitKind,
    VisitState,
)


class DiagnosisView(BaseModel):
    """A diagnosis 诊断."""

    code: str = Field(description="ICD-10 code 诊断编码", examples=["S82.201"])
    name: str = Field(description="Name 诊断名称", examples=["胫骨干骨折"])
    main: bool = Field(description="Whether it is the main one 是否主要诊断", examples=[True])

    @classmethod
    def of(cls, it: Diagnosis) -> DiagnosisView:
        """Show a diagnosis."""
        return cls(code=it.code, name=it.name, main=it.main)


class VisitView(BaseModel):
    """A visit without anything personal 就诊信息."""

    number: str = Field(description="Number 就诊编号", examples=["S3701002509010000001"])
    kind: VisitKind = Field(description="Kind of visit 就诊类型", examples=["inpatient"])
    cost_kind: CostKind = Field(description="Kind of cost 费用类别", examples=["medical"])
    scheme: Scheme = Field(description="Scheme 结算范围", examples=["cross_province"])
    state: VisitState = Field(description="State 就诊状态", examples=["admitted"])
    worker: str = Field(
        description="The worker's number 工伤职工编号", examples=["W1100002509010000001"]
    )
    determination: str = Field(
        description="Determination it rests on 认定（确认）编号", examples=["D1100002509010000001"]
    )
    filing: str = Field(description="Filing used 备案编号", examples=["Y1100002509010000001"])
    institution: str = Field(description="Institution 机构编码", examples=["H37010000001"])
    insured_region: str = Field(description="Insured place 参保地", examples=["110000"])
    treatment_region: str = Field(description="Treatment place 就医地", examples=["370100"])
    admitted_at: datetime = Field(
        description="When it began 入院（就诊）时间", examples=["2025-09-01T08:30:00+08:00"]
    )
    discharged_at: datetime | None = Field(
        description="When it ended; without discharge: when it was settled 出院（结束）时间",
        examples=[None],
    )
    card_kind: CardKind = Field(description="Card shown 用卡方式", examples=["physical"])
    admission_no: str = Field(description="The institution's number 住院号", examples=["ZY1"])
    department: str = Field(description="Department 科室", examples=["骨科"])
    ward: str | None = Field(description="Ward 病区", examples=["骨科一病区"])
    bed: str | None = Field(description="Bed 床位号", examples=["12"])
    physician: str = Field(description="Physician 主治医师", examples=["示例医师"])
    diagnoses: list[DiagnosisView] = Field(description="Diagnoses 诊断")
    discharge_way: DischargeWay | None = Field(
        description="How the worker left 离院方式", examples=[None]
    )
    memo: str | None = Field(description="Memo 备注", examples=["外伤后入院"])
    transfer_from: str | None = Field(
        description="Visit continued after a transfer 转入前就诊编号",
        examples=[None],
    )
    line_count: int = Field(description="Fee lines held 明细条数", examples=[2])
    total: str = Field(description="Their amount in yuan 费用总额（元）", examples=["319.20"])
    revision: int = Field(description="Counts the changes 版本号", examples=[1])
    policy_version: str = Field(
        description="Policy book used 政策版本", examples=["2025.1-0badc0de"]
    )

    @classmethod
    def of(cls, it: Visit) -> VisitView:
        """Show a visit."""
        return cls.model_validate(_fields(it))


class NamedVisitView(VisitView):
    """A visit with the worker's name: whole for one, masked in lists 就诊信息（含姓名）."""

    worker_name: str = Field(
        description="Name, masked in lists 姓名（列表脱敏）", examples=["赵***"]
    )

    @classmethod
    def named(cls, it: NamedVisit) -> NamedVisitView:
        """Show a visit and whom it is about."""
        return cls.model_validate(_fields(it.visit) | {"worker_name": it.person.name})


def _fields(it: Visit) -> dict[str, object]:
    same = ("number", "kind", "cost_kind", "scheme", "state", "institution", "insured_region")
    more = ("treatment_region", "admitted_at", "discharged_at", "card_kind", "admission_no")
    rest = ("department", "ward", "bed", "physician", "discharge_way", "memo", "transfer_from")
    last = ("line_count", "revision", "policy_version")
    return {name: getattr(it, name) for name in (*same, *more, *rest, *last)} | {
        "worker": it.worker_number,
        "determination": it.determination_number,
        "filing": it.filing_number,
        "diagnoses": [DiagnosisView.of(each) for each in it.diagnoses],
        "total": str(it.total),
    }


class FeeLineView(BaseModel):
    """A fee line as it was uploaded 费用明细."""

    serial: str = Field(description="Serial 明细流水号", examples=["000001"])
    refund_of: str | None = Field(description="Line refunded 原明细流水号", examples=[None])
    category: FeeCategory = Field(description="Category 费用类别", examples=["drug"])
    item_code: str | None = Field(description="Catalogue code 目录编码", examples=["D010001"])
    item_name: str = Field(description="Item 项目名称", examples=["注射用头孢唑林钠"])
    institution_item_code: str | None = Field(
        description="The institution's own code 机构内编码", examples=["YP0001"]
    )
    specification: str | None = Field(description="Specification 规格", examples=["0.5g"])
    unit: str | None = Field(description="Unit 单位", examples=["支"])
    quantity: str = Field(description="Quantity 数量", examples=["6.0000"])
    unit_price: str = Field(description="Unit price 单价（元）", examples=["3.200000"])
    amount: str = Field(description="Amount 金额（元）", examples=["19.20"])
    occurred_at: datetime = Field(
        description="When it was supplied 费用发生时间", examples=["2025-09-01T10:00:00+08:00"]
    )
    injury_related: bool = Field(description="For the injury 是否工伤相关", examples=[True])
    restricted_approved: bool = Field(
        description="A restricted item was approved 限制使用已审批", examples=[False]
    )
    department: str | None = Field(description="Department 开单科室", examples=["骨科"])
    physician: str | None = Field(description="Physician 开单医师", examples=["示例医师"])

    @classmethod
    def of(cls, it: FeeLine) -> FeeLineView:
        """Show a line."""
        same = {name: getattr(it, name) for name in cls.model_fields}
        return cls(
            **same
            | {
                "quantity": str(it.quantity),
                "unit_price": str(it.unit_price),
                "amount": str(it.amount),
            }
        )


class FeeLinesView(BaseModel):
    """Every line of a visit 费用明细列表."""

    items: list[FeeLineView] = Field(description="The lines in the order of upload 明细")

    @classmethod
    def of(cls, lines: tuple[FeeLine, ...]) -> FeeLinesView:
        """Show the lines."""
        return cls(items=[FeeLineView.of(line) for line in lines])


class LinesTakenView(BaseModel):
    """What became of a call of lines, and the running totals 上传结果与累计."""

    visit: str = Field(description="Visit 就诊编号", examples=["S3701002509010000001"])
    accepted: int = Field(description="New lines 新增条数", examples=[1])
    replayed: int = Field(description="Lines already held 重复条数", examples=[0])
    line_count: int = Field(description="Lines held now 累计条数", examples=[1])
    total: str = Field(description="Their amount in yuan 累计金额（元）", examples=["19.20"])

    @classmethod
    def of(cls, it: LinesTaken) -> LinesTakenView:
        """Show what became of a call."""
        return cls(
            visit=it.visit,
            accepted=it.accepted,
            replayed=it.replayed,
            line_count=it.totals.line_count,
            total=str(it.totals.total),
        )


class LinesRemovedView(BaseModel):
    """What was removed, and the running totals 删除结果与累计."""

    visit: str = Field(description="Visit 就诊编号", examples=["S3701002509010000001"])
    removed: int = Field(description="Lines removed 删除条数", examples=[1])
    line_count: int = Field(description="Lines held now 累计条数", examples=[0])
    total: str = Field(description="Their amount in yuan 累计金额（元）", examples=["0.00"])

    @classmethod
    def of(cls, it: LinesRemoved) -> LinesRemovedView:
        """Show what was removed."""
        return cls(
            visit=it.visit,
            removed=it.removed,
            line_count=it.totals.line_count,
            total=str(it.totals.total),
        )


class UsableDeterminationView(BaseModel):
    """A determination usable today 可用的认定（确认）."""

    number: str = Field(description="Number 编号", examples=["D1100002509010000001"])
    kind: DeterminationKind = Field(description="Kind 类型", examples=["injury"])
    document_number: str = Field(
        description="Number of the document 文书编号", examples=["京工伤认字〔2025〕示例1号"]
    )
    decided_on: date = Field(description="Decided on 认定（确认）日期", examples=["2025-05-01"])
    injured_parts: list[str] = Field(description="Injured parts 伤害部位", examples=[["左小腿"]])
    diagnoses: list[str] = Field(description="Diagnoses 诊断", examples=[["胫骨干骨折"]])
    third_party: bool = Field(description="Third party liable 涉及第三方责任", examples=[False])

    @classmethod
    def of(cls, it: Determination) -> UsableDeterminationView:
        """Show a determination."""
        return cls(
            number=it.number,
            kind=it.kind,
            document_number=it.document_number,
            decided_on=it.decided_on,
            injured_parts=list(it.injured_parts),
            diagnoses=list(it.diagnoses),
            third_party=it.third_party,
        )


class UsableFilingView(BaseModel):
    """A filing usable here today 可用的备案."""

    number: str = Field(description="Number 备案编号", examples=["Y1100002509010000001"])
    kind: FilingKind = Field(description="Kind 备案类型", examples=["residence"])
    treatment_region: str = Field(description="Treatment place 就医地", examples=["370100"])
    cost_kinds: list[CostKind] = Field(description="Costs opened 费用类别", examples=[["medical"]])
    first_day: date = Field(description="First day 起始日", examples=["2025-08-01"])
    last_day: date = Field(description="Last day, usable 截止日（含）", examples=["2026-08-01"])

    @classmethod
    def of(cls, it: Filing) -> UsableFilingView:
        """Show a filing."""
        return cls(
            number=it.number,
            kind=it.kind,
            treatment_region=it.treatment_region,
            cost_kinds=sorted(it.cost_kinds),
            first_day=it.term.first,
            last_day=it.term.last,
        )


class IdentificationView(BaseModel):
    """A worker at the desk and what is usable here today 身份识别结果."""

    worker: str = Field(
        description="The worker's number 工伤职工编号", examples=["W1100002509010000001"]
    )
    name: str = Field(description="Name 姓名", examples=["赵例甲甲"])
    sex: Sex = Field(description="Sex 性别", examples=["male"])
    insured_region: str = Field(description="Insured place 参保地", examples=["110000"])
    employer: str = Field(description="Employer 用人单位", examples=["北京示例建筑有限公司"])
    determinations: list[UsableDeterminationView] = Field(
        description="Determinations usable today 当日可用的认定（确认）"
    )
    filings: list[UsableFilingView] = Field(
        description="Filings usable here today 当日本机构可用的备案"
    )

    @classmethod
    def of(cls, it: Identification) -> IdentificationView:
        """Show who is at the desk."""
        return cls(
            worker=it.worker.number,
            name=it.person.name,
            sex=it.person.sex,
            insured_region=it.worker.insured_region,
            employer=it.worker.employer,
            determinations=[UsableDeterminationView.of(each) for each in it.determinations],
            filings=[UsableFilingView.of(each) for each in it.filings],
        )
