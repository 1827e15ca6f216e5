"""Why what a message did cannot be undone by a reversal."""

from __future__ import annotations

from typing import ClassVar

from app.kernel.refusal import Kind, Refusal


class DeedNotReversible(Refusal):
    """Admissions, discharges, settlements and cancellations are reversed, and nothing else."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "deed-not-reversible"
    title: ClassVar = "This kind of message is not reversed"
    title_zh: ClassVar = "该类报文不支持冲正"
    says: ClassVar = "It did {deed}."
    says_zh: ClassVar = "其操作为 {deed}。"
    remedy: ClassVar = "Undo it by its own transaction, or leave it: repeating it is harmless."
    remedy_zh: ClassVar = "请以对应的撤销业务办理；重发原报文不会重复生效。"
