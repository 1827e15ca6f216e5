"""Who calls, what they may see, and the signed token that says so."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from app.kernel.parties import PartyKind, SignatureScheme, person_of
from app.kernel.refusal import Kind, Refusal
from app.kernel.regions import prefix_of

__all__ = [
    "Caller",
    "Forbidden",
    "PartyKind",
    "Scope",
    "Signer",
    "Terms",
    "Unauthenticated",
    "filled_up",
    "visible",
    "within",
]
ALGORITHM = "HS256"
VERIFIED_MAX = 4_096  # tokens remembered
CODE_LENGTH = 6  # of a region
KEY_LENGTH_MIN = 32  # characters; fewer can be guessed


class Unauthenticated(Refusal):
    """No token, or one that is expired, malformed or not signed by this hub."""

    kind: ClassVar = Kind.UNAUTHENTICATED
    code: ClassVar = "unauthenticated"
    title: ClassVar = "A valid access token is required"
    title_zh: ClassVar = "需要有效的访问令牌"
    remedy: ClassVar = "Ask POST /oauth/token for a new token and send it as a Bearer token."
    remedy_zh: ClassVar = "请调用 POST /oauth/token 获取新令牌，并以 Bearer 方式发送。"


class Forbidden(Refusal):
    """The caller's kind of party may not do this."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "forbidden"
    title: ClassVar = "This party may not do this"
    title_zh: ClassVar = "该接入方无权执行此操作"
    says: ClassVar = "Open to {allowed}; the caller is {caller}."
    says_zh: ClassVar = "仅限 {allowed} 使用；当前接入方类型为 {caller}。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which rows a party may see; every read of a store takes one.

    `prefix` is the leading digits of the party's region: "" sees every region (the operator).
    """

    kind: PartyKind
    party: str
    prefix: str

    @property
    def sees_all(self) -> bool:
        """Say whether nothing is hidden."""
        return self.kind is PartyKind.OPERATOR

    def binds(self) -> dict[str, str]:
        """Return the parameters of `visible`."""
        return {
            "scope_kind": self.kind.value,
            "scope_party": self.party,
            "scope_prefix": self.prefix,
        }


def within(region: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Build the condition "this region lies in the agency's own".

    The codes that a prefix begins lie between two codes. A comparison of codes can use an index
    beneath the walls, where one of prefixes cannot.
    """
    return region.between(filled_up(region, 0), filled_up(region, 9))


_DIGITS = {0: sa.text("'0'"), 9: sa.text("'9'")}


def filled_up(region: sa.ColumnElement[str], digit: int) -> sa.ColumnElement[str]:
    """Build the first or the last code the agency's prefix begins, of a region's own type."""
    prefix = sa.bindparam("scope_prefix", type_=sa.Text)
    code = sa.func.rpad(prefix, sa.text(str(CODE_LENGTH)), _DIGITS[digit])
    return sa.cast(code, region.type)


def visible(
    *,
    regions: tuple[sa.ColumnElement[str], ...] = (),
    institution: sa.ColumnElement[str] | None = None,
    channel: sa.ColumnElement[str] | None = None,
) -> sa.ColumnElement[bool]:
    """Build the condition "the scope may see this row"; execute it with `scope.binds()`.

    An agency sees rows one of whose `regions` lies in its own; an institution and a channel
    see rows that bear their code. What is not named is not seen.
    """
    kind = sa.bindparam("scope_kind", type_=sa.Text)
    party = sa.bindparam("scope_party", type_=sa.Text)
    ways: list[sa.ColumnElement[bool]] = [kind == PartyKind.OPERATOR.value]
    if regions:
        own = sa.or_(*(within(region) for region in regions))
        ways.append(sa.and_(kind == PartyKind.AGENCY.value, own))
    if institution is not None:
        ways.append(sa.and_(kind == PartyKind.INSTITUTION.value, institution == party))
    if channel is not None:
        ways.append(sa.and_(kind == PartyKind.CHANNEL.value, channel == party))
    return sa.or_(*ways)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a token is bound to; it travels in the token, so that holding to it costs no look-up."""

    addresses: tuple[str, ...] = ()  # CIDR blocks it may come from; none: from anywhere
    client_per_minute: int | None = None  # requests; None: as the settings say
    party_per_minute: int | None = None
    signature: SignatureScheme | None = None  # how every message must be signed; None: not at all
    keys: Mapping[str, str] = field(default_factory=dict)  # key id to public key; "" for a shared


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The party behind one request, as its token says."""

    kind: PartyKind
    party: str  # agency: its code; institution: its 12-character code; operator: "operator"
    region: str  # 6-digit division code; "000000" for the operator and national channels
    client: str  # the credential used
    issued_at: datetime | None = field(default=None, compare=False)  # None: it took no token
    terms: Terms = field(default=Terms(), compare=False)

    @property
    def person(self) -> str | None:
        """Return the person whose session this is, if a person calls and not a machine."""
        return person_of(self.client)

    @property
    def scope(self) -> Scope:
        """Return which rows this caller may see."""
        everywhere = self.kind in (PartyKind.OPERATOR, PartyKind.CHANNEL)
        prefix = "" if everywhere else prefix_of(self.region)
        return Scope(kind=self.kind, party=self.party, prefix=prefix)

    def require(self, *allowed: PartyKind) -> None:
        """Refuse unless the caller is of an allowed kind."""
        if self.kind not in allowed:
            raise Forbidden(allowed=[k.value for k in allowed], caller=self.kind.value)

    def governs(self, region: str) -> bool:
        """Say whether `region` lies in the region of this agency (the operator governs all)."""
        if self.kind is PartyKind.OPERATOR:
            return True
        return self.kind is PartyKind.AGENCY and region.startswith(prefix_of(self.region))


