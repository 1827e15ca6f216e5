"""Why the hub says no about a filing, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class FilingUnknown(Refusal):
    """No filing has this number, or the caller may not know that it exists."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "filing-unknown"
    title: ClassVar = "No such filing"
    title_zh: ClassVar = "备案不存在"


class FilingForeign(Refusal):
    """Only the insured agency decides about a filing; a channel may cancel its own."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "filing-foreign"
    title: ClassVar = "Only the insured agency decides about this filing"
    title_zh: ClassVar = "仅参保地经办机构可办理该备案"


class CardRequired(Refusal):
    """Through a channel a worker shows the card: physical, or the e-card's token."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "card-required"
    title: ClassVar = "A channel submits with the worker's identity and card"
    title_zh: ClassVar = "线上渠道提交备案须核验身份及社会保障卡"


class TreatmentPlaceUnknown(Refusal):
    """The treatment place is a province or a city the hub knows."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "treatment-place-unknown"
    title: ClassVar = "The treatment place is not a known province or city"
    title_zh: ClassVar = "就医地不是有效的省级或地市级行政区划"
    says: ClassVar = "{region} is not a province or city of the hub."
    says_zh: ClassVar = "{region} 不是系统内的省级或地市级区划。"
    remedy: ClassVar = "Choose a province or city of GET /v1/regions."
    remedy_zh: ClassVar = "请从 GET /v1/regions 中选择省份或城市。"


class TreatmentPlaceAtHome(Refusal):
    """Nothing is crossed: the place lies in the insured province, or the insured city."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "treatment-place-at-home"
    title: ClassVar = "The treatment place lies within the insured place"
    title_zh: ClassVar = "就医地在参保地范围内，无需备案"
    says: ClassVar = "{region} is not elsewhere for a worker insured in {insured_region}."
    says_zh: ClassVar = "对参保地 {insured_region} 而言，{region} 不属于异地。"


class SchemeNotOpen(Refusal):
    """The insured or the treatment province does not take part in this scheme."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "scheme-not-open"
    title: ClassVar = "The province does not take part in this scheme"
    title_zh: ClassVar = "该省份未开通此类异地就医直接结算"
    says: ClassVar = "{scheme} is not open in {province}."
    says_zh: ClassVar = "{province} 未开通 {scheme}。"


class ReferralMisplaced(Refusal):
    """Details of a referral belong to a filing of the kind referral."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "referral-misplaced"
    title: ClassVar = "Referral details belong to a referral filing"
    title_zh: ClassVar = "仅转诊转院备案可填写转诊信息"


class FilingBackdated(Refusal):
    """A filing takes effect on approval; earlier only where the province allows it."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-backdated"
    title: ClassVar = "The filing cannot take effect that early"
    title_zh: ClassVar = "备案生效日期早于允许范围"
    says: ClassVar = "The first day may be {earliest} at the earliest, not {first_day}."
    says_zh: ClassVar = "生效日期最早为 {earliest}，不能为 {first_day}。"


class FilingTooFarAhead(Refusal):
    """A filing begins within the length of its own term."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-too-far-ahead"
    title: ClassVar = "The filing cannot begin that late"
    title_zh: ClassVar = "备案生效日期过晚"
    says: ClassVar = "The first day may be {latest} at the latest, not {first_day}."
    says_zh: ClassVar = "生效日期最晚为 {latest}，不能为 {first_day}。"


class FilingBeforeDetermination(Refusal):
    """A filing never begins before the determination it rests on."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-before-determination"
    title: ClassVar = "The filing would begin before the determination"
    title_zh: ClassVar = "备案生效日期早于认定（确认）日期"
    says: ClassVar = "{cost_kind}: determined on {decided_on}, filed from {first_day}."
    says_zh: ClassVar = "{cost_kind}：认定（确认）日期 {decided_on}，备案生效日期 {first_day}。"


class FilingOverlap(Refusal):
    """One approved filing at a time for a worker, a cost kind and a treatment place."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "filing-overlap"
    title: ClassVar = "An approved filing overlaps in time, place and cost kind"
    title_zh: ClassVar = "与已生效备案在时间、就医地和费用类别上重叠"
    says: ClassVar = "Filing {filing} runs from {first_day} to {last_day} for {treatment_region}."
    says_zh: ClassVar = "已有备案 {filing}：{first_day} 至 {last_day}，就医地 {treatment_region}。"
    remedy: ClassVar = "Change or cancel that filing, or begin after its last day."
    remedy_zh: ClassVar = "请先变更或取消该备案，或自其届满后起算。"


