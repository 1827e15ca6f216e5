"""How the reference pages refuse."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class ProblemUnknown(Refusal):
    """The hub has no refusal with this code."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "problem-unknown"
    title: ClassVar = "No refusal has this code"
    title_zh: ClassVar = "不存在该错误代码"
    remedy: ClassVar = "GET /v1/problems lists every code."
    remedy_zh: ClassVar = "请通过 GET /v1/problems 查询全部代码。"


class DictionaryUnknown(Refusal):
    """The hub has no dictionary with this name."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "dictionary-unknown"
    title: ClassVar = "No dictionary has this name"
    title_zh: ClassVar = "不存在该代码表"
    remedy: ClassVar = "GET /v1/dictionaries lists every name."
    remedy_zh: ClassVar = "请通过 GET /v1/dictionaries 查询全部代码表。"


class NotReady(Refusal):
    """Something the hub cannot serve without is missing; `checks` says what."""

    kind: ClassVar = Kind.BUSY
    code: ClassVar = "not-ready"
    title: ClassVar = "The hub is not ready to serve"
    title_zh: ClassVar = "系统尚未就绪"
    says: ClassVar = "Failed: {failed}."
    says_zh: ClassVar = "未通过的检查：{failed}。"
    remedy: ClassVar = (
        "Look at `checks`; migrate, adopt the policy edition (`hub policy adopt`), free space, or "
        "bring the database back."
    )
    remedy_zh: ClassVar = (
        "请查看 checks：执行迁移、启用政策参数版次（hub policy adopt）、释放磁盘空间或恢复数据库。"
    )
