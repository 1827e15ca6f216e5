"""Deadlines as they look on the wire."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from app.deadlines.model import TITLES, Deadline, DeadlineKind, DeadlineState
from app.policy.provisions import Provisions


class DeadlineView(BaseModel):
    """What a party has to see to until a day 期限."""

    kind: DeadlineKind = Field(
        description="What it is 期限类型", examples=["clearing_confirmation"]
    )
    title: str = Field(
        description="In words 英文说明",
        examples=["The claims are to be confirmed; silence confirms them"],
    )
    title_zh: str = Field(description="In words 中文说明", examples=["确认清算，逾期视同确认"])
    due: date = Field(description="Last day, inclusive 截止日期（含当日）", examples=["2025-10-25"])
    state: DeadlineState = Field(
        description="due, overdue or done, today 当日状态：未到期、已逾期、已完成", examples=["due"]
    )
    days_left: int = Field(
        description="Days from today; below zero: overdue by so many 距今天数，负数为逾期天数",
        examples=[4],
    )
    party: str = Field(
        description="Whose it is: a region, an institution, a channel or the operator "
        "责任方：区划、协议机构、服务渠道或部级",
        examples=["110000"],
    )
    subject: str = Field(
        description="Public number; of a day, period or year what it is, with side or scheme "
        "业务编号；无编号的为业务日、期次或年度",
        examples=["C0000002510210000001"],
    )
    counterpart: str | None = Field(
        description="The other place, if there is one 对方地区", examples=["370000"]
    )
    waiting: int = Field(description="What is left to do 待办数量", examples=[12])
    clause: str = Field(
        description="Clause that sets it 依据条款", examples=["hub-default/clearing-calendar"]
    )
    says: str = Field(
        description="What the clause says 条款英文内容",
        examples=["A clearing is generated on the 21st after its period; …"],
    )
    says_zh: str = Field(
        description="What the clause says 条款内容",
        examples=["期后次月二十一日生成清算，二十五日前未提出异议的视同确认并予标注。"],
    )
    announced: bool | None = Field(
        description="Whether the holidays it counts around are announced; null: it counts none "
        "所依据的节假日安排是否已公布；不按工作日计算的为 null",
        examples=[None],
    )

    @classmethod
    def of(cls, it: Deadline, today: date, provisions: Provisions) -> DeadlineView:
        """Show a deadline, with its clause's own words."""
        title, title_zh = TITLES[it.kind]
        return cls(
            kind=it.kind,
            title=title,
            title_zh=title_zh,
            due=it.due,
            state=it.state,
            days_left=(it.due - today).days,
            party=it.party,
            subject=it.subject,
            counterpart=it.counterpart,
            waiting=it.waiting,
            clause=it.clause,
            says=provisions.says(it.clause),
            says_zh=provisions.says_zh(it.clause),
            announced=it.announced,
        )
