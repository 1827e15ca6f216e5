"""The personas on the wire: who they are, what to send for them, what to expect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel, Field

from app.entitlement.model import CardKind, CertificateKind
from app.kernel.calendar import CHINA
from app.kernel.costs import CostKind
from app.kernel.money import Money
from app.sandbox.model import MadePersona
from app.sandbox.personas import PERSONAS, Persona, PricedCharge, bill_of, identity_of
from app.sandbox.reported import DIAGNOSIS
from app.visit.model import VisitKind


class WorkerShown(BaseModel):
    """Identity to send 三要素."""

    certificate_number: str = Field(
        description="Certificate number 证件号码", examples=["11000019600101001X"]
    )
    name: str = Field(description="Name 姓名", examples=["赵例甲甲"])
    card_kind: CardKind = Field(description="Card 用卡方式", examples=["physical"])
    card: str = Field(description="Card number or token 卡号或令牌", examples=["A00000000"])


class DiagnosisShown(BaseModel):
    """A diagnosis 诊断."""

    code: str = Field(description="Code 诊断编码", examples=["S82.2"])
    name: str = Field(description="Name 诊断名称", examples=["胫骨骨干骨折"])
    main: bool = Field(description="Main 主要诊断", examples=[True])


class AdmissionShown(BaseModel):
    """Body for POST /v1/visits, sendable as it stands 入院登记报文."""

    kind: VisitKind = Field(description="Kind of visit 就诊类型", examples=["inpatient"])
    cost_kind: CostKind = Field(description="Kind of cost 费用类别", examples=["medical"])
    worker: WorkerShown = Field(description="Identity 身份")
    admitted_at: datetime = Field(
        description="Now 入院时间", examples=["2026-11-21T09:00:00+08:00"]
    )
    admission_no: str = Field(
        description="The institution's number 住院号", examples=["P1-valid-filing"]
    )
    department: str = Field(description="Department 科室", examples=["骨科"])
    physician: str = Field(description="Physician 医师", examples=["示例医师"])
    diagnoses: list[DiagnosisShown] = Field(description="Diagnoses 诊断")
    determination: str | None = Field(
        description="The determination it is for 所依据的认定", examples=["D1100002609220000001"]
    )


class LineShown(BaseModel):
    """One fee line 费用明细."""

    serial: str = Field(description="Serial 流水号", examples=["0001"])
    category: str = Field(description="Category 费用类别", examples=["drug"])
    item_code: str = Field(description="Item 目录编码", examples=["D010001"])
    item_name: str = Field(description="Item name 项目名称", examples=["注射用头孢唑林钠"])
    quantity: str = Field(description="Quantity 数量", examples=["4"])
    unit_price: str = Field(description="Unit price 单价", examples=["3.40"])
    amount: str = Field(description="Amount 金额", examples=["13.60"])
    occurred_at: datetime = Field(
        description="Now 发生时间", examples=["2026-11-21T09:00:00+08:00"]
    )
    injury_related: bool = Field(description="For the injury 是否工伤相关", examples=[True])


class LinesShown(BaseModel):
    """Body for POST /v1/visits/{number}/lines 费用明细报文."""

    lines: list[LineShown] = Field(description="Lines 明细")


class ExpectedView(BaseModel):
    """What to expect: refused at admission, or settled with these amounts 预期结果."""

    refusals: list[str] = Field(
        description="Codes, in order of precedence 拒绝代码", examples=[["filing-expired"]]
    )
    total: str | None = Field(description="Total 费用总额", examples=["100.00"])
    fund: str | None = Field(description="Fund share 基金支付", examples=["97.00"])
    own: str | None = Field(description="Own share 个人支付", examples=["3.00"])


class PersonaView(BaseModel):
    """A synthetic worker who shows one rule 体验人物."""

    key: str = Field(description="Its name 标识", examples=["valid-filing"])
    title: str = Field(description="Title in English 英文标题", examples=["Valid filing"])
    title_zh: str = Field(description="Title in Chinese 中文标题", examples=["备案有效"])
    explains: str = Field(description="What it shows 英文说明", examples=["Filed ten days ago."])
    explains_zh: str = Field(
        description="What it shows, in Chinese 中文说明", examples=["十日前备案。"]
    )
    certificate_kind: CertificateKind = Field(
        description="Certificate 证件类型", examples=["passport"]
    )
    insured_place: str = Field(description="Insured place 参保地", examples=["110000"])
    institution: str = Field(
        description="Institution to send it as 发送机构", examples=["H37010000001"]
    )
    worker: str = Field(description="Worker 职工编号", examples=["W1100002611110000001"])
    determinations: list[str] = Field(
        description="Determinations 认定（确认）编号", examples=[["D1100002609220000001"]]
    )
    filing: str = Field(description="Filing 备案编号", examples=["Y1100002611110000001"])
    last_day: date = Field(description="The filing's last day 备案截止日", examples=["2027-11-11"])
    admission: AdmissionShown = Field(description="What to send first 入院登记")
    fee_lines: LinesShown | None = Field(description="What to send next, if any 费用明细")
    expect: ExpectedView = Field(description="What to expect 预期结果")


class PersonasView(BaseModel):
    """The newest set of personas 体验人物名册."""

    made_on: date | None = Field(
        description="Day the promises hold for; null: no set yet 制作日期", examples=["2026-11-21"]
    )
    of_today: bool = Field(
        description="Whether that is today; if not, POST makes a fresh set 是否为今日",
        examples=[True],
    )
    items: list[PersonaView] = Field(description="Personas 体验人物")

    @classmethod
    def of(cls, made: Sequence[MadePersona], now: datetime, today: date) -> PersonasView:
        """Show a set; bodies carry the present instant, so that they can be sent as they are."""
        by_key = {it.key: it for it in made}
        made_on = made[0].made_on if made else None
        return cls(
            made_on=made_on,
            of_today=made_on == today,
            items=[_shown(it, by_key[it.key], now) for it in PERSONAS if it.key in by_key],
        )


class SetView(BaseModel):
    """A set of personas was made 已制作的名册."""

    set_number: int = Field(description="Which set since the reset 序号", examples=[1])

    @classmethod
    def of(cls, number: int) -> SetView:
        """Show a number."""
        return cls(set_number=number)


def _shown(it: Persona, made: MadePersona, now: datetime) -> PersonaView:
    bill = bill_of(it)
    at = now.astimezone(CHINA).replace(microsecond=0)
    return PersonaView(
        key=it.key,
        title=it.title,
        title_zh=it.title_zh,
        explains=it.explains,
        explains_zh=it.explains_zh,
        certificate_kind=it.certificate_kind,
        insured_place=it.insured_place,
        institution=it.institution,
        worker=made.worker,
        determinations=list(made.determinations),
        filing=made.filing,
        last_day=made.last_day,
        admission=_admission(it, made, at),
        fee_lines=LinesShown(lines=_lines(bill, at)) if bill else None,
        expect=_expected(it, bill),
    )


def _admission(it: Persona, made: MadePersona, at: datetime) -> AdmissionShown:
    identity = identity_of(it, made.set_number)
    fitting = it.cost_kind is CostKind.DEVICE
    return AdmissionShown(
        kind=VisitKind.FITTING if fitting else VisitKind.INPATIENT,
        cost_kind=it.cost_kind,
        worker=WorkerShown(
            certificate_number=identity.certificate_number,
            name=identity.name,
            card_kind=it.card_kind,
            card=identity.card,
        ),
        admitted_at=at,
        admission_no=f"P{made.set_number}-{it.key}",
        department="骨科",
        physician="示例医师",
        diagnoses=[DiagnosisShown(code=DIAGNOSIS.code, name=DIAGNOSIS.name, main=True)],
        determination=made.determinations[-1] if len(made.determinations) > 1 else None,
    )


def _lines(bill: Sequence[PricedCharge], at: datetime) -> list[LineShown]:
    return [
        LineShown(
            serial=f"{number:04d}",
            category=it.item.kind,
            item_code=it.item.code,
            item_name=it.item.name,
            quantity=str(it.quantity),
            unit_price=str(it.price),
            amount=str(it.amount),
            occurred_at=at,
            injury_related=it.injury_related,
        )
        for number, it in enumerate(bill, start=1)
    ]


def _expected(it: Persona, bill: Sequence[PricedCharge]) -> ExpectedView:
    if it.refusals:
        return ExpectedView(refusals=list(it.refusals), total=None, fund=None, own=None)
    total = Money.total(each.amount for each in bill)
    fund = Money.total(each.fund for each in bill)
    return ExpectedView(refusals=[], total=str(total), fund=str(fund), own=str(total - fund))