class FilingLocked(Refusal):
    """A province may forbid change and cancellation for the first months."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-locked"
    title: ClassVar = "The filing may not be changed or cancelled yet"
    title_zh: ClassVar = "备案尚在不得变更、取消的期限内"
    says: ClassVar = "Locked through {locked_through}."
    says_zh: ClassVar = "限制期至 {locked_through}。"
    remedy: ClassVar = "The insured agency may override with a reason."
    remedy_zh: ClassVar = "确有需要的，参保地经办机构可说明理由后办理。"


class OverrideForeign(Refusal):
    """Only the insured agency sets a lock-in aside."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "override-foreign"
    title: ClassVar = "Only the insured agency may override the lock-in"
    title_zh: ClassVar = "仅参保地经办机构可突破变更、取消限制"


class FilingUnchanged(Refusal):
    """A change must change something."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-unchanged"
    title: ClassVar = "The change changes nothing"
    title_zh: ClassVar = "变更内容与原备案一致"


class FilingMissing(Refusal):
    """The worker has no filing."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-missing"
    title: ClassVar = "The worker has no filing"
    title_zh: ClassVar = "未办理异地就医备案"
    remedy: ClassVar = "The worker files through a channel or with the insured agency."
    remedy_zh: ClassVar = "请职工通过线上渠道或参保地经办机构办理备案。"


class FilingNotApproved(Refusal):
    """The filing waits for the insured agency's approval."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-not-approved"
    title: ClassVar = "The filing is not approved yet"
    title_zh: ClassVar = "备案尚未审核通过"
    says: ClassVar = "Filing {filing} is waiting for the insured agency."
    says_zh: ClassVar = "备案 {filing} 待参保地经办机构审核。"


class FilingTerminated(Refusal):
    """The filing was cancelled, changed, or terminated by loss of entitlement."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-terminated"
    title: ClassVar = "The filing has been ended"
    title_zh: ClassVar = "备案已终止、取消或变更"
    says: ClassVar = "Filing {filing} is {state} since {ended_on}."
    says_zh: ClassVar = "备案 {filing} 自 {ended_on} 起为 {state} 状态。"


class FilingAreaMismatch(Refusal):
    """The filing is for another treatment place."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-area-mismatch"
    title: ClassVar = "The filing is for another treatment place"
    title_zh: ClassVar = "备案就医地与就诊地不符"
    says: ClassVar = "Filing {filing} is for {treatment_region}; this place is {region}."
    says_zh: ClassVar = "备案 {filing} 就医地为 {treatment_region}，就诊地为 {region}。"


class FilingCostKind(Refusal):
    """The filing does not open this kind of cost."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-cost-kind"
    title: ClassVar = "The filing does not open this kind of cost"
    title_zh: ClassVar = "备案未开通该费用类别"
    says: ClassVar = "Filing {filing} opens {opened}, not {cost_kind}."
    says_zh: ClassVar = "备案 {filing} 开通 {opened}，不含 {cost_kind}。"


class FilingNotStarted(Refusal):
    """The filing begins later."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-not-started"
    title: ClassVar = "The filing has not begun"
    title_zh: ClassVar = "备案尚未生效"
    says: ClassVar = "Filing {filing} begins on {first_day}; the day is {day}."
    says_zh: ClassVar = "备案 {filing} 自 {first_day} 起生效，当日为 {day}。"


class FilingExpired(Refusal):
    """The filing's last day has passed."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-expired"
    title: ClassVar = "The filing has expired"
    title_zh: ClassVar = "备案已过有效期"
    says: ClassVar = "Filing {filing} ended on {last_day}; the day is {day}."
    says_zh: ClassVar = "备案 {filing} 有效期至 {last_day}，当日为 {day}。"


class FilingAdmissionDeadline(Refusal):
    """A referral is used by a deadline or not at all."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "filing-admission-deadline"
    title: ClassVar = "The worker was not admitted by the filing's deadline"
    title_zh: ClassVar = "未在备案规定期限内入院"
    says: ClassVar = "Filing {filing} asks for admission by {deadline}; the day is {day}."
    says_zh: ClassVar = "备案 {filing} 须于 {deadline} 前入院，当日为 {day}。"


class BatchRowFaulty(Refusal):
    """A field of a row cannot be read."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "filing-row-faulty"
    title: ClassVar = "A field of the row cannot be read"
    title_zh: ClassVar = "该行字段无法识别"
    says: ClassVar = "{column}: {fault}"
    says_zh: ClassVar = "{column}：{fault_zh}"