@dataclass(frozen=True, slots=True)
class Signer:
    """Issue and check access tokens with one symmetric key."""

    key: OctKey
    minutes: int
    # Tokens verified before, by digest, each with its last second. Whether a client still stands
    # is the database's to say, at every request: a token that is remembered opens nothing more.
    verified: OrderedDict[bytes, tuple[Caller, int]] = field(
        default_factory=OrderedDict, repr=False, compare=False
    )

    @classmethod
    def of(cls, secret: str, minutes: int) -> Signer:
        """Build a signer from the key in the settings."""
        assert len(secret) >= KEY_LENGTH_MIN, "settings are checked before"
        return cls(OctKey.import_key(secret), minutes)

    def issue(self, caller: Caller, now: datetime) -> str:
        """Sign a token for `caller`, valid for the configured minutes from `now`."""
        claims: dict[str, Any] = {
            "sub": caller.client,
            "party": caller.party,
            "kind": caller.kind.value,
            "region": caller.region,
            "iat": now.timestamp(),  # to the microsecond: a revocation must tell before from after
            "exp": int((now + timedelta(minutes=self.minutes)).timestamp()),
            **_claimed(caller.terms),
        }
        return jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, claims, self.key)

    def read(self, token: str, now: datetime) -> Caller:
        """Return the caller a token speaks for, or refuse."""
        digest = hashlib.sha256(token.encode()).digest()
        known = self.verified.get(digest)
        if known is None:
            known = self.verified[digest] = self._verify(token)
            while len(self.verified) > VERIFIED_MAX:
                self.verified.popitem(last=False)
        caller, expires = known
        if expires <= now.timestamp():
            raise Unauthenticated(reason="expired")
        return caller

    def _verify(self, token: str) -> tuple[Caller, int]:
        """Return what a token of the hub's own says, and its last second."""
        try:
            claims: Mapping[str, Any] = jwt.decode(token, self.key, [ALGORITHM]).claims
            caller = Caller(
                kind=PartyKind(str(claims["kind"])),
                party=str(claims["party"]),
                region=str(claims["region"]),
                client=str(claims["sub"]),
                issued_at=datetime.fromtimestamp(claims["iat"], UTC),
                terms=_terms_of(claims),
            )
            expires = claims["exp"]
        except (JoseError, KeyError, TypeError, ValueError, OverflowError):
            raise Unauthenticated(reason="invalid") from None
        if not isinstance(expires, int):
            raise Unauthenticated(reason="expired")
        return caller, expires


def _claimed(terms: Terms) -> dict[str, Any]:
    """Write the terms as claims; what is not said takes no room."""
    said = {
        "net": list(terms.addresses),
        "rpm": terms.client_per_minute,
        "party_rpm": terms.party_per_minute,
        "sig": terms.signature,
        "keys": dict(terms.keys),
    }
    return {name: value for name, value in said.items() if value}


def _terms_of(claims: Mapping[str, Any]) -> Terms:
    return Terms(
        addresses=tuple(claims.get("net", ())),
        client_per_minute=claims.get("rpm"),
        party_per_minute=claims.get("party_rpm"),
        signature=SignatureScheme(claims["sig"]) if "sig" in claims else None,
        keys=claims.get("keys", {}),
    )
