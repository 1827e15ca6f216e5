"""HTTP for payments to institutions and for their statements."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.kernel.parties import PartyKind
from app.kernel.regions import REGION_CODE
from app.review.errors import (
    BankReferenceUsed,
    PaymentExceeds,
    ReviewForeign,
    StandingUnknown,
)
from app.review.model.monthly import MonthsWanted
from app.review.routes.callers import READERS
from app.review.schemas.paying import (
    InstitutionPaymentView,
    InstitutionStatementView,
    PaymentIn,
    StandingOfInstitutionView,
)
from app.review.service import paying
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/reviews", tags=["reviews 审核"])
Place = Annotated[
    str | None, Query(pattern=REGION_CODE.pattern, description="Treatment place 就医地")
]
Institution = Annotated[
    str | None, Query(pattern=r"^[HA][0-9]{11}$", description="Institution 机构")
]


@router.post(
    "/payments",
    status_code=201,
    response_model=InstitutionPaymentView,
    responses=problems(ReviewForeign, BankReferenceUsed, PaymentExceeds),
    dependencies=[only(PartyKind.AGENCY)],
    summary="Record a payment to an institution 登记机构拨付",
    description="In full or in part, with the bank's reference; never more than closed months owe "
    "and the books still show. The same transfer told again is answered with what was kept. "
    "可分次拨付，附银行流水号；不超过已关账月份应付且账面仍有的余额；同一流水号重复登记返回原记录。",
)
async def pay(asked: PaymentIn, door: OpenDoor) -> Response:
    """Record a payment."""
    return await door.write(
        lambda work: paying.pay(work, asked.read()), show=InstitutionPaymentView.of
    )


@router.get(
    "/payments",
    response_model=PageView[InstitutionPaymentView],
    responses=problems(CursorUnreadable),
    dependencies=[READERS],
    summary="List payments to institutions 查询机构拨付",
    description="An institution's own, and for an agency those of its region. "
    "机构查本机构，经办机构查本地区。",
)
async def payments(
    reading: OpenReading, page: AskedPage, *, place: Place = None, institution: Institution = None
) -> PageView[InstitutionPaymentView]:
    """List payments."""
    wanted = MonthsWanted(place=place, institution=institution)
    found = await paying.payments(reading, wanted, page)
    return PageView.of(found, InstitutionPaymentView.of)


@router.get(
    "/statements",
    response_model=PageView[StandingOfInstitutionView],
    responses=problems(CursorUnreadable),
    dependencies=[READERS],
    summary="List how institutions stand 查询机构应付情况",
    description="What closed months owe each institution, what was deducted and paid, and what is "
    "open. 各机构应付、扣款、已付与未付。",
)
async def standings(
    reading: OpenReading, page: AskedPage, *, place: Place = None, institution: Institution = None
) -> PageView[StandingOfInstitutionView]:
    """List how institutions stand."""
    wanted = MonthsWanted(place=place, institution=institution)
    found = await paying.standings(reading, wanted, page)
    return PageView.of(found, StandingOfInstitutionView.of)


@router.get(
    "/statements/{place}/{institution}",
    response_model=InstitutionStatementView,
    responses=problems(StandingUnknown),
    dependencies=[READERS],
    summary="Show an institution's statement 机构应付台账",
    description="Month by month and payment by payment, the latest 120 of each. "
    "按月应付与逐笔拨付，各列最近 120 条。",
)
async def statement(
    place: Annotated[
        str,
        Path(
            pattern=REGION_CODE.pattern,
            description="Treatment place 就医地",
            examples=["370000"],
        ),
    ],
    institution: Annotated[
        str,
        Path(
            pattern=r"^[HA][0-9]{11}$",
            description="Institution 机构",
            examples=["H37010000001"],
        ),
    ],
    reading: OpenReading,
) -> InstitutionStatementView:
    """Show a statement."""
    return InstitutionStatementView.of(await paying.statement(reading, place, institution))
