"""A trace on the wire: a settlement and every step of its money."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from app.kernel.money import Money
from app.proof.model.tracing import Stage, Step, Trace

_YUAN = "yuan with two decimals 元，两位小数"


class StepView(BaseModel):
    """One step of the money's way 资金流转环节."""

    stage: Stage = Field(description="Which step 环节", examples=["bill"])
    number: str | None = Field(
        description="Its number: line, document, account or bank reference 编号",
        examples=["A3701002509010000001"],
    )
    day: date | None = Field(description="Its day 日期", examples=["2025-09-01"])
    total: str | None = Field(description=f"Cost, {_YUAN} 费用总额", examples=["18250.00"])
    fund: str | None = Field(
        description=f"Fund amount, {_YUAN}; from the claim on, of the whole document "
        "基金金额；清算及以后为整份单据金额",
        examples=["17020.00"],
    )
    own: str | None = Field(description=f"Own share, {_YUAN} 个人自付", examples=["1230.00"])
    clause: str = Field(description="Clause it follows 依据条款", examples=["hub-default/ledger"])
    facts: dict[str, str] = Field(
        description="What else it says 其他要素",
        examples=[{"kind": "settlement", "visit": "S3701002509010000001"}],
    )

    @classmethod
    def of(cls, it: Step) -> StepView:
        """Show a step."""
        return cls(
            stage=it.stage,
            number=it.number,
            day=it.day,
            total=_yuan(it.total),
            fund=_yuan(it.fund),
            own=_yuan(it.own),
            clause=it.clause,
            facts=dict(it.facts),
        )


class TraceView(BaseModel):
    """A settlement's money from its lines to the payment 结算资金全程追溯."""

    settlement: str = Field(description="Number 结算编号", examples=["A3701002509010000001"])
    insured_place: str = Field(description="Insured place 参保地", examples=["110000"])
    treatment_place: str = Field(description="Treatment place 就医地", examples=["370000"])
    institution: str = Field(description="Institution code 协议机构", examples=["H37010000001"])
    fund: str = Field(description=f"Fund amount, {_YUAN} 基金支付", examples=["17020.00"])
    steps: list[StepView] = Field(description="Steps, in order 各环节")

    @classmethod
    def of(cls, it: Trace) -> TraceView:
        """Show a trace."""
        return cls(
            settlement=it.settlement.number,
            insured_place=it.settlement.insured_place,
            treatment_place=it.settlement.treatment_place,
            institution=it.settlement.institution,
            fund=str(it.settlement.fund),
            steps=[StepView.of(step) for step in it.steps],
        )


def _yuan(amount: Money | None) -> str | None:
    return None if amount is None else str(amount)
