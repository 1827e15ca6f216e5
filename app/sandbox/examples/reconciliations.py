"""Days compared: one to be compared by a hospital, one that an agency compared and may repair."""

from __future__ import annotations

from collections.abc import Mapping

from app.runtime.openapi import Example
from app.sandbox.examples.stage import HOSPITAL, SHANDONG, Body, Role, Stage
from app.sandbox.examples.stays import TOTAL, settled

PATH = "/v1/reconciliations"
ONE = f"{PATH}/{{number}}"


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Let Shandong's agency compare today without a single settlement of its own."""
    settlement = await settled(stage, Role.SETTLED)
    day = stage.today.isoformat()
    nothing = {"day": day, "side": "treatment", **_figures(0, "0.00"), "rows": []}
    compared = await stage.write(SHANDONG, PATH, nothing, "compared")
    number = {"number": str(compared["number"])}
    row = {"settlement": settlement, "total": TOTAL, "fund": TOTAL}
    whole = {"day": day, **_figures(1, TOTAL), "rows": [row]}
    repair = {"row": 1, "act": "adopt", "note": "以平台为准补记"}
    return {
        f"POST {PATH}": Example(client=HOSPITAL, body=whole),
        f"GET {PATH}/open": Example(client=HOSPITAL),
        f"GET {PATH}/days/{{day}}": Example(client=HOSPITAL, parameters={"day": day}),
        f"GET {PATH}/files/{{day}}": Example(client=HOSPITAL, parameters={"day": day}),
        f"GET {ONE}": Example(client=SHANDONG, parameters=number),
        f"GET {ONE}/differences": Example(client=SHANDONG, parameters=number),
        f"POST {ONE}/repairs": Example(client=SHANDONG, parameters=number, body=repair),
    }


def _figures(count: int, total: str) -> Body:
    return {"count": count, "total": total, "fund": total}
