"""Workers, determinations and losses of entitlement over HTTP."""

from __future__ import annotations

import pytest
import pytest_asyncio

from app.entitlement import service
from app.entitlement.model import CardKind, IdentityClaim
from tests.support.entitlement import determination, registered, registration, somebody
from tests.support.filing import FILINGS, filed, submitted
from tests.support.parties import seeded
from tests.support.world import START, World

WORKERS, DETERMINATIONS, LOSSES = "/v1/workers", "/v1/determinations", "/v1/entitlement-losses"


@pytest_asyncio.fixture(loop_scope="session")
async def hub(world: World) -> World:
    world.clock.now = START
    await seeded(world)
    return world


async def trail(world: World, action: str, subject: str) -> list[dict[str, object]]:
    async with world.tx() as connection:
        query = "SELECT facts FROM audit_trail WHERE action = $1 AND subject = $2 ORDER BY seq"
        return list((await connection.exec_driver_sql(query, (action, subject))).scalars())


async def test_a_registered_worker_is_shown_masked(hub: World) -> None:
    someone = somebody()
    answer = await hub.agency("110000").post(WORKERS, registration(someone, phone="13800000000"))
    shown = answer.json()
    assert (answer.status_code, shown["masked"], shown["birth_date"]) == (200, True, None)
    assert shown["name"] == f"{someone.name[0]}***"
    assert someone.number not in answer.text
    assert shown["number"].startswith("W110000250901")


async def test_the_same_certificate_renews_and_leaves_a_trail(hub: World) -> None:
    someone = somebody()
    agency = hub.agency("110000")
    first = (await agency.post(WORKERS, registration(someone))).json()
    hub.clock.advance(days=1)
    renewal = registration(someone, employer="新单位", card_number="N00000001")
    del renewal["electronic_card"]
    again = (await agency.post(WORKERS, renewal)).json()
    assert (again["number"], again["employer"]) == (first["number"], "新单位")
    assert again["electronic_card"] == first["electronic_card"]
    assert again["updated_at"] > again["created_at"]
    assert await trail(hub, "worker.renew", first["number"]) == [
        {"changed": ["card_number", "employer"]}
    ]


async def test_typing_habits_do_not_make_another_person(hub: World) -> None:
    someone = somebody()
    agency = hub.agency("110000")
    first = (await agency.post(WORKERS, registration(someone))).json()
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isascii() else c for c in someone.number)
    typed = registration(
        someone, certificate_number=wide.lower(), name=f"{someone.name[0]} {someone.name[1:]}"
    )
    assert (await agency.post(WORKERS, typed)).json()["number"] == first["number"]


async def test_another_name_under_the_certificate_is_refused(hub: World) -> None:
    someone = somebody()
    agency = hub.agency("110000")
    await agency.post(WORKERS, registration(someone))
    answer = await agency.post(WORKERS, registration(someone, name="别人"))
    assert (answer.status_code, answer.json()["code"]) == (422, "name-mismatch")


async def test_a_certificate_insured_elsewhere_is_refused(hub: World) -> None:
    someone = somebody()
    await hub.agency("110000").post(WORKERS, registration(someone))
    body = registration(someone, insured_region="370100")
    answer = await hub.agency("370100").post(WORKERS, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "worker-insured-elsewhere")
    assert "110000" not in answer.text


async def test_a_card_belongs_to_one_worker(hub: World) -> None:
    known, someone = await registered(hub), somebody()
    agency = hub.agency("110000")
    body = registration(someone, card_number=known.person.card_number)
    answer = await agency.post(WORKERS, body)
    assert (answer.status_code, answer.json()["field"]) == (409, "card_number")
    token = f"ecard-{known.person.number[-8:]}-{known.person.card_number}"
    answer = await agency.post(WORKERS, registration(someone, electronic_card=token))
    assert (answer.status_code, answer.json()["field"]) == (409, "electronic_card")


