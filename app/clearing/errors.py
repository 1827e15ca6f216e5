"""Why the hub says no to a clearing, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class ClearingUnknown(Refusal):
    """No clearing has this number, or the caller has no claim in it."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "clearing-unknown"
    title: ClassVar = "No such clearing"
    title_zh: ClassVar = "清算不存在"


class StatementUnknown(Refusal):
    """The place has no claim in the clearing, or the caller may not read its statement."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "statement-unknown"
    title: ClassVar = "No such statement in this clearing"
    title_zh: ClassVar = "该清算中无此地区的清算表"


class PeriodUnreadable(Refusal):
    """The period is neither a quarter nor a month."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "clearing-period-unreadable"
    title: ClassVar = "The period is neither a quarter nor a month"
    title_zh: ClassVar = "清算期格式错误"
    says: ClassVar = "Write a quarter as 2025Q3 or a month as 2025-09, not {period}."
    says_zh: ClassVar = "季度应写作 2025Q3，月度应写作 2025-09，收到的是 {period}。"


class PeriodTooEarly(Refusal):
    """The period ended before places began to clear."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "clearing-period-too-early"
    title: ClassVar = "Nothing was cleared in this period"
    title_zh: ClassVar = "该期尚未开展直接结算清算"
    says: ClassVar = "{period} ended before direct settlement began."
    says_zh: ClassVar = "{period} 在直接结算启动之前已结束。"


class PeriodCycle(Refusal):
    """The period is a month where clearing is quarterly, or a quarter where it is monthly."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "clearing-period-cycle"
    title: ClassVar = "The period does not fit the clearing cycle"
    title_zh: ClassVar = "清算期与清算周期不符"
    says: ClassVar = "Clearing is {cycle} in this period; {period} is not of that kind."
    says_zh: ClassVar = "该期清算周期为 {cycle}，{period} 不是相应的清算期。"


class PeriodNotOver(Refusal):
    """The period has days to come, on which more may be settled."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "clearing-period-not-over"
    title: ClassVar = "The period is not over"
    title_zh: ClassVar = "清算期尚未结束"
    says: ClassVar = "The last day of {period} is {last_day}; today is {today}."
    says_zh: ClassVar = "{period} 的最后一日为 {last_day}，今日为 {today}。"


class ClearingExists(Refusal):
    """The period was cleared before; the answer names that clearing."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "clearing-exists"
    title: ClassVar = "This period has been cleared"
    title_zh: ClassVar = "该期清算已生成"
    says: ClassVar = "The {scheme} clearing of {period} is {clearing}."
    says_zh: ClassVar = "{scheme} 的 {period} 清算编号为 {clearing}。"
    remedy: ClassVar = "Read the existing clearing; late settlements fall in the next period."
    remedy_zh: ClassVar = "请查询已有清算；迟到的结算计入下一期。"
