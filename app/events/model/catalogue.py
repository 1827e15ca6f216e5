"""The catalogue of events (事件目录): every topic, whom it tells, and the few fields it may carry.

No kind of field has room for a name, a citizen number or free text: what a body holds beside the
listed fields never leaves the hub, and nor does what does not fit its field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Value = str | int | bool | list[str] | None


@dataclass(frozen=True, slots=True)
class Shape:
    """What a field may hold: text of a pattern, a whole number, or several words."""

    pattern: str = ""
    many: bool = False

    def fits(self, value: object) -> bool:
        """Say whether a value may leave the hub in such a field."""
        if value is None:
            return True
        if not self.pattern:
            return isinstance(value, int)
        if self.many:
            return isinstance(value, list) and all(self._is(each) for each in value)
        return self._is(value)

    def _is(self, value: object) -> bool:
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None


NUMBER = Shape(r"^[A-Z][0-9]{19}$")
INSTITUTION = Shape(r"^[HA][0-9]{11}$")
PLACE = Shape(r"^[0-9]{6}$")
AMOUNT = Shape(r"^-?[0-9]{1,15}\.[0-9]{2}$")
DAY = Shape(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
MONTH = Shape(r"^[0-9]{4}-(0[1-9]|1[0-2])$")
PERIOD = Shape(r"^[0-9]{4}(-(0[1-9]|1[0-2])|Q[1-4])$")
WORD = Shape(r"^[a-z_]{1,30}$")
WORDS = Shape(r"^[a-z_]{1,30}$", many=True)
COUNT = Shape()


@dataclass(frozen=True, slots=True)
class Field:
    """A field of event bodies: what it holds, in words, and what it looks like."""

    shape: Shape
    means: str
    example: Value


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "advance": Field(AMOUNT, "The advance 预付金", "40000.00"),
        "agency_by": Field(DAY, "The agency's last day 经办截止日", "2026-01-12"),
        "agreed": Field(AMOUNT, "What the reply agrees to 认可金额", "120.00"),
        "amount": Field(AMOUNT, "Yuan 金额", "1200.00"),
        "appeal_by": Field(DAY, "Last day to appeal 申诉截止日", "2025-10-20"),
        "cancels": Field(NUMBER, "What it cancels 所撤销的结算", None),
        "contested": Field(COUNT, "Items objected to 争议笔数", 2),
        "cost_kinds": Field(WORDS, "Cost kinds 费用类别", ["medical"]),
        "deduction": Field(NUMBER, "Deduction 扣款编号", "K3701002510100000001"),
        "direction": Field(WORD, "Which way the money goes 方向", "pay"),
        "due": Field(AMOUNT, "What is due to institutions 应付金额", "52000.00"),
        "filing": Field(NUMBER, "Filing 备案编号", "Y1100002509010000001"),
        "finance_by": Field(DAY, "Finance's last day 财务截止日", "2026-01-26"),
        "first_day": Field(DAY, "First day 起始日", "2025-09-01"),
        "fund": Field(AMOUNT, "Borne by the fund 基金支付", "980.00"),
        "generate_by": Field(DAY, "Last day to generate 清算生成截止日", "2026-01-21"),
        "institution": Field(INSTITUTION, "Institution 协议机构", "H37010000001"),
        "insured_place": Field(PLACE, "Insured place 参保地", "110000"),
        "kind": Field(WORD, "Kind 类别", "residence"),
        "last_day": Field(DAY, "Last day 截止日", "2026-09-01"),
        "level": Field(WORD, "Line of usage 预警级别", "yellow"),
        "lines": Field(COUNT, "Lines confirmed 已确认笔数", 100),
        "mode": Field(WORD, "Mode of the pair 处理方式", "warn"),
        "month": Field(MONTH, "Accounting month 所属月份", "2025-09"),
        "notice": Field(NUMBER, "Notice 通知书编号", "N1100002510260000001"),
        "outcome": Field(WORD, "How the payment was matched 核对结果", "matched"),
        "page": Field(COUNT, "Page of lines 页码", 1),
        "paid_on": Field(DAY, "Day of payment 付款日", "2025-11-03"),
        "pay_by": Field(DAY, "Last day to pay 付款截止日", "2025-11-16"),
        "period": Field(PERIOD, "Period 清算期", "2025Q3"),
        "place": Field(PLACE, "Place 地区", "370000"),
        "purpose": Field(WORD, "Why money moves 用途", "adjustment"),
        "request": Field(NUMBER, "Fund request 用款申请编号", "U3700002510200000001"),
        "review_by": Field(DAY, "Last day to close 关账截止日", "2025-10-15"),
        "scheme": Field(WORD, "Scheme 结算方式", "cross_province"),
        "settlement": Field(NUMBER, "Settlement 结算编号", "A3701002509100000001"),
        "side": Field(WORD, "Which side spoke 确认方", "insured"),
        "sides": Field(COUNT, "Sides that were silent 未答复方数", 3),
        "state": Field(WORD, "State it is in now 状态", "approved"),
        "subscription": Field(NUMBER, "Subscription 订阅编号", "E3700002509010000001"),
        "total": Field(AMOUNT, "Whole bill 费用总额", "1200.00"),
        "treatment_place": Field(PLACE, "Treatment place 就医地", "370000"),
        "treatment_region": Field(PLACE, "Treatment region 就医地", "370100"),
        "used": Field(AMOUNT, "What is used of the advance 已占用", "29000.00"),
        "visit": Field(NUMBER, "Visit 就诊编号", "S3701002509010000001"),
    }
)


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of event: when it happens, what its subject is, which fields it carries."""

    when: str
    subject: str
    fields: tuple[str, ...]


