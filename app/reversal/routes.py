"""HTTP for reversals."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.ledger.errors import AdvanceExhausted, AdvanceHold
from app.reversal import service
from app.reversal.schemas import ReversalIn, ReversalView
from app.runtime.door import MessageOwn, MessageRunning
from app.runtime.http import OpenDoor, only
from app.runtime.problems import problems
from app.settlement.errors import MonthsClosing

router = APIRouter(prefix="/v1/reversals", tags=["messages 报文"])


@router.post(
    "",
    response_model=ReversalView,
    responses=problems(MessageOwn, MessageRunning, MonthsClosing, AdvanceExhausted, AdvanceHold),
    dependencies=[only()],
    summary="Reverse a message 冲正",
    description="For a sender that does not know what became of one of its messages and wants it "
    "undone: an admission, a discharge, a settlement (booked off by its negative twin) or a "
    "cancellation (the settlement is booked again, equal to the one cancelled). What never took "
    "effect is fenced: a late original is refused. The outcome says which it was; asking again "
    "changes nothing. While the original is still under way the answer is 409 with Retry-After. "
    "用于结果不明的报文：已生效的入院、出院、结算、结算撤销予以冲正；未生效的封存编号，迟到亦不受理；"
    "可重复调用；原报文处理中时返回 409，请稍后重试。",
)
async def reverse(asked: ReversalIn, door: OpenDoor) -> Response:
    """Reverse a message."""
    return await door.write(
        lambda work: service.reverse(work, asked.message), show=ReversalView.of, status=200
    )
