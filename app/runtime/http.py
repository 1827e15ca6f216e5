"""The edge: what a route may depend on, and how every answer and every fault leaves the hub."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.params import Depends as DependsParam
from fastapi.security import OAuth2
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from app.kernel.refusal import Refusal
from app.runtime import prose
from app.runtime.addresses import AddressRefused, address_of, is_within
from app.runtime.allowed import methods_at
from app.runtime.arrivals import Arrival, arriving
from app.runtime.auth import Caller, PartyKind, Signer, Unauthenticated
from app.runtime.depth import TOO_DEEP, check_depth, is_json
from app.runtime.door import Door, Hub, MessageIdMissing, fingerprint_of
from app.runtime.door import reading as lend_reading
from app.runtime.limits import Limits, RateLimited
from app.runtime.problems import (
    Answer,
    BodyTooLarge,
    BodyTooSlow,
    ContentTypeUnsupported,
    Malformed,
    MethodNotAllowed,
    NoSuchPath,
    problem_of,
)
from app.runtime.signatures import DATE_HEADER, SIGNATURE_HEADER, Message, Signing
from app.runtime.telemetry import TooLargeError, TooSlowError
from app.runtime.uploads import identifying_bytes
from app.runtime.work import Reading, Work

T = TypeVar("T")
FAULTS_MAX = 100  # an answer is not to be many times the question
UNREAD = ("model_attributes_type", "model_type", "dict_type", "list_type")

EXAMPLE_KEY = "6f1d2c1e-0001"
TOKEN_PATH = "/oauth/token"  # noqa: S105 -- a path
bearer = OAuth2(
    flows={"clientCredentials": {"tokenUrl": TOKEN_PATH, "scopes": {}}},
    scheme_name="HubClient",
    description="Client id and secret of a party; tokens live minutes. "
    "接入方凭证：客户端编号与密钥，令牌短期有效。",
    auto_error=False,
)


def hub_of(request: Request) -> Hub:
    """Return what every request shares."""
    hub: Hub = request.app.state.hub
    return hub


def request_id_of(request: Request) -> str:
    """Return the id of this request, given by the outermost middleware."""
    return str(request.scope.get("hub.request_id", "-"))


async def caller_of(
    request: Request, authorization: Annotated[str | None, Depends(bearer)]
) -> Caller:
    """FastAPI dependency: the party behind the bearer token."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(reason="missing")
    signer: Signer = request.app.state.signer
    caller = signer.read(token, hub_of(request).clock())
    request.scope["hub.caller"] = caller
    await admit(request, caller)
    return caller


async def admit(request: Request, caller: Caller) -> None:
    """Hold a caller to what its token is bound to: addresses, rates, signed messages."""
    if "hub.admitted" in request.scope:  # in the lane, which left the rest of it to the door
        return
    terms = caller.terms
    if terms.addresses and not is_within(calling_address(request), terms.addresses):
        raise AddressRefused
    limits: Limits = request.app.state.limits
    try:
        request.scope["hub.limit"] = limits.admit(caller)
    except RateLimited as over:
        request.scope["hub.limit"] = over.standing
        raise
    if terms.signature is None:
        return
    signing: Signing = request.app.state.signing
    message = Message(
        method=request.method,
        target=_target(request),
        message_id=request.headers.get("idempotency-key", ""),
        date=request.headers.get(DATE_HEADER, ""),
        body=await request.body(),
    )
    agreed, now = (terms.signature, terms.keys), hub_of(request).clock()
    key = await signing.verify(message, request.headers, agreed, now)
    request.scope["hub.signed"] = (terms.signature, key, request.headers[SIGNATURE_HEADER])


def calling_address(request: Request) -> str:
    """Return the address a request came from, as far as proxies are trusted."""
    return address_of(request.scope, request.app.state.settings.trusted_proxies)


def _target(request: Request) -> str:
    """Return the path with its query, as they were sent."""
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    return (path.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")


CallerNow = Annotated[Caller, Depends(caller_of)]


def only(*kinds: PartyKind) -> DependsParam:
    """Open a route to some kinds of party; `only()` opens it to every authenticated one."""
    allowed = kinds or tuple(PartyKind)

    async def check(caller: CallerNow) -> None:
        caller.require(*allowed)

    check.kinds = allowed  # type: ignore[attr-defined]  # read by the matrix of who may call what
    check.only_kinds = allowed  # type: ignore[attr-defined]  # the gateway checks more than kinds
    depends: DependsParam = Depends(check)
    return depends


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """The door as a route sees it: the same write, answered as an HTTP response."""

    door: Door
    content_type: str | None
    content: bytes = field(repr=False)

    @property
    def caller(self) -> Caller:
        """Return who is asking."""
        return self.door.caller

    async def write(
        self,
        use_case: Callable[[Work], Awaitable[T]],
        *,
        show: Callable[[T], BaseModel],
        status: int = 201,
    ) -> Response:
        """Run `use_case` once and only once for this message id.

        A body that could not be read was refused before; what it says is looked at here.
        """
        prose.check_body(self.content_type, self.content)
        return send(await self.door.write(use_case, show=show, status=status))


async def open_door(
    request: Request,
    caller: CallerNow,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="Message id 报文编号: new per business action, the same on every retry "
            "每笔业务唯一，重发不变",
            examples=[EXAMPLE_KEY],
        ),
    ] = None,
) -> FrontDoor:
    """FastAPI dependency: the way to change something."""
    if idempotency_key is None:
        raise MessageIdMissing
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    content = await identifying_bytes(request)
    check_depth(request.headers.get("content-type"), content)
    prose.check_key(idempotency_key)
    return FrontDoor(
        Door(
            hub=hub_of(request),
            caller=caller,
            key=idempotency_key,
            fingerprint=fingerprint_of(request.method, path, content),
            action=f"{request.method} {request.scope['route'].path}",
            request=request_id_of(request),
        ),
        request.headers.get("content-type"),
        content,
    )