async def test_an_agency_registers_its_own_region_only(hub: World) -> None:
    answer = await hub.agency("370100").post(WORKERS, registration(somebody()))
    assert (answer.status_code, answer.json()["code"]) == (403, "insured-region-foreign")


async def test_a_wrong_check_digit_is_refused_without_repeating_the_number(hub: World) -> None:
    someone = somebody()
    wrong = someone.number[:-1] + ("0" if someone.number[-1] != "0" else "1")
    answer = await hub.agency("110000").post(
        WORKERS, registration(someone, certificate_number=wrong)
    )
    assert (answer.status_code, answer.json()["fault"]) == (422, "check_digit")
    assert wrong not in answer.text


@pytest.mark.parametrize(
    "kind", ["passport", "hongkong_macao_permit", "taiwan_permit", "permanent_residence"]
)
async def test_other_certificates_are_opaque_but_need_sex_and_birth(hub: World, kind: str) -> None:
    someone = somebody()
    agency = hub.agency("110000")
    body = registration(someone, certificate_kind=kind, certificate_number=f"E{kind[:8]}9")
    assert (await agency.post(WORKERS, body)).status_code == 400
    details = {"sex": "female", "birth_date": "1990-05-01"}
    answer = await agency.post(WORKERS, body | details)
    assert (answer.status_code, answer.json()["sex"]) == (200, "female")
    citizen = await agency.post(WORKERS, registration(somebody(), **details))
    assert citizen.status_code == 400


async def test_a_purpose_unmasks_for_the_insured_agency_and_leaves_a_trace(hub: World) -> None:
    known = await registered(hub)
    path = f"{WORKERS}/{known.number}"
    shown = (await hub.agency("110000").get(path, purpose="review")).json()
    assert (shown["name"], shown["masked"]) == (known.person.name, False)
    assert shown["certificate_number"] == known.person.number
    assert shown["birth_date"] == known.person.birth_date.isoformat()
    assert await trail(hub, "worker.look", known.number) == [{"masked": False, "purpose": "review"}]
    assert (await hub.operator.get(path)).json()["masked"] is True
    refused = await hub.operator.get(path, purpose="review")
    assert (refused.status_code, refused.json()["code"]) == (403, "look-not-allowed")
    stranger = await hub.agency("370000").get(path)
    assert (stranger.status_code, stranger.json()["code"]) == (404, "worker-unknown")
    assert (await hub.institution("H37010000001").get(path)).status_code == 403


async def test_a_determination_is_registered_listed_and_withdrawn(hub: World) -> None:
    known = await registered(hub, kinds=())
    agency = hub.agency("110000")
    made = (await agency.post(DETERMINATIONS, determination(known.number))).json()
    again = await agency.post(DETERMINATIONS, determination(known.number))
    assert (again.status_code, again.json()["determination"]) == (409, made["number"])
    path = f"{DETERMINATIONS}/{made['number']}"
    gone = (await agency.post(f"{path}/withdraw", {"reason": "复议撤销"})).json()
    assert (gone["state"], gone["withdrawal_reason"]) == ("withdrawn", "复议撤销")
    assert (await agency.post(f"{path}/withdraw", {"reason": "重复"})).status_code == 409
    assert (await agency.get(path)).json() == gone
    listed = (await agency.get(DETERMINATIONS, worker=known.number)).json()
    assert listed == {"items": [gone], "next": None}


async def test_a_foreign_determination_does_not_exist(hub: World) -> None:
    known = await registered(hub)
    listed = (await hub.agency("110000").get(DETERMINATIONS, worker=known.number)).json()
    path = f"{DETERMINATIONS}/{listed['items'][0]['number']}"
    stranger = hub.agency("370000")
    assert (await stranger.get(path)).json()["code"] == "determination-unknown"
    answer = await stranger.post(f"{path}/withdraw", {"reason": "越权"})
    assert answer.json()["code"] == "determination-unknown"
    assert (await stranger.get(DETERMINATIONS, worker=known.number)).json()["items"] == []
    answer = await stranger.post(DETERMINATIONS, determination(known.number))
    assert answer.json()["code"] == "worker-unknown"


