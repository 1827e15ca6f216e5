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


class ClaimUnknown(Refusal):
    """The pair has no claim in the clearing, or the caller is no side of it."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "claim-unknown"
    title: ClassVar = "No such claim in this clearing"
    title_zh: ClassVar = "该清算中无此清算对"


class ContestUnknown(Refusal):
    """No contest has this number, or the caller is no side of it."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "contest-unknown"
    title: ClassVar = "No such contest"
    title_zh: ClassVar = "争议不存在"


class NoticeUnknown(Refusal):
    """The clearing has no such notice addressed to the caller."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "notice-unknown"
    title: ClassVar = "No such notice"
    title_zh: ClassVar = "通知书不存在"


class PaymentUnknown(Refusal):
    """The bank's number is not among the lines imported."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "payment-unknown"
    title: ClassVar = "No such payment"
    title_zh: ClassVar = "银行回单不存在"


class ReassignmentUnknown(Refusal):
    """No reassignment has this number, or the caller is no side of the payment."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "reassignment-unknown"
    title: ClassVar = "No such reassignment"
    title_zh: ClassVar = "错汇更正不存在"


class ClaimForeign(Refusal):
    """Only the agency of the very place speaks for a side."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "claim-foreign"
    title: ClassVar = "Only the agency of this side may do this"
    title_zh: ClassVar = "仅该侧经办机构可办理"
    says: ClassVar = "Open to the agency of {place} itself."
    says_zh: ClassVar = "仅限 {place} 经办机构本级办理。"


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


class ClaimConfirmed(Refusal):
    """The side has confirmed the claim before."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "claim-confirmed"
    title: ClassVar = "This side has confirmed the claim"
    title_zh: ClassVar = "该侧已确认"


class ClaimUnconfirmed(Refusal):
    """The side has nothing to take back."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "claim-unconfirmed"
    title: ClassVar = "This side has not confirmed the claim"
    title_zh: ClassVar = "该侧尚未确认"


class ClaimNoticed(Refusal):
    """Once notices are issued nothing is said of a claim any more."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "claim-noticed"
    title: ClassVar = "The notices of this claim are issued"
    title_zh: ClassVar = "该清算对已下达通知书"


class ContestAnswered(Refusal):
    """An answer was booked; the confirmation it belongs to stands."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "contest-answered"
    title: ClassVar = "A contest of this confirmation has been answered"
    title_zh: ClassVar = "该确认所附争议已有答复"


class ClaimsUnconfirmed(Refusal):
    """No claim of the clearing can be noticed yet."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "claims-unconfirmed"
    title: ClassVar = "No further claim is confirmed"
    title_zh: ClassVar = "尚无可下达通知书的清算对"
    says: ClassVar = "{waiting} claims wait for a confirmation or an answer."
    says_zh: ClassVar = "{waiting} 个清算对尚待确认或答复。"


class DigestMismatch(Refusal):
    """Count, sum or root differ from the hub's."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "digest-mismatch"
    title: ClassVar = "The digest is not the hub's"
    title_zh: ClassVar = "核对摘要不一致"
    says: ClassVar = "Different: {different}. The hub has {settlements} settlements, {fund} yuan."
    says_zh: ClassVar = "不一致项：{different}。系统为 {settlements} 笔、{fund} 元。"


class TotalrowMismatch(Refusal):
    """The side counts other lines in all than the claim has."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "totalrow-mismatch"
    title: ClassVar = "The number of lines in all is not the hub's"
    title_zh: ClassVar = "总行数不一致"
    says: ClassVar = "The claim has {settlements} lines, not {totalrow}."
    says_zh: ClassVar = "该清算对共 {settlements} 行，报送为 {totalrow} 行。"


class LinesMismatch(Refusal):
    """Some lines are not in the claim, or with another amount; nothing was kept."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "lines-mismatch"
    title: ClassVar = "Some lines are not as the claim has them"
    title_zh: ClassVar = "部分明细与清算不一致"


