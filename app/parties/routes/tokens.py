"""Where tokens are given to clients and sessions to persons, and where both are given back."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from pydantic import BaseModel
from starlette.datastructures import Headers

from app.kernel.refusal import Refusal
from app.parties import service
from app.parties.errors import (
    ClientRefused,
    GrantUnsupported,
    InvitationRefused,
    PasswordTooWeak,
    PersonRefused,
    SignInLocked,
    TokenRequestMalformed,
)
from app.parties.model import SignIn
from app.parties.schemas import AcceptanceAsked, AuthenticatorView, SessionAsked, TokenView
from app.runtime.auth import Caller, Signer
from app.runtime.door import Door
from app.runtime.http import (
    TOKEN_PATH,
    CallerNow,
    answer_refusal,
    calling_address,
    check_nesting,
    hub_of,
    request_id_of,
)
from app.runtime.limits import Limits, RateLimited
from app.runtime.problems import problems
from app.runtime.sealing import Seal
from app.runtime.work import Work

GRANT = "client_credentials"
ClientIdField = Annotated[
    str | None, Form(description="Client id 客户端编号", examples=["370000-local"])
]
SecretField = Annotated[
    str | None,
    Form(description="Its secret 客户端密钥", json_schema_extra={"format": "password"}),
]
router = APIRouter(dependencies=[Depends(check_nesting)])


class Done(BaseModel):
    """What is kept of a token given back: that it was done."""

    done: bool = True

    @classmethod
    def of(cls, _: None) -> Done:
        """Say that it was done."""
        return cls()


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


async def _refused(request: Request, refusal: Refusal) -> Response:
    """Answer a refused client with the challenge RFC 6749 asks for."""
    response = await answer_refusal(request, refusal)
    response.headers["WWW-Authenticate"] = 'Basic realm="hub"'
    return response


def _admit_sign_in(request: Request) -> str:
    """Hold an address to its rate before a slow hash is spent on it; return the address."""
    limits: Limits = request.app.state.limits
    address = calling_address(request)
    limits.admit_sign_in(address)
    return address


def _door(request: Request, caller: Caller) -> Door:
    """Open the door for what has no message id of its own: giving back is done at most once."""
    return Door(
        hub=hub_of(request),
        caller=caller,
        key=f"revoke-{secrets.token_hex(12)}",
        fingerprint=b"",
        action=f"POST {request.scope['route'].path}",
        request=request_id_of(request),
    )


@router.post(
    TOKEN_PATH,
    tags=["parties 接入方"],
    summary="Exchange client credentials for a token 以客户端凭证换取令牌",
    description="OAuth2 client credentials (RFC 6749 4.4): as a form, or id and secret as HTTP "
    "Basic. The token lives minutes; ask for a new one rather than keep it. No Idempotency-Key. "
    "客户端凭证模式：凭证可放在表单或 HTTP Basic 中；令牌短期有效，到期重新换取，无需报文编号。",
    response_model=TokenView,
    responses=problems(
        TokenRequestMalformed, GrantUnsupported, ClientRefused, SignInLocked, RateLimited
    ),
)
async def exchange(
    request: Request,
    grant_type: Annotated[
        str | None, Form(description="Always client_credentials 固定值", examples=[GRANT])
    ] = None,
    client_id: ClientIdField = None,
    client_secret: SecretField = None,
) -> TokenView | Response:
    """Give a token, or say no in the words of RFC 6749 as well as in ours."""
    if grant_type is None:
        raise _malformed("grant_type is required")
    if grant_type != GRANT:
        raise GrantUnsupported(
            error="unsupported_grant_type", error_description=GrantUnsupported.title
        )
    made, secret = _credentials(request.headers, (client_id, client_secret))
    address = _admit_sign_in(request)
    signer: Signer = request.app.state.signer
    try:
        token = await service.issue_token(
            hub_of(request),
            signer,
            made,
            secret,
            request=request_id_of(request),
            address=address,
        )
    except ClientRefused as refusal:
        return await _refused(request, refusal)
    return TokenView.of(token)


@router.post(
    "/oauth/revoke",
    tags=["parties 接入方"],
    summary="Give a token back 作废令牌",
    description="RFC 7009: the client's own token, and every one it was given before, opens "
    "nothing from now on. A token that is not its own or cannot be read is answered alike. "
    "按 RFC 7009 作废本客户端的该令牌及此前签发的令牌；非本方或无法识别的令牌应答相同。",
    status_code=200,
    responses=problems(TokenRequestMalformed, ClientRefused, SignInLocked, RateLimited),
)
async def revoke(
    request: Request,
    token: Annotated[
        str | None, Form(description="The access token 访问令牌", examples=["eyJhbGciOi…"])
    ] = None,
    client_id: ClientIdField = None,
    client_secret: SecretField = None,
) -> Response:
    """Revoke a token."""
    if not token:
        raise _malformed("token is required")
    credentials = _credentials(request.headers, (client_id, client_secret))
    address, signer = _admit_sign_in(request), request.app.state.signer
    assert isinstance(signer, Signer), "the application is composed with one"
    try:
        holder = await service.holder_of(
            hub_of(request),
            signer,
            credentials,
            token,
            request=request_id_of(request),
            address=address,
        )
    except ClientRefused as refusal:
        return await _refused(request, refusal)
    if holder is not None:

        async def give_back(work: Work) -> None:
            await service.revoke_token(work, holder)

        # The token may be revoked already; the client has proved itself by its secret.
        caller = replace(holder, issued_at=None)
        await _door(request, caller).write(give_back, show=Done.of, status=200)
    return Response(status_code=200)


@router.post(
    "/oauth/sessions",
    tags=["parties 接入方"],
    summary="Sign a person in 人员登录",
    description="A person of the operator or of an agency: password and one-time code (RFC 6238) "
    "for a short session, sent as a Bearer token; it sees and does what the party may. Each code "
    "is good once; failures lock sign-in for a growing while. "
    "部级或经办机构人员以密码与动态口令登录，取得短时会话，权限同所属单位；口令一次有效，失败将逐次延长锁定。",
    response_model=TokenView,
    responses=problems(PersonRefused, SignInLocked, RateLimited),
)
async def sign_in(request: Request, asked: SessionAsked) -> TokenView:
    """Sign a person in."""
    address = _admit_sign_in(request)
    signer: Signer = request.app.state.signer
    settings = request.app.state.settings
    keys = Signer(signer.key, settings.person_minutes), Seal.of(settings, service.SEALED_FOR)
    brought = SignIn(person=asked.person, password=asked.password, code=asked.code)
    token = await service.sign_in(
        hub_of(request), keys, brought, request=request_id_of(request), address=address
    )
    return TokenView.of(token)


@router.post(
    "/oauth/invitations/acceptance",
    tags=["parties 接入方"],
    summary="Enrol who was invited 受邀人员开户",
    description="Whom two persons invited chooses a password and gets the address for an "
    "authenticator, this once. An invitation is good once; failures count with those to sign in. "
    "受邀人员凭两段邀请码自设密码并绑定动态口令；邀请码一次有效，失败与登录失败合并计数。",
    response_model=AuthenticatorView,
    responses=problems(InvitationRefused, SignInLocked, RateLimited, PasswordTooWeak),
)
async def enrol(request: Request, asked: AcceptanceAsked) -> AuthenticatorView:
    """Enrol an invited person."""
    address = _admit_sign_in(request)
    seal = Seal.of(request.app.state.settings, service.SEALED_FOR)
    made = await service.enrol(
        hub_of(request), seal, asked.brought(), request=request_id_of(request), address=address
    )
    return AuthenticatorView.of(made)


@router.post(
    "/oauth/sessions/end",
    tags=["parties 接入方"],
    summary="Sign a person out 人员退出",
    description="Ends every session of the person whose token is sent; a client's token is left "
    "alone. 结束该人员的全部会话；对客户端令牌无效果。",
    status_code=204,
)
async def sign_out(request: Request, caller: CallerNow) -> Response:
    """Sign a person out."""
    person, since = caller.person, caller.issued_at
    if person is not None and since is not None:

        async def end(work: Work) -> None:
            await service.end_sessions(work, person, since)

        await _door(request, caller).write(end, show=Done.of, status=200)
    return Response(status_code=204)
