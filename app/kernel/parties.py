"""The kinds of party (接入方) that may call the hub."""

from __future__ import annotations

import enum


class PartyKind(enum.StrEnum):
    """接入方类型: what a caller is, and so what it may do and see."""

    OPERATOR = "operator"  # 部级经办机构
    AGENCY = "agency"  # 经办机构
    INSTITUTION = "institution"  # 协议机构
    CHANNEL = "channel"  # 服务渠道
