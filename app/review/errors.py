"""Why the hub says no in reconciliation and review, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class ReconciliationUnknown(Refusal):
    """No reconciliation has this number, or the caller may not know that it exists."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "reconciliation-unknown"
    title: ClassVar = "No such reconciliation"
    title_zh: ClassVar = "对账记录不存在"


class ReconciliationForeign(Refusal):
    """Only the party that compared its books repairs them."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "reconciliation-foreign"
    title: ClassVar = "Only the party that sent a reconciliation repairs it"
    title_zh: ClassVar = "仅对账发起方可处理差异"


class SideNotOpen(Refusal):
    """An institution compares its own day; an agency as treatment or as insured side."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "side-not-open"
    title: ClassVar = "This party does not reconcile from this side"
    title_zh: ClassVar = "该接入方不能以此身份对账"
    says: ClassVar = "Open to it: {allowed}."
    says_zh: ClassVar = "可用的对账身份：{allowed}。"


class DayNotCome(Refusal):
    """A day is compared once it has begun."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "day-not-come"
    title: ClassVar = "The day has not come yet"
    title_zh: ClassVar = "对账日期晚于当前日期"
    says: ClassVar = "{day} lies after {today}."
    says_zh: ClassVar = "{day} 晚于 {today}。"


class RowsRepeated(Refusal):
    """A settlement stands in the sender's rows once."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "rows-repeated"
    title: ClassVar = "A settlement stands twice in the rows"
    title_zh: ClassVar = "明细中结算编号重复"
    says: ClassVar = "Repeated: {settlements}."
    says_zh: ClassVar = "重复的结算编号：{settlements}。"


class SumsMismatch(Refusal):
    """The sender's totals are not the sums of its rows."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "sums-mismatch"
    title: ClassVar = "The totals are not the sums of the rows"
    title_zh: ClassVar = "总额与明细合计不一致"
    says: ClassVar = "The {row_count} rows sum to {row_total}, of which {row_fund} from the fund."
    says_zh: ClassVar = "{row_count} 条明细合计 {row_total}，其中基金支付 {row_fund}。"


class InstitutionMissing(Refusal):
    """A day file is of one institution."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "day-file-institution-missing"
    title: ClassVar = "Name the institution whose day file is wanted"
    title_zh: ClassVar = "请指明日对账文件所属机构"


class DayFileUnreadable(Refusal):
    """A line of the day file does not have the seven columns; `errors` lists every fault."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "day-file-unreadable"
    title: ClassVar = "The day file cannot be read"
    title_zh: ClassVar = "日对账文件格式错误"
    remedy: ClassVar = "UTF-8, seven columns parted by TAB, no header, `null` for what is empty."
    remedy_zh: ClassVar = "UTF-8 编码，七列以 TAB 分隔，无表头，空值写 null。"


class ReconciliationReplaced(Refusal):
    """The day was compared again since: repair what that found."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "reconciliation-replaced"
    title: ClassVar = "A later reconciliation of the day stands in its place"
    title_zh: ClassVar = "该日已重新对账，请处理最新一次的差异"


class DifferenceUnknown(Refusal):
    """The reconciliation found no difference with this row number."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "difference-unknown"
    title: ClassVar = "No such difference"
    title_zh: ClassVar = "差异记录不存在"


class DifferenceRepaired(Refusal):
    """A difference is repaired once."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "difference-repaired"
    title: ClassVar = "The difference has been repaired"
    title_zh: ClassVar = "该差异已处理"


class RepairMismatch(Refusal):
    """What the hub has is adopted or reversed; what only the sender has is sent or dropped."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "repair-mismatch"
    title: ClassVar = "This act does not repair this kind of difference"
    title_zh: ClassVar = "该处理方式不适用于此类差异"
    says: ClassVar = "A difference of kind {difference} is repaired by {allowed}."
    says_zh: ClassVar = "差异类型 {difference} 可用的处理方式：{allowed}。"


class RepairMessageMissing(Refusal):
    """To be sent under which id: the hub sees by it that it has arrived."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "repair-message-missing"
    title: ClassVar = "Name the message id it will be sent under"
    title_zh: ClassVar = "请填写补发所用的报文编号"


class DeductionUnknown(Refusal):
    """No deduction has this number, or the caller may not know that it exists."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "deduction-unknown"
    title: ClassVar = "No such deduction"
    title_zh: ClassVar = "扣款记录不存在"


class ReviewUnknown(Refusal):
    """No closed month has this number, or the caller may not know that it exists."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "review-unknown"
    title: ClassVar = "No such review"
    title_zh: ClassVar = "审核记录不存在"


