"""The three kinds of cost that may be settled directly (直接结算费用类别)."""

from __future__ import annotations

import enum


class CostKind(enum.StrEnum):
    """What a filing opens, an institution may settle and a visit is for 费用类别."""

    MEDICAL = "medical"  # 住院工伤医疗
    REHABILITATION = "rehabilitation"  # 住院工伤康复
    DEVICE = "device"  # 辅助器具配置
