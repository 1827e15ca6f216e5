"""How parties and their credentials are refused, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class TokenRequestMalformed(Refusal):
    """The token request lacks a parameter, or names the client twice (RFC 6749 5.2)."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "token-request-malformed"
    title: ClassVar = "The token request cannot be read"
    title_zh: ClassVar = "令牌请求格式错误"
    says: ClassVar = "{error_description}."
    says_zh: ClassVar = "请以表单提交 grant_type，并以表单或 HTTP Basic 提交一次客户端编号与密钥。"
    remedy: ClassVar = (
        "Send grant_type=client_credentials as a form, and id and secret either in it "
        "or as HTTP Basic."
    )
    remedy_zh: ClassVar = (
        "以表单发送 grant_type=client_credentials，编号与密钥放在表单或 HTTP Basic 之一中。"
    )


class GrantUnsupported(Refusal):
    """The hub gives tokens for client credentials only (客户端凭证模式)."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "grant-unsupported"
    title: ClassVar = "Only the client_credentials grant is supported"
    title_zh: ClassVar = "仅支持 client_credentials 授权方式"


class ClientRefused(Refusal):
    """The credentials are wrong, or the client or its party is disabled; which, is not told."""

    kind: ClassVar = Kind.UNAUTHENTICATED
    code: ClassVar = "client-refused"
    title: ClassVar = "These client credentials are not accepted"
    title_zh: ClassVar = "客户端凭证无效"
    remedy: ClassVar = "Check id and secret; ask the hub's operator for a new secret if need be."
    remedy_zh: ClassVar = "请核对客户端编号与密钥；必要时联系平台运维重新签发。"


class SignInLocked(Refusal):
    """Too many failures from here: nothing is even tried until the lock ends."""

    kind: ClassVar = Kind.TOO_MANY
    code: ClassVar = "sign-in-locked"
    title: ClassVar = "Too many failed attempts; sign-in is locked for a while"
    title_zh: ClassVar = "失败次数过多，暂停登录"
    says: ClassVar = "Try again in {retry_after_seconds} seconds."
    says_zh: ClassVar = "请于 {retry_after_seconds} 秒后重试。"
    remedy: ClassVar = "Mend the credentials before trying again: every failure makes it longer."
    remedy_zh: ClassVar = "请先核对凭证再重试；每次失败都会延长锁定时间。"


class RegionUnknown(Refusal):
    """No division with this code takes part."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "region-unknown"
    title: ClassVar = "No such region"
    title_zh: ClassVar = "行政区划不存在"
    says: ClassVar = "No region has the code {region}."
    says_zh: ClassVar = "未找到代码为 {region} 的行政区划。"
    remedy: ClassVar = "Look the code up at GET /v1/regions."
    remedy_zh: ClassVar = "请通过 GET /v1/regions 查询区划代码。"


class PartyUnknown(Refusal):
    """No party with this code is registered."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "party-unknown"
    title: ClassVar = "No such party"
    title_zh: ClassVar = "接入方不存在"
    says: ClassVar = "No party has the code {party}."
    says_zh: ClassVar = "未找到代码为 {party} 的接入方。"
    remedy: ClassVar = "Load the seeds, or register the institution, before giving it a client."
    remedy_zh: ClassVar = "请先装载基础数据或登记该机构，再签发客户端凭证。"


class ClientIdFormat(Refusal):
    """A client id is 1 to 64 letters, digits, dots, dashes and underscores."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "client-id-format"
    title: ClassVar = "A client id is 1 to 64 letters, digits, dots, dashes and underscores"
    title_zh: ClassVar = "客户端编号应为 1 至 64 位字母、数字、点、短横线或下划线"


class ClientUnknown(Refusal):
    """No client with this id was ever made."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "client-unknown"
    title: ClassVar = "No such client"
    title_zh: ClassVar = "客户端不存在"
    says: ClassVar = "No client has the id {client}."
    says_zh: ClassVar = "未找到编号为 {client} 的客户端。"


class SecretUnknown(Refusal):
    """The client never had a secret that begins so."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "secret-unknown"
    title: ClassVar = "No such secret"
    title_zh: ClassVar = "密钥不存在"
    says: ClassVar = "Client {client} has no secret that begins with {hint}."
    says_zh: ClassVar = "客户端 {client} 没有以 {hint} 开头的密钥。"


