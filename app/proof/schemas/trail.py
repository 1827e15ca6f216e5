"""The audit trail on the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from app.proof.model.trail import TrailLine


class TrailLineView(BaseModel):
    """Who did or looked at what 操作留痕."""

    seq: int = Field(description="Place in the trail 序号", examples=[1204])
    at: datetime = Field(description="When 时间", examples=["2025-09-01T02:15:00Z"])
    party: str = Field(description="Party 接入方", examples=["370000"])
    client: str = Field(description="Client 客户端", examples=["370000-desk"])
    request: str = Field(
        description="Request it belongs to 请求编号", examples=["6f1d2c1e0a1b4c3d8e9f001122334455"]
    )
    action: str = Field(
        description="What was done or looked at 操作", examples=["settlement.settle"]
    )
    subject: str = Field(description="On what 操作对象编号", examples=["A3701002509010000001"])
    facts: dict[str, object] = Field(
        description="Particulars, never personal ones 要素，不含个人信息",
        examples=[{"visit": "S3701002509010000001", "fund": "17020.00"}],
    )
    message: str | None = Field(
        description="Message id it was asked under; a look has none 报文编号，查询类为 null",
        examples=["6f1d2c1e-0001"],
    )

    @classmethod
    def of(cls, it: TrailLine) -> TrailLineView:
        """Show a line."""
        return cls.model_validate({name: getattr(it, name) for name in cls.model_fields})
