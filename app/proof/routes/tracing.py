"""HTTP for traces: one settlement, every step of its money."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from app.proof.errors import SettlementUntraceable
from app.proof.schemas.tracing import TraceView
from app.proof.service import tracing
from app.runtime.auth import PartyKind
from app.runtime.http import OpenReading, only
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/settlements", tags=["settlements 结算"])


@router.get(
    "/{number}/trace",
    summary="Trace a settlement's money 追溯结算资金",
    response_model=TraceView,
    responses=problems(SettlementUntraceable),
    dependencies=[only(PartyKind.OPERATOR, PartyKind.AGENCY, PartyKind.INSTITUTION)],
)
async def trace(
    number: Annotated[
        str, Path(description="Settlement 结算编号", examples=["A3701002509010000001"])
    ],
    reading: OpenReading,
) -> TraceView:
    """Follow every yuan: line, bill, month, deduction, period, claim, notice, payment, advance.

    Each step has its number, amounts, day and clause; an institution sees its own side of it. No
    personal data is shown. 逐环节列示编号、金额、日期与依据条款；协议机构仅见与本机构有关的环节；
    不显示个人信息。
    """
    return TraceView.of(await tracing.trace(reading, number))