class ClientExists(Refusal):
    """A client id is given once and never again."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "client-exists"
    title: ClassVar = "The client id is taken"
    title_zh: ClassVar = "客户端编号已被使用"
    says: ClassVar = "A client with the id {client} exists; rotate its secret or choose another id."
    says_zh: ClassVar = "编号 {client} 已存在；请轮换其密钥或使用其他编号。"


class AddressFormat(Refusal):
    """An address list names blocks in CIDR notation, each by its first address."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "address-format"
    title: ClassVar = "Not an address block"
    title_zh: ClassVar = "地址段格式错误"
    says: ClassVar = "{address} is no block such as 10.1.2.0/24 or 2001:db8::/32."
    says_zh: ClassVar = "{address} 不是有效的地址段（如 10.1.2.0/24）。"


class PublicKeyFormat(Refusal):
    """An SM2 public key is a point of the curve, uncompressed, in hexadecimal."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "public-key-format"
    title: ClassVar = "Not an SM2 public key: 04, x and y in hexadecimal"
    title_zh: ClassVar = "SM2 公钥格式错误，应为 04 开头的十六进制未压缩点"


class KeyUnknown(Refusal):
    """The client has no key with this id."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "key-unknown"
    title: ClassVar = "No such key"
    title_zh: ClassVar = "签名密钥不存在"
    says: ClassVar = "Client {client} has no key with the id {key}."
    says_zh: ClassVar = "客户端 {client} 没有编号为 {key} 的签名密钥。"


class KeyMissing(Refusal):
    """A client is held to a signature only after it has a key to sign by."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "key-missing"
    title: ClassVar = "The client has no key for this signature"
    title_zh: ClassVar = "该客户端尚未登记相应的签名密钥"
    remedy: ClassVar = "Let the client register a key at POST /v1/clients/{id}/keys first."
    remedy_zh: ClassVar = "请先由该客户端通过 POST /v1/clients/{id}/keys 登记签名密钥。"


class PersonUnknown(Refusal):
    """Nobody is called so, as far as the caller may know."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "person-unknown"
    title: ClassVar = "No such person"
    title_zh: ClassVar = "人员不存在"


class PersonsForeign(Refusal):
    """Persons belong to the operator and to agencies (经办机构); other parties are machines."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "persons-foreign"
    title: ClassVar = "Only the operator and agencies have persons"
    title_zh: ClassVar = "仅部级经办机构和各级经办机构可设人员账号"
    says: ClassVar = "Party {party} is neither."
    says_zh: ClassVar = "接入方 {party} 不属于经办机构。"


class PersonExists(Refusal):
    """A person's id is given once and never again."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "person-exists"
    title: ClassVar = "The person's id is taken"
    title_zh: ClassVar = "人员编号已被使用"


class PasswordTooWeak(Refusal):
    """A password has at least twelve characters, several different, and not the person's id."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "password-too-weak"
    title: ClassVar = "The password is too easy to guess"
    title_zh: ClassVar = "密码过于简单"
    remedy: ClassVar = "Take at least 12 characters, 6 of them different, without the id in them."
    remedy_zh: ClassVar = "密码至少 12 位，含 6 个以上不同字符，且不得包含人员编号。"


class VouchingNeeded(Refusal):
    """From the third person on, and for every recovery, another person stands beside."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "vouching-needed"
    title: ClassVar = "Another person must vouch for this"
    title_zh: ClassVar = "须由部级或本单位的另一人员确认"


class PersonRefused(Refusal):
    """Id, password or code is wrong, or the person is disabled; which, is not told."""

    kind: ClassVar = Kind.UNAUTHENTICATED
    code: ClassVar = "person-refused"
    title: ClassVar = "This sign-in is not accepted"
    title_zh: ClassVar = "登录信息无效"
    remedy: ClassVar = "Check id and password, and wait for the next code: each is good once."
    remedy_zh: ClassVar = "请核对编号与密码，并等待下一个动态口令；每个口令仅可使用一次。"


class PersonRequired(Refusal):
    """What takes two (双人复核) is done by persons, not by machines, where a party has two persons.

    In production the operator does so from its first day.
    """

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "person-required"
    title: ClassVar = "Only a signed-in person may do this"
    title_zh: ClassVar = "仅限已登录的人员操作"
    remedy: ClassVar = "Sign in at POST /oauth/sessions and use the token given there."
    remedy_zh: ClassVar = "请通过 POST /oauth/sessions 登录，并使用所得令牌。"


