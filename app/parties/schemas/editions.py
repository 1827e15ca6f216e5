"""Adopted editions of the policy book on the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from app.parties.model import Edition

ADOPTED_AT = "2025-09-01T01:00:00Z"


class EditionView(BaseModel):
    """An adopted edition of the policy book 已启用的政策参数版次."""

    version: str = Field(
        description="Version, as every decision bears it 版次", examples=["2025.1-0badc0de"]
    )
    digest: str = Field(description="SHA-256 of its text 全文摘要", examples=["0badc0de" * 8])
    follows: str | None = Field(
        description="The edition adopted before; null: it is the first 前一版次，可空",
        examples=[None],
    )
    changes: list[str] = Field(
        description="What it added, in words, a line each 变更内容", examples=[[]]
    )
    proposal: str | None = Field(
        description="The proposal two persons decided; null: the first of a hub, or a sandbox's "
        "提议编号；首个版次及沙箱为空",
        examples=[None],
    )
    adopted_at: datetime = Field(description="When 启用时间", examples=[ADOPTED_AT])

    @classmethod
    def of(cls, it: Edition) -> EditionView:
        """Show an edition."""
        return cls(
            version=it.version,
            digest=it.digest,
            follows=it.follows,
            changes=list(it.changes),
            proposal=it.proposal,
            adopted_at=it.adopted_at,
        )
