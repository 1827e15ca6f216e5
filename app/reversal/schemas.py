"""Reversals as they look on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.kernel.refusal import Refusal
from app.reversal.model import Reversal, ReversalOutcome
from app.runtime.problems import body_of

MESSAGE_EXAMPLE = "H37010000001202509010900000001"


class ReversalIn(BaseModel):
    """The message to undo 冲正请求."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": {"message": MESSAGE_EXAMPLE}}
    )

    message: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")] = Field(
        description="Idempotency-Key of the message to undo 原报文编号", examples=[MESSAGE_EXAMPLE]
    )


class WhyView(BaseModel):
    """Why it stands 不可冲正的原因."""

    code: str = Field(description="Stable code 错误代码", examples=["settlement-in-clearing"])
    title: str = Field(description="Title 英文标题", examples=["It is part of a clearing"])
    title_zh: str = Field(description="Chinese title 中文标题", examples=["该结算已纳入清算"])
    detail: str = Field(description="Sentence 英文说明", examples=["It is part of clearing C…."])
    detail_zh: str = Field(description="Chinese sentence 中文说明", examples=["已纳入清算 C…。"])

    @classmethod
    def of(cls, why: Refusal) -> WhyView:
        """Show a reason."""
        told = body_of(why, "-")
        return cls.model_validate({name: told[name] for name in cls.model_fields})


class ReversalView(BaseModel):
    """What the reversal came to 冲正结果."""

    message: str = Field(description="The message 原报文编号", examples=[MESSAGE_EXAMPLE])
    outcome: ReversalOutcome = Field(
        description="reversed 已冲正, nothing_to_reverse 无可冲正 (it never took effect and never "
        "will), already_reversed 此前已冲正, not_reversible 不可冲正 (it stands; see `why`)",
        examples=["reversed"],
    )
    subject: str | None = Field(
        description="Number the message had made or changed 原业务编号",
        examples=["A3701002509010000001"],
    )
    undone_by: str | None = Field(
        description="Number that undid it; of an admission or a discharge the visit's own "
        "冲正产生的业务编号",
        examples=["A3701002509010000002"],
    )
    why: WhyView | None = Field(description="Why it stands 不可冲正的原因", examples=[None])

    @classmethod
    def of(cls, it: Reversal) -> ReversalView:
        """Show a reversal."""
        return cls(
            message=it.message,
            outcome=it.outcome,
            subject=it.subject,
            undone_by=it.undone_by,
            why=None if it.why is None else WhyView.of(it.why),
        )
