"""Why the hub says no to a visit or its fee lines, in order of precedence.

An admission tells all it found at once: identity and card first (entitlement), then what is named
here from entitlement to the determination, the filing's reasons, the institution's, an open visit.
"""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class VisitUnknown(Refusal):
    """No visit has this number, or the caller may not know that it exists."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "visit-unknown"
    title: ClassVar = "No such visit"
    title_zh: ClassVar = "就诊记录不存在"


class AdmissionInFuture(Refusal):
    """An admission is reported when it has happened."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "admission-in-future"
    title: ClassVar = "The admission lies in the future"
    title_zh: ClassVar = "就诊时间不得晚于当前时间"
    says: ClassVar = "{admitted_at} is later than {now}."
    says_zh: ClassVar = "{admitted_at} 晚于 {now}。"


class KindMismatch(Refusal):
    """Stays are for treatment and rehabilitation, fittings for devices."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "visit-kind-mismatch"
    title: ClassVar = "This kind of visit is not for this kind of cost"
    title_zh: ClassVar = "就诊类型与费用类别不符"
    says: ClassVar = "A visit of kind {visit_kind} is for {allowed}, not for {cost_kind}."
    says_zh: ClassVar = "就诊类型 {visit_kind} 适用费用类别 {allowed}，不适用 {cost_kind}。"


class NotElsewhere(Refusal):
    """The worker is insured where the institution is: nothing is to be settled between places."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "not-elsewhere"
    title: ClassVar = "The worker is insured at the place of treatment"
    title_zh: ClassVar = "就医地即参保地，不属于异地就医"
    says: ClassVar = "Insured in {insured_region}, treated in {treatment_region}."
    says_zh: ClassVar = "参保地 {insured_region}，就医地 {treatment_region}。"
    remedy: ClassVar = "Settle it locally."
    remedy_zh: ClassVar = "请按本地就医结算。"


class OutpatientClosed(Refusal):
    """Outpatient visits are not settled directly here."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "outpatient-closed"
    title: ClassVar = "Outpatient visits are not settled directly under this scheme"
    title_zh: ClassVar = "该结算范围未开通门诊直接结算"
    says: ClassVar = "Scheme {scheme}."
    says_zh: ClassVar = "结算范围：{scheme}。"


class DeterminationNotUsable(Refusal):
    """The determination named is not this worker's, does not open this cost, or is withdrawn."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "determination-not-usable"
    title: ClassVar = "The determination cannot be used for this visit"
    title_zh: ClassVar = "该认定（确认）不能用于本次就诊"
    says: ClassVar = "Determination {determination} does not open {cost_kind} on {day}."
    says_zh: ClassVar = "认定（确认）{determination} 在 {day} 不能用于费用类别 {cost_kind}。"


class AdmissionBeforeDetermination(Refusal):
    """The determination was made after the admission."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "admission-before-determination"
    title: ClassVar = "The admission lies before the determination"
    title_zh: ClassVar = "就诊日期早于认定（确认）日期"
    says: ClassVar = "Admitted on {day}, determined on {decided_on}."
    says_zh: ClassVar = "就诊日期 {day}，认定（确认）日期 {decided_on}。"


class ThirdPartyLiable(Refusal):
    """A third party is liable for the injury: its cost is not settled directly."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "third-party-liable"
    title: ClassVar = "A third party is liable; the cost is not settled directly"
    title_zh: ClassVar = "涉及第三方责任，不纳入直接结算"
    says: ClassVar = "Recorded with determination {determination}."
    says_zh: ClassVar = "见认定（确认）记录 {determination}。"
    remedy: ClassVar = "The worker pays and applies to the insured agency."
    remedy_zh: ClassVar = "由职工垫付后向参保地经办机构申请。"


class TransferMismatch(Refusal):
    """The visit to be continued is not this worker's, not under this filing, or was cancelled."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "transfer-mismatch"
    title: ClassVar = "The visit named as transferred from cannot be continued by this one"
    title_zh: ClassVar = "转入前的就诊记录与本次就诊不符"
    says: ClassVar = "Visit {transfer_from}: {why}."
    says_zh: ClassVar = "就诊记录 {transfer_from}：{why}。"


class VisitOpen(Refusal):
    """Another visit of the worker is open over the same time."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "visit-open"
    title: ClassVar = "Another visit of the worker is open over the same time"
    title_zh: ClassVar = "该职工同一时间另有未结束的就诊"
    remedy: ClassVar = "The other institution discharges or settles first; or name it as transfer."
    remedy_zh: ClassVar = "请先由原机构办理出院或结算；转院的请填写转入前就诊编号。"


class DischargeOutOfOrder(Refusal):
    """The discharge lies before the admission or the last charge, or in the future."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "discharge-out-of-order"
    title: ClassVar = "The discharge must lie between the stay's last event and now"
    title_zh: ClassVar = "出院时间应在入院、末次费用之后且不晚于当前时间"
    says: ClassVar = "{discharged_at} does not lie between {earliest} and {latest}."
    says_zh: ClassVar = "{discharged_at} 不在 {earliest} 与 {latest} 之间。"


class LinesRemain(Refusal):
    """A visit is cancelled only when it is empty of lines."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "lines-remain"
    title: ClassVar = "Fee lines remain; remove them first"
    title_zh: ClassVar = "尚有费用明细，请先删除"
    says: ClassVar = "{line_count} lines remain."
    says_zh: ClassVar = "尚有 {line_count} 条明细。"


class LinesClosed(Refusal):
    """Lines are uploaded and removed only while the visit is open."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "lines-closed"
    title: ClassVar = "The visit takes no changes to its fee lines"
    title_zh: ClassVar = "该就诊已不能变更费用明细"
    says: ClassVar = "The visit is {state}."
    says_zh: ClassVar = "就诊状态：{state}。"
    remedy: ClassVar = "Cancel the settlement first."
    remedy_zh: ClassVar = "请先撤销结算。"


class LinesRefused(Refusal):
    """Some lines of the call are faulty; `lines` lists every fault and nothing was stored."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "lines-refused"
    title: ClassVar = "Some fee lines are faulty; none was stored"
    title_zh: ClassVar = "部分费用明细有误，本次上传未入库"
    remedy: ClassVar = "Mend every line listed in `lines` and send the call again."
    remedy_zh: ClassVar = "请按 lines 所列逐条修正后重新上传。"


class LinesTooMany(Refusal):
    """A visit holds a limited number of lines."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "lines-too-many"
    title: ClassVar = "The visit would hold too many fee lines"
    title_zh: ClassVar = "该就诊费用明细条数超过上限"
    says: ClassVar = "{held} held and {sent} sent exceed {lines_max}."
    says_zh: ClassVar = "已有 {held} 条，本次 {sent} 条，超过上限 {lines_max} 条。"


class LineUnknown(Refusal):
    """The visit has no line of this serial."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "line-unknown"
    title: ClassVar = "The visit has no such fee line"
    title_zh: ClassVar = "该就诊无此费用明细"


class LineHasRefunds(Refusal):
    """A line with refunds goes only after them."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "line-has-refunds"
    title: ClassVar = "The fee line has refunds; remove those first"
    title_zh: ClassVar = "该明细存在退费明细，请先删除退费明细"
    says: ClassVar = "Refunds: {refunds}."
    says_zh: ClassVar = "退费明细：{refunds}。"
