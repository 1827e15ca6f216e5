"""Ready-made clients of an embedded hub, kept in HUB_HOME/credentials.json for its owner alone."""

from __future__ import annotations

import json
from pathlib import Path

from app.cli.acts import act, look
from app.cli.kept import FILE
from app.institutions import service as institutions
from app.institutions.model import Institution
from app.kernel.parties import PartyKind
from app.parties import service as parties
from app.parties.errors import ClientExists
from app.parties.model import Credential, Party
from app.runtime.door import Hub
from app.runtime.http import TOKEN_PATH
from app.runtime.standalone import write_private
from app.runtime.work import Work

FIELDS = ("party", "client_id", "client_secret")
READY_MADE = (
    "operator",
    "110000",  # 北京市
    "370000",  # 山东省
    "370100",  # 济南市
    "H37010000001",  # 山东中医药大学第二附属医院
    "A37010000001",  # 德林义肢矫型器（北京）有限公司济南分公司
    "national-platform",  # 国家社会保险公共服务平台
)


async def give_client(work: Work, party: str, client_id: str | None = None) -> Credential:
    """Give a party a client; an institution that is on record becomes a party by it."""
    institution = await institutions.by_code(work.tx, party)
    if institution is not None:
        await parties.load_parties(work, [_party_of(institution)])
    return await parties.create_client(work, party, client_id)


async def ensure_party(hub: Hub, code: str) -> None:
    """Make an institution that is on record a party; everybody else is one or is none."""
    async with look(hub) as reading:
        institution = await institutions.by_code(reading.rx, code)
    if institution is not None:
        known = [_party_of(institution)]
        await act(hub, "parties load", lambda work: parties.load_parties(work, known))


def _party_of(institution: Institution) -> Party:
    return Party(
        code=institution.code,
        kind=PartyKind.INSTITUTION,
        name=institution.name,
        region=institution.region,
        parent=institution.region,
        role=None,
        source="institution",
    )


async def ensure_credentials(hub: Hub, home: Path) -> Path:
    """Make the ready-made clients, or new secrets for them, unless the file has them all."""
    path = home / FILE
    async with look(hub) as reading:
        known = {it.id for it in await parties.clients(reading)}
    # A file that outlived its database names clients that nobody knows.
    kept = {party: it for party, it in _read(path).items() if it["client_id"] in known}
    if set(READY_MADE) <= set(kept):
        return path
    made = [await _make(hub, party) for party in READY_MADE if party not in kept]
    clients = kept | {
        it.party: {"party": it.party, "client_id": it.id, "client_secret": it.secret} for it in made
    }
    document = {"token_path": TOKEN_PATH, "clients": clients}
    write_private(path, json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    return path


async def _make(hub: Hub, party: str) -> Credential:
    """Make the client, or give it a new secret where only the file was lost."""
    client_id = f"{party}-local"
    try:
        return await act(hub, "clients create", lambda work: give_client(work, party, client_id))
    except ClientExists:
        return await act(hub, "clients rotate", lambda work: parties.rotate_client(work, client_id))


def _read(path: Path) -> dict[str, dict[str, str]]:
    """Read the clients in the file; whatever is not whole counts as lost."""
    try:
        clients = json.loads(path.read_text("utf-8"))["clients"].items()
        return {party: {name: str(it[name]) for name in FIELDS} for party, it in clients}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
