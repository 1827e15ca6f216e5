"""Treatment agencies state, suspend and take offline the institutions of their own region."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from tests.support.institutions import entry, seeded_institutions
from tests.support.world import World

PATH = "/v1/institutions/H37010000701"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(world: World) -> World:
    await seeded_institutions(world, "institutions.csv")
    return world


async def test_the_agency_of_the_place_states_an_entry_and_all_may_read_it(hub: World) -> None:
    stated = await hub.agency("370100").put(PATH, entry(uscc="91370100MA3C0000X8"))
    assert stated.status_code == 200, stated.text
    read = await hub.channel().get(PATH)
    assert read.json() == stated.json()
    assert read.json()["state"] == "online"
    assert read.json()["state_since"] == "2024-04-01"


async def test_stating_the_same_entry_again_does_not_change_its_revision(hub: World) -> None:
    first = await hub.agency("370000").put(PATH, entry())
    again = await hub.agency("370000").put(PATH, entry())
    assert again.json() == first.json()
    other = await hub.agency("370000").put(PATH, entry(name="济南示例第二医院"))
    assert other.json()["revision"] > first.json()["revision"]
    assert other.json()["uscc"] == first.json()["uscc"]


async def test_an_entry_is_stated_whole(hub: World) -> None:
    scope = {"cost_kind": "medical", "scheme": "in_province", "first_day": "2025-01-01"}
    stated = await hub.agency("370000").put(PATH, entry(scopes=[scope]))
    assert [each["scheme"] for each in stated.json()["scopes"]] == ["in_province"]
    emptied = await hub.agency("370000").put(PATH, entry(scopes=[]))
    assert emptied.json()["scopes"] == []


def scope(first_day: str, last_day: str | None = None, **other: str) -> dict[str, str | None]:
    """Return a scope of treatment across provinces."""
    about = {"cost_kind": "medical", "scheme": "cross_province"} | other
    return {**about, "first_day": first_day, "last_day": last_day}


# In order of precedence: where several apply, the first is answered and the others stand beside it.
REFUSALS: list[tuple[str, dict[str, Any], int, list[str]]] = [
    ("110000", {"grade": None}, 403, ["forbidden-region"]),
    ("370200", {}, 403, ["forbidden-region"]),
    (
        "370000",
        {
            "region": "370200",
            "grade": None,
            "scopes": [scope("2025-01-01", "2024-01-01", cost_kind="device")],
        },
        422,
        [
            "institution-code-mismatch",
            "institution-grade-mismatch",
            "institution-type-mismatch",
            "institution-scope-overlap",
        ],
    ),
    ("370000", {"types": ["device"], "grade": None}, 422, ["institution-code-mismatch"]),
    ("370000", {"grade": None}, 422, ["institution-grade-mismatch"]),
    (
        "370000",
        {"scopes": [scope("2024-04-01", cost_kind="rehabilitation")]},
        422,
        ["institution-type-mismatch"],
    ),
    (
        "370000",
        {"scopes": [scope("2024-04-01", "2024-12-31"), scope("2024-12-31")]},
        422,
        ["institution-scope-overlap"],
    ),
]


@pytest.mark.parametrize(("agency", "other", "status", "expected"), REFUSALS)
async def test_refusals_of_an_entry_come_in_order_and_together(
    hub: World, agency: str, other: dict[str, Any], status: int, expected: list[str]
) -> None:
    before = (await hub.operator.get(PATH)).json()
    answer = await hub.agency(agency).put(PATH, entry(**other))
    body = answer.json()
    found = [body["code"], *(each["code"] for each in body.get("also", []))]
    assert answer.status_code == status
    assert found[: len(expected)] == expected
    assert (await hub.operator.get(PATH)).json() == before


async def test_an_entry_in_a_region_nobody_knows_is_refused(hub: World) -> None:
    body = entry(region="370999")
    answer = await hub.agency("370000").put("/v1/institutions/H37099900001", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "region-unknown")


@pytest.mark.parametrize("other", [{"x": 1}, {"name": " "}, {"types": []}, {"uscc": "1"}])
async def test_a_body_that_cannot_be_read_is_refused(hub: World, other: dict[str, Any]) -> None:
    answer = await hub.agency("370000").put(PATH, entry(**other))
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_institutions_and_channels_keep_no_entries(hub: World) -> None:
    for client in (hub.institution("H37010000701"), hub.channel()):
        assert (await client.put(PATH, entry())).json()["code"] == "forbidden"
        answer = await client.post(f"{PATH}/suspend", {"reason": "x"})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_write_needs_a_message_id_and_the_same_id_has_one_effect(hub: World) -> None:
    agency = hub.agency("370000")
    bare = {"Authorization": agency.headers()["Authorization"]}
    missing = await hub.http.put(PATH, json=entry(), headers=bare)
    assert missing.status_code == 428
    first = await agency.put(PATH, entry(specialities=["骨科"]), key="one-and-the-same")
    again = await agency.put(PATH, entry(specialities=["骨科"]), key="one-and-the-same")
    assert (first.content, again.headers["Idempotency-Replayed"]) == (again.content, "true")


async def test_a_life_of_suspensions_is_told_by_date(hub: World) -> None:
    agency, path = hub.agency("370100"), "/v1/institutions/H37010000702"
    await agency.put(path, entry())
    hub.clock.set_day("2025-09-01")

    async def happen(event: str, **body: str) -> dict[str, Any]:
        answer = await agency.post(f"{path}/{event}", {"reason": "测试"} | body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    assert (await happen("suspend"))["state"] == "suspended"
    assert (await happen("resume", first_day="2025-09-10"))["state_since"] == "2025-09-10"
    last = await happen("offline", first_day="2025-12-01")
    assert [(each["first_day"], each["state"]) for each in last["standings"]] == [
        ("2024-04-01", "online"),
        ("2025-09-01", "suspended"),
        ("2025-09-10", "online"),
        ("2025-12-01", "offline"),
    ]
    for day, is_online in (
        ("2025-08-31", True),
        ("2025-09-01", False),
        ("2025-09-10", True),
        ("2025-11-30", True),
        ("2025-12-01", False),
    ):
        found = await hub.operator.get("/v1/institutions", on=day, place="370100")
        assert ("H37010000702" in [each["code"] for each in found.json()["items"]]) is is_online
    called_off = await happen("resume", first_day="2025-12-01")
    assert called_off["standings"][-1] == {
        "first_day": "2025-12-01",
        "state": "online",
        "reason": "测试",
    }


async def test_refusals_of_a_change_of_state_come_in_order(hub: World) -> None:
    hub.clock.set_day("2025-09-01")
    path = "/v1/institutions/H37010000703"
    early = {"reason": "x", "first_day": "2025-08-31"}
    shandong = hub.agency("370000")
    unknown = await shandong.post(f"{path}/resume", early)
    await shandong.put(path, entry())
    foreign = await hub.agency("110000").post(f"{path}/resume", early)
    no_move = await shandong.post(f"{path}/resume", early)
    too_early = await shandong.post(f"{path}/suspend", early)
    answers = [unknown, foreign, no_move, too_early]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (404, "institution-unknown"),
        (403, "forbidden-region"),
        (409, "no-such-move"),
        (422, "institution-state-day"),
    ]
    assert too_early.json()["earliest"] == "2025-09-01"


async def test_a_change_leaves_a_trail_and_tells_the_region_and_the_institution(
    hub: World,
) -> None:
    path = "/v1/institutions/H37010000704"
    await hub.agency("370000").put(path, entry())
    await hub.agency("370000").post(f"{path}/suspend", {"reason": "整改"})
    async with hub.tx() as tx:
        trail = await tx.exec_driver_sql(
            "SELECT action, party FROM audit_trail WHERE subject = 'H37010000704' ORDER BY seq"
        )
        told = await tx.exec_driver_sql(
            "SELECT topic, parties FROM announcement WHERE subject = 'H37010000704'"
        )
        assert [tuple(row) for row in trail] == [
            ("institution.put", "370000"),
            ("institution.suspend", "370000"),
        ]
        assert [tuple(row) for row in told] == [("institution.suspend", ["370100", "H37010000704"])]