class InvitationRefused(Refusal):
    """Id or invitation is wrong, was used or has expired; which, is not told."""

    kind: ClassVar = Kind.UNAUTHENTICATED
    code: ClassVar = "invitation-refused"
    title: ClassVar = "This invitation is not accepted"
    title_zh: ClassVar = "邀请码无效"
    remedy: ClassVar = (
        "Join the halves that the proposer and the approver were shown by a dot, in this order; "
        "if the invitation has expired, let them propose it again."
    )
    remedy_zh: ClassVar = "请将提议人与批准人各自取得的半码按先后以点号相连；已过期的，请重新提议。"


class SecondPersonNeeded(Refusal):
    """Who acted first does not act second: every sensitive act has two persons (双人复核)."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "second-person-needed"
    title: ClassVar = "A second person of the same party is needed"
    title_zh: ClassVar = "须由同一单位的另一人办理"
    remedy: ClassVar = (
        "Let another person do it; what a machine began in a party with persons is withdrawn, and "
        "begun again by a person."
    )
    remedy_zh: ClassVar = (
        "请由另一人办理；本单位已设人员账号而由系统发起的，请撤回后由人员重新发起。"
    )


class ProposalUnknown(Refusal):
    """No proposal has this number."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "proposal-unknown"
    title: ClassVar = "No such proposal"
    title_zh: ClassVar = "提议不存在"


class ProposalForeign(Refusal):
    """An agency proposes what concerns its own persons, and its own persons decide it."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "proposal-foreign"
    title: ClassVar = "Another party's persons propose or decide this"
    title_zh: ClassVar = "该事项须由其他单位的人员提议或裁定"
    remedy: ClassVar = (
        "An agency proposes person.create, person.recover and person.disable for its own persons; "
        "all else is proposed and decided by the operator's."
    )
    remedy_zh: ClassVar = (
        "经办机构仅可就本单位人员提议 person.create、person.recover、person.disable；"
        "其他事项由部级经办机构人员提议和裁定。"
    )


class ProposalDecided(Refusal):
    """A proposal is decided once."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "proposal-decided"
    title: ClassVar = "The proposal has been decided"
    title_zh: ClassVar = "该提议已裁定"
    says: ClassVar = "It was {state}."
    says_zh: ClassVar = "裁定结果：{state}。"


class ProposalExpired(Refusal):
    """A proposal that nobody decided in time is as if it had not been made."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "proposal-expired"
    title: ClassVar = "The proposal has expired"
    title_zh: ClassVar = "该提议已过期"
    remedy: ClassVar = "Propose it again."
    remedy_zh: ClassVar = "请重新提议。"


class PolicyUnreadable(Refusal):
    """What was proposed as a policy book (政策参数) cannot be read as one."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "policy-unreadable"
    title: ClassVar = "This is no policy book"
    title_zh: ClassVar = "政策参数文本无法读取"
    says: ClassVar = "{why}."
    says_zh: ClassVar = "原因：{why}。"
    remedy: ClassVar = "Send what `hub policy digest --proposal` of the new release prints."
    remedy_zh: ClassVar = "请提交新版本程序执行 hub policy digest --proposal 所得内容。"


class PolicyEdited(Refusal):
    """A value is never edited, only superseded by one of a later day (只增不改)."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "policy-edited"
    title: ClassVar = "The edition edits values of the one before"
    title_zh: ClassVar = "该版次改写了既有取值"
    remedy: ClassVar = "Add a value with its own day; leave those that were in force as they are."
    remedy_zh: ClassVar = "请以新的生效日增加取值，保留原有取值不变。"


class PolicyAdopted(Refusal):
    """An edition is adopted once."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "policy-adopted"
    title: ClassVar = "The edition is adopted already"
    title_zh: ClassVar = "该版次已启用"
    says: ClassVar = "{version} is adopted."
    says_zh: ClassVar = "{version} 已启用。"


class PolicyOvertaken(Refusal):
    """Another edition was adopted since: what was read as the difference is it no longer."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "policy-overtaken"
    title: ClassVar = "Another edition was adopted meanwhile"
    title_zh: ClassVar = "期间已启用其他版次"
    remedy: ClassVar = "Reject this proposal and propose the edition again."
    remedy_zh: ClassVar = "请否决本提议并重新提议。"


class ForbiddenRegion(Refusal):
    """An agency acts for its own region (本地区) and no other."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "forbidden-region"
    title: ClassVar = "Another agency acts for this region"
    title_zh: ClassVar = "该地区由其他经办机构负责"
    says: ClassVar = "Region {region} is not within the caller's own."
    says_zh: ClassVar = "地区 {region} 不在本经办机构的管辖范围内。"
