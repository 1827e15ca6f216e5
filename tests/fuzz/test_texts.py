"""Free text that wants to be something else: SQL, a format, another direction, half a character."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
import pytest_asyncio

from app.runtime.sheets import CSV_TYPE, XLSX_TYPE, read_rows, write_csv, write_xlsx
from tests.support.entitlement import KnownWorker, determination, registration, somebody
from tests.support.filing import FILINGS, wish
from tests.support.settlement import SETTLEMENTS, settled
from tests.support.visit import VISITS, admission, charged, discharged, line, road
from tests.support.world import World

APP = Path(__file__).parents[2] / "app"
TYPED = "'; DROP TABLE worker;--\"%s{0}$1\\:x ${7*7}<b>"
HALVES = ("\\ud800", "\\udfff", "甲\\ud83d")  # a pair's one half, as JSON writes it
TURNED = ("甲\u202e乙", "甲\u2066乙\u2069", "\u200b甲", "甲\u200f", "\ufeff甲", "甲\u00ad乙")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def raw(world: World, path: str, text: str) -> tuple[int, str]:
    """Send a body exactly as it is written, as the agency of Beijing."""
    headers = world.agency("110000").headers() | {"Content-Type": "application/json"}
    answer = await world.http.post(path, content=text.encode(), headers=headers)
    return answer.status_code, answer.text


async def test_sql_in_every_free_field_is_kept_as_typed_and_answered_as_typed(
    world: World,
) -> None:
    """工伤职工, 认定, 备案, 就诊, 费用明细, 撤销 carry it along the whole road."""
    someone, agency = somebody(), world.agency("110000")
    asked = registration(someone, name=TYPED, employer=TYPED)
    told = (await agency.post("/v1/workers", asked)).json()
    number = told["number"]
    decided = determination(number, document_number=TYPED, injured_parts=[TYPED])
    shown = await agency.post("/v1/determinations", decided)
    assert shown.json()["document_number"] == TYPED
    assert shown.json()["injured_parts"] == [TYPED]
    assert (await agency.post(FILINGS, wish(worker=number))).status_code == 201
    worker = KnownWorker(someone, number)
    who = worker.claim(name=TYPED)
    asked = admission(worker, worker=who, department=TYPED, physician=TYPED, admission_no=TYPED)
    hospital = world.institution("H37010000001")
    visit = (await hospital.post(VISITS, asked)).json()
    assert (visit["department"], visit["physician"], visit["admission_no"]) == (TYPED,) * 3
    await charged(world, visit["number"], line("1", item_name=TYPED))
    lines = (await hospital.get(f"{VISITS}/{visit['number']}/lines")).json()["items"]
    assert lines[0]["item_name"] == TYPED
    await discharged(world, visit["number"])
    settlement = (await settled(world, visit["number"]))["number"]
    undone = await hospital.post(f"{SETTLEMENTS}/{settlement}/cancel", {"reason": TYPED})
    assert undone.status_code == 201, undone.text
    again = await agency.post("/v1/workers", registration(someone, name=TYPED, employer=TYPED))
    assert (again.status_code, again.json()["number"]) == (200, number)


@pytest.mark.parametrize(
    "path", ["/v1/workers", "/oauth/sessions", "/v1/filings/batch", "/v1/subscriptions"]
)
@pytest.mark.parametrize("half", HALVES)
async def test_half_a_character_is_a_fault_of_the_message(
    world: World, path: str, half: str
) -> None:
    """It is good JSON and no text: nothing can be written by it, not even the answer."""
    body = registration(somebody()) | {"name": "HALF", "person": "HALF", "rows": [{"name": "HALF"}]}
    if path == "/v1/subscriptions":
        body = {"url": "https://events.example.com/hub", "topics": ["HALF"]}
    status, told = await raw(world, path, json.dumps(body).replace("HALF", half))
    assert status == 400, told
    assert json.loads(told)["code"] == "malformed"


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "1" + "0" * 5_000, "1e999999", "1" * 400]
)
async def test_a_number_beyond_numbers_is_a_fault_of_the_message(world: World, text: str) -> None:
    for path, body in (
        ("/v1/workers", '{"name": %s, "certificate_number": %s}'),
        ("/v1/filings/batch", '{"rows": [{"name": %s, "first_day": %s}]}'),
    ):
        status, told = await raw(world, path, body % (text, text))
        assert status == 400, told


async def test_a_body_of_very_many_members_is_answered_shortly(world: World) -> None:
    wide = "{" + ",".join(f'"a{n}": {n}' for n in range(100_000)) + "}"
    status, told = await raw(world, "/v1/workers", wide)
    assert status == 400
    assert len(told) < 100_000


@pytest.mark.parametrize("name", TURNED)
async def test_a_name_that_would_be_read_otherwise_than_it_is_written_is_refused(
    world: World, name: str
) -> None:
    """A clerk compares names by eye: what turns or hides characters has no place in one."""
    someone, agency = somebody(), world.agency("110000")
    answer = await agency.post("/v1/workers", registration(someone, name=name))
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_name_of_look_alikes_is_nobody_elses(world: World) -> None:
    """A Cyrillic а is no Latin a: who is admitted must be named as registered."""
    someone, agency = somebody(), world.agency("110000")
    told = await agency.post("/v1/workers", registration(someone, name="Anna Ma"))
    worker = KnownWorker(someone, told.json()["number"])
    await agency.post("/v1/determinations", determination(worker.number))
    assert (await agency.post(FILINGS, wish(worker=worker.number))).status_code == 201
    hospital = world.institution("H37010000001")
    alike = admission(worker, worker=worker.claim(name="Ann\u0430 Ma"))
    assert (await hospital.post(VISITS, alike)).status_code == 422
    same = admission(worker, worker=worker.claim(name="Anna Ma"))
    assert (await hospital.post(VISITS, same)).status_code == 201


def test_every_sheet_that_leaves_the_hub_is_written_where_formulas_are_made_inert() -> None:
    """No other module writes CSV or XLSX cells of what somebody typed."""
    writing = set()
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
            if named in ("csv.writer", "csv.DictWriter", "openpyxl.Workbook"):
                writing.add(str(path.relative_to(APP)))
    # The seeds' own sheets: from the catalogues of the sandbox and the ministry's list, by no one.
    assert writing == {"runtime/sheets.py", "sandbox/catalogues.py", "institutions/notice.py"}


@pytest.mark.parametrize("typed", ["=1+1", "+1+1", "-1+1", "@A1", "\t=1", "\n=1", "＝1+1", "＠A1"])
def test_no_program_that_opens_an_export_runs_what_was_typed(typed: str) -> None:
    """Chinese and Japanese spreadsheets read the wide signs as the narrow ones."""
    sheet = write_csv(("name",), [(typed,)])
    assert sheet.decode("utf-8-sig").split("\r\n")[1].lstrip('"').startswith("'")
    for content, kind in ((sheet, CSV_TYPE), (write_xlsx(("name",), [(typed,)]), XLSX_TYPE)):
        assert read_rows(content, kind, ("name",), 1)[0].cells["name"] == typed.strip()
