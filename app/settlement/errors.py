"""Why the hub says no to a settlement or its cancellation, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class SettlementUnknown(Refusal):
    """No settlement has this number, or the caller may not know that it exists."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "settlement-unknown"
    title: ClassVar = "No such settlement"
    title_zh: ClassVar = "结算记录不存在"


class SettlementForeign(Refusal):
    """The institution cancels its settlements, or the agency of the place of treatment."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "settlement-foreign"
    title: ClassVar = "Only the treatment side cancels a settlement"
    title_zh: ClassVar = "仅就医地可撤销结算"


class SettleWindowClosed(Refusal):
    """The institution went offline too long ago."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "settle-window-closed"
    title: ClassVar = "The institution may no longer settle directly"
    title_zh: ClassVar = "机构下线已超过规定期限，不能直接结算"
    remedy: ClassVar = "The worker pays and applies to the insured agency."
    remedy_zh: ClassVar = "由职工垫付后向参保地经办机构申请。"


class DeterminationWithdrawn(Refusal):
    """The determination the visit rests on was withdrawn."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "determination-withdrawn"
    title: ClassVar = "The determination of this visit was withdrawn"
    title_zh: ClassVar = "本次就诊依据的认定（确认）已撤销"


class NothingToSettle(Refusal):
    """A visit without fee lines is cancelled, not settled."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "nothing-to-settle"
    title: ClassVar = "The visit has no fee lines"
    title_zh: ClassVar = "该就诊没有费用明细"
    remedy: ClassVar = "Upload the lines, or cancel the visit."
    remedy_zh: ClassVar = "请上传费用明细，或撤销就诊。"


class ListMissing(Refusal):
    """A place has published no list of a kind for a day: no share can be told, so none is."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "list-missing"
    title: ClassVar = "The place has no list in force for some of the lines"
    title_zh: ClassVar = "部分明细所属目录在该地尚未发布"
    says: ClassVar = "No list in force: {lists}."
    says_zh: ClassVar = "无有效目录：{lists}。"
    remedy: ClassVar = "The agency of the place imports its list; then settle again."
    remedy_zh: ClassVar = "请该地经办机构导入目录后重新结算。"


class TotalMismatch(Refusal):
    """The institution's figures are not the hub's."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "total-mismatch"
    title: ClassVar = "The institution's total is not the hub's"
    title_zh: ClassVar = "机构总额与系统总额不一致"
    says: ClassVar = "Yours: {yours} in {your_lines} lines; the hub's: {hub} in {hub_lines} lines."
    says_zh: ClassVar = "机构：{yours}，{your_lines} 条；系统：{hub}，{hub_lines} 条。"
    remedy: ClassVar = "Upload what is missing or remove what is too much, then settle again."
    remedy_zh: ClassVar = "请补传或删除明细后重新结算。"


class NotCancellable(Refusal):
    """Only a settlement that stands can be cancelled, and a cancellation never."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "settlement-not-cancellable"
    title: ClassVar = "This cannot be cancelled"
    title_zh: ClassVar = "该记录不能撤销"
    says: ClassVar = "{settlement} is {why}."
    says_zh: ClassVar = "{settlement}：{why}。"


class SettlementDeducted(Refusal):
    """What review took off must be taken back first, or it would be given back twice."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "settlement-deducted"
    title: ClassVar = "Deductions stand against the settlement"
    title_zh: ClassVar = "该结算存在审核扣款"
    says: ClassVar = "{deducted} yuan are taken off it, or proposed to be."
    says_zh: ClassVar = "已扣款或拟扣款 {deducted} 元。"
    remedy: ClassVar = "The agency withdraws the deductions, or gives final ones back; then cancel."
    remedy_zh: ClassVar = "请就医地经办机构先撤回扣款或返还已生效的扣款，再办理撤销。"


class SettlementInClearing(Refusal):
    """Once in a clearing a settlement is adjusted in a later period, with a reason."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "settlement-in-clearing"
    title: ClassVar = "The settlement is part of a clearing"
    title_zh: ClassVar = "该结算已纳入清算"
    says: ClassVar = "It is part of clearing {clearing}."
    says_zh: ClassVar = "已纳入清算 {clearing}。"
    remedy: ClassVar = "Send `adjustment: true` with a reason; it falls into the open month."
    remedy_zh: ClassVar = "请以 adjustment: true 并说明理由办理，计入当前未结月份。"


class AdjustmentReasonMissing(Refusal):
    """An adjustment says why."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "adjustment-reason-missing"
    title: ClassVar = "An adjustment needs a reason"
    title_zh: ClassVar = "跨期调整须填写理由"


class MonthsClosing(Refusal):
    """Every month the settlement could fall into is being closed at this moment."""

    kind: ClassVar = Kind.BUSY
    code: ClassVar = "months-closing"
    title: ClassVar = "The months of this place are being closed; send the same message again"
    title_zh: ClassVar = "该地月份正在关账，请稍后以同一报文编号重发"


class VisitMovedOn(Refusal):
    """A cancellation is undone only while the visit is as the cancellation left it."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "visit-moved-on"
    title: ClassVar = "The visit has moved on since the cancellation"
    title_zh: ClassVar = "撤销结算后就诊已有变化"
    says: ClassVar = "The fee lines of visit {visit} are not those that were settled."
    says_zh: ClassVar = "就诊 {visit} 的费用明细与原结算不一致。"
    remedy: ClassVar = "Settle the visit again."
    remedy_zh: ClassVar = "请重新结算。"
