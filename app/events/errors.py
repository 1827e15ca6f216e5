"""Why an event cannot be had or a subscription not be made, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class SubscriptionUnknown(Refusal):
    """No subscription of the caller's has this number."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "subscription-unknown"
    title: ClassVar = "No subscription of yours has this number"
    title_zh: ClassVar = "未找到该事件订阅"


class EventUnknown(Refusal):
    """No event the caller may see has this id."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "event-unknown"
    title: ClassVar = "No event that names you has this id"
    title_zh: ClassVar = "未找到该事件"


class SubscriptionSecretUnknown(Refusal):
    """The subscription has no live secret with this first part."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "subscription-secret-unknown"
    title: ClassVar = "The subscription has no such secret"
    title_zh: ClassVar = "该订阅无此签名密钥或已停用"


class TopicUnknown(Refusal):
    """The catalogue of events has no such topic."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "topic-unknown"
    title: ClassVar = "There are no events of this topic"
    title_zh: ClassVar = "事件主题不存在"
    says: ClassVar = "Unknown: {topics}."
    says_zh: ClassVar = "未知主题：{topics}。"
    remedy: ClassVar = "Take topics from the webhooks section of the OpenAPI document."
    remedy_zh: ClassVar = "事件主题见 OpenAPI 文档 webhooks 部分。"


class WebhookUrlRefused(Refusal):
    """The hub sends nothing to an address like this."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "webhook-url-refused"
    title: ClassVar = "The hub sends no events to this address"
    title_zh: ClassVar = "不支持向该地址推送事件"
    says: ClassVar = "Reason: {reason}."
    says_zh: ClassVar = "原因：{reason}。"
    remedy: ClassVar = (
        "Give an https address with a public host, without user, password or fragment; inner "
        "networks must be allowed in the hub's settings first."
    )
    remedy_zh: ClassVar = "请使用公网 https 地址，不含用户名、口令及片段；内网地址须先由平台放行。"


class SubscriptionsTooMany(Refusal):
    """A party has as many subscriptions as it may."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "subscriptions-too-many"
    title: ClassVar = "The party has as many subscriptions as it may have"
    title_zh: ClassVar = "订阅数量已达上限"
    says: ClassVar = "At most {most}."
    says_zh: ClassVar = "上限为 {most}。"
    remedy: ClassVar = "End one first."
    remedy_zh: ClassVar = "请先终止其他订阅。"


class SubscriptionSecretsTooMany(Refusal):
    """A subscription signs with as many secrets as it may."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "subscription-secrets-too-many"
    title: ClassVar = "The subscription has as many secrets as it may have"
    title_zh: ClassVar = "该订阅的签名密钥数量已达上限"
    says: ClassVar = "At most {most}."
    says_zh: ClassVar = "上限为 {most}。"
    remedy: ClassVar = "Retire an old one first."
    remedy_zh: ClassVar = "请先停用旧密钥。"


class SubscriptionSecretLast(Refusal):
    """What is sent must be signed by something."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "subscription-secret-last"
    title: ClassVar = "The last secret of a subscription cannot be retired"
    title_zh: ClassVar = "订阅的最后一个签名密钥不可停用"
    remedy: ClassVar = "Make a new one first, then retire the old."
    remedy_zh: ClassVar = "请先生成新密钥，再停用旧密钥。"
