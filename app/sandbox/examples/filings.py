"""Filings in every state in which something can be done with them."""

from __future__ import annotations

from collections.abc import Mapping

from app.filing.files import COLUMNS
from app.runtime.openapi import Example
from app.runtime.sheets import write_csv
from app.sandbox.examples.stage import BEIJING, CHANNEL, SHANDONG, Body, Role, Stage, wish

FILINGS = "/v1/filings"
ONE = f"{FILINGS}/{{number}}"


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Entitle whoever is to be filed, and file whoever is decided about."""
    for role in (Role.UNFILED, Role.ROW):
        await stage.registered(role)
    mover = await stage.filed(Role.MOVER)
    submitted = {"claim": stage.claim(Role.UNFILED), **wish()}
    elsewhere = wish(place=SHANDONG) | {"reason": "转至省内他市"}
    return {
        f"POST {FILINGS}": Example(client=CHANNEL, body=submitted),
        f"POST {FILINGS}/batch": _batch(stage),
        f"GET {FILINGS}/batch/template": Example(client=BEIJING),
        f"GET {ONE}": _of(mover),
        f"POST {ONE}/approve": _of(await _submitted(stage, Role.APPLICANT), {}),
        f"POST {ONE}/reject": _of(
            await _submitted(stage, Role.DECLINED), {"reason": "未提供居住证明"}
        ),
        f"POST {ONE}/change": _of(mover, elsewhere),
        f"POST {ONE}/cancel": _of(await stage.filed(Role.RETURNER), {"reason": "返回参保地居住"}),
    }


async def _submitted(stage: Stage, role: Role) -> str:
    """Submit through the channel; the filing waits for the insured agency."""
    await stage.registered(role)
    body = {"claim": stage.claim(role), **wish()}
    filing = await stage.write(CHANNEL, FILINGS, body, f"{role.name.lower()}-filing")
    return str(filing["number"])


def _of(number: str, body: Body | None = None) -> Example:
    return Example(client=BEIJING, parameters={"number": number}, body=body)


def _batch(stage: Stage) -> Example:
    someone = stage.somebody(Role.ROW)
    row = {"certificate_number": someone.number, "name": someone.name, **wish()}
    cells = row | {"cost_kinds": "；".join(row["cost_kinds"])}
    sheet = write_csv(COLUMNS, [[cells.get(column, "") for column in COLUMNS]])
    return Example(client=BEIJING, body={"rows": [row]}, sheet=sheet.decode("utf-8-sig"))
