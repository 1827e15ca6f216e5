"""1201 and 1901: institutions and value sets."""

from __future__ import annotations

from app.gateway.deeds import facts
from app.gateway.deeds.call import Call
from app.gateway.outputs import Facts, Told
from app.institutions import service as institutions
from app.institutions.model import InstitutionsAsked, InstitutionType
from app.reference.errors import DictionaryUnknown
from app.reference.value_sets import ValueSet, value_sets
from app.runtime.paging import PageAsked
from app.runtime.work import Reading

ROWS_MAX = 100


async def institutions_listed(reading: Reading, call: Call) -> Told:
    """1201 医药机构信息获取."""
    row = call.row()
    code = row.text_or("fixmedins_code")
    if code is not None:
        found = [await institutions.look(reading, code)]
    else:
        kind = row.text_or("fixmedins_type")
        asked = InstitutionsAsked(
            place=row.text_or("admdvs"),
            type=None if kind is None else InstitutionType(kind),
            q=row.text_or("fixmedins_name"),
        )
        page = PageAsked(row.text_or("startrow") or "", ROWS_MAX)
        found = list((await institutions.find(reading, asked, page)).rows)
    return {"medinsinfo": [facts.of_institution(it, reading.today) for it in found]}


async def dictionary(reading: Reading, call: Call) -> Told:  # noqa: ARG001 -- open to every caller
    """1901 字典表查询."""
    name = call.row().text_or("type")
    if name is not None and name not in value_sets():
        raise DictionaryUnknown(dictionary=name)
    wanted = [it for it in value_sets().values() if name in (None, it.name)]
    return {"list": [code for it in wanted for code in _codes(it)]}


def _codes(it: ValueSet) -> list[Facts]:
    taken = [(code, "1") for code in it.values]
    refused = [(code, "0") for code in it.refused]
    return [
        {
            "name": it.name,
            "value": code.value,
            "zh": code.zh,
            "en": code.en,
            "note": code.note,
            "valid": valid,
            "sort": sort,
        }
        for sort, (code, valid) in enumerate([*taken, *refused], start=1)
    ]
