"""HTTP for the books: they are read here, and written only by what happens on the road."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from app.kernel.regions import REGION_CODE
from app.ledger import service
from app.ledger.errors import AccountUnknown, PostingsOfWhat
from app.ledger.model import AccountKind
from app.ledger.schemas import AccountView, PostingView
from app.runtime.auth import PartyKind
from app.runtime.http import OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/ledger", tags=["ledger 账务"])

ReadersOfBooks = only(PartyKind.OPERATOR, PartyKind.AGENCY, PartyKind.INSTITUTION)


@router.get(
    "/accounts",
    summary="List accounts and balances 查询账户余额",
    response_model=PageView[AccountView],
    responses=problems(CursorUnreadable),
    dependencies=[ReadersOfBooks],
)
async def accounts(
    reading: OpenReading,
    page: AskedPage,
    kind: Annotated[AccountKind | None, Query(description="Kind of account 账户类别")] = None,
    place: Annotated[
        str | None,
        Query(
            pattern=REGION_CODE.pattern,
            description="Insured or treatment place 参保地或就医地",
            examples=["370000"],
        ),
    ] = None,
) -> PageView[AccountView]:
    """List the accounts in which the caller's place takes part, each exact at every commit.

    An institution sees what it is owed. 列出与本地区有关的账户；协议机构可查应付本机构的账户。
    """
    found = await service.accounts(reading, page, kind=kind, place=place)
    return PageView.of(found, AccountView.of)


@router.get(
    "/postings",
    summary="List the postings of an account or a subject 查询分录",
    response_model=PageView[PostingView],
    responses=problems(PostingsOfWhat, CursorUnreadable, AccountUnknown),
    dependencies=[ReadersOfBooks],
)
async def postings(
    reading: OpenReading,
    page: AskedPage,
    account: Annotated[
        str | None,
        Query(
            max_length=40,
            description="Account name 账户名称",
            examples=["uncleared:110000:370000"],
        ),
    ] = None,
    subject: Annotated[
        str | None,
        Query(
            max_length=20,
            description="Settlement, cancellation or notice 业务编号（结算、撤销、通知书）",
            examples=["A3700002509010000001"],
        ),
    ] = None,
) -> PageView[PostingView]:
    """Read one account's postings in order with its balance after each, or one subject's.

    按账户依次列出分录及每笔之后的余额，或列出某一业务编号的分录。
    """
    found = await service.postings(reading, page, account=account, subject=subject)
    return PageView.of(found, PostingView.of)
