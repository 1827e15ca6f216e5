"""Workers, determinations and losses of entitlement as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

from app.entitlement.model import (
    CertificateKind,
    Determination,
    DeterminationKind,
    DeterminationState,
    EntitlementLoss,
    LossKind,
    Person,
    Worker,
)
from app.kernel.identity import Sex
from app.runtime.wire import AsItLooks, Day, Flag

Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
CertificateNumber = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=4, max_length=30)
]
Region = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
WorkerNumber = Annotated[str, StringConstraints(pattern=r"^W[0-9]{19}$")]

WORKER = "W1100002509010000001"
WORKER_EXAMPLE: JsonDict = {
    "certificate_kind": "social_security_number",
    "certificate_number": "11000019600101001X",
    "name": "赵例甲甲",
    "insured_region": "110000",
    "employer": "北京示例建筑有限公司",
    "card_number": "A00000000",
}
DETERMINATION_EXAMPLE: JsonDict = {
    "worker": WORKER,
    "kind": "injury",
    "document_number": "京人社工伤认〔2025〕000001号",
    "decided_on": "2025-08-01",
    "injured_parts": ["左小腿"],
    "diagnoses": ["S82.2 胫骨干骨折"],
    "third_party": False,
}
CERTIFICATE_KIND = Field(
    default=CertificateKind.SOCIAL_SECURITY_NUMBER,
    description="Kind of certificate 证件类型",
    examples=["social_security_number"],
)


class WorkerIn(BaseModel):
    """A worker as the insured agency registers or renews them 工伤职工登记."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": WORKER_EXAMPLE}
    )

    certificate_kind: CertificateKind = CERTIFICATE_KIND
    certificate_number: CertificateNumber = Field(
        description="社会保障号 (18 characters, GB 11643) or the number of another certificate "
        "证件号码",
        examples=["11000019600101001X"],
    )
    name: Annotated[Short, AsItLooks] = Field(
        description="Name as on the certificate 姓名", examples=["赵例甲甲"]
    )
    insured_region: Region = Field(
        description="Insured place, in the caller's own region 参保地区划", examples=["110000"]
    )
    employer: Annotated[Text, AsItLooks] = Field(
        description="Employer 用人单位", examples=["北京示例建筑有限公司"]
    )
    card_number: Short | None = Field(
        default=None,
        description="Number of the social security card; left out: as it was "
        "社会保障卡号，不填则保持不变",
        examples=["A00000000"],
    )
    electronic_card: Text | None = Field(
        default=None,
        description="Token of the e-card; left out: as it was 电子社保卡凭证，不填则保持不变",
        examples=["ecard-000000000000"],
    )
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9-]{5,20}$")] | None = Field(
        default=None, description="Phone; left out: as it was 联系电话", examples=["13800000000"]
    )
    sex: Sex | None = Field(
        default=None,
        description="Only with certificates other than 社会保障号 性别（非社会保障号时必填）",
        examples=[None],
    )
    birth_date: Day | None = Field(
        default=None,
        description="Only with certificates other than 社会保障号 出生日期（非社会保障号时必填）",
        examples=[None],
    )

    @model_validator(mode="after")
    def _details_fit_the_certificate(self) -> Self:
        is_citizen = self.certificate_kind is CertificateKind.SOCIAL_SECURITY_NUMBER
        given = (self.sex is not None, self.birth_date is not None)
        if is_citizen and any(given):
            raise ValueError("sex and birth_date are read out of a 社会保障号: leave them out")
        if not is_citizen and not all(given):
            raise ValueError("sex and birth_date are needed with this kind of certificate")
        return self


class WorkerView(BaseModel):
    """A worker; personal data are masked unless a purpose was stated 工伤职工信息（默认脱敏）."""

    number: str = Field(description="Number of the worker 工伤职工编号", examples=[WORKER])
    insured_region: str = Field(description="Insured place 参保地区划", examples=["110000"])
    employer: str = Field(description="Employer 用人单位", examples=["北京示例建筑有限公司"])
    masked: bool = Field(description="Whether personal data are hidden 是否脱敏", examples=[True])
    name: str = Field(description="Name 姓名", examples=["赵***"])
    certificate_kind: CertificateKind = Field(
        description="Kind of certificate 证件类型", examples=["social_security_number"]
    )
    certificate_number: str = Field(
        description="Certificate number 证件号码", examples=["1100**********001X"]
    )
    card_number: str | None = Field(
        description="Number of the card 社会保障卡号", examples=["*********"]
    )
    electronic_card: str | None = Field(
        description="Token of the e-card 电子社保卡凭证", examples=["ecar**********0000"]
    )
    phone: str | None = Field(description="Phone 联系电话", examples=["***********"])
    sex: Sex = Field(description="Sex 性别", examples=["male"])
    birth_date: date | None = Field(
        description="Date of birth; hidden while masked 出生日期，脱敏时为空", examples=[None]
    )
    entitlement_lost_on: date | None = Field(
        description="Last day of entitlement, if it was lost 丧失待遇享受资格日期",
        examples=[None],
    )
    created_at: datetime = Field(
        description="Registered at 登记时间", examples=["2025-09-01T01:00:00Z"]
    )
    updated_at: datetime = Field(
        description="Renewed at 更新时间", examples=["2025-09-01T01:00:00Z"]
    )

    @classmethod
    def of(cls, worker: Worker, person: Person, lost_on: date | None, *, masked: bool) -> Self:
        """Show a worker, masked or whole."""
        shown = person.masked() if masked else person
        return cls(
            number=worker.number,
            insured_region=worker.insured_region,
            employer=worker.employer,
            masked=masked,
            name=shown.name,
            certificate_kind=shown.certificate_kind,
            certificate_number=shown.certificate_number,
            card_number=shown.card_number,
            electronic_card=shown.electronic_card,
            phone=shown.phone,
            sex=shown.sex,
            birth_date=None if masked else shown.birth_date,
            entitlement_lost_on=lost_on,
            created_at=worker.created_at,
            updated_at=worker.updated_at,
        )


