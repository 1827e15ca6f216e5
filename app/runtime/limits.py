"""Rate limits: a bucket per client, person, party and address, in the memory of each replica.

They stop loops that run away, so they need not be exact over replicas, and a request pays no
round trip for them: what is special to a client travels in its token.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from app.kernel.refusal import Kind, Refusal
from app.runtime.addresses import household_of
from app.runtime.auth import Caller
from app.runtime.settings import Settings

MINUTE = 60.0
BUCKETS_MAX = 20_000


class RateLimited(Refusal):
    """Too many requests in too short a time; the same request may be sent again later."""

    kind: ClassVar = Kind.TOO_MANY
    code: ClassVar = "rate-limited"
    title: ClassVar = "Too many requests"
    title_zh: ClassVar = "请求过于频繁"
    says: ClassVar = (
        "At most {per_minute} a minute for each {of}; again in {retry_after_seconds} s."
    )
    says_zh: ClassVar = (
        "每个 {of} 每分钟至多 {per_minute} 次；请于 {retry_after_seconds} 秒后重试。"
    )
    remedy: ClassVar = "Wait as long as Retry-After says, and send again with the same message id."
    remedy_zh: ClassVar = "请按 Retry-After 等待后，以同一报文编号重发。"
    standing: Standing | None = None  # of the bucket that is empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How much of a bucket is left, as the RateLimit headers tell it."""

    of: str
    per_minute: int
    left: int
    full_after_seconds: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Write the fields of the IETF's RateLimit header draft."""
        policy = f'"{self.of}";q={self.per_minute};w=60'
        now = f'"{self.of}";r={self.left};t={self.full_after_seconds}'
        return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", now.encode())]


@dataclass(slots=True)
class Buckets:
    """Token buckets: each holds a minute's worth and fills evenly.

    Of a bucket only the instant is kept at which it will be full again; one that is full is as
    good as forgotten, so the least used may be dropped.
    """

    clock: Callable[[], float] = time.monotonic
    full_at: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def take(self, of: str, name: str, per_minute: int) -> Standing:
        """Take one from a bucket, or refuse."""
        now, each = self.clock(), MINUTE / per_minute
        key = f"{of} {name}"
        filled = max(self.full_at.get(key, now), now) + each
        over = filled - now - MINUTE
        if over > each / 2:  # half a token: floating point must not refuse the last one
            wait = max(1, math.ceil(over))
            refused = RateLimited(of=of, per_minute=per_minute, retry_after_seconds=wait)
            full = math.ceil(filled - each - now)
            refused.standing = Standing(
                of=of, per_minute=per_minute, left=0, full_after_seconds=full
            )
            raise refused
        self.full_at[key] = filled
        self.full_at.move_to_end(key)
        while len(self.full_at) > BUCKETS_MAX:
            self.full_at.popitem(last=False)
        return Standing(
            of=of,
            per_minute=per_minute,
            left=max(0, int((MINUTE - (filled - now)) / each + 0.5)),
            full_after_seconds=math.ceil(filled - now),
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one application."""

    client_per_minute: int
    party_per_minute: int
    sign_ins_per_minute: int
    person_per_minute: int = 1_200
    buckets: Buckets = field(default_factory=Buckets)

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Build them as the settings say."""
        return cls(
            settings.client_requests_per_minute,
            settings.party_requests_per_minute,
            settings.sign_ins_per_minute,
            settings.person_requests_per_minute,
        )

    def admit(self, caller: Caller) -> Standing:
        """Take one from the caller's client or person and one from its party; return the scarcer.

        The caller's own first: one that runs away must not use up what its party's others need.
        """
        of, usual = "client", self.client_per_minute
        if caller.person is not None:
            of, usual = "person", self.person_per_minute
        own = self.buckets.take(of, caller.client, caller.terms.client_per_minute or usual)
        party = self.buckets.take(
            "party", caller.party, caller.terms.party_per_minute or self.party_per_minute
        )
        return party if party.left < own.left else own

    def admit_sign_in(self, address: str) -> None:
        """Take one from those who try to sign in from an address: a try costs a slow hash."""
        self.buckets.take("address", household_of(address), self.sign_ins_per_minute)
