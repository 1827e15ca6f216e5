"""Where tokens are given, and where regions are looked up."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response
from starlette.datastructures import Headers

from app.kernel.regions import REGION_CODE, Level
from app.parties import service
from app.parties.errors import (
    ClientRefused,
    GrantUnsupported,
    RegionUnknown,
    TokenRequestMalformed,
)
from app.parties.model import RegionsAsked
from app.parties.schemas import RegionView, TokenView
from app.runtime.auth import Signer
from app.runtime.door import Busy
from app.runtime.http import (
    TOKEN_PATH,
    OpenReading,
    answer_refusal,
    calling_address,
    hub_of,
    only,
    request_id_of,
)
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

GRANT = "client_credentials"
router = APIRouter()


def _malformed(description: str) -> TokenRequestMalformed:
    return TokenRequestMalformed(error="invalid_request", error_description=description)


def _from_basic(headers: Headers) -> tuple[str, str] | None:
    """Read HTTP Basic credentials; None when another scheme or none was used."""
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise _malformed("The Basic credentials cannot be decoded") from None
    if not colon:
        raise _malformed("The Basic credentials lack a colon")
    return client_id, secret


def _credentials(headers: Headers, form: tuple[str | None, str | None]) -> tuple[str, str]:
    """Take id and secret from the form or from HTTP Basic, but not from both (RFC 6749 2.3)."""
    basic, (client_id, secret) = _from_basic(headers), form
    if basic is not None:
        if secret is not None or client_id not in (None, basic[0]):
            raise _malformed("Credentials were sent both in the form and as HTTP Basic")
        return basic
    if not client_id or not secret:
        raise _malformed("client_id and client_secret are required")
    return client_id, secret


@router.post(
    TOKEN_PATH,
    tags=["parties 接入方"],
    summary="Exchange client credentials for a token 以客户端凭证换取令牌",
    description="OAuth2 client credentials (RFC 6749 4.4): as a form, or id and secret as HTTP "
    "Basic. The token lives minutes; ask for a new one rather than keep it. No Idempotency-Key. "
    "客户端凭证模式：凭证可放在表单或 HTTP Basic 中；令牌短期有效，到期重新换取，无需报文编号。",
    response_model=TokenView,
    responses=problems(TokenRequestMalformed, GrantUnsupported, ClientRefused),
)
async def exchange(
    request: Request,
    grant_type: Annotated[
        str | None, Form(description="Always client_credentials 固定值", examples=[GRANT])
    ] = None,
    client_id: Annotated[
        str | None, Form(description="Client id 客户端编号", examples=["370000-local"])
    ] = None,
    client_secret: Annotated[
        str | None,
        Form(description="Its secret 客户端密钥", json_schema_extra={"format": "password"}),
    ] = None,
) -> TokenView | Response:
    """Give a token, or say no in the words of RFC 6749 as well as in ours."""
    if grant_type is None:
        raise _malformed("grant_type is required")
    if grant_type != GRANT:
        raise GrantUnsupported(
            error="unsupported_grant_type", error_description=GrantUnsupported.title
        )
    made, secret = _credentials(request.headers, (client_id, client_secret))
    signer: Signer = request.app.state.signer
    try:
        token = await service.issue_token(
            hub_of(request),
            signer,
            made,
            secret,
            request=request_id_of(request),
            address=calling_address(request),
        )
    except ClientRefused as refusal:
        response = await answer_refusal(request, refusal)
        response.headers["WWW-Authenticate"] = 'Basic realm="hub"'
        return response
    return TokenView.of(token)


@router.get(
    "/v1/regions",
    tags=["regions 行政区划"],
    summary="List regions 查询行政区划",
    description="The 32 provincial units and their cities that take part, by code. "
    "参与异地就医结算的 32 个省级单位及其地市，按代码排序。",
    dependencies=[only()],
    response_model=PageView[RegionView],
    responses=problems(CursorUnreadable, Busy),
)
async def regions(
    reading: OpenReading,
    page: AskedPage,
    level: Annotated[
        Level | None, Query(description="Only this level 仅此层级", examples=["province"])
    ] = None,
    parent: Annotated[
        str | None,
        Query(
            pattern=REGION_CODE.pattern,
            description="Only regions directly under this one 仅此区划的下级",
            examples=["370000"],
        ),
    ] = None,
) -> PageView[RegionView]:
    """List regions."""
    found = await service.list_regions(reading, RegionsAsked(level=level, parent=parent), page)
    return PageView.of(found, RegionView.of)


@router.get(
    "/v1/regions/{code}",
    tags=["regions 行政区划"],
    summary="Look one region up 查询单个行政区划",
    description="One region by its code. 按代码查询。",
    dependencies=[only()],
    response_model=RegionView,
    responses=problems(RegionUnknown, Busy),
)
async def region(
    reading: OpenReading,
    code: Annotated[str, Path(description="Code of the region 行政区划代码", examples=["370100"])],
) -> RegionView:
    """Look one region up."""
    return RegionView.of(await service.region(reading.rx, code))
