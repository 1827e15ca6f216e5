"""The seed tables, turned into regions and the parties that act for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.kernel.parties import PartyKind
from app.kernel.regions import Level
from app.parties.model import AgencyRole, Party, Region
from app.runtime.seeds import seed_rows

OPERATOR = "operator"
OWN = "hub-default"  # names and codes of our own choosing
CHANNELS = {
    "national-platform": "国家社会保险公共服务平台",
    "government-platform": "人社政务服务平台",
    "mobile-12333": "掌上12333",
    "electronic-card": "电子社保卡",
}


def seeded_regions() -> list[Region]:
    """Read the provinces and cities of GB/T 2260 that take part."""
    return [
        Region(
            code=row["code"],
            name=row["name"],
            name_en=row["name_en"] or None,
            level=Level(row["level"]),
            parent=row["parent"] or None,
            source=row["source"],
            as_of=date.fromisoformat(row["as_of"]),
        )
        for row in seed_rows("regions.csv")
    ]


def seeded_parties(regions: Sequence[Region]) -> list[Party]:
    """Make the operator, one agency per region in the tree of the regions, and the channels."""
    operator = Party(
        code=OPERATOR,
        kind=PartyKind.OPERATOR,
        name="部级经办机构",
        region=None,
        parent=None,
        role=None,
        source=OWN,
    )
    agencies = [
        Party(
            code=each.code,
            kind=PartyKind.AGENCY,
            name=f"{each.name}工伤保险经办机构",
            region=each.code,
            parent=each.parent or OPERATOR,
            role=AgencyRole.BOTH,
            source=OWN,
        )
        for each in regions
    ]
    channels = [
        Party(
            code=code,
            kind=PartyKind.CHANNEL,
            name=name,
            region=None,
            parent=OPERATOR,
            role=None,
            source=OWN,
        )
        for code, name in CHANNELS.items()
    ]
    return [operator, *agencies, *channels]
