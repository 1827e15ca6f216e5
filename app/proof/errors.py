"""Why the hub says no to a look at a proof, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class JournalForeign(Refusal):
    """A journal is its participant's own: a place's agency, an institution, and the operator."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "journal-foreign"
    title: ClassVar = "This is another participant's journal"
    title_zh: ClassVar = "不得下载其他单位的账簿或操作记录"
    says: ClassVar = "The caller is {caller}."
    says_zh: ClassVar = "当前接入方为 {caller}。"


class JournalPageWrong(Refusal):
    """A journal is read by day or onward from a block, not both."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "journal-page-wrong"
    title: ClassVar = "Name either a day or the block to go on from"
    title_zh: ClassVar = "日期与起始块号只能填写一个"
    remedy: ClassVar = "Send at most one of the parameters `day` and `after`."
    remedy_zh: ClassVar = "day 与 after 两个参数最多填写一个。"


class SettlementUntraceable(Refusal):
    """No settlement has this number, or the caller may not know that it exists."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "settlement-untraceable"
    title: ClassVar = "No such settlement to trace"
    title_zh: ClassVar = "结算不存在，无法追溯"


class TrailRangeWrong(Refusal):
    """A range of time ends after it begins."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "trail-range-wrong"
    title: ClassVar = "The range of time ends before it begins"
    title_zh: ClassVar = "起止时间颠倒"