def lent_reading(request: Request, caller: Caller) -> AbstractAsyncContextManager[Reading]:
    """Lend a request the way to look at something."""
    return lend_reading(hub_of(request), caller, request_id_of(request))


async def check_nesting(request: Request) -> None:
    """FastAPI dependency: refuse a JSON body nested too deep where no door looks at it."""
    content_type = request.headers.get("content-type")
    if is_json(content_type):
        check_depth(content_type, await request.body())


async def open_reading(request: Request, caller: CallerNow) -> AsyncIterator[Reading]:
    """FastAPI dependency: the way to look at something."""
    await check_nesting(request)
    async with lent_reading(request, caller) as it:
        yield it


def lent_arrival(request: Request, caller: Caller) -> AbstractAsyncContextManager[Arrival]:
    """Lend a request the way to look at something, to be entered by what it asks."""
    return arriving(hub_of(request), caller, request_id_of(request))


async def open_arrival(request: Request, caller: CallerNow) -> AsyncIterator[Arrival]:
    """FastAPI dependency: the way to look at something, to be entered by what is asked."""
    await check_nesting(request)
    async with lent_arrival(request, caller) as it:
        yield it


OpenDoor = Annotated[FrontDoor, Depends(open_door)]
# scope="function": the look is on record and the connection is back before the answer leaves.
OpenReading = Annotated[Reading, Depends(open_reading, scope="function")]
OpenArrival = Annotated[Arrival, Depends(open_arrival, scope="function")]


def send(answer: Answer) -> Response:
    """Turn prepared bytes into a response."""
    headers: dict[str, str] = {}
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    if answer.retry_after_seconds is not None:
        headers["Retry-After"] = str(answer.retry_after_seconds)
    if answer.status == 401:  # noqa: PLR2004 -- RFC 9110 asks for the challenge
        headers["WWW-Authenticate"] = "Bearer"
    return Response(answer.body, answer.status, headers, answer.media_type)


def shown(view: BaseModel) -> Response:
    """Write a view once; what the hub made itself is not checked again on its way out."""
    return Response(view.model_dump_json(), media_type="application/json")


def shown_once(answer: Response, shown: BaseModel) -> Response:
    """Put what is kept nowhere (a new secret) into the first answer; a replay goes without."""
    if "Idempotency-Replayed" in answer.headers:
        return answer
    return Response(shown.model_dump_json(), answer.status_code, media_type="application/json")


async def answer_refusal(request: Request, refusal: Exception) -> Response:
    """Exception handler for every named refusal."""
    assert isinstance(refusal, Refusal)
    return send(problem_of(refusal, request_id_of(request)))


async def answer_malformed(request: Request, error: Exception) -> Response:
    """Exception handler for a body, path or query FastAPI could not read."""
    assert isinstance(error, RequestValidationError)
    if _wrong_type(request, error):
        return await answer_refusal(request, ContentTypeUnsupported(allowed=["application/json"]))
    errors = [_fault(e) for e in error.errors()[:FAULTS_MAX]]
    _let_go(error)
    return await answer_refusal(request, Malformed(errors=errors))


def _let_go(error: BaseException) -> None:
    """Let a body go with its answer: the framework keeps the error where the error keeps it.

    Such a ring stays until the collector comes by, which is seldom, and a body may be megabytes.
    """
    error.__traceback__ = error.__cause__ = error.__context__ = None


def _wrong_type(request: Request, error: RequestValidationError) -> bool:
    """Say whether the body was not read since it was not declared to be JSON."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    unread = any(
        e["type"] in UNREAD and tuple(e["loc"]) == ("body",) and isinstance(e["input"], bytes)
        for e in error.errors()
    )
    return unread and not re.fullmatch(r"application/(.+\+)?json", sent)


def _fault(error: dict[str, Any]) -> dict[str, str]:
    """Name the place and the fault; never the value, which may be personal, nor such a key."""
    where, *path = error["loc"]
    if error["type"] == "json_invalid":
        path = []
    pointer = "/" + "/".join(prose.step_of(str(p)) for p in path)
    return {
        "in": str(where),
        "pointer": pointer if path else "",
        "code": str(error["type"]),
        "detail": str(error["msg"]),
    }


async def answer_http(request: Request, error: Exception) -> Response:
    """Exception handler for what the framework itself refuses."""
    assert isinstance(error, HTTPException)
    is_too_deep = isinstance(error.__cause__, RecursionError)
    _let_go(error)
    if isinstance(error, TooLargeError):
        return await answer_refusal(request, BodyTooLarge(bytes_max=error.limit))
    if isinstance(error, TooSlowError):
        return await answer_refusal(request, BodyTooSlow(seconds_max=error.seconds))
    if error.status_code == 404:  # noqa: PLR2004 -- HTTP's own
        return await answer_refusal(request, NoSuchPath())
    if error.status_code == 405:  # noqa: PLR2004 -- HTTP's own
        response = await answer_refusal(request, MethodNotAllowed())
        response.headers["Allow"] = methods_at(request)
        return response
    if is_too_deep:  # what parses gives up before depth is counted
        return await answer_refusal(request, Malformed(errors=[TOO_DEEP]))
    fault = {"in": "body", "pointer": "", "code": "unreadable", "detail": str(error.detail)}
    return await answer_refusal(request, Malformed(errors=[fault]))


def install(app: FastAPI) -> None:
    """Give every 4xx and 5xx the one shape."""
    app.add_exception_handler(Refusal, answer_refusal)
    app.add_exception_handler(RequestValidationError, answer_malformed)
    app.add_exception_handler(HTTPException, answer_http)
