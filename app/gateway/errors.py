"""How the gateway refuses what it cannot hand on, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class TransactionUnsupported(Refusal):
    """The hub has no transaction with this number; `supported` lists those it has."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "transaction-unsupported"
    title: ClassVar = "The hub has no transaction with this number"
    title_zh: ClassVar = "不支持该交易编号"
    says: ClassVar = "Supported: {supported}."
    says_zh: ClassVar = "支持的交易：{supported}。"


class TransactionMismatch(Refusal):
    """The number in the path is not the number in the envelope."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "transaction-mismatch"
    title: ClassVar = "The transaction number in the path is not the one in the message"
    title_zh: ClassVar = "请求路径与报文中的交易编号不一致"


class TransactionNotAllowed(Refusal):
    """Transactions are sent by some kinds of party and not by others."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "transaction-not-allowed"
    title: ClassVar = "This party may not send this transaction"
    title_zh: ClassVar = "该接入方无权发起此交易"
    says: ClassVar = "Transaction {transaction} is sent by {allowed}; the caller is {caller}."
    says_zh: ClassVar = "交易 {transaction} 仅限 {allowed}；当前接入方类型为 {caller}。"


class NationalIdFormat(Refusal):
    """A msgid is the sender's code, filled up to 12 with zeros, a time to the second, 4 digits."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "national-id-format"
    title: ClassVar = "A msgid is 12 characters of sender, 14 digits of time and 4 digits"
    title_zh: ClassVar = "报文编号格式应为 12 位机构编码、14 位时间、4 位顺序号"


class SenderMismatch(Refusal):
    """The envelope names another institution than the credentials."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "sender-mismatch"
    title: ClassVar = "The institution in the message is not the one the credentials belong to"
    title_zh: ClassVar = "报文中的机构编码与接入凭证不符"


class SessionRequired(Refusal):
    """In the strict profile every transaction but 9001 carries a sign_no."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "session-required"
    title: ClassVar = "Sign in (9001) first and send its sign_no"
    title_zh: ClassVar = "请先签到（9001）并携带签到编号"


class SessionExpired(Refusal):
    """The sign_no is of another day, signed out, or never given to this sender."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "session-expired"
    title: ClassVar = "The session has expired; sign in again and send the same msgid"
    title_zh: ClassVar = "签到已失效，请重新签到后以同一报文编号重发"


class ClockSkew(Refusal):
    """The sender's clock is further from the hub's than is allowed."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "clock-skew"
    title: ClassVar = "inf_time is too far from the hub's clock"
    title_zh: ClassVar = "报文时间与平台时间相差过大"
    says: ClassVar = "At most {minutes_max} minutes; the hub's time is {now}."
    says_zh: ClassVar = "允许相差 {minutes_max} 分钟；平台时间 {now}。"


class FieldsRefused(Refusal):
    """Fields of the message cannot be read; `fields` lists every fault."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "fields-refused"
    title: ClassVar = "Fields of the message cannot be read"
    title_zh: ClassVar = "报文字段有误"
    remedy: ClassVar = "Mend the fields listed and send the message again."
    remedy_zh: ClassVar = "请按所列字段修正后重新发送。"


class ReversalNotAllowed(Refusal):
    """What the message did stands and cannot be reversed; the reason is told beside it."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "reversal-not-allowed"
    title: ClassVar = "The message cannot be reversed; what it did stands"
    title_zh: ClassVar = "该报文不可冲正，原业务仍然有效"


class FileUnknown(Refusal):
    """No file of the caller's own has this number, or its time to be fetched is over."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "file-unknown"
    title: ClassVar = "No such file, or it is no longer kept"
    title_zh: ClassVar = "文件不存在或已过下载期限"


class FileUnreadable(Refusal):
    """A file is one UTF-8 text in a zip, sent as base64 or as a list of bytes."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "file-unreadable"
    title: ClassVar = "The file cannot be read"
    title_zh: ClassVar = "文件无法读取"
    says: ClassVar = "A zip of one UTF-8 text is wanted, as base64 or bytes; wrong: {why}."
    says_zh: ClassVar = "应为内含一个 UTF-8 文本的 zip，以 base64 或字节数组上传；问题：{why}。"


class RowsBeyond(Refusal):
    """Rows far down a list are asked for by the last number seen, not by counting."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "rows-beyond"
    title: ClassVar = "Ask for later rows by the last number received"
    title_zh: ClassVar = "起始行数过大，请以上次最后一条的编号翻页"
    says: ClassVar = "startrow is at most {row_max}."
    says_zh: ClassVar = "startrow 不得大于 {row_max}。"


class PeriodRowsMismatch(Refusal):
    """The sender counts other rows in the whole period than it was given by 3260."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "period-rows-mismatch"
    title: ClassVar = "The number of rows of the period is not the hub's"
    title_zh: ClassVar = "清分总行数不一致"
    says: ClassVar = "{clearing} has {rows} rows for the sender, not {totalrow}."
    says_zh: ClassVar = "{clearing} 中与本机构有关的共 {rows} 行，报送为 {totalrow} 行。"


class ConfirmedPageUnknown(Refusal):
    """No 3261 of the sender's own for this period was answered with this number."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "confirmed-page-unknown"
    title: ClassVar = "No confirmation of this period was answered with this number"
    title_zh: ClassVar = "本期无此清分确认交易"
    remedy: ClassVar = "Send the inf_refmsgid of the 3261, or 0 for the whole period."
    remedy_zh: ClassVar = "请填 3261 应答的 inf_refmsgid，或填 0 回退整期。"


class WithdrawalByPersons(Refusal):
    """An agency with two persons takes a confirmation back by two of them, not by its system."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "withdrawal-by-persons"
    title: ClassVar = "Two persons of the agency take this back, over REST"
    title_zh: ClassVar = "本单位已设人员账号，撤回须由两名人员通过 REST 接口办理"
    says: ClassVar = (
        "Two persons sign in at POST /oauth/sessions and each send POST {path}: the first asks, "
        "the second takes it back."
    )
    says_zh: ClassVar = (
        "请由两名人员通过 POST /oauth/sessions 登录，先后提交 POST {path}：前者申请，后者撤回。"
    )


class WorkerOfVisit(Refusal):
    """The psn_no sent is not that of the visit or settlement named beside it."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "worker-not-of-visit"
    title: ClassVar = "The psn_no is not that of the visit"
    title_zh: ClassVar = "人员编号与就诊记录不符"