class ContestSideWrong(Refusal):
    """The insured side contests; the treatment side answers."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "contest-side-wrong"
    title: ClassVar = "Only the insured side contests"
    title_zh: ClassVar = "仅参保地可提出争议"


class ContestRefused(Refusal):
    """Some items cannot be contested; `errors` says why. Nothing was kept."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "contest-refused"
    title: ClassVar = "Some items cannot be contested"
    title_zh: ClassVar = "部分明细不能提出争议"


class ReplyAmountWrong(Refusal):
    """An amount agreed in part lies between nothing and the whole, and only it has one."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "reply-amount-wrong"
    title: ClassVar = "The amount does not fit the reply"
    title_zh: ClassVar = "答复金额与答复不符"


class ContestWasInTime(Refusal):
    """A contest raised in time is answered on its merits."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "contest-was-in-time"
    title: ClassVar = "The contest was raised in time"
    title_zh: ClassVar = "该争议在期限内提出"


class ContestMoot(Refusal):
    """The settlement was cancelled meanwhile: the cancellation gives the money back."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "contest-moot"
    title: ClassVar = "The settlement has been cancelled"
    title_zh: ClassVar = "该结算已撤销，由撤销冲减"


class ContestDeducted(Refusal):
    """Review has deducted part of it: no fen is taken off twice."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "contest-deducted"
    title: ClassVar = "Review has deducted part of this settlement"
    title_zh: ClassVar = "该结算已有审核扣款，不能重复扣减"
    says: ClassVar = "At most {left} yuan can still be taken off."
    says_zh: ClassVar = "至多还可核减 {left} 元。"
    remedy: ClassVar = "Accept it in part, with what is owed beyond the deduction."
    remedy_zh: ClassVar = "请按扣除审核扣款后的金额部分认可。"


class BankRowsUnreadable(Refusal):
    """Some rows cannot be read; `errors` names line and column. Nothing was kept."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "bank-rows-unreadable"
    title: ClassVar = "Some bank rows cannot be read"
    title_zh: ClassVar = "部分银行回单无法读取"


class BankRowsForeign(Refusal):
    """An agency imports what it pays or is paid."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "bank-rows-foreign"
    title: ClassVar = "Some bank rows are of other parties"
    title_zh: ClassVar = "部分银行回单与本地区无关"


class BankReferenceReused(Refusal):
    """The bank's reference is known with other contents."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "bank-reference-reused"
    title: ClassVar = "A bank reference was used before for something else"
    title_zh: ClassVar = "银行流水号已用于其他回单"


class PaymentPlaced(Refusal):
    """Only a misdirected payment is put to a notice, and by one proposal at a time."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "payment-placed"
    title: ClassVar = "The payment is not misdirected, or is being put right already"
    title_zh: ClassVar = "该回单并非错汇，或已在更正中"


class PaymentMisfit(Refusal):
    """The payment cannot have been meant for this notice."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "payment-misfit"
    title: ClassVar = "The payment does not fit the notice"
    title_zh: ClassVar = "回单与通知书不符"
    says: ClassVar = "It does not fit by its {why}."
    says_zh: ClassVar = "不符项：{why}。"
    remedy: ClassVar = "Let the bank return the money and pay it again under the notice's number."
    remedy_zh: ClassVar = "请由银行退回，并以通知书编号重新汇款。"


class YearNotOver(Refusal):
    """A year closes once its last day for clearing is over."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "clearing-year-not-over"
    title: ClassVar = "The year cannot be closed yet"
    title_zh: ClassVar = "该年度尚不能关闭"
    says: ClassVar = "The year {year} closes after {closes_on}."
    says_zh: ClassVar = "{year} 年度在 {closes_on} 之后关闭。"


class YearNotClear(Refusal):
    """Something of the year is not cleared, noticed or answered."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "clearing-year-not-clear"
    title: ClassVar = "Something of the year is still open"
    title_zh: ClassVar = "该年度尚有未了事项"
    says: ClassVar = "Open: {uncleared} settlements, {unnoticed} claims, {open_contests} contests."
    says_zh: ClassVar = "未了：{uncleared} 笔结算、{unnoticed} 个清算对、{open_contests} 项争议。"
