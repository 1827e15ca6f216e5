"""Seals on the wire: what to keep outside the hub."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from app.proof.model.seals import Seal

_DIGEST = "0f3a" * 16


class SealView(BaseModel):
    """One sealed block of a journal 封存块."""

    participant: str = Field(description="Whose journal 账簿所属单位", examples=["370000"])
    number: int = Field(description="Place in the chain 块号", examples=[12])
    day: date = Field(description="Day it seals 封存日期", examples=["2025-09-01"])
    lines: int = Field(description="Lines sealed 行数", examples=[84])
    root: str = Field(description="Digest of the lines, SHA-256 内容摘要", examples=[_DIGEST])
    previous: str = Field(description="Link before it 前块链值", examples=[_DIGEST])
    chain: str = Field(
        description="Its own link; keep it outside the hub 本块链值，请自行留存", examples=[_DIGEST]
    )
    sealed_at: datetime = Field(
        description="When it was sealed 封存时间", examples=["2025-09-02T00:05:00Z"]
    )

    @classmethod
    def of(cls, it: Seal) -> SealView:
        """Show a seal."""
        return cls(
            participant=it.participant,
            number=it.number,
            day=it.day,
            lines=it.lines,
            root=it.root.hex(),
            previous=it.previous.hex(),
            chain=it.chain.hex(),
            sealed_at=it.sealed_at,
        )
