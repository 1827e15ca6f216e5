"""How the sandbox refuses, in order of precedence."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class FaultUnreadable(Refusal):
    """A fault was ordered that the sandbox does not know; `known` lists how each is written."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "sandbox-fault-unreadable"
    title: ClassVar = "The sandbox does not know this fault"
    title_zh: ClassVar = "沙箱不支持该故障指令"
    says: ClassVar = "Write one or several, separated by commas: {known}."
    says_zh: ClassVar = "可用指令（多个以逗号分隔）：{known}。"


class FaultForeign(Refusal):
    """A party orders faults for itself; the operator for anybody."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "sandbox-fault-foreign"
    title: ClassVar = "Faults are ordered for oneself"
    title_zh: ClassVar = "仅可为本接入方设置故障"


class ClockOutOfRange(Refusal):
    """The clock goes forward only, and not beyond this century; a reset starts it anew."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "sandbox-clock-out-of-range"
    title: ClassVar = "The test clock only goes forward, up to the end of the century"
    title_zh: ClassVar = "测试时钟只能向前调整，且不得超过本世纪末"
    says: ClassVar = "Asked for {asked}; from {earliest} to {latest} is possible."
    says_zh: ClassVar = "请求时间 {asked}；可设范围 {earliest} 至 {latest}。"
    remedy: ClassVar = "To go back, reset the sandbox: POST /v1/sandbox/reset takes `starts_at`."
    remedy_zh: ClassVar = "如需回到过去，请调用 POST /v1/sandbox/reset 并指定 starts_at。"
