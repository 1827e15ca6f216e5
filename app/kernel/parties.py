"""The kinds of party (接入方) that may call the hub."""

from __future__ import annotations

import enum

PERSON = "person:"  # what the client of a person's session begins with; no client id has a colon


class PartyKind(enum.StrEnum):
    """接入方类型: what a caller is, and so what it may do and see."""

    OPERATOR = "operator"  # 部级经办机构
    AGENCY = "agency"  # 经办机构
    INSTITUTION = "institution"  # 协议机构
    CHANNEL = "channel"  # 服务渠道


class SignatureScheme(enum.StrEnum):
    """报文签名方式: how a client signs its messages, and the hub its answers to them."""

    HMAC_SM3 = "hmac_sm3"
    SM2_RAW = "sm2_raw"  # SM2 with SM3, r and s one after the other (r‖s)
    SM2_DER = "sm2_der"  # the same, as an ASN.1 sequence


class KeyKind(enum.StrEnum):
    """签名密钥种类: a key pair of which the hub knows the public half, or a shared key."""

    SM2 = "sm2"
    HMAC_SM3 = "hmac_sm3"


def person_of(client: str) -> str | None:
    """Return the person whose session a client is, if a person acts and not a machine."""
    return client.removeprefix(PERSON) if client.startswith(PERSON) else None
