"""Where clients are looked up, and where one person of the operator stops them at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.kernel.parties import PartyKind
from app.parties import service
from app.parties.errors import ClientUnknown, SecretUnknown
from app.parties.schemas import ClientView, StoppedView
from app.runtime.door import Busy
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/clients", tags=["parties 接入方"])
ClientId = Annotated[
    str, Path(max_length=64, description="Client id 客户端编号", examples=["370000-local"])
]


@router.get(
    "",
    summary="List clients 查询客户端",
    description="The operator sees every client, everybody else those of their own party, by id; "
    "secrets are never shown. 部级经办机构可查全部客户端，其他接入方仅可查本方；不返回密钥。",
    dependencies=[only()],
    response_model=PageView[ClientView],
    responses=problems(CursorUnreadable, Busy),
)
async def clients(reading: OpenReading, page: AskedPage) -> PageView[ClientView]:
    """List clients."""
    return PageView.of(await service.list_clients(reading, page), ClientView.of)


@router.get(
    "/{client}",
    summary="Look one client up 查询单个客户端",
    description="With the open first parts of its secrets. 含各密钥的公开前缀。",
    dependencies=[only()],
    response_model=ClientView,
    responses=problems(ClientUnknown, Busy),
)
async def client(reading: OpenReading, client: ClientId) -> ClientView:
    """Look one client up."""
    found, secrets = await service.client(reading, client)
    return ClientView.of(found, secrets)


@router.post(
    "/{client}/revocation",
    summary="Revoke a client's tokens 作废客户端令牌",
    description="Every token given until now opens nothing from now on; the client may ask for "
    "new ones. One person is enough: stopping is never to wait. "
    "立即作废此前签发的全部令牌；客户端可重新换取。停用类操作无需双人。",
    dependencies=[only(PartyKind.OPERATOR)],
    response_model=StoppedView,
    responses=problems(ClientUnknown),
)
async def revoke(door: OpenDoor, client: ClientId) -> Response:
    """Revoke a client's tokens."""
    return await door.write(
        lambda work: service.revoke_tokens(work, client), show=StoppedView.of, status=200
    )


@router.post(
    "/{client}/secrets/{hint}/retirement",
    summary="Retire a secret 停用密钥",
    description="The secret buys no more tokens; the client's others go on. Last step of a "
    "rotation without a pause. 该密钥不再有效，其余密钥不受影响；用于不停机轮换的最后一步。",
    dependencies=[only(PartyKind.OPERATOR)],
    response_model=StoppedView,
    responses=problems(ClientUnknown, SecretUnknown),
)
async def retire(
    door: OpenDoor,
    client: ClientId,
    hint: Annotated[
        str, Path(max_length=16, description="Its first part 密钥公开前缀", examples=["9f3a61c2"])
    ],
) -> Response:
    """Retire a secret."""
    return await door.write(
        lambda work: service.retire_secret(work, client, hint), show=StoppedView.of, status=200
    )
