"""Why the hub says no to a look into the books, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class PostingsOfWhat(Refusal):
    """Postings are read for one account or for one subject; the request names none, or both."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "postings-of-what"
    title: ClassVar = "Name either an account or a subject"
    title_zh: ClassVar = "请指定账户或业务编号之一"
    remedy: ClassVar = "Send exactly one of the parameters `account` and `subject`."
    remedy_zh: ClassVar = "account 与 subject 两个参数须且只能填写一个。"


class AccountUnknown(Refusal):
    """No account has this name, or the caller may not know that it exists."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "account-unknown"
    title: ClassVar = "No such account"
    title_zh: ClassVar = "账户不存在"


class AdvanceExhausted(Refusal):
    """The pair's advance is set to be never overdrawn, and what is booked would overdraw it.

    Raised by the database itself. `used` is what would be owed, `advance` what covers it.
    """

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "advance-exhausted"
    title: ClassVar = "The advance does not cover this"
    title_zh: ClassVar = "预付金不足，禁止透支"
    says: ClassVar = "{used} yuan would be owed against an advance of {advance} yuan."
    says_zh: ClassVar = "入账后应付 {used} 元，超出预付金 {advance} 元。"
    remedy: ClassVar = "Nothing was booked. Send it again once the insured place has paid more in."
    remedy_zh: ClassVar = "本次未入账；待参保地补足预付金后重发。"


class AdvanceHold(Refusal):
    """The pair's advance is used up, and settlements wait for an approval of the visit.

    Raised by the database itself. `used` is what would be owed, `advance` what covers it.
    """

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "advance-hold"
    title: ClassVar = "The settlement waits for an approval"
    title_zh: ClassVar = "预付金不足，结算须经批准"
    says: ClassVar = "{used} yuan would be owed against an advance of {advance} yuan."
    says_zh: ClassVar = "入账后应付 {used} 元，超出预付金 {advance} 元。"
    remedy: ClassVar = "Ask for approval (POST /v1/advances/holds); once given, send it again."
    remedy_zh: ClassVar = "请申请批准（POST /v1/advances/holds），获批后重发。"
