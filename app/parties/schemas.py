"""Regions and tokens on the wire."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from app.kernel.parties import PartyKind
from app.kernel.regions import Level
from app.parties.model import Client, ClientState, Credential, Region, Token


class RegionView(BaseModel):
    """A region 行政区划."""

    code: str = Field(description="Division code (GB/T 2260) 行政区划代码", examples=["370100"])
    name: str = Field(description="Official name 名称", examples=["济南市"])
    name_en: str | None = Field(description="English name 英文名", examples=["Jinan"])
    level: Level = Field(description="Province or city 行政层级", examples=["city"])
    parent: str | None = Field(
        description="Code of the region it lies in; null for a province 上级区划代码",
        examples=["370000"],
    )
    source: str = Field(description="Where the code is from 来源", examples=["GB/T 2260"])
    as_of: date = Field(description="State of the source 截至日期", examples=["2023-06-30"])

    @classmethod
    def of(cls, it: Region) -> RegionView:
        """Show a region."""
        return cls(
            code=it.code,
            name=it.name,
            name_en=it.name_en,
            level=it.level,
            parent=it.parent,
            source=it.source,
            as_of=it.as_of,
        )


class TokenView(BaseModel):
    """An access token 访问令牌 (RFC 6749 5.1)."""

    access_token: str = Field(
        description="Send it as `Authorization: Bearer …` 以 Bearer 方式发送",
        examples=["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.…"],
    )
    token_type: str = Field(description="Always Bearer 固定为 Bearer", examples=["Bearer"])
    expires_in: int = Field(description="Seconds it lives 有效秒数", examples=[900])

    @classmethod
    def of(cls, it: Token) -> TokenView:
        """Show a token."""
        return cls(access_token=it.access, token_type="Bearer", expires_in=it.seconds)  # noqa: S106 -- a kind of token


class ClientView(BaseModel):
    """A client, never with its secret 客户端（不含密钥）."""

    id: str = Field(description="Client id 客户端编号", examples=["370000-7d1f2a"])
    party: str = Field(description="Its party 所属接入方", examples=["370000"])
    kind: PartyKind | None = Field(default=None, description="Kind of party 接入方类型")
    state: ClientState = Field(default=ClientState.ACTIVE, description="State 状态")

    @classmethod
    def of(cls, it: Client) -> ClientView:
        """Show a client."""
        return cls(id=it.id, party=it.party, kind=it.kind, state=it.state)

    @classmethod
    def of_credential(cls, it: Credential) -> ClientView:
        """Show what was made, without the secret: this is what the hub keeps."""
        return cls(id=it.id, party=it.party)