class StandingUnknown(Refusal):
    """Nothing was closed or paid for this institution, or the caller may not know it."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "institution-standing-unknown"
    title: ClassVar = "Nothing is kept for this institution and place"
    title_zh: ClassVar = "该机构在该地没有应付记录"


class ReviewForeign(Refusal):
    """A place is reviewed by the agency that governs it; only the institution appeals."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "review-foreign"
    title: ClassVar = "This is for another party of the review"
    title_zh: ClassVar = "该操作应由审核的另一方办理"


class MonthRunning(Refusal):
    """A month is declared once it is over, and closed earlier only where that is meant."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "month-running"
    title: ClassVar = "The month is not over"
    title_zh: ClassVar = "该月份尚未结束"
    says: ClassVar = "{month} ends on {last}."
    says_zh: ClassVar = "{month} 的最后一日为 {last}。"
    remedy: ClassVar = "Wait; an agency that closes early sends `early: true`."
    remedy_zh: ClassVar = "请待月末后办理；经办机构确需提前关账的，请发送 early: true。"


class NothingToDeclare(Refusal):
    """The institution settled nothing in this month."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "nothing-to-declare"
    title: ClassVar = "There is nothing to declare"
    title_zh: ClassVar = "该月份没有可申报的结算"


class TotalsDiffer(Refusal):
    """The sender's control totals are not the hub's."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "control-totals-differ"
    title: ClassVar = "The control totals are not the hub's"
    title_zh: ClassVar = "控制总数与平台不一致"
    says: ClassVar = "Yours: {yours}; the hub's: {hub}."
    says_zh: ClassVar = "贵方：{yours}；平台：{hub}。"


class DeclarationMade(Refusal):
    """A month is declared once, and again only where it has changed."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "declaration-made"
    title: ClassVar = "The month has been declared"
    title_zh: ClassVar = "该月份已申报"
    says: ClassVar = "Declared as {declaration}."
    says_zh: ClassVar = "申报编号 {declaration}。"


class DeductionsRefused(Refusal):
    """Some deductions of the list cannot be made; `errors` names each, and none is kept."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "deductions-refused"
    title: ClassVar = "Some of the deductions cannot be made"
    title_zh: ClassVar = "部分扣款不能提出"


class AppealTermOver(Refusal):
    """Who has not appealed by the last day has accepted."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "appeal-term-over"
    title: ClassVar = "The term for appeals is over"
    title_zh: ClassVar = "申诉期限已过"
    says: ClassVar = "It could be appealed against until {appeal_by}."
    says_zh: ClassVar = "申诉截止日为 {appeal_by}。"


class DecisionAmountWrong(Refusal):
    """A deduction is lowered to an amount between nothing and what it was."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "decision-amount"
    title: ClassVar = "The amount does not go with the decision"
    title_zh: ClassVar = "金额与裁定结果不符"
    says: ClassVar = "Only `lowered` takes an amount, below {amount}."
    says_zh: ClassVar = "仅部分维持须填写金额，且小于 {amount}。"


class DeductionNotReturnable(Refusal):
    """What is final and stands is given back, once."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "deduction-not-returnable"
    title: ClassVar = "This deduction cannot be given back"
    title_zh: ClassVar = "该扣款不能返还"
    says: ClassVar = "{deduction} is {why}."
    says_zh: ClassVar = "{deduction}：{why}。"


class ReviewExists(Refusal):
    """A place closes a month once."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "review-exists"
    title: ClassVar = "The month has been closed"
    title_zh: ClassVar = "该月份已关账"
    says: ClassVar = "Closed as {review}."
    says_zh: ClassVar = "关账编号 {review}。"


class MonthTooEarly(Refusal):
    """A month is closed by a day that a text sets."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "month-too-early"
    title: ClassVar = "The month lies before the first rules"
    title_zh: ClassVar = "该月份早于规定施行之时"
    says: ClassVar = "No text says by when {month} is to be closed."
    says_zh: ClassVar = "{month} 的关账期限尚无规定。"


class EarlierMonthsOpen(Refusal):
    """Months are closed in order."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "earlier-months-open"
    title: ClassVar = "Earlier months are still open"
    title_zh: ClassVar = "以前月份尚未关账"
    says: ClassVar = "Close first: {months}."
    says_zh: ClassVar = "请先关账：{months}。"


class BankReferenceUsed(Refusal):
    """A bank reference stands for one transfer."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "bank-reference-used"
    title: ClassVar = "The bank reference was recorded for another payment"
    title_zh: ClassVar = "该银行流水号已用于其他拨付"
    says: ClassVar = "It stands for {payment}."
    says_zh: ClassVar = "对应拨付 {payment}。"


class PaymentExceeds(Refusal):
    """No more is paid than closed months owe and the books show as payable."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "payment-exceeds"
    title: ClassVar = "More than is payable"
    title_zh: ClassVar = "超过应付金额"
    says: ClassVar = "At most {payable} can be paid."
    says_zh: ClassVar = "最多可拨付 {payable}。"
