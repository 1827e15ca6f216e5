"""What callers say of visits and fee lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic.config import JsonDict

from app.entitlement.model import CardKind, IdentityClaim
from app.kernel.costs import CostKind
from app.kernel.money import Money
from app.runtime.wire import Flag, Instant
from app.visit.model import (
    LINES_PER_CALL_MAX,
    Admission,
    Amendment,
    Diagnosis,
    DischargeWay,
    FeeCategory,
    FeeLine,
    VisitKind,
)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Serial = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,30}$")]
Quantity = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,10}(\.[0-9]{1,4})?$")]
UnitPrice = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}(\.[0-9]{1,6})?$")]
Amount = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,10}(\.[0-9]{1,2})?$")]
PublicNumber = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{19}$")]

CLAIM_EXAMPLE: JsonDict = {
    "certificate_number": "11000019600101001X",
    "name": "赵例甲甲",
    "card_kind": "physical",
    "card": "A00000000",
}
DIAGNOSIS_EXAMPLE: JsonDict = {"code": "S82.201", "name": "胫骨干骨折", "main": True}
ADMISSION_EXAMPLE: JsonDict = {
    "kind": "inpatient",
    "cost_kind": "medical",
    "worker": CLAIM_EXAMPLE,
    "admitted_at": "2025-09-01T08:30:00+08:00",
    "admission_no": "ZY2025090001",
    "department": "骨科",
    "ward": "骨科一病区",
    "bed": "12",
    "physician": "示例医师",
    "diagnoses": [DIAGNOSIS_EXAMPLE],
}
LINE_EXAMPLE: JsonDict = {
    "serial": "000001",
    "category": "drug",
    "item_code": "D010001",
    "item_name": "注射用头孢唑林钠",
    "unit": "支",
    "quantity": "6",
    "unit_price": "3.20",
    "amount": "19.20",
    "occurred_at": "2025-09-01T10:00:00+08:00",
    "injury_related": True,
}


def _asked(example: JsonDict) -> ConfigDict:
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": example})


def _one_main(found: list[DiagnosisIn]) -> list[DiagnosisIn]:
    if sum(each.main for each in found) != 1:
        message = "exactly one diagnosis is the main one 须且仅须一个主要诊断"
        raise ValueError(message)
    return found


class IdentityIn(BaseModel):
    """Who the worker is, in three parts that must agree 三要素核验：社会保障号、姓名、卡."""

    model_config = _asked(CLAIM_EXAMPLE)

    certificate_number: Text = Field(
        description="Social security number, or other certificate 社会保障号或其他证件号码",
        examples=["11000019600101001X"],
    )
    name: Text = Field(description="Name 姓名", examples=["赵例甲甲"])
    card_kind: Literal[CardKind.PHYSICAL, CardKind.ELECTRONIC] = Field(
        description="Physical card or electronic 实体社会保障卡或电子社保卡", examples=["physical"]
    )
    card: Text = Field(
        description="Card number, or the e-card's token 卡号或电子社保卡令牌",
        examples=["A00000000"],
    )

    def claim(self) -> IdentityClaim:
        """Return what the hub checks."""
        return IdentityClaim(
            certificate_number=self.certificate_number,
            name=self.name,
            card_kind=self.card_kind,
            card=self.card,
        )


class DiagnosisIn(BaseModel):
    """A diagnosis 诊断."""

    model_config = _asked(DIAGNOSIS_EXAMPLE)

    code: Text = Field(description="ICD-10 code 诊断编码", examples=["S82.201"])
    name: Text = Field(description="Name 诊断名称", examples=["胫骨干骨折"])
    main: Flag = Field(description="Whether it is the main one 是否主要诊断", examples=[True])

    def read(self) -> Diagnosis:
        """Return what the hub keeps."""
        return Diagnosis(self.code, self.name, self.main)


class AdmissionIn(BaseModel):
    """An admission, a fitting or an outpatient visit 就诊登记."""

    model_config = _asked(ADMISSION_EXAMPLE)

    kind: VisitKind = Field(description="Kind of visit 就诊类型", examples=["inpatient"])
    cost_kind: CostKind = Field(description="Kind of cost 费用类别", examples=["medical"])
    worker: IdentityIn = Field(description="Who the worker is 身份核验信息")
    admitted_at: Instant = Field(
        description="When the visit began; its day in China decides 入院（就诊）时间",
        examples=["2025-09-01T08:30:00+08:00"],
    )
    admission_no: Text = Field(
        description="The institution's own number 住院号", examples=["ZY2025090001"]
    )
    department: Text = Field(description="Department 科室", examples=["骨科"])
    ward: Text | None = Field(default=None, description="Ward 病区", examples=["骨科一病区"])
    bed: Text | None = Field(default=None, description="Bed 床位号", examples=["12"])
    physician: Text = Field(description="Physician in charge 主治医师", examples=["示例医师"])
    diagnoses: list[DiagnosisIn] = Field(
        min_length=1, max_length=20, description="Diagnoses, one of them the main one 诊断"
    )
    memo: LongText | None = Field(default=None, description="Memo 备注", examples=["外伤后入院"])
    determination: PublicNumber | None = Field(
        default=None,
        description="The determination it rests on, of several 所依据的认定（确认）编号",
        examples=["D1100002509010000001"],
    )
    transfer_from: PublicNumber | None = Field(
        default=None,
        description="The visit this one continues after a transfer 转入前的就诊编号",
        examples=["S3701002509010000001"],
    )

    _main = field_validator("diagnoses")(_one_main)

    def read(self) -> Admission:
        """Return what is asked."""
        return Admission(
            kind=self.kind,
            cost_kind=self.cost_kind,
            claim=self.worker.claim(),
            admitted_at=self.admitted_at,
            admission_no=self.admission_no,
            department=self.department,
            ward=self.ward,
            bed=self.bed,
            physician=self.physician,
            diagnoses=tuple(each.read() for each in self.diagnoses),
            memo=self.memo,
            determination=self.determination,
            transfer_from=self.transfer_from,
        )


class AmendmentIn(BaseModel):
    """Particulars to change; what is left out stays 就诊信息变更."""

    model_config = _asked({"ward": "骨科二病区", "bed": "3"})

    admission_no: Text | None = Field(
        default=None, description="The institution's number 住院号", examples=["ZY2"]
    )
    department: Text | None = Field(default=None, description="Department 科室", examples=["骨科"])
    ward: Text | None = Field(default=None, description="Ward 病区", examples=["骨科二病区"])
    bed: Text | None = Field(default=None, description="Bed 床位号", examples=["3"])
    physician: Text | None = Field(
        default=None, description="Physician 主治医师", examples=["示例医师"]
    )
    diagnoses: list[DiagnosisIn] | None = Field(
        default=None, min_length=1, max_length=20, description="All diagnoses anew 诊断（整体替换）"
    )
    memo: LongText | None = Field(default=None, description="Memo 备注", examples=["转病区"])

    @field_validator("diagnoses")
    @classmethod
    def _main(cls, found: list[DiagnosisIn] | None) -> list[DiagnosisIn] | None:
        return None if found is None else _one_main(found)

    def read(self) -> Amendment:
        """Return what is asked."""
        found = self.diagnoses
        return Amendment(
            admission_no=self.admission_no,
            department=self.department,
            ward=self.ward,
            bed=self.bed,
            physician=self.physician,
            diagnoses=None if found is None else tuple(each.read() for each in found),
            memo=self.memo,
        )


class DischargeIn(BaseModel):
    """A discharge 出院登记."""

    model_config = _asked({"discharged_at": "2025-09-01T08:45:00+08:00", "way": "advised"})

    discharged_at: Instant = Field(
        description="When the worker left 出院时间", examples=["2025-09-01T08:45:00+08:00"]
    )
    way: DischargeWay = Field(description="How the worker left 离院方式", examples=["advised"])


class FeeLineIn(BaseModel):
    """A fee line 费用明细."""

    model_config = _asked(LINE_EXAMPLE)

    serial: Serial = Field(
        description="The institution's serial, unique in the visit 明细流水号", examples=["000001"]
    )
    refund_of: Serial | None = Field(
        default=None, description="Serial of the line refunded 原明细流水号", examples=["000001"]
    )
    category: FeeCategory = Field(description="Category 费用类别", examples=["drug"])
    item_code: Text | None = Field(
        default=None,
        description="Code in the catalogue; none if not mapped 目录编码，未对照为空",
        examples=["D010001"],
    )
    item_name: Text = Field(description="Name of the item 项目名称", examples=["注射用头孢唑林钠"])
    institution_item_code: Text | None = Field(
        default=None, description="The institution's own code 机构内编码", examples=["YP0001"]
    )
    specification: Text | None = Field(
        default=None, description="Specification 规格", examples=["0.5g"]
    )
    unit: Text | None = Field(default=None, description="Unit 单位", examples=["支"])
    quantity: Quantity = Field(
        description="Quantity, negative for a refund; beds in days 数量", examples=["6"]
    )
    unit_price: UnitPrice = Field(description="Unit price in yuan 单价（元）", examples=["3.20"])
    amount: Amount = Field(description="Amount in yuan 金额（元）", examples=["19.20"])
    occurred_at: Instant = Field(
        description="When it was supplied 费用发生时间", examples=["2025-09-01T10:00:00+08:00"]
    )
    injury_related: Flag = Field(
        description="Whether it is for the injury 是否工伤相关（伤病分离）", examples=[True]
    )
    restricted_approved: Flag = Field(
        default=False, description="A restricted item was approved 限制使用已审批", examples=[False]
    )
    department: Text | None = Field(
        default=None, description="Ordering department 开单科室", examples=["骨科"]
    )
    physician: Text | None = Field(
        default=None, description="Ordering physician 开单医师", examples=["示例医师"]
    )

    def read(self) -> FeeLine:
        """Return the line as the hub keeps it."""
        return FeeLine(
            serial=self.serial,
            refund_of=self.refund_of,
            category=self.category,
            item_code=self.item_code,
            item_name=self.item_name,
            institution_item_code=self.institution_item_code,
            specification=self.specification,
            unit=self.unit,
            quantity=Decimal(self.quantity),
            unit_price=Decimal(self.unit_price),
            amount=Money.yuan(self.amount),
            occurred_at=self.occurred_at,
            injury_related=self.injury_related,
            restricted_approved=self.restricted_approved,
            department=self.department,
            physician=self.physician,
        )


class LinesIn(BaseModel):
    """One call of 1 to 100 fee lines 费用明细上传."""

    model_config = _asked({"lines": [LINE_EXAMPLE]})

    lines: list[FeeLineIn] = Field(
        min_length=1, max_length=LINES_PER_CALL_MAX, description="The lines 明细（1–100 条）"
    )
