"""Why the hub says no about a worker's identity or entitlement, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class WorkerUnknown(Refusal):
    """No such worker, or not one the caller may know of."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "worker-unknown"
    title: ClassVar = "No such worker"
    title_zh: ClassVar = "未查到该工伤职工"
    remedy: ClassVar = "Check the number; the insured agency registers workers."
    remedy_zh: ClassVar = "请核对号码；工伤职工由参保地经办机构登记。"


class NameMismatch(Refusal):
    """The name is not the one registered under this certificate."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "name-mismatch"
    title: ClassVar = "The name is not the one registered for this certificate"
    title_zh: ClassVar = "姓名与证件登记信息不一致"
    remedy: ClassVar = "Compare with the certificate; the insured agency corrects the register."
    remedy_zh: ClassVar = "请与证件核对；登记信息有误的由参保地经办机构更正。"


class CardMismatch(Refusal):
    """The card or e-card token is not the one registered for this worker."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "card-mismatch"
    title: ClassVar = "The card is not the one registered for this worker"
    title_zh: ClassVar = "社会保障卡与登记信息不一致"
    remedy: ClassVar = "Read the card again; a replaced card is registered by the insured agency."
    remedy_zh: ClassVar = "请重新读卡；换卡的由参保地经办机构更新登记。"


class InsuredRegionForeign(Refusal):
    """An agency writes for workers of its own region only."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "insured-region-foreign"
    title: ClassVar = "The insured region is not the caller's own"
    title_zh: ClassVar = "参保地不属于本经办机构辖区"
    says: ClassVar = "{region} does not lie in the caller's region."
    says_zh: ClassVar = "参保地 {region} 不在本经办机构辖区内。"


class LookNotAllowed(Refusal):
    """Only the insured agency reads a worker's data unmasked."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "look-not-allowed"
    title: ClassVar = "Only the insured agency sees a worker's data unmasked"
    title_zh: ClassVar = "仅参保地经办机构可查看未脱敏信息"


class CertificateFaulty(Refusal):
    """The certificate number cannot be one of its kind."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "certificate-faulty"
    title: ClassVar = "The certificate number is not a valid one"
    title_zh: ClassVar = "证件号码校验不通过"
    says: ClassVar = "The number fails its check: {fault}."
    says_zh: ClassVar = "号码校验不通过：{fault}。"


class WorkerInsuredElsewhere(Refusal):
    """The certificate is registered for a worker of another region."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "worker-insured-elsewhere"
    title: ClassVar = "This certificate is registered for a worker insured elsewhere"
    title_zh: ClassVar = "该证件号码已在其他参保地登记"
    remedy: ClassVar = "Settle with the worker which region insures the injury."
    remedy_zh: ClassVar = "请与职工核实工伤保险关系所在地。"


class CardTaken(Refusal):
    """The card or e-card token is registered for another worker."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "card-taken"
    title: ClassVar = "The card is registered for another worker"
    title_zh: ClassVar = "该社会保障卡已登记在其他职工名下"
    says: ClassVar = "In use already: {field}."
    says_zh: ClassVar = "已被占用：{field}。"


class DeterminationUnknown(Refusal):
    """No such determination, or not one the caller may know of."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "determination-unknown"
    title: ClassVar = "No such determination"
    title_zh: ClassVar = "认定（确认）记录不存在"


class DeterminationDates(Refusal):
    """A determination is decided by now, and does not end before it begins."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "determination-dates"
    title: ClassVar = "The dates of the determination are not possible"
    title_zh: ClassVar = "认定（确认）日期不合理"
    says: ClassVar = "{field}: {found} must lie between {first} and {last}."
    says_zh: ClassVar = "{field}：{found} 应在 {first} 至 {last} 之间。"


class DeterminationExists(Refusal):
    """The same document is on record already."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "determination-exists"
    title: ClassVar = "This document is on record already"
    title_zh: ClassVar = "该文书已登记"
    says: ClassVar = "It is determination {determination}."
    says_zh: ClassVar = "对应记录编号 {determination}。"


class LossUnknown(Refusal):
    """No such loss of entitlement, or not one the caller may know of."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "entitlement-loss-unknown"
    title: ClassVar = "No such loss of entitlement"
    title_zh: ClassVar = "丧失待遇资格记录不存在"


class EntitlementLost(Refusal):
    """The worker's entitlement ended before the day in question."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "entitlement-lost"
    title: ClassVar = "The worker's entitlement has ended"
    title_zh: ClassVar = "已丧失工伤保险待遇享受资格"
    says: ClassVar = "Entitlement was lost on {lost_on}."
    says_zh: ClassVar = "丧失待遇享受资格日期：{lost_on}。"


class DeterminationMissing(Refusal):
    """Each kind of cost needs a determination of the matching kind on record."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "determination-missing"
    title: ClassVar = "No determination on record opens this kind of cost"
    title_zh: ClassVar = "缺少与费用类别相应的认定（确认）"
    says: ClassVar = "{cost_kind} needs one of {needs}, in force on {day}."
    says_zh: ClassVar = "费用类别 {cost_kind} 需要 {day} 有效的认定（确认）之一：{needs}。"
    remedy: ClassVar = "The insured agency registers the determination first."
    remedy_zh: ClassVar = "请由参保地经办机构先登记相应认定（确认）。"


class LossInFuture(Refusal):
    """A loss of entitlement is recorded when it has happened."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "loss-in-future"
    title: ClassVar = "A loss of entitlement is recorded when it has happened"
    title_zh: ClassVar = "丧失待遇资格日期不得晚于当日"
    says: ClassVar = "{lost_on} is later than {today}."
    says_zh: ClassVar = "{lost_on} 晚于 {today}。"


class LossBeforeBirth(Refusal):
    """A loss of entitlement lies in the worker's life."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "loss-before-birth"
    title: ClassVar = "Nobody loses an entitlement before being born"
    title_zh: ClassVar = "丧失待遇资格日期不得早于职工出生日期"
    remedy: ClassVar = "Look for a slip in `lost_on`."
    remedy_zh: ClassVar = "请核对 lost_on 是否填写有误。"


class LossRecorded(Refusal):
    """The worker's entitlement is lost already."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "loss-recorded"
    title: ClassVar = "A loss of entitlement is on record already"
    title_zh: ClassVar = "该职工已登记丧失待遇资格"
    says: ClassVar = "It is {loss}, as of {lost_on}."
    says_zh: ClassVar = "记录编号 {loss}，日期 {lost_on}。"
