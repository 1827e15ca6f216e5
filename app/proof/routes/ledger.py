"""HTTP for what is proven of the books: the laws, and every participant's sealed journal."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.proof import files
from app.proof.errors import JournalForeign, JournalPageWrong
from app.proof.model.seals import Journal
from app.proof.schemas.laws import ProofView
from app.proof.schemas.seals import SealView
from app.proof.service import sealing, verifying
from app.runtime import wire
from app.runtime.auth import PartyKind
from app.runtime.http import OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/ledger", tags=["ledger 账务"])
ReadersOfBooks = only(PartyKind.OPERATOR, PartyKind.AGENCY, PartyKind.INSTITUTION)
Participant = Annotated[
    str | None,
    Query(
        pattern=r"^(?:\d{6}|[A-Z]\d{11})$",
        description="Place or institution; by default one's own 地区或协议机构编码，缺省为本单位",
        examples=["370000"],
    ),
]
After = Annotated[
    int | None,
    Query(ge=0, le=10_000_000, description="Block to go on after 自此块号之后"),
]
Day = Annotated[
    wire.Day | None,
    Query(description="Only the blocks of a day 仅取某日", examples=["2025-09-01"]),
]
_TEXT = {"schema": {"type": "string"}}
LINES: dict[int | str, dict[str, Any]] = {200: {"content": {files.JSON_LINES: _TEXT}}}
_PROGRAM: dict[int | str, dict[str, Any]] = {200: {"content": {"text/x-python": _TEXT}}}


@router.get(
    "/proof",
    summary="Prove that everything adds up 账账、账款核对",
    response_model=ProofView,
    dependencies=[only(PartyKind.OPERATOR)],
)
async def proof(reading: OpenReading) -> ProofView:
    """Hold every law against the whole hub, each in one statement, and answer each one's result.

    Settlements, postings, claims, notices and payments are one amount per pair, period and
    institution; balances are sums of postings, versions have no gap, all sum to zero, and what was
    sealed is what is there. The first difference from a law is answered with both figures.
    由原始分录与单据重算：结算、分录、清算、通知书、到账逐对逐期逐机构一致；余额等于分录合计、
    笔序无缺、合计为零，封存内容未被改动；不符时返回各规则首个差异及两个数值。
    """
    return ProofView.of(await verifying.verify(reading.rx, reading.today))


@router.get(
    "/seals",
    summary="List the seals of a journal 查询账簿封存链",
    response_model=PageView[SealView],
    responses=problems(CursorUnreadable, JournalForeign),
    dependencies=[ReadersOfBooks],
)
async def seals(
    reading: OpenReading, page: AskedPage, participant: Participant = None
) -> PageView[SealView]:
    """List the sealed blocks of a participant's journal, one a day with business.

    Keep the last link outside the hub: nothing before it can be changed without the next download
    telling. 请在平台之外留存最新链值：此前内容如有改动，下次下载核对即可发现。
    """
    found = await sealing.seals(reading, page, Journal.LEDGER, participant)
    return PageView.of(found, SealView.of)


@router.get(
    "/journal",
    summary="Download a journal with its seals 下载账簿",
    response_class=Response,
    responses=LINES | problems(JournalForeign, JournalPageWrong),
    dependencies=[ReadersOfBooks],
)
async def journal(
    reading: OpenReading, participant: Participant = None, after: After = None, day: Day = None
) -> Response:
    """Download sealed lines, block by block with the seal after each, as JSON lines.

    The last line says whether more follows: ask again with `after` set to its `number`. Check what
    was downloaded offline with the program of `/v1/ledger/journal/verifier`.
    按块下载已封存的账簿行（JSON Lines），末行注明是否还有后续；可用离线核对程序验证。
    """
    found = await sealing.extract(reading, Journal.LEDGER, participant, after=after, day=day)
    named = {"Content-Disposition": f'attachment; filename="ledger-{found.participant}.jsonl"'}
    return Response(files.journal_lines(found), 200, named, files.JSON_LINES)


@router.get(
    "/journal/verifier",
    summary="Download the offline verifier 下载离线核对程序",
    response_class=Response,
    responses=_PROGRAM,
    dependencies=[only()],
)
async def verifier() -> Response:
    """Download one Python file that checks journals, and needs nothing of the hub.

    It tells of a changed byte, of lines or blocks left out, put in or moved, and of an end cut off.
    单个 Python 程序，不依赖平台；可发现改动、缺失、插入、错序与截断。
    """
    named = {"Content-Disposition": f'attachment; filename="{files.VERIFIER}"'}
    return Response(files.verifier(), 200, named, "text/x-python")
