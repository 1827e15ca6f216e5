"""The sandbox's own paths on the wire."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

from app.kernel.calendar import CHINA, business_day
from app.runtime.wire import Instant
from app.sandbox.model import Exchanged, FaultOrder
from app.sandbox.moved_clock import ClockAct, ClockAsked, ClockSetting
from app.sandbox.service import ClockMoved

DAYS_MAX = 3_660
HOURS_MAX = MINUTES_MAX = 10_000
PARTY = Field(description="Party 接入方代码", examples=["H37010000001"])
FAULTS = Field(
    description="Faults as in X-Sandbox-Fault; empty takes them back 故障指令，空为取消",
    examples=["lose_answer=after_commit"],
)


def _asked(example: JsonDict) -> ConfigDict:
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": example})


class ClockIn(BaseModel):
    """What to do with the test clock 测试时钟调整."""

    model_config = _asked({"act": "advance", "days": 7})

    act: ClockAct = Field(
        description="freeze, run on, advance by a span, jump to an instant 冻结、走时、前进、跳转",
        examples=["advance"],
    )
    days: int = Field(default=0, ge=0, le=DAYS_MAX, description="Days 天", examples=[7])
    hours: int = Field(default=0, ge=0, le=HOURS_MAX, description="Hours 小时", examples=[0])
    minutes: int = Field(default=0, ge=0, le=MINUTES_MAX, description="Minutes 分", examples=[0])
    to: Instant | None = Field(
        default=None,
        description="Instant of a jump 跳转至",
        examples=["2027-01-21T09:00:00+08:00"],
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.act is ClockAct.JUMP) != (self.to is not None):
            message = "`to` belongs to a jump, and a jump needs it to 仅用于 jump"
            raise ValueError(message)
        if self.act is not ClockAct.ADVANCE and self.span:
            message = "days, hours and minutes belong to an advance 时长仅用于 advance"
            raise ValueError(message)
        return self

    @property
    def span(self) -> timedelta:
        """Return how far an advance goes."""
        return timedelta(days=self.days, hours=self.hours, minutes=self.minutes)

    def read(self) -> ClockAsked:
        """Return what is asked."""
        return ClockAsked(act=self.act, span=self.span, to=self.to)


class ClockView(BaseModel):
    """The one clock every rule reads 测试时钟."""

    now: datetime = Field(description="Now 当前时间", examples=["2026-11-21T09:00:00+08:00"])
    today: date = Field(description="Business day 业务日期", examples=["2026-11-21"])
    ticks: bool = Field(description="Whether it goes on by itself 是否走时", examples=[True])

    @classmethod
    def at(cls, now: datetime, *, ticks: bool) -> ClockView:
        """Show an instant."""
        return cls(now=now.astimezone(CHINA), today=business_day(now), ticks=ticks)


class ClockMovedView(ClockView):
    """The clock after it was set 调整后的测试时钟."""

    expired: int = Field(description="Filings that expired by it 因此届满的备案数", examples=[1])

    @classmethod
    def of(cls, moved: ClockMoved) -> ClockMovedView:
        """Show how it was set."""
        shown = ClockView.at(moved.setting.at, ticks=moved.setting.ticks)
        return cls(**shown.model_dump(), expired=moved.expired)


class ResetIn(BaseModel):
    """Where the sandbox begins anew 沙箱重置."""

    model_config = _asked({})

    starts_at: Instant | None = Field(
        default=None,
        description="Instant the clock starts from; left out: the present 起始时间，默认为当前",
        examples=["2026-01-05T09:00:00+08:00"],
    )


class ResetView(BaseModel):
    """A sandbox that has begun anew 重置结果."""

    clock: ClockView = Field(description="Its clock 测试时钟")

    @classmethod
    def of(cls, setting: ClockSetting) -> ResetView:
        """Show where it begins."""
        return cls(clock=ClockView.at(setting.at, ticks=setting.ticks))


class FaultsIn(BaseModel):
    """Faults for every message of a party 按接入方设置故障."""

    model_config = _asked({"party": "H37010000001", "faults": "delay=2000"})

    party: Annotated[str, StringConstraints(min_length=1, max_length=40)] = PARTY
    faults: Annotated[str, StringConstraints(max_length=200)] = FAULTS

    def read(self) -> FaultOrder:
        """Return what is ordered."""
        return FaultOrder(party=self.party, faults=self.faults.strip())


class FaultsView(BaseModel):
    """Faults in force for a party 生效中的故障."""

    party: str = PARTY
    faults: str = FAULTS
    asked: str | None = Field(
        description="What waits for another person to order it; null: nothing 待复核的故障，可空",
        examples=[None],
    )
    asked_by: str | None = Field(description="Who asked 申请人，可空", examples=[None])

    @classmethod
    def of(cls, order: FaultOrder) -> FaultsView:
        """Show an order."""
        return cls(
            party=order.party, faults=order.faults, asked=order.asked, asked_by=order.asked_by
        )


class FaultListView(BaseModel):
    """Every order the caller may know of 故障列表."""

    items: list[FaultsView] = Field(description="Orders 故障设置")


class ExchangeView(BaseModel):
    """A request and its answer, masked 请求与应答（已脱敏）."""

    at: datetime = Field(description="When 时间", examples=["2026-11-21T09:00:00+08:00"])
    party: str = PARTY
    method: str = Field(description="Method 方法", examples=["POST"])
    path: str = Field(description="Path 路径", examples=["/v1/visits"])
    message: str | None = Field(description="Message id 报文编号", examples=["6f1d2c1e-0001"])
    faults: str | None = Field(description="Faults played 触发的故障", examples=["delay=2000"])
    status: int | None = Field(
        description="Status that left the hub; null: no answer did 应答状态，无应答为 null",
        examples=[201],
    )
    request: str | None = Field(description="What was sent 请求内容", examples=['{"name": "***"}'])
    answer: str | None = Field(description="What came back 应答内容", examples=['{"code": "…"}'])

    @classmethod
    def of(cls, it: Exchanged) -> ExchangeView:
        """Show an exchange."""
        kept = it.exchange
        return cls(
            at=kept.at.astimezone(CHINA),
            party=kept.party,
            method=kept.method,
            path=kept.path,
            message=kept.message,
            faults=kept.faults,
            status=kept.status,
            request=kept.request,
            answer=kept.answer,
        )
