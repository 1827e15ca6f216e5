"""Persons on the wire: who they are, and how one who was invited enrols."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.parties.model import Acceptance, Enrolment, Person, PersonState


class PersonView(BaseModel):
    """One of a party's people, without what they sign in with 人员."""

    id: str = Field(description="Person id 人员编号", examples=["li"])
    party: str = Field(description="Party they belong to 所属单位", examples=["370000"])
    name: str = Field(description="Name 姓名", examples=["李"])
    state: PersonState = Field(description="State 状态", examples=["active"])
    created_at: datetime = Field(
        description="Since when 开户时间", examples=["2025-09-01T01:00:00Z"]
    )
    invited_until: datetime | None = Field(
        description="Until when an invitation is good; null: there is none 邀请有效期，可空",
        examples=[None],
    )

    @classmethod
    def of(cls, it: Person) -> PersonView:
        """Show a person."""
        return cls(
            id=it.id,
            party=it.party,
            name=it.name,
            state=it.state,
            created_at=it.created_at,
            invited_until=it.invited_until,
        )


class AcceptanceAsked(BaseModel):
    """What an invited person enrols with 受邀人员开户信息."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {
                "person": "li",
                "invitation": "x8Jr2mQ0bV5kTz1wYc7dNg.Qm3vK9sLp0fHtR6uXe2aZw",
                "password": "a long sentence of one's own",
            }
        },
    )

    person: str = Field(max_length=32, description="Person id 人员编号", examples=["li"])
    invitation: str = Field(
        max_length=200,
        description="The proposer's half, a dot, the approver's half "
        "邀请码：提议人半码、点号、批准人半码",
        examples=["x8Jr2mQ0bV5kTz1wYc7dNg.Qm3vK9sLp0fHtR6uXe2aZw"],
        repr=False,
        json_schema_extra={"format": "password"},
    )
    password: str = Field(
        max_length=200,
        description="Password of one's own choice, at least 12 characters 自设密码，至少 12 位",
        examples=["a long sentence of one's own"],
        repr=False,
        json_schema_extra={"format": "password"},
    )

    def brought(self) -> Acceptance:
        """Say it without the wire."""
        return Acceptance(person=self.person, invitation=self.invitation, password=self.password)


class AuthenticatorView(BaseModel):
    """What a new person takes along, shown this once 开户结果，仅显示一次."""

    person: str = Field(description="Person id 人员编号", examples=["li"])
    authenticator: str = Field(
        description="Address for an authenticator (RFC 6238), as text or as a QR code "
        "动态口令绑定地址，可转为二维码",
        examples=["otpauth://totp/hub:li?secret=…&issuer=hub"],
        json_schema_extra={"format": "password"},
    )

    @classmethod
    def of(cls, it: Enrolment) -> AuthenticatorView:
        """Show it."""
        return cls(person=it.id, authenticator=it.authenticator)