class DeterminationIn(BaseModel):
    """A 工伤认定, or a confirmation of recurrence, rehabilitation or device 认定（确认）登记."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": DETERMINATION_EXAMPLE}
    )

    worker: WorkerNumber = Field(description="Number of the worker 工伤职工编号", examples=[WORKER])
    kind: DeterminationKind = Field(description="Kind 认定（确认）类型", examples=["injury"])
    document_number: Text = Field(
        description="Number of the document 文书编号", examples=["京人社工伤认〔2025〕000001号"]
    )
    decided_on: Day = Field(
        description="Day of the decision 认定（确认）日期", examples=["2025-08-01"]
    )
    last_day: Day | None = Field(
        default=None,
        description="Last day it is good for, if limited 有效期截止日",
        examples=[None],
    )
    injured_parts: tuple[Short, ...] = Field(
        default=(), max_length=20, description="Injured parts 伤害部位", examples=[["左小腿"]]
    )
    diagnoses: tuple[Text, ...] = Field(
        default=(), max_length=20, description="Diagnoses 诊断", examples=[["S82.2 胫骨干骨折"]]
    )
    third_party: Flag = Field(
        default=False,
        description="Whether a third party is liable 是否涉及第三方责任",
        examples=[False],
    )


class WithdrawalIn(BaseModel):
    """Why a determination is withdrawn 撤销原因."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"example": {"reason": "复议撤销原认定"}},
    )

    reason: Text = Field(description="Reason 撤销原因", examples=["复议撤销原认定"])


class DeterminationView(BaseModel):
    """A determination 认定（确认）信息."""

    number: str = Field(description="Number 认定（确认）编号", examples=["D1100002509010000001"])
    worker: str = Field(description="Number of the worker 工伤职工编号", examples=[WORKER])
    kind: DeterminationKind = Field(description="Kind 认定（确认）类型", examples=["injury"])
    document_number: str = Field(
        description="Number of the document 文书编号", examples=["京人社工伤认〔2025〕000001号"]
    )
    decided_on: date = Field(
        description="Day of the decision 认定（确认）日期", examples=["2025-08-01"]
    )
    last_day: date | None = Field(description="Last day 有效期截止日", examples=[None])
    injured_parts: list[str] = Field(description="Injured parts 伤害部位", examples=[["左小腿"]])
    diagnoses: list[str] = Field(description="Diagnoses 诊断", examples=[["S82.2 胫骨干骨折"]])
    third_party: bool = Field(description="Third-party liability 涉及第三方责任", examples=[False])
    state: DeterminationState = Field(description="State 状态", examples=["active"])
    registered_by: str = Field(
        description="Agency that registered it 登记机构", examples=["110000"]
    )
    created_at: datetime = Field(
        description="Registered at 登记时间", examples=["2025-09-01T01:00:00Z"]
    )
    withdrawn_at: datetime | None = Field(description="Withdrawn at 撤销时间", examples=[None])
    withdrawal_reason: str | None = Field(description="Reason 撤销原因", examples=[None])

    @classmethod
    def of(cls, it: Determination) -> Self:
        """Show a determination."""
        return cls(
            number=it.number,
            worker=it.worker,
            kind=it.kind,
            document_number=it.document_number,
            decided_on=it.decided_on,
            last_day=it.last_day,
            injured_parts=list(it.injured_parts),
            diagnoses=list(it.diagnoses),
            third_party=it.third_party,
            state=it.state,
            registered_by=it.registered_by,
            created_at=it.created_at,
            withdrawn_at=it.withdrawn_at,
            withdrawal_reason=it.withdrawal_reason,
        )


class LossView(BaseModel):
    """A loss of entitlement 丧失待遇享受资格信息."""

    number: str = Field(description="Number 记录编号", examples=["L1100002509010000001"])
    worker: str = Field(description="Number of the worker 工伤职工编号", examples=[WORKER])
    kind: LossKind = Field(description="Why 原因类别", examples=["relationship_ended"])
    lost_on: date = Field(
        description="Last day of entitlement 丧失资格日期", examples=["2025-09-01"]
    )
    reason: str = Field(description="Reason 说明", examples=["一次性领取待遇并终结工伤保险关系"])
    recorded_by: str = Field(description="Agency that recorded it 登记机构", examples=["110000"])
    recorded_at: datetime = Field(
        description="Recorded at 登记时间", examples=["2025-09-01T01:00:00Z"]
    )

    @classmethod
    def of(cls, it: EntitlementLoss) -> Self:
        """Show a loss of entitlement."""
        return cls(
            number=it.number,
            worker=it.worker,
            kind=it.kind,
            lost_on=it.lost_on,
            reason=it.reason,
            recorded_by=it.recorded_by,
            recorded_at=it.recorded_at,
        )
