"""The proxy before software that speaks numbered transactions, and does it right."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio

from app.conformance.evidence import Verdict
from app.conformance.his.trials import ACTS, Strike, Watch
from tests.conformance.test_his import STAYS, failed, proxied
from tests.support.gateway import (
    SINGLE,
    Gateway,
    about,
    admission,
    bill,
    clock_text,
    discharge,
    hospital,
    line,
)
from tests.support.visit import ready_worker, road
from tests.support.world import World

TRIES = 20
AGAIN = {"SESSION_EXPIRED", "BUSY_RETRY"}
SIGN_IN = {"signIn": {"opter_no": "0017", "mac": "00-00-00-00-00-00", "ip": "127.0.0.1"}}


@pytest_asyncio.fixture(loop_scope="session", scope="module", autouse=True)
async def _road(world: World) -> None:
    await road(world)


@dataclass(slots=True)
class Steady:
    """Software as it should be: what has no readable answer is sent again as it was."""

    http: httpx.AsyncClient
    his: Gateway

    async def done(self, infno: str, body: object) -> dict[str, Any]:
        """Send a transaction until its answer is here, and return the output."""
        message = self.his.envelope(infno, body)
        for _ in range(TRIES):
            answer = await self.once(message)
            if answer is None:
                continue
            codes = {it["code"] for it in answer["output"].get("errors", ())}
            if "SESSION_EXPIRED" in codes:
                await self.once(self.his.envelope("9001", SIGN_IN))
            if not codes & AGAIN:
                assert answer["infcode"] == 0, answer
                return dict(answer["output"])
        raise AssertionError(f"{infno} was never answered")

    async def once(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Send a message; None when nobody knows what became of it."""
        headers = {"Authorization": self.his.client.headers()["Authorization"]}
        try:
            answer = await self.http.post(SINGLE, json=message, headers=headers)
            told = answer.json() if answer.status_code == httpx.codes.OK else None
        except (httpx.TransportError, json.JSONDecodeError):
            return None
        return told if isinstance(told, dict) else None


async def test_software_that_sends_again_what_has_no_answer_survives_every_strike(
    world: World,
) -> None:
    watch, day = Watch(), clock_text(world.clock.now)[:10]
    async with proxied(world, watch) as url, httpx.AsyncClient(base_url=url, timeout=60) as http:
        steady = Steady(http, hospital(world))
        for _ in range(STAYS):
            worker = await ready_worker(world)
            admitted = await steady.done("2401", admission(worker))
            visit = admitted["result"]["mdtrt_id"]
            await steady.done("2301", {"feedetail": line(visit, worker.number, "1")})
            await steady.done("2402", discharge(world, visit, worker.number))
            settled = await steady.done("2304", bill(visit, worker.number))
            number = settled["setlinfo"]["setl_id"]
            await steady.done("2305", about(visit, worker.number, setl_id=number))
        totals = {"medfee_sumamt": 0, "fund_pay_sumamt": 0, "fixmedins_setl_cnt": 0}
        compared = {
            "insutype": "410",
            "setl_optins": "370100",
            "stmt_begndate": day,
            "stmt_enddate": day,
            "refd_setl_flag": "0",
        }
        day_end = await steady.done("3201", {"data": compared | totals})
    assert day_end["stmtinfo"]["stmt_rslt"] == "000000", "every settlement was cancelled once"
    results = watch.results()
    assert not failed(results)
    told = {f"{it.family}/{it.name}" for it in results if it.verdict is Verdict.PASSED}
    trials = {f"{act}/{it.value.replace('_', '-')}" for act in ACTS for it in Strike}
    assert told >= trials | {"habits/one-id-one-business", "habits/reconciles-the-day"}
