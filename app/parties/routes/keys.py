"""Where a client registers what it signs by, and where the hub's own public key is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app.kernel.parties import KeyKind
from app.parties import service
from app.parties.errors import ClientUnknown, KeyUnknown, PublicKeyFormat
from app.parties.model import Key
from app.parties.routes.clients import ClientId
from app.parties.schemas import KeyAsked, KeyView, OwnKeyView, SigningKeyView
from app.runtime.door import Busy
from app.runtime.http import OpenDoor, OpenReading, only, shown_once
from app.runtime.paging import Page, PageView
from app.runtime.problems import problems
from app.runtime.signatures import HUB_KEY, ID, Signing
from app.runtime.work import Work

router = APIRouter(prefix="/v1", tags=["parties 接入方"])


@router.post(
    "/clients/{client}/keys",
    summary="Register a signing key 登记签名密钥",
    description="An SM2 public key of the client, or a shared key for HMAC-SM3, which only the "
    "first answer shows. Ask for a new token afterwards: it names the keys. "
    "登记本方 SM2 公钥或申请 HMAC-SM3 共享密钥（仅首次应答返回）；登记后请重新换取令牌。",
    dependencies=[only()],
    response_model=OwnKeyView,
    status_code=201,
    responses=problems(PublicKeyFormat, ClientUnknown),
)
async def register(request: Request, door: OpenDoor, client: ClientId, asked: KeyAsked) -> Response:
    """Register a signing key."""
    signing: Signing = request.app.state.signing
    made: list[Key] = []

    async def keep(work: Work) -> Key:
        made.append(await service.register_key(work, client, asked.kind, asked.public_key))
        return made[-1]

    answer = await door.write(keep, show=KeyView.of)
    if not made or made[-1].kind is not KeyKind.HMAC_SM3:
        return answer
    own = KeyView.of(made[-1]).model_dump()
    shared = signing.shared_key(made[-1].id).hex()
    return shown_once(answer, OwnKeyView(**own, shared_key=shared))


@router.get(
    "/clients/{client}/keys",
    summary="List signing keys 查询签名密钥",
    description="Keys of one client, oldest first, retired ones included. "
    "某客户端的全部签名密钥，含已停用的。",
    dependencies=[only()],
    response_model=PageView[KeyView],
    responses=problems(ClientUnknown, Busy),
)
async def keys(reading: OpenReading, client: ClientId) -> PageView[KeyView]:
    """List a client's keys."""
    return PageView.of(Page(await service.list_keys(reading, client), None), KeyView.of)


@router.post(
    "/clients/{client}/keys/{key}/retirement",
    summary="Retire a signing key 停用签名密钥",
    description="The key signs nothing any more, and the client's tokens are revoked, since they "
    "name it. By its own party or the operator. 停用后该密钥不可再用，且客户端现有令牌一并作废。",
    dependencies=[only()],
    response_model=KeyView,
    responses=problems(ClientUnknown, KeyUnknown),
)
async def retire(
    door: OpenDoor,
    client: ClientId,
    key: Annotated[
        str,
        Path(max_length=32, description="Id of the key 密钥编号", examples=["k-3f2a9b1c4d5e6f70"]),
    ],
) -> Response:
    """Retire a key."""
    return await door.write(
        lambda work: service.retire_key(work, client, key), show=KeyView.of, status=200
    )


@router.get(
    "/signing-key",
    summary="The hub's public key 平台签名公钥",
    description="What the hub's SM2 signatures are verified with; compare it with the one handed "
    "over on paper. 用于验证平台应答签名；请与书面交付的公钥核对。",
    dependencies=[only()],
    response_model=SigningKeyView,
    responses=problems(Busy),
)
async def signing_key(request: Request) -> SigningKeyView:
    """Show the hub's public key."""
    signing: Signing = request.app.state.signing
    return SigningKeyView(id=HUB_KEY, public_key=signing.public_key, signer=ID.decode())
