"""Regions, tokens and sessions on the wire."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from app.kernel.regions import Level
from app.parties.model import Region, Token


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


class SessionAsked(BaseModel):
    """What a person signs in with 登录信息."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {"person": "chen", "password": "a long sentence", "code": "123456"}
        },
    )

    person: str = Field(max_length=32, description="Person id 人员编号", examples=["chen"])
    password: str = Field(
        max_length=200,
        description="Password 密码",
        examples=["a long sentence"],
        repr=False,
        json_schema_extra={"format": "password"},
    )
    code: str = Field(
        pattern=r"^[0-9]{6}$", description="One-time code 动态口令", examples=["123456"], repr=False
    )
