"""Proposals on the wire: what a person asks, what another says to it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.kernel.parties import SignatureScheme
from app.parties.model import (
    Asked,
    Decided,
    Invitation,
    Proposal,
    ProposalState,
    Proposed,
)
from app.runtime.wire import Instant

PERSON_ID = r"^[a-z][0-9a-z._-]{1,31}$"
BOOK = 'edition = "2026.1"'
BOOK_CHARACTERS_MAX = 500_000
UNSHOWN = "book"  # kept with a proposal, and long
ASKED_AT, EXPIRES_AT = "2025-09-01T01:00:00Z", "2026-09-01T01:00:00Z"
Client = Annotated[
    str, Field(max_length=64, description="Client id 客户端编号", examples=["370000-7d1f2a"])
]
LastMoment = Annotated[
    Instant | None,
    Field(description="Last moment; null: none 失效时间，可空", examples=[EXPIRES_AT]),
]


class _Act(BaseModel):
    """An act that needs two persons 须双人办理的事项."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CreateClient(_Act):
    """Give a party a client 签发客户端."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"act": "client.create", "party": "370000"}}
    )

    act: Literal["client.create"] = Field(description="Act 事项", examples=["client.create"])
    party: str = Field(
        max_length=64, description="Code of the party 接入方代码", examples=["370000"]
    )
    client: Client | None = Field(
        default=None, description="Client id; made up if none 客户端编号，可空", examples=[None]
    )

    def asked(self) -> Asked:
        """Say it without the wire."""
        return Asked(act=self.act, subject=self.party, details={"client": self.client})


class IssueSecret(_Act):
    """Give a client one more secret, or (rotate) one in the place of all 增发或更换密钥."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"act": "client.secret", "client": "370000-7d1f2a"}}
    )

    act: Literal["client.secret", "client.rotate"] = Field(
        description="Act; a rotation ends the old secrets at once 事项；更换即刻停用旧密钥",
        examples=["client.secret"],
    )
    client: Client
    expires_at: LastMoment = None

    def asked(self) -> Asked:
        """Say it without the wire."""
        details = {"expires_at": self.expires_at.isoformat() if self.expires_at else None}
        return Asked(act=self.act, subject=self.client, details=details)


class HoldClient(_Act):
    """Replace what a client is held to 变更接入条件."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "act": "client.terms",
                "client": "370000-7d1f2a",
                "addresses": ["10.1.2.0/24"],
            }
        }
    )

    act: Literal["client.terms"] = Field(description="Act 事项", examples=["client.terms"])
    client: Client
    addresses: list[Annotated[str, Field(max_length=50)]] = Field(
        default_factory=list,
        max_length=50,
        description="CIDR blocks it may call from; empty: from anywhere 允许的来源地址段",
        examples=[["10.1.2.0/24"]],
    )
    requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Its own rate limit; null: the general one 每分钟请求上限，可空",
        examples=[600],
    )
    expires_at: LastMoment = None
    signature: SignatureScheme | None = Field(
        default=None,
        description="How its messages must be signed; null: not at all 报文签名方式，可空",
        examples=[None],
    )

    def asked(self) -> Asked:
        """Say it without the wire."""
        details = self.model_dump(mode="json", exclude={"act", "client"})
        return Asked(act=self.act, subject=self.client, details=details)


class StopClient(_Act):
    """Disable a client, or enable it again 停用或恢复客户端."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"act": "client.disable", "client": "370000-7d1f2a"}}
    )

    act: Literal["client.disable", "client.enable"] = Field(
        description="Act 事项", examples=["client.disable"]
    )
    client: Client

    def asked(self) -> Asked:
        """Say it without the wire."""
        return Asked(act=self.act, subject=self.client)


