"""What a reversal comes to."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from app.kernel.refusal import Refusal


class ReversalOutcome(enum.StrEnum):
    """Outcome of a reversal 冲正结果."""

    REVERSED = "reversed"  # 已冲正
    NOTHING_TO_REVERSE = "nothing_to_reverse"  # 无可冲正，编号已封存
    ALREADY_REVERSED = "already_reversed"  # 此前已冲正
    NOT_REVERSIBLE = "not_reversible"  # 不可冲正


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """The answer: `subject` is what the message had made, `undone_by` what undid it."""

    message: str
    outcome: ReversalOutcome
    subject: str | None = None
    undone_by: str | None = None
    why: Refusal | None = None
