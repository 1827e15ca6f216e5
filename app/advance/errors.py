"""Why the hub says no about an advance, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class AdvanceRunUnknown(Refusal):
    """No run of quotas has this number, or the caller has no pair in it."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "advance-run-unknown"
    title: ClassVar = "No such run of quotas"
    title_zh: ClassVar = "额度核定不存在"


class AdvanceNoticeUnknown(Refusal):
    """No notice of an advance has this number, or it is addressed to somebody else."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "advance-notice-unknown"
    title: ClassVar = "No such notice of an advance"
    title_zh: ClassVar = "预付金通知书不存在"


class CrossingUnknown(Refusal):
    """No crossing has this number, or it is addressed to somebody else."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "crossing-unknown"
    title: ClassVar = "No such crossing"
    title_zh: ClassVar = "预警不存在"


class AdvanceChangeUnknown(Refusal):
    """No change of an advance has this number, or the caller is no side of it."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "advance-change-unknown"
    title: ClassVar = "No such change of an advance"
    title_zh: ClassVar = "预付金变更不存在"


class HoldUnknown(Refusal):
    """No approval was asked for under this number, or the caller is no side of it."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "hold-unknown"
    title: ClassVar = "No such held settlement"
    title_zh: ClassVar = "待批结算不存在"


class AdvanceForeign(Refusal):
    """Only the agency of the very place speaks for a side."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "advance-foreign"
    title: ClassVar = "Only the agency of this side may do this"
    title_zh: ClassVar = "仅该侧经办机构可办理"
    says: ClassVar = "Open to the agency of {place} itself."
    says_zh: ClassVar = "仅限 {place} 经办机构本级办理。"


class AdvanceRunExists(Refusal):
    """The year's quotas were issued before; the answer names that run."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "advance-run-exists"
    title: ClassVar = "Quotas of this year have been issued"
    title_zh: ClassVar = "该年度额度已下达"
    says: ClassVar = "The {scheme} quotas of {year} were issued by {run}."
    says_zh: ClassVar = "{year} 年度 {scheme} 额度已由 {run} 下达。"


class AdvanceMoved(Refusal):
    """What is held or called for has changed since the quotas were computed."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "advance-moved"
    title: ClassVar = "An advance has changed since the quotas were computed"
    title_zh: ClassVar = "核定后预付金已变动"
    remedy: ClassVar = "Withdraw the run and compute the quotas again."
    remedy_zh: ClassVar = "请撤回后重新核定。"


class AdvanceChangeOpen(Refusal):
    """A change of this kind is under way for the pair; the answer names it."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "advance-change-open"
    title: ClassVar = "A change of this kind is under way"
    title_zh: ClassVar = "该地区对已有同类变更在办"
    says: ClassVar = "{change} is not decided yet."
    says_zh: ClassVar = "{change} 尚未办结。"


class HoldOpen(Refusal):
    """Approval was asked for before and is not decided yet."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "hold-open"
    title: ClassVar = "Approval for this visit was asked for before"
    title_zh: ClassVar = "该次就诊已提出批准申请"


class AdvanceNotPaidYet(Refusal):
    """The payer has not said that it paid."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "advance-not-paid-yet"
    title: ClassVar = "The payer has not confirmed the payment"
    title_zh: ClassVar = "付款方尚未确认付款"


class AdvanceBankReferenceReused(Refusal):
    """The payer confirmed another payment of an advance under this bank reference."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "advance-bank-reference-reused"
    title: ClassVar = "The bank reference was used for another advance"
    title_zh: ClassVar = "银行流水号已用于其他预付金"


class AdvanceYearWrong(Refusal):
    """Quotas are computed for a year once its base period is over, and while the year lasts."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "advance-year-wrong"
    title: ClassVar = "Quotas of this year cannot be computed today"
    title_zh: ClassVar = "今日不能核定该年度额度"
    says: ClassVar = "Quotas of {year} are computed from {first_day} to {last_day}."
    says_zh: ClassVar = "{year} 年度额度在 {first_day} 至 {last_day} 之间核定。"


class AdvancePairWrong(Refusal):
    """Nothing is crossed between the two places, or one of them pools no fund."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "advance-pair-wrong"
    title: ClassVar = "These two places keep no advance with each other"
    title_zh: ClassVar = "两地之间不设预付金"


class AdvanceUnchanged(Refusal):
    """The change would change nothing."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "advance-unchanged"
    title: ClassVar = "The advance is so already"
    title_zh: ClassVar = "预付金已为该状态"


class AdvanceNotRed(Refusal):
    """An emergency increase is opened by a red usage of the pair or of its pool."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "advance-not-red"
    title: ClassVar = "Usage is not red"
    title_zh: ClassVar = "使用率未达红色预警"
    says: ClassVar = "The pair is at {pair_level}, the pool at {pool_level}."
    says_zh: ClassVar = "地区对为 {pair_level}，资金池为 {pool_level}。"


class ConfirmationMismatch(Refusal):
    """Amount, bank reference or date are not what was called for, or not what the payer said.

    `different` names them; `yours` and `theirs` give both sides. Nothing was kept.
    """

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "confirmation-mismatch"
    title: ClassVar = "The two sides do not say the same"
    title_zh: ClassVar = "双方确认不一致"
    says: ClassVar = "Different: {different}. Yours: {yours}. Theirs: {theirs}."
    says_zh: ClassVar = "不一致项：{different}。本方：{yours}。对方：{theirs}。"
    remedy: ClassVar = "Check the bank's record; the payer may confirm again with other figures."
    remedy_zh: ClassVar = "请核对银行回单；付款方可更正后重新确认。"


class PaidLater(Refusal):
    """A payment cannot lie in the future, nor before its notice."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "paid-later"
    title: ClassVar = "The day of payment lies outside the notice's time"
    title_zh: ClassVar = "付款日期不在通知书期间内"
    says: ClassVar = "Between {issued_on} and {today}."
    says_zh: ClassVar = "应在 {issued_on} 至 {today} 之间。"