class InvitePerson(_Act):
    """Give the operator or an agency one more person 增设人员账号."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"act": "person.create", "party": "370000", "person": "li", "name": "李"}
        }
    )

    act: Literal["person.create"] = Field(description="Act 事项", examples=["person.create"])
    party: str = Field(
        max_length=64, description="Code of the party 接入方代码", examples=["370000"]
    )
    person: str = Field(
        pattern=PERSON_ID,
        description="Person id, given once and never again 人员编号，不重复使用",
        examples=["li"],
    )
    name: str = Field(min_length=1, max_length=60, description="Name 姓名", examples=["李"])

    def asked(self) -> Asked:
        """Say it without the wire."""
        details = {"person": self.person, "name": self.name}
        return Asked(act=self.act, subject=self.party, details=details)


class ChangePerson(_Act):
    """Invite a person anew who lost what they sign in with, or disable them 重新邀请或停用人员."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"act": "person.recover", "person": "li"}}
    )

    act: Literal["person.recover", "person.disable"] = Field(
        description="Act; both end every session at once 事项；均即刻结束其全部会话",
        examples=["person.recover"],
    )
    person: str = Field(max_length=32, description="Person id 人员编号", examples=["li"])

    def asked(self) -> Asked:
        """Say it without the wire."""
        return Asked(act=self.act, subject=self.person)


class AdoptPolicy(_Act):
    """Adopt an edition of the policy book before a hub is deployed with it 启用政策参数版次."""

    model_config = ConfigDict(json_schema_extra={"example": {"act": "policy.adopt", "book": BOOK}})

    act: Literal["policy.adopt"] = Field(description="Act 事项", examples=["policy.adopt"])
    book: str = Field(
        max_length=BOOK_CHARACTERS_MAX,
        description="The whole text of the book, as `hub policy digest --proposal` of the new "
        "release prints it; the hub compares it with the edition adopted last 政策参数全文",
        examples=[BOOK],
    )

    def asked(self) -> Asked:
        """Say it without the wire."""
        return Asked(act=self.act, subject="", details={"book": self.book})


class AdoptedPolicy(_Act):
    """An edition that is to be adopted, and what it changes 拟启用的政策参数版次."""

    act: Literal["policy.adopt"] = Field(description="Act 事项", examples=["policy.adopt"])
    policy: str = Field(description="Version 版次", examples=["2025.1-0badc0de"])
    digest: str = Field(
        description="SHA-256 of its text; compare it with `hub policy digest` 全文摘要",
        examples=["0badc0de" * 8],
    )
    follows: str | None = Field(
        description="The edition it is compared with; null: it is the first 所比对的版次，可空",
        examples=["2025.1-1badc0de"],
    )
    changes: list[str] = Field(
        description="What it adds, in words, a line each 变更内容",
        examples=[["filing.term_months · 370000 · from 2026-01-01 起: 12 → 24 (shandong-2026/1)"]],
    )


Others = CreateClient | IssueSecret | HoldClient | StopClient | InvitePerson | ChangePerson
AnyAct = Others | AdoptPolicy
Act = Annotated[AnyAct, Field(discriminator="act")]
AnyShown = Others | AdoptedPolicy
Shown = Annotated[AnyShown, Field(discriminator="act")]
SHOWN: TypeAdapter[AnyShown] = TypeAdapter(Shown)


