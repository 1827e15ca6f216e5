"""The SQL of encrypting personal data anew, as the owner of the tables: the service may not."""

from __future__ import annotations

import sqlalchemy as sa

from app.entitlement.tables import SEALED, worker_identity
from app.runtime.db import Tx
from app.runtime.vault import ID_BYTES, Vault

_EVERYBODY = sa.text("SELECT hub_as('operator', 'operator', '', true)")
_NEWEST = sa.bindparam("newest", type_=sa.LargeBinary)
_COLUMNS = [worker_identity.c[name] for name in SEALED]
_IS_OLD = sa.or_(*(sa.func.substring(it, 1, ID_BYTES) != _NEWEST for it in _COLUMNS))
_OLD = (
    sa.select(worker_identity.c.worker_id, *_COLUMNS)
    .where(worker_identity.c.worker_id > sa.bindparam("after", type_=sa.BigInteger), _IS_OLD)
    .order_by(worker_identity.c.worker_id)
    .limit(sa.bindparam("rows", type_=sa.Integer))
    .with_for_update()
)
_REKEY = (
    worker_identity.update()
    .where(worker_identity.c.worker_id == sa.bindparam("of_worker"))
    .values({name: sa.bindparam(f"new_{name}", type_=sa.LargeBinary) for name in SEALED})
)


async def rekey(tx: Tx, vault: Vault, *, after: int, rows: int) -> list[int]:
    """Encrypt the next rows under the newest key; return whose they are."""
    await tx.execute(_EVERYBODY)
    asked = {"newest": vault.newest, "after": after, "rows": rows}
    found = (await tx.execute(_OLD, asked)).mappings().all()
    if not found:
        return []
    anew: list[dict[str, object]] = []
    for row in found:
        worker_id = int(row["worker_id"])
        values: dict[str, object] = {"of_worker": worker_id}
        for name in SEALED:
            kept = row[name]
            values[f"new_{name}"] = (
                None
                if kept is None
                else vault.encrypt(vault.decrypt(kept, worker_id, name), worker_id, name)
            )
        anew.append(values)
    await tx.execute(_REKEY, anew)
    return [int(row["worker_id"]) for row in found]
