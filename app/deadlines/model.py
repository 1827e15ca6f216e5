"""What falls due: deadlines of the parties, and the acts the hub does by itself."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


class Act(enum.StrEnum):
    """到期事项: what the hub does by itself when a day has come, in the order of that day."""

    EXPIRE_FILINGS = "expire_filings"  # 备案到期处理
    FINISH_DEDUCTIONS = "finish_deductions"  # 逾期未申诉扣款生效
    CONFIRM_SILENT = "confirm_silent"  # 逾期视同确认
    ISSUE_NOTICES = "issue_notices"  # 下达通知书
    ALERT_OVERDUE = "alert_overdue"  # 逾期提醒
    ALERT_UNCLOSED = "alert_unclosed"  # 月度未关账提醒
    REPEAT_ALERTS = "repeat_alerts"  # 预警重发
    CLOSE_YEARS = "close_years"  # 年度清算关账
    PRUNE_DELIVERIES = "prune_deliveries"  # 清理投递记录
    PRUNE_LOCK_OUTS = "prune_lock_outs"  # 清理登录锁定记录
    SEAL_JOURNALS = "seal_journals"  # 日志封存


@dataclass(frozen=True, slots=True, order=True)
class DueAct:
    """An act on one of the days it is due."""

    day: date
    act: Act


@dataclass(frozen=True, slots=True)
class DoneAct:
    """A due act that was done, and how much it met with."""

    due: DueAct
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What one tick came to; `elsewhere` says that another hub is at it."""

    at: datetime
    done: tuple[DoneAct, ...] = ()
    failed: tuple[DueAct, ...] = ()
    elsewhere: bool = False


class DeadlineKind(enum.StrEnum):
    """期限类型: what is to be done, or runs out, until a day."""

    FILING_TERM = "filing_term"  # 备案到期
    ADMISSION = "admission"  # 备案后入院
    RECONCILIATION = "reconciliation"  # 日对账
    DEDUCTION_APPEAL = "deduction_appeal"  # 扣款申诉
    REVIEW_CLOSE = "review_close"  # 月度审核关账
    FUND_REQUEST = "fund_request"  # 用款申请
    QUOTA_ISSUE = "quota_issue"  # 预付金额度核定下达
    ADVANCE_TO_FINANCE = "advance_to_finance"  # 预付金通知书提交财政
    ADVANCE_PAYMENT = "advance_payment"  # 预付金拨付
    CLEARING_GENERATION = "clearing_generation"  # 生成清算
    CLEARING_CONFIRMATION = "clearing_confirmation"  # 清算确认
    CONTEST_REPLY = "contest_reply"  # 争议答复
    NOTICE_ISSUE = "notice_issue"  # 下达通知书
    NOTICE_TO_FINANCE = "notice_to_finance"  # 提交财政
    NOTICE_PAYMENT = "notice_payment"  # 拨付
    YEAR_CLOSE = "year_close"  # 年度清算


# What a calendar calls them, in English and in the official words.
TITLES: Mapping[DeadlineKind, tuple[str, str]] = {
    DeadlineKind.FILING_TERM: ("The filing runs out", "备案有效期届满"),
    DeadlineKind.ADMISSION: ("The worker is to be admitted", "备案后须入院"),
    DeadlineKind.RECONCILIATION: ("The day is to be reconciled", "完成日对账"),
    DeadlineKind.DEDUCTION_APPEAL: ("The deduction can be appealed", "对扣款提出申诉"),
    DeadlineKind.REVIEW_CLOSE: ("The month is to be reviewed and closed", "完成月度审核关账"),
    DeadlineKind.FUND_REQUEST: ("The money of the month is to be asked for", "提出用款申请"),
    DeadlineKind.QUOTA_ISSUE: ("The quotas of the year are to be issued", "核定下达年度预付金额度"),
    DeadlineKind.ADVANCE_TO_FINANCE: (
        "The notice of an advance is to be with finance",
        "将预付金付款通知书提交财政",
    ),
    DeadlineKind.ADVANCE_PAYMENT: ("The advance is to be paid", "按预付金付款通知书拨付"),
    DeadlineKind.CLEARING_GENERATION: ("The clearing is to be generated", "生成清算"),
    DeadlineKind.CLEARING_CONFIRMATION: (
        "The claims are to be confirmed; silence confirms them",
        "确认清算，逾期视同确认",
    ),
    DeadlineKind.CONTEST_REPLY: ("The contest is to be answered", "答复清算争议"),
    DeadlineKind.NOTICE_ISSUE: ("The notices are to be issued", "下达付款、收款通知书"),
    DeadlineKind.NOTICE_TO_FINANCE: ("The notice is to be with finance", "将付款通知书提交财政"),
    DeadlineKind.NOTICE_PAYMENT: ("The notice is to be paid", "按付款通知书拨付"),
    DeadlineKind.YEAR_CLOSE: ("The year is to be cleared", "完成年度清算"),
}


class DeadlineState(enum.StrEnum):
    """期限状态: how a deadline stands."""

    DUE = "due"  # 未到期
    OVERDUE = "overdue"  # 已逾期
    DONE = "done"  # 已完成


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """What a party has to see to until a day.

    `subject` is the public number it is about, or the day, period or year where there is none yet.
    `waiting` counts what is left to do; `announced` is None where no working days were counted.
    """

    kind: DeadlineKind
    due: date
    party: str
    subject: str
    counterpart: str | None = None
    waiting: int = 1
    state: DeadlineState
    clause: str
    announced: bool | None = None

    @property
    def key(self) -> str:
        """Return the place in the calendar: by day, then by what it is."""
        return f"{self.due} {self.kind} {self.subject} {self.party}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDeadline:
    """A deadline as it is on record, before it is known which clause says so.

    `since` and `place` tell whose law decided it, and of which day; `of` the kind of filing.
    """

    kind: DeadlineKind
    due: date
    party: str
    subject: str
    counterpart: str | None = None
    waiting: int = 1
    done: bool = False
    since: date
    place: str | None = None
    of: str | None = None
    announced: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinesAsked:
    """Which deadlines to list: those of the next days, and every one that is overdue."""

    days: int
    state: DeadlineState | None = None
    kind: DeadlineKind | None = None
    party: str | None = None
