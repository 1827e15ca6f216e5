"""The reference pages on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, Field

from app.reference.refusals import Explanation
from app.reference.vocabulary import Code, Dictionary, Word
from app.runtime.health import Check
from app.runtime.messages import Outcome, Told


class HealthView(BaseModel):
    """Liveness 存活状态."""

    status: str = Field(description="`live` 固定值", examples=["live"])


class CheckView(BaseModel):
    """One check of readiness 单项检查."""

    name: str = Field(description="What is checked 检查项", examples=["database"])
    passed: bool = Field(description="Whether it holds 是否通过", examples=[True])
    found: str = Field(description="What was found 检查结果", examples=["reachable"])

    @classmethod
    def of(cls, it: Check) -> CheckView:
        """Show a check."""
        return cls(name=it.name, passed=it.passed, found=it.found)


class ReadinessView(BaseModel):
    """Readiness 就绪状态."""

    status: str = Field(description="`ready`, or the answer is 503 就绪", examples=["ready"])
    checks: list[CheckView] = Field(description="What was checked 检查项")


class ProblemView(BaseModel):
    """A refusal explained 错误代码说明."""

    code: str = Field(description="Stable code 错误代码", examples=["message-id-missing"])
    status: int = Field(description="HTTP status 状态码", examples=[428])
    title: str = Field(description="Title 英文标题", examples=["Every write needs a key"])
    title_zh: str = Field(description="Chinese title 中文标题", examples=["缺少报文编号"])
    meaning: str = Field(description="When it is given 含义", examples=["A write came without …"])
    remedy: str = Field(description="What to do 处理办法（英文）", examples=["Send a new id …"])
    remedy_zh: str = Field(description="What to do, in Chinese 处理办法", examples=["请携带…"])

    @classmethod
    def of(cls, it: Explanation) -> ProblemView:
        """Show a refusal."""
        return cls(
            code=it.code,
            status=it.status,
            title=it.title,
            title_zh=it.title_zh,
            meaning=it.meaning,
            remedy=it.remedy,
            remedy_zh=it.remedy_zh,
        )


class ProblemsView(BaseModel):
    """Every refusal 全部错误代码."""

    items: list[ProblemView] = Field(description="By code 按代码排序")
    next: None = Field(default=None, description="Always null: one page 恒为 null")


class WordView(BaseModel):
    """A word of the hub 术语."""

    term: str = Field(description="The word in code and JSON 英文术语", examples=["filing"])
    zh: str = Field(description="Official Chinese term 官方术语", examples=["备案"])
    label: str = Field(description="For screens 界面显示", examples=["备案 Filing"])
    means: str = Field(description="What it means 含义", examples=["Approved leave to be …"])
    source: str = Field(description="Clause or standard 依据", examples=["beijing-2025-5/2.2"])
    avoided: list[str] = Field(description="Words not used for it 不使用的说法", examples=[[]])

    @classmethod
    def of(cls, it: Word) -> WordView:
        """Show a word."""
        return cls(
            term=it.term,
            zh=it.zh,
            label=it.label,
            means=it.means,
            source=it.source,
            avoided=list(it.avoided),
        )


class GlossaryView(BaseModel):
    """The vocabulary 术语表."""

    items: list[WordView] = Field(description="The words 术语")
    next: None = Field(default=None, description="Always null: one page 恒为 null")


class CodeView(BaseModel):
    """A value of a dictionary 代码项."""

    value: str = Field(description="On the wire 报文取值", examples=["residence"])
    zh: str = Field(description="Chinese 中文名称", examples=["异地长期居住"])
    label: str = Field(description="For screens 界面显示", examples=["异地长期居住 Residence"])
    means: str = Field(description="What it means 含义", examples=["Lives elsewhere for long."])

    @classmethod
    def of(cls, it: Code) -> CodeView:
        """Show a value."""
        return cls(value=it.value, zh=it.zh, label=it.label, means=it.means)


class DictionaryView(BaseModel):
    """A dictionary 代码表."""

    name: str = Field(description="Its name 代码表名", examples=["filing-kind"])
    title: str = Field(description="What it lists 说明", examples=["备案类型"])
    items: list[CodeView] = Field(description="Its values 代码项")

    @classmethod
    def of(cls, it: Dictionary) -> DictionaryView:
        """Show a dictionary."""
        return cls(name=it.name, title=it.title, items=[CodeView.of(code) for code in it.codes])


class DictionariesView(BaseModel):
    """Every dictionary 全部代码表."""

    items: list[DictionaryView] = Field(description="By name 按名称排序")
    next: None = Field(default=None, description="Always null: one page 恒为 null")

    @classmethod
    def of(cls, found: Mapping[str, Dictionary]) -> DictionariesView:
        """Show all of them."""
        return cls(items=[DictionaryView.of(each) for each in found.values()])


class MessageView(BaseModel):
    """What became of a message 报文处理结果."""

    id: str = Field(description="Message id 报文编号", examples=["6f1d2c1e-0001"])
    outcome: Outcome = Field(
        description="applied 已生效 (with its answer), refused 已拒绝 (with the problem; it may be "
        "sent again), reversed 已冲正, fenced 已封存 (never took effect and never will), running "
        "处理中 (ask again in a moment), never_seen 未收到",
        examples=["applied"],
    )
    action: str | None = Field(
        description="What it asked for 请求的操作", examples=["POST /v1/filings"]
    )
    at: datetime | None = Field(description="When 处理时间", examples=["2025-09-01T09:00:00+08:00"])
    status: int | None = Field(description="Status it was answered with 状态码", examples=[201])
    answer: object | None = Field(
        description="The stored answer, as it was given; of a fenced one what a late original "
        "gets, or why it was refused before 原应答内容",
        examples=[{"number": "Y…"}],
    )
    subject: str | None = Field(
        description="Number of what it made or changed 业务编号", examples=["Y1100002509010000001"]
    )
    reversed_by: str | None = Field(
        description="Message that reversed it 冲正报文编号", examples=["6f1d2c1e-0002"]
    )

    @classmethod
    def of(cls, key: str, told: Told) -> MessageView:
        """Show a message's outcome."""
        kept = told.kept
        return cls(
            id=key,
            outcome=told.outcome,
            action=None if kept is None else kept.action,
            at=None if kept is None else kept.at,
            status=None if kept is None else kept.status,
            answer=None if kept is None else json.loads(kept.body),
            subject=None if kept is None else kept.subject,
            reversed_by=None if kept is None else kept.reversed_by,
        )
