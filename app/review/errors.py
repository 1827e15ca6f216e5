"""Why the hub says no to a reconciliation or a repair, in order of precedence."""

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
