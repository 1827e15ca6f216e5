"""The way of one settlement's money, step by step, from its lines to the payment."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.kernel.money import Money


class Stage(enum.StrEnum):
    """A step on the way of the money 资金流转环节."""

    LINE = "line"  # 费用明细
    BILL = "bill"  # 结算单
    ENTRY = "entry"  # 记账
    MONTH = "month"  # 月份
    DEDUCTION = "deduction"  # 审核扣款
    CONTEST = "contest"  # 争议
    PERIOD = "period"  # 清算期
    CLAIM = "claim"  # 应收应付
    NOTICE = "notice"  # 通知书
    PAYMENT = "payment"  # 清算到账
    INSTITUTION_PAYMENT = "institution_payment"  # 拨付协议机构
    ADVANCE = "advance"  # 预付金


# What an institution sees of it: the rest is between the provinces.
OF_INSTITUTIONS = frozenset(
    {
        Stage.LINE,
        Stage.BILL,
        Stage.ENTRY,
        Stage.MONTH,
        Stage.DEDUCTION,
        Stage.INSTITUTION_PAYMENT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: its number, its day, its amounts, the clause it follows, and what else it says.

    Amounts from the claim on are those of the whole document the settlement is part of.
    """

    stage: Stage
    number: str | None
    day: date | None
    total: Money | None
    fund: Money | None
    own: Money | None
    clause: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """A settlement to be traced, and where it belongs."""

    id: int
    number: str
    kind: str
    scheme: str
    month: str
    business_day: date
    insured_place: str
    treatment_place: str
    institution: str
    fund: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A settlement and every step of its money so far."""

    settlement: Traced
    steps: tuple[Step, ...]
