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
