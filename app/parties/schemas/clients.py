"""Clients, their secrets and their keys on the wire; a secret itself only where it is made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.kernel.parties import KeyKind, PartyKind, SignatureScheme
from app.parties.model import Client, ClientState, Key, Secret

MOMENT = "2026-09-01T01:00:00Z"
PUBLIC_KEY = (
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)


class SecretView(BaseModel):
    """What is shown of a secret 密钥（不含密钥本身）."""

    hint: str = Field(
        description="Its open first part, before the dot 密钥的公开前缀", examples=["9f3a61c2"]
    )
    created_at: datetime = Field(description="Since when 签发时间", examples=[MOMENT])
    expires_at: datetime | None = Field(
        description="Last moment; null: none 失效时间，可空", examples=[None]
    )
    retired_at: datetime | None = Field(
        description="When it was retired; null: it was not 停用时间，可空", examples=[None]
    )

    @classmethod
    def of(cls, it: Secret) -> SecretView:
        """Show a secret."""
        return cls(
            hint=it.hint,
            created_at=it.created_at,
            expires_at=it.expires_at,
            retired_at=it.retired_at,
        )


class ClientView(BaseModel):
    """A client, never with its secrets 客户端（不含密钥）."""

    id: str = Field(description="Client id 客户端编号", examples=["370000-7d1f2a"])
    party: str = Field(description="Its party 所属接入方", examples=["370000"])
    kind: PartyKind = Field(description="Kind of party 接入方类型", examples=["agency"])
    state: ClientState = Field(description="State 状态", examples=["active"])
    created_at: datetime = Field(description="Since when 创建时间", examples=[MOMENT])
    expires_at: datetime | None = Field(
        description="Last moment; null: none 失效时间，可空", examples=[None]
    )
    addresses: list[str] = Field(
        description="CIDR blocks it may call from; empty: from anywhere 允许的来源地址段",
        examples=[["10.1.2.0/24"]],
    )
    requests_per_minute: int | None = Field(
        description="Its own rate limit; null: the general one 每分钟请求上限，可空",
        examples=[None],
    )
    signature: SignatureScheme | None = Field(
        description="How its messages must be signed; null: not at all 报文签名方式，可空",
        examples=[None],
    )
    tokens_valid_from: datetime | None = Field(
        description="Tokens given by then are revoked; null: none was 令牌作废时点，可空",
        examples=[None],
    )
    secrets: list[SecretView] = Field(
        description="Its secrets, oldest first; empty in lists 密钥，列表中为空"
    )

    @classmethod
    def of(cls, it: Client, secrets: Sequence[Secret] = ()) -> ClientView:
        """Show a client."""
        return cls(
            id=it.id,
            party=it.party,
            kind=it.kind,
            state=it.state,
            created_at=it.created_at,
            expires_at=it.terms.expires_at,
            addresses=list(it.terms.addresses),
            requests_per_minute=it.terms.requests_per_minute,
            signature=it.terms.signature,
            tokens_valid_from=it.tokens_valid_from,
            secrets=[SecretView.of(each) for each in secrets],
        )


class StoppedView(BaseModel):
    """What was stopped at once 已即时停用."""

    client: str = Field(description="Client id 客户端编号", examples=["370000-7d1f2a"])

    @classmethod
    def of(cls, it: Client) -> StoppedView:
        """Show whose token or secret it was."""
        return cls(client=it.id)


class KeyAsked(BaseModel):
    """A key to register 登记签名密钥."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"example": {"kind": "sm2", "public_key": PUBLIC_KEY}},
    )

    kind: KeyKind = Field(
        description="A key pair, or a shared key 密钥对或共享密钥", examples=["sm2"]
    )
    public_key: str | None = Field(
        default=None,
        max_length=130,
        description="SM2: 04, x and y in hexadecimal; none for a shared key SM2 公钥，共享密钥留空",
        examples=[PUBLIC_KEY],
    )


class KeyView(BaseModel):
    """A signing key 签名密钥."""

    id: str = Field(description="Id, sent as Hub-Key 密钥编号", examples=["k-3f2a9b1c4d5e6f70"])
    client: str = Field(description="Client id 客户端编号", examples=["370000-7d1f2a"])
    kind: KeyKind = Field(description="Kind 密钥种类", examples=["sm2"])
    public_key: str | None = Field(
        description="Public key; null for a shared one 公钥，共享密钥为空", examples=[PUBLIC_KEY]
    )
    created_at: datetime = Field(description="Since when 登记时间", examples=[MOMENT])
    retired_at: datetime | None = Field(
        description="When it was retired; null: it was not 停用时间，可空", examples=[None]
    )

    @classmethod
    def of(cls, it: Key) -> KeyView:
        """Show a key."""
        return cls(
            id=it.id,
            client=it.client,
            kind=it.kind,
            public_key=it.public_key,
            created_at=it.created_at,
            retired_at=it.retired_at,
        )


class OwnKeyView(KeyView):
    """A key just registered, with the shared key, shown this once 新登记的密钥."""

    shared_key: str | None = Field(
        default=None,
        description="HMAC-SM3 key in hexadecimal; null for a key pair and on a replay "
        "共享密钥，仅首次应答返回",
        examples=[None],
    )


class SigningKeyView(BaseModel):
    """The hub's own public key 平台签名公钥."""

    id: str = Field(description="Id in Hub-Key of an answer 密钥编号", examples=["hub-1"])
    public_key: str = Field(
        description="SM2: 04, x and y in hexadecimal 平台公钥", examples=[PUBLIC_KEY]
    )
    signer: str = Field(
        description="User id of SM2 (GM/T 0009) 用户身份标识", examples=["1234567812345678"]
    )
