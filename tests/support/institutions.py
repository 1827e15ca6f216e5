"""Institutions for tests: the seeded list, and entries of one's own."""

from __future__ import annotations

from typing import Any

from app.institutions import service
from app.institutions.files import COLUMNS
from app.institutions.model import TakenIn
from app.runtime.seeds import seed_rows
from app.runtime.sheets import write_csv
from tests.support.parties import as_operator, seeded
from tests.support.world import World

JINAN = "H37010000001"  # 山东中医药大学第二附属医院
JINAN_DEVICES = "A37010000001"  # 德林义肢矫型器（北京）有限公司济南分公司
TABLES = ("institutions.csv", "institutions_synthetic.csv")


async def seeded_institutions(world: World, *tables: str) -> list[TakenIn]:
    """Load regions, parties and the seeded institutions."""
    await seeded(world)
    taken = []
    for table in tables or TABLES:
        rows = seed_rows(table)
        taken.append(await as_operator(world, lambda work, r=rows: service.load(work, r)))  # type: ignore[misc]  # r is bound at once
    return taken


def entry(**other: Any) -> dict[str, Any]:
    """Return the body of PUT for a hospital in Jinan."""
    scope = {"cost_kind": "medical", "scheme": "cross_province", "first_day": "2024-04-01"}
    return {
        "name": "济南示例医院",
        "types": ["medical"],
        "grade": "三级甲等",
        "region": "370100",
        "address": "山东省济南市示例区示例路1号",
        "source": "synthetic",
        "scopes": [scope],
    } | other


def row(**other: str) -> dict[str, str]:
    """Return the cells of a row for a hospital in Jinan."""
    return (
        dict.fromkeys(COLUMNS, "")
        | {
            "code": "H37010000701",
            "name": "济南示例医院",
            "types": "medical",
            "grade": "三级甲等",
            "region": "370100",
            "address": "山东省济南市示例区示例路1号",
            "schemes": "cross_province",
            "first_day": "2024-04-01",
            "source": "synthetic",
        }
        | other
    )


def sheet(*rows: dict[str, str]) -> bytes:
    """Write rows as the CSV of the import."""
    return write_csv(COLUMNS, [[cells[name] for name in COLUMNS] for cells in rows])
