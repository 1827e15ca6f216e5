"""The two addresses old hospital software posts to."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from app.gateway.credentials import Proofs
from app.gateway.envelope import Reference, read_json, refusal_answer
from app.gateway.examples import example_of
from app.gateway.exchange import Exchange
from app.gateway.mapping import envelope, transactions
from app.gateway.outputs import write_json
from app.kernel.parties import PartyKind
from app.kernel.refusal import Refusal
from app.parties.errors import ClientRefused, SignInLocked
from app.runtime.addresses import AddressRefused
from app.runtime.auth import Caller, Signer, Unauthenticated
from app.runtime.http import admit, bearer, calling_address, hub_of, request_id_of, send
from app.runtime.limits import Limits, RateLimited
from app.runtime.problems import STATUS, Answer, BodyTooLarge, Malformed, problems
from app.runtime.shedding import Overloaded
from app.runtime.telemetry import TooLargeError

router = APIRouter(prefix="/compat", tags=["gateway 兼容层"])
JSON_TYPE = "application/json"
DESCRIPTION = (
    "One JSON envelope, the transaction number in `infno`. A compatibility profile, never the "
    "official interface 兼容层，并非官方接口规范. The same services as REST, the same message log: "
    "`msgid` is the message id. HTTP 200 whatever the outcome: `infcode` 0 or -1, `err_msg` = "
    "`[CODE] 中文原因 (field)`, all faults in `output.errors`. 400 only when the JSON cannot be "
    "read, 401 for wrong credentials (bearer token, or client id and secret as HTTP Basic), 403 or "
    "429 for a client held to addresses or rates, 413 "
    "over size, 503 when there is no turn to be had in time. Transactions 支持的交易: "
    + "、".join(f"{it.number} {it.zh}" for it in transactions().values())
    + "."
)
ENVELOPE_EN = {
    "infno": "Number of the transaction",
    "msgid": "Sender's message id",
    "mdtrtarea_admvs": "Treatment place",
    "insuplc_admdvs": "Insured place",
    "recer_sys_code": "System it is meant for",
    "dev_no": "Device",
    "dev_safe_info": "Safety data of the device",
    "cainfo": "Digital signature",
    "signtype": "Kind of signature",
    "infver": "Version of the interface",
    "opter_type": "Kind of operator",
    "opter": "Operator",
    "opter_name": "Name of the operator",
    "inf_time": "Time of the transaction",
    "fixmedins_code": "Institution",
    "fixmedins_name": "Name of the institution",
    "sign_no": "Session signed in to",
}
CALLERS = (PartyKind.INSTITUTION, PartyKind.AGENCY)


MESSAGE: dict[str, Any] = {
    "type": "object",
    "description": "The envelope 报文信封",
    "required": [*(it.name for it in envelope().fields if it.required), "input"],
    "additionalProperties": True,
    "properties": {
        **{
            it.name: {
                "type": "string",
                "maxLength": it.length or 19,
                "description": f"{ENVELOPE_EN.get(it.name, '')} {it.zh}".strip(),
            }
            for it in envelope().fields
        },
        "input": {"type": "object", "description": "Input 交易输入", "additionalProperties": True},
    },
}
ANSWER: dict[str, Any] = {
    "type": "object",
    "description": "The answer 应答报文",
    "properties": {
        "infcode": {
            "type": "integer",
            "enum": [0, -1],
            "description": "0 done 成功, -1 refused 失败",
        },
        "inf_refmsgid": {"type": "string", "description": "Receiver's message id 接收方报文编号"},
        "refmsg_time": {
            "type": "string",
            "description": "Received at 接收报文时间 yyyyMMddHHmmssSSS",
        },
        "respond_time": {
            "type": "string",
            "description": "Answered at 响应报文时间 yyyyMMddHHmmssSSS",
        },
        "err_msg": {
            "type": "string",
            "maxLength": 200,
            "description": "Why not 失败原因: [CODE] 中文原因 (field)",
        },
        "output": {
            "type": "object",
            "description": "Output 交易输出",
            "additionalProperties": True,
        },
    },
}
# What never became a message is answered in the envelope's shape all the same.
NO_MESSAGE = (Malformed, BodyTooLarge, Unauthenticated, AddressRefused, RateLimited, Overloaded)
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Carried out or refused; `infcode` says which 成功或业务拒绝，见 infcode",
        "content": {JSON_TYPE: {"schema": ANSWER}},
    },
    **{
        status: {**entry, "content": {JSON_TYPE: {"schema": ANSWER}, **entry["content"]}}
        for status, entry in problems(*NO_MESSAGE).items()
    },
}


def _body(number: str) -> dict[str, Any]:
    shown = {"schema": MESSAGE, "example": example_of(number)}
    return {"requestBody": {"required": True, "content": {JSON_TYPE: shown, "text/plain": shown}}}


async def gateway_caller(
    request: Request, authorization: Annotated[str | None, Depends(bearer)]
) -> Caller | Refusal:
    """FastAPI dependency: the party behind a bearer token, or behind HTTP Basic credentials."""
    hub, signer = hub_of(request), request.app.state.signer
    assert isinstance(signer, Signer), "the application is composed with one"
    scheme, _, credentials = (authorization or "").partition(" ")
    try:
        if scheme.lower() == "bearer":
            caller = signer.read(credentials, hub.clock())
        elif scheme.lower() == "basic":
            proofs: Proofs = _proofs(request)
            come_from = (request_id_of(request), calling_address(request))
            limits: Limits = request.app.state.limits
            caller = await proofs.caller(hub, (signer, limits), credentials, come_from)
        else:
            return Unauthenticated(reason="missing")
    except (Unauthenticated, ClientRefused):
        return Unauthenticated(reason="invalid")
    except (SignInLocked, RateLimited) as over:
        return over
    request.scope["hub.caller"] = caller
    try:
        await admit(request, caller)
    except Refusal as refusal:
        return refusal
    return caller


gateway_caller.kinds = CALLERS  # type: ignore[attr-defined]  # read by the list of who calls what
CallerNow = Annotated[Caller | Refusal, Depends(gateway_caller)]


def _proofs(request: Request) -> Proofs:
    """Return what this application remembers of credentials."""
    state = request.app.state
    if not hasattr(state, "gateway_proofs"):
        state.gateway_proofs = Proofs()
    proofs: Proofs = state.gateway_proofs
    return proofs


async def _answer(
    request: Request,
    caller: Caller | Refusal,
    path_number: str | None,
    *,
    renewed: bool = False,
) -> Response:
    hub = hub_of(request)
    reference = Reference(message=request_id_of(request), received_at=hub.clock())
    if isinstance(caller, Refusal):
        return _refused(reference, caller, request)
    try:
        sent = read_json(await request.body())
    except TooLargeError as large:
        return _refused(reference, BodyTooLarge(bytes_max=large.limit), request)
    if sent is None:
        fault = {"pointer": "", "code": "unreadable", "detail": "not one JSON object"}
        return _refused(reference, Malformed(errors=[fault]), request)
    message = f"{caller.party} {sent.get('msgid')}"
    reference = Reference(message=message, received_at=reference.received_at)
    exchange = Exchange(
        hub=hub,
        settings=request.app.state.settings,
        caller=caller,
        request=request_id_of(request),
        reference=reference,
        lane=request.scope.get("hub.settling"),
    )
    try:
        return send(await exchange.answer(sent, path_number))
    except Unauthenticated as refusal:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if renewed or scheme.lower() != "basic" or not _proofs(request).forget(credentials):
            return _refused(reference, refusal, request)
    # The remembered token was revoked; the credentials may still be good for another.
    proved = await gateway_caller(request, f"{scheme} {credentials}")
    return await _answer(request, proved, path_number, renewed=True)


def _refused(reference: Reference, refusal: Refusal, request: Request) -> Response:
    """Answer what never became a message: in the envelope's shape, with a status of its own."""
    body = refusal_answer(reference, refusal, hub_of(request).clock())
    wait = refusal.facts.get("retry_after_seconds")
    return send(
        Answer(
            status=STATUS[refusal.kind],
            body=write_json(body).encode(),
            retry_after_seconds=wait if isinstance(wait, int) else None,
        )
    )


@router.post(
    "/fsi/api/callService",
    summary="Any transaction 统一交易入口",
    description=DESCRIPTION,
    responses=ANSWERS,
    openapi_extra=_body("1201"),
    dependencies=[Depends(gateway_caller)],
)
async def call_service(request: Request, caller: CallerNow) -> Response:
    """Answer a message to the single gateway."""
    return await _answer(request, caller, None)


@router.post(
    "/hsa/hgs/{infno}",
    summary="One transaction by its number 按交易编号调用",
    description="As callService, with the number in the path as well; both must be the same. "
    "同 callService，路径与报文中的交易编号须一致。",
    responses=ANSWERS,
    openapi_extra=_body("1901"),
    dependencies=[Depends(gateway_caller)],
)
async def by_number(
    request: Request,
    caller: CallerNow,
    infno: Annotated[
        str, Path(description="Transaction number 交易编号", max_length=10, examples=["1901"])
    ],
) -> Response:
    """Answer a message to the path of its number."""
    return await _answer(request, caller, infno)
