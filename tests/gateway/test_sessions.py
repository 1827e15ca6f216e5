"""Sign-ins: one per staff member and day, wanted in the strict profile, never in a replay's way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import pytest_asyncio

from tests.support.gateway import admission, hospital, person_shown
from tests.support.institutions import JINAN_DEVICES
from tests.support.visit import ready_worker, road
from tests.support.world import World

SIGN_IN = {"signIn": {"opter_no": "0017", "mac": "00-00-00-00-00-00", "ip": "127.0.0.1"}}


def sign_out(number: str) -> dict[str, dict[str, str]]:
    return {"signOut": {"sign_no": number, "opter_no": "0017"}}


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def _road(world: World) -> None:
    await road(world)


@pytest.fixture
def strict(world: World) -> Iterator[None]:
    before = world.app.state.settings
    world.app.state.settings = before.model_copy(update={"gateway_strict": True})
    yield
    world.app.state.settings = before


async def signed_in(world: World, code: str = "H37010000001") -> str:
    output = await hospital(world, code).done("9001", SIGN_IN)
    return str(output["signinoutb"]["sign_no"])


async def test_signing_in_again_on_the_same_day_is_the_same_session(world: World) -> None:
    number = await signed_in(world)
    assert len(number) <= 30
    assert number.startswith("H3701000000120250901")
    assert await signed_in(world) == number
    assert await signed_in(world, JINAN_DEVICES) != number
    other = await hospital(world).done("9001", {"signIn": SIGN_IN["signIn"] | {"opter_no": "2"}})
    assert other["signinoutb"]["sign_no"] != number
    began = world.clock.now
    world.clock.advance(days=1)
    assert await signed_in(world) != number
    world.clock.now = began


async def test_the_lenient_profile_asks_for_no_session(world: World) -> None:
    assert await hospital(world).done("1101", person_shown(await ready_worker(world)))


@pytest.mark.usefixtures("strict")
async def test_the_strict_profile_asks_for_a_session_that_is_open_today(world: World) -> None:
    his, worker = hospital(world), await ready_worker(world)
    assert await his.refused("1101", person_shown(worker)) == ["SESSION_REQUIRED"]
    his.sign_no = "H37010000001202509019999999"
    assert await his.refused("1101", person_shown(worker)) == ["SESSION_EXPIRED"]
    his.sign_no = await signed_in(world)
    assert await his.done("1101", person_shown(worker))
    firm = hospital(world, JINAN_DEVICES)
    assert await firm.refused("9002", sign_out(his.sign_no)) == ["SESSION_REQUIRED"]
    await his.done("9002", sign_out(his.sign_no))
    assert await his.refused("1101", person_shown(worker)) == ["SESSION_EXPIRED"]
    assert await signed_in(world) == his.sign_no
    assert await his.done("1101", person_shown(worker))
    began = world.clock.now
    world.clock.advance(days=1)
    assert await his.refused("1101", person_shown(worker)) == ["SESSION_EXPIRED"]
    world.clock.now = began


@pytest.mark.usefixtures("strict")
async def test_the_same_message_goes_through_after_a_new_sign_in(world: World) -> None:
    his, worker = hospital(world), await ready_worker(world)
    message = his.envelope("2401", admission(worker), sign_no="H37010000001202508310000001")
    expired = (await his.post(message)).json()
    assert expired["err_msg"].startswith("[SESSION_EXPIRED] ")
    fresh = message | {"sign_no": await signed_in(world)}
    done = await his.post(fresh)
    assert done.json()["infcode"] == 0
    # The old bytes now are a replay, which needs no session.
    assert (await his.post(message)).content == done.content


@pytest.mark.usefixtures("strict")
async def test_the_strict_profile_names_unknown_fields_and_wants_the_insured_place(
    world: World,
) -> None:
    his = hospital(world)
    his.sign_no = await signed_in(world)
    body = person_shown(await ready_worker(world)) | {"exp_content": {}}
    output = await his.done("1101", body)
    assert output["warnings"] == ["unknown field 未知字段: exp_content"]
    visit = {"data": {"psn_no": "W1100002509010000001"}}
    answer = await his.send("5303", visit, insuplc_admdvs="")
    assert answer["err_msg"] == "[FIELD_REQUIRED] 参保地区划不能为空 (insuplc_admdvs)"


async def test_another_institutions_session_cannot_be_ended(world: World) -> None:
    number = await signed_in(world)
    firm = hospital(world, JINAN_DEVICES)
    assert await firm.refused("9002", sign_out(number)) == ["SESSION_EXPIRED"]