@pytest.mark.parametrize(
    ("dates", "field"),
    [
        ({"decided_on": "2025-09-02"}, "decided_on"),
        ({"decided_on": "1900-01-01"}, "decided_on"),
        ({"last_day": "2025-01-14"}, "last_day"),
    ],
)
async def test_impossible_dates_of_a_determination_are_refused(
    hub: World, dates: dict[str, str], field: str
) -> None:
    known = await registered(hub, kinds=())
    answer = await hub.agency("110000").post(DETERMINATIONS, determination(known.number, **dates))
    assert (answer.json()["code"], answer.json()["field"]) == ("determination-dates", field)


async def test_a_loss_terminates_every_approved_filing(hub: World) -> None:
    known = await registered(hub, kinds=("injury", "rehabilitation"))
    running = [
        (await filed(hub, known))["number"],
        (await filed(hub, known, cost_kinds=["rehabilitation"]))["number"],
    ]
    waiting = await submitted(hub, known, treatment_region="330000")
    agency = hub.agency("110000")
    asked = {
        "worker": known.number,
        "kind": "relationship_ended",
        "lost_on": "2025-08-31",
        "reason": "一次性领取待遇",
    }
    future = await agency.post(LOSSES, asked | {"lost_on": "2025-09-02"})
    assert future.json()["code"] == "loss-in-future"
    slip = await agency.post(LOSSES, asked | {"lost_on": "1925-08-31"})
    assert slip.json()["code"] == "loss-before-birth"
    loss = (await agency.post(LOSSES, asked)).json()
    assert sorted(loss["terminated"]) == sorted(running)
    for number in running:
        ended = (await agency.get(f"{FILINGS}/{number}")).json()
        assert (ended["state"], ended["ended_on"]) == ("terminated", "2025-08-31")
    again = await agency.post(LOSSES, asked)
    assert (again.status_code, again.json()["loss"]) == (409, loss["number"])
    late = await agency.post(f"{FILINGS}/{waiting['number']}/approve", {})
    assert late.json()["code"] == "entitlement-lost"
    assert (await agency.get(f"{LOSSES}/{loss['number']}")).json()["lost_on"] == "2025-08-31"
    stranger = await hub.agency("370000").get(f"{LOSSES}/{loss['number']}")
    assert stranger.json()["code"] == "entitlement-loss-unknown"
    shown = (await agency.get(f"{WORKERS}/{known.number}")).json()
    assert shown["entitlement_lost_on"] == "2025-08-31"


async def test_the_road_asks_by_number_certificate_and_claim(hub: World) -> None:
    known = await registered(hub)
    claim = IdentityClaim(
        certificate_number=known.person.number,
        name=known.person.name,
        card_kind=CardKind.PHYSICAL,
        card=known.person.card_number.lower(),
    )
    nobody = IdentityClaim(certificate_number=somebody().number, name="无人")
    async with hub.rx() as rx:
        worker, faults = await service.check_identity(rx, claim)
        assert worker is not None
        assert (worker.number, faults) == (known.number, [])
        assert await service.worker_by_number(rx, known.number) == worker
        assert await service.worker_by_certificate(rx, known.person.number) == worker
        assert await service.worker_by_number(rx, "W0") is None
        assert await service.worker_by_certificate(rx, "0") is None
        assert (await service.persons(rx, [worker.id]))[worker.id].name == known.person.name
        assert [d.worker for d in await service.determinations_of(rx, worker.id)] == [known.number]
        assert await service.lost_on(rx, worker.id) is None
        absent, reasons = await service.check_identity(rx, nobody)
        assert (absent, [it.code for it in reasons]) == (None, ["worker-unknown"])