class ProposalAsked(BaseModel):
    """A proposal to make 提议."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {
                "asked": {"act": "client.create", "party": "370000"},
                "reason": "山东省级经办机构新系统接入",
            }
        },
    )

    asked: Act = Field(description="What is to be done 拟办事项")
    reason: str = Field(
        min_length=1,
        max_length=400,
        description="Why 理由",
        examples=["山东省级经办机构新系统接入"],
    )


class ProposalView(BaseModel):
    """A proposal 提议."""

    number: str = Field(description="Number 提议编号", examples=["P0000002509010000001"])
    party: str = Field(
        description="Party whose persons propose and decide 提议单位", examples=["operator"]
    )
    asked: Shown = Field(description="What is to be done 拟办事项")
    reason: str = Field(description="Why 理由", examples=["山东省级经办机构新系统接入"])
    state: ProposalState = Field(description="State 状态", examples=["open"])
    proposed_by: str = Field(description="Person 提议人", examples=["chen"])
    proposed_at: datetime = Field(description="When 提议时间", examples=[ASKED_AT])
    expires_at: datetime = Field(description="Decided until then 裁定期限", examples=[EXPIRES_AT])
    decided_by: str | None = Field(description="Another person 裁定人，可空", examples=[None])
    decided_at: datetime | None = Field(description="When 裁定时间，可空", examples=[None])
    decision: str | None = Field(description="What they said 裁定意见，可空", examples=[None])

    @classmethod
    def of(cls, it: Proposal) -> ProposalView:
        """Show a proposal."""
        about = "party" if it.asked.act.endswith(".create") else it.asked.act.partition(".")[0]
        details = {name: told for name, told in it.asked.details.items() if name != UNSHOWN}
        return cls(
            number=it.number,
            party=it.party,
            asked=SHOWN.validate_python({"act": it.asked.act, **details, about: it.asked.subject}),
            reason=it.reason,
            state=it.state,
            proposed_by=it.proposed_by,
            proposed_at=it.proposed_at,
            expires_at=it.expires_at,
            decided_by=it.decided_by,
            decided_at=it.decided_at,
            decision=it.decision,
        )


class InvitationView(BaseModel):
    """Half of an invitation, shown this once 邀请码半码，仅显示一次."""

    person: str = Field(description="Who is invited 受邀人员", examples=["li"])
    half: str = Field(
        description="The half; the proposer's goes before the approver's, with a dot between 半码",
        examples=["x8Jr2mQ0bV5kTz1wYc7dNg"],
        json_schema_extra={"format": "password"},
    )


class ProposedView(ProposalView):
    """A proposal just made 已提交的提议."""

    invitation: InvitationView | None = Field(
        default=None,
        description="First half of the invitation of somebody who is to enrol; null on a replay "
        "邀请码前半码，重发应答中为空",
    )

    @classmethod
    def first(cls, it: Proposed) -> ProposedView:
        """Show what is kept of a proposal: never the half."""
        return cls(**dict(ProposalView.of(it.proposal)))

    @classmethod
    def once(cls, it: Proposed) -> ProposedView:
        """Show a proposal to the one who made it, with the half of an invitation."""
        return cls(**dict(ProposalView.of(it.proposal)), invitation=_half(it.invitation))


class VerdictAsked(BaseModel):
    """What the second person says 裁定意见."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": {"reason": "已核对申请函"}}
    )

    reason: str = Field(
        min_length=1, max_length=400, description="Why 意见", examples=["已核对申请函"]
    )


class CredentialView(BaseModel):
    """A new secret, shown this once 新签发的密钥，仅显示一次."""

    client_id: str = Field(description="Client id 客户端编号", examples=["370000-7d1f2a"])
    client_secret: str = Field(
        description="The secret 密钥",
        examples=["9f3a61c2.…"],
        json_schema_extra={"format": "password"},
    )


class DecidedView(BaseModel):
    """A proposal with its verdict 已裁定的提议."""

    proposal: ProposalView = Field(description="The proposal 提议")
    credential: CredentialView | None = Field(
        default=None,
        description="The secret that came of it; null on a replay: it is kept nowhere "
        "新签发的密钥，重发应答中为空",
    )
    invitation: InvitationView | None = Field(
        default=None,
        description="Second half of the invitation of somebody who is to enrol; null on a replay "
        "邀请码后半码，重发应答中为空",
    )

    @classmethod
    def of(cls, it: Decided) -> DecidedView:
        """Show what is kept of a verdict: never the secret."""
        return cls(proposal=ProposalView.of(it.proposal))

    @classmethod
    def once(cls, it: Decided) -> DecidedView:
        """Show a verdict to the one who gave it, with the secret that came of it."""
        made = it.credential
        shown = (
            None if made is None else CredentialView(client_id=made.id, client_secret=made.secret)
        )
        return cls(
            proposal=ProposalView.of(it.proposal),
            credential=shown,
            invitation=_half(it.invitation),
        )


def _half(it: Invitation | None) -> InvitationView | None:
    return None if it is None else InvitationView(person=it.person, half=it.half)
