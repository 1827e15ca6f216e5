"""How institutions are refused, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class InstitutionUnknown(Refusal):
    """No agreement institution (协议机构) bears this code."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "institution-unknown"
    title: ClassVar = "No such institution"
    title_zh: ClassVar = "协议机构不存在"
    says: ClassVar = "No agreement institution has the code {institution}."
    says_zh: ClassVar = "没有编码为 {institution} 的协议机构。"
    remedy: ClassVar = "Look the institution up by name: GET /v1/institutions?q=…"
    remedy_zh: ClassVar = "可按名称查询：GET /v1/institutions?q=…"


class InstitutionRowMalformed(Refusal):
    """A column of a row does not hold what it should."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "institution-row-malformed"
    title: ClassVar = "A column of the row cannot be read"
    title_zh: ClassVar = "该行某列内容有误"
    says: ClassVar = "Column {column}: {expected} is expected."
    says_zh: ClassVar = "列 {column} 应填写：{expected_zh}。"


class InstitutionRowRepeated(Refusal):
    """Two rows of one sheet speak of the same institution; the first one counts."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "institution-row-repeated"
    title: ClassVar = "The institution stands twice in the sheet"
    title_zh: ClassVar = "同一机构在表格中重复出现"
    says: ClassVar = "{institution} stands in line {line} already."
    says_zh: ClassVar = "{institution} 已在第 {line} 行出现。"


class InstitutionCodeMismatch(Refusal):
    """The code's letter or division contradicts the entry: H hospitals, A device firms."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "institution-code-mismatch"
    title: ClassVar = "The code does not fit the entry"
    title_zh: ClassVar = "机构编码与登记内容不符"
    says: ClassVar = "For this entry the code begins with {expected}."
    says_zh: ClassVar = "按登记内容，编码应以 {expected} 开头。"


class InstitutionGradeMismatch(Refusal):
    """Hospitals have a grade (医疗等级); device firms have none."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "institution-grade-mismatch"
    title: ClassVar = "Device firms have no grade, hospitals have one"
    title_zh: ClassVar = "辅助器具配置机构无医疗等级，医院须有医疗等级"


class InstitutionUsccFault(Refusal):
    """A unified social credit code (统一社会信用代码, GB 32100) ends in a digit that checks it."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "institution-uscc-fault"
    title: ClassVar = "The unified social credit code is mistyped"
    title_zh: ClassVar = "统一社会信用代码校验不通过"
    says: ClassVar = "The code fails by its {fault}."
    says_zh: ClassVar = "统一社会信用代码不符合 GB 32100（{fault}）。"


class InstitutionTypeMismatch(Refusal):
    """The institution is not of the type (机构类别) that the cost kind needs."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "institution-type-mismatch"
    title: ClassVar = "The institution is not of the type this cost kind needs"
    title_zh: ClassVar = "机构类别与费用类别不符"
    says: ClassVar = "{institution} is of type {types}; the cost kind is {cost_kind}."
    says_zh: ClassVar = "{institution} 的机构类别为 {types}，费用类别为 {cost_kind}。"


class InstitutionScopeOverlap(Refusal):
    """Two scopes of one cost kind and scheme share a day, or one ends before it begins."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "institution-scope-overlap"
    title: ClassVar = "The service scopes overlap or end before they begin"
    title_zh: ClassVar = "服务范围日期重叠或起止颠倒"
    says: ClassVar = "{cost_kind} {scheme}: each day lies in at most one scope."
    says_zh: ClassVar = "{cost_kind} {scheme}：同一日只能属于一个服务范围。"


class InstitutionNotOnline(Refusal):
    """The institution is suspended, offline, or not yet online on the day (未上线)."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "institution-not-online"
    title: ClassVar = "The institution is not online on that day"
    title_zh: ClassVar = "该机构当日未开通直接结算"
    says: ClassVar = "{institution} is {state} on {day}."
    says_zh: ClassVar = "{institution} 在 {day} 的状态为 {state}。"


class InstitutionScopeMissing(Refusal):
    """The institution is online, but not for this cost kind and scheme (服务范围)."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "institution-scope-missing"
    title: ClassVar = "The institution does not offer this on that day"
    title_zh: ClassVar = "该机构当日未开通此类直接结算"
    says: ClassVar = "{institution} does not offer {cost_kind} {scheme} on {day}."
    says_zh: ClassVar = "{institution} 在 {day} 未开通 {cost_kind} {scheme}。"


class InstitutionStateDay(Refusal):
    """A change of state begins today or later, and not before the change before it."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "institution-state-day"
    title: ClassVar = "The change cannot begin on that day"
    title_zh: ClassVar = "状态变更日期无效"
    says: ClassVar = "It may begin on {earliest} or later."
    says_zh: ClassVar = "最早可自 {earliest} 起生效。"