_FILING = ("kind", "state", "treatment_region", "cost_kinds", "first_day", "last_day")
_VISIT = ("visit", "kind", "institution", "filing")
_SETTLEMENT = ("settlement", "cancels", "visit", "month", "total", "fund")
_DEDUCTION = ("deduction", "settlement", "amount", "appeal_by", "month")
_CALLED = ("amount", "direction", "purpose", "agency_by", "finance_by")
_OF_FILING, _OF_VISIT = "Filing 备案编号", "Visit 就诊编号"
_OF_INSTITUTION, _OF_SETTLEMENT = "Institution 机构编码", "Settlement 结算编号"
_OF_DEDUCTION, _OF_CLEARING = "Deduction 扣款编号", "Clearing 清算编号"
_OF_NOTICE, _OF_CHANGE = "Notice 通知书编号", "Change 变更编号"
_OF_HOLD, _OF_REVIEW = "Hold 审批编号", "Review 月度审核编号"
_STANDING = ("state", "first_day")

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        "institution.suspend": Topic(
            "Institution suspended 协议机构暂停", _OF_INSTITUTION, _STANDING
        ),
        "institution.resume": Topic("Institution resumed 协议机构恢复", _OF_INSTITUTION, _STANDING),
        "institution.take_offline": Topic(
            "Institution taken offline 协议机构下线", _OF_INSTITUTION, _STANDING
        ),
        "catalogue.import": Topic(
            "Catalogue version taken in 目录版本导入",
            "Version 版本序号",
            ("place", "kind", "first_day"),
        ),
        "filing.submitted": Topic("Filing submitted 备案提交", _OF_FILING, _FILING),
        "filing.approved": Topic("Filing approved 备案通过", _OF_FILING, _FILING),
        "filing.rejected": Topic("Filing rejected 备案不予通过", _OF_FILING, _FILING),
        "filing.expired": Topic("Filing expired 备案届满", _OF_FILING, _FILING),
        "filing.cancelled": Topic("Filing cancelled 备案取消", _OF_FILING, _FILING),
        "filing.changed": Topic("Filing changed for another 备案变更", _OF_FILING, _FILING),
        "filing.terminated": Topic("Filing terminated 备案终止", _OF_FILING, _FILING),
        "visit.admitted": Topic("Worker admitted 就诊登记", _OF_VISIT, _VISIT),
        "visit.cancelled": Topic("Visit cancelled 就诊登记取消", _OF_VISIT, _VISIT),
        "settlement.settled": Topic("Visit settled 结算完成", _OF_SETTLEMENT, _SETTLEMENT),
        "settlement.cancelled": Topic("Settlement cancelled 结算撤销", _OF_SETTLEMENT, _SETTLEMENT),
        "declaration.made": Topic(
            "Month declared 月度申报",
            "Declaration 申报编号",
            ("institution", "month", "fund"),
        ),
        "deduction.proposed": Topic("Deduction proposed 提出扣款", _OF_DEDUCTION, _DEDUCTION),
        "deduction.appealed": Topic("Deduction appealed 扣款申诉", _OF_DEDUCTION, _DEDUCTION),
        "deduction.final": Topic("Deduction final 扣款生效", _OF_DEDUCTION, _DEDUCTION),
        "deduction.withdrawn": Topic("Deduction withdrawn 扣款撤回", _OF_DEDUCTION, _DEDUCTION),
        "deduction.given_back": Topic("Deduction given back 扣款返还", _OF_DEDUCTION, _DEDUCTION),
        "review.closed": Topic("Month closed 月度关账", _OF_REVIEW, ("place", "month", "due")),
        "review.requested": Topic(
            "Funds requested 用款申请", _OF_REVIEW, ("request", "month", "due")
        ),
        "review.overdue": Topic(
            "Month not closed in time 逾期未关账",
            "Place and month 地区与月份",
            ("place", "month", "review_by"),
        ),
        "institution_payment.made": Topic(
            "Institution paid 机构付款", "Payment 付款编号", ("amount", "paid_on", "place")
        ),
        "advance.payment_noticed": Topic("Advance to be paid 预付金付款通知", _OF_NOTICE, _CALLED),
        "advance.receipt_noticed": Topic(
            "Advance to be received 预付金收款通知", _OF_NOTICE, _CALLED
        ),
        "advance.paid": Topic(
            "The payer says it paid 付款方已确认", _OF_NOTICE, ("amount", "paid_on")
        ),
        "advance.booked": Topic("Both sides agree 双方已确认", _OF_NOTICE, ("amount", "paid_on")),
        "advance.crossed": Topic(
            "Usage of an advance crossed a line 预付金使用率预警",
            "Crossing 预警编号",
            ("level", "insured_place", "treatment_place", "used", "advance"),
        ),
        "advance.change_opened": Topic(
            "Change of an advance opened 预付金变更提出", _OF_CHANGE, ("kind", "mode", "amount")
        ),
        "advance.change_closed": Topic(
            "Change of an advance decided 预付金变更办结",
            _OF_CHANGE,
            ("kind", "state", "mode", "amount"),
        ),
        "advance.hold_asked": Topic("Approval asked for 结算批准申请", _OF_HOLD, ("visit", "fund")),
        "advance.hold_answered": Topic(
            "Approval answered 结算批准答复", _OF_HOLD, ("visit", "state")
        ),
        "clearing.generated": Topic(
            "Clearing generated 清算生成", _OF_CLEARING, ("scheme", "period")
        ),
        "clearing.confirm": Topic("Claim confirmed 清算确认", _OF_CLEARING, ("side", "contested")),
        "clearing.confirm_lines": Topic(
            "Lines of a claim confirmed 逐笔确认", _OF_CLEARING, ("side", "page", "lines")
        ),
        "clearing.withdraw": Topic("Confirmation withdrawn 撤回确认", _OF_CLEARING, ("side",)),
        "clearing.silent": Topic("Silence taken as consent 逾期视同确认", _OF_CLEARING, ("sides",)),
        "clearing.contest_answered": Topic(
            "Contest answered 争议答复", "Contest 争议编号", ("state", "agreed", "settlement")
        ),
        "clearing.conceded": Topic(
            "Contest taken off an institution's month 争议核减机构应付",
            "Contest 争议编号",
            ("settlement", "amount", "month"),
        ),
        "clearing.noticed": Topic("Notices issued 通知书签发", _OF_CLEARING, ("pay_by",)),
        "clearing.payment": Topic("Payment taken in 回单核对", _OF_NOTICE, ("outcome", "amount")),
        "clearing.overdue": Topic("Payment overdue 付款逾期", _OF_NOTICE, ("notice",)),
        "clearing.ungenerated": Topic(
            "Clearing not generated in time 逾期未生成清算",
            "Period and scheme 清算期与结算方式",
            ("scheme", "period", "generate_by"),
        ),
        "subscription.disabled": Topic(
            "Nothing arrived for long 订阅自动停用", "Subscription 订阅编号", ("subscription",)
        ),
    }
)


def told(topic: str, body: Mapping[str, object]) -> Mapping[str, Value]:
    """Return what of a body leaves the hub: the listed fields that hold what they may."""
    listed = TOPICS[topic].fields if topic in TOPICS else ()
    return {
        name: value  # type: ignore[misc]  # what fits a shape is a value
        for name, value in body.items()
        if name in listed and FIELDS[name].shape.fits(value)
    }
