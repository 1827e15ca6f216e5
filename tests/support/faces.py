"""The two faces of the hub behind the same verbs, so that one story can be told through both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import httpx

from app.gateway.codes import codes
from app.reference.value_sets import value_sets
from tests.support import gateway, visit
from tests.support.entitlement import KnownWorker
from tests.support.gateway import Gateway
from tests.support.settlement import SETTLEMENTS
from tests.support.visit import VISITS
from tests.support.world import Client, World

Lines = Sequence[dict[str, Any]]
KINDS = {"inpatient": "42", "fitting": "45"}
FIELDS = {
    "serial": "feedetl_sn",
    "refund_of": "init_feedetl_sn",
    "category": "fee_category",
    "item_code": "med_list_codg",
    "item_name": "medins_list_name",
    "quantity": "cnt",
    "unit_price": "pric",
    "amount": "det_item_fee_sumamt",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a face answered: a number and amounts, or the gateway's codes of every refusal."""

    number: str = ""
    amounts: tuple[str, ...] = ()
    reasons: tuple[tuple[str, str, str], ...] = ()  # serial, fund, reason
    refused: tuple[str, ...] = ()


class Face(Protocol):
    """What an institution can do."""

    async def admit(self, someone: KnownWorker, /, **other: Any) -> Outcome:
        """Admit a worker."""

    async def upload(self, stay: str, worker: KnownWorker, lines: Lines) -> Outcome:
        """Upload fee lines."""

    async def remove(self, stay: str, worker: KnownWorker, serial: str | None) -> Outcome:
        """Remove a line, or all."""

    async def discharge(self, stay: str, worker: KnownWorker) -> Outcome:
        """Discharge."""

    async def undo_discharge(self, stay: str, worker: KnownWorker) -> Outcome:
        """Undo a discharge."""

    async def cancel_visit(self, stay: str, worker: KnownWorker) -> Outcome:
        """Cancel an admission."""

    async def preview(self, stay: str, worker: KnownWorker, total: str) -> Outcome:
        """Preview."""

    async def settle(self, stay: str, worker: KnownWorker, total: str, times: int = 1) -> Outcome:
        """Settle, pressing the button so many times."""

    async def cancel(self, stay: str, worker: KnownWorker, settlement: str) -> Outcome:
        """Cancel a settlement."""

    async def settle_and_reverse(self, stay: str, worker: KnownWorker, total: str) -> Outcome:
        """Settle, reverse the message twice, and send the original once more."""


@dataclass(frozen=True, slots=True)
class Rest:
    """The modern face."""

    world: World
    client: Client

    async def admit(self, someone: KnownWorker, /, **other: Any) -> Outcome:
        return _rest(await self.client.post(VISITS, visit.admission(someone, **other)))

    async def upload(self, stay: str, worker: KnownWorker, lines: Lines) -> Outcome:  # noqa: ARG002 -- REST names the visit alone
        taken = await self.client.post(f"{VISITS}/{stay}/lines", {"lines": lines})
        if taken.is_error:
            return _rest(taken)
        seen = _rest(await self.client.post(f"{VISITS}/{stay}/preview"))
        split = {reason[0]: reason for reason in seen.reasons}
        return Outcome(reasons=tuple(split[it["serial"]] for it in lines))

    async def remove(self, stay: str, worker: KnownWorker, serial: str | None) -> Outcome:  # noqa: ARG002 -- the gateway asks for it
        path = f"{VISITS}/{stay}/lines" + (f"/{serial}" if serial else "")
        return _rest(await self.client.delete(path))

    async def discharge(self, stay: str, worker: KnownWorker) -> Outcome:  # noqa: ARG002 -- the gateway asks for it
        body = {"discharged_at": self.world.clock.now.isoformat(), "way": "advised"}
        return _rest(await self.client.post(f"{VISITS}/{stay}/discharge", body))

    async def undo_discharge(self, stay: str, worker: KnownWorker) -> Outcome:  # noqa: ARG002 -- the gateway asks for it
        return _rest(await self.client.post(f"{VISITS}/{stay}/discharge/undo"))

    async def cancel_visit(self, stay: str, worker: KnownWorker) -> Outcome:  # noqa: ARG002 -- the gateway asks for it
        return _rest(await self.client.post(f"{VISITS}/{stay}/cancel"))

    async def preview(self, stay: str, worker: KnownWorker, total: str) -> Outcome:  # noqa: ARG002 -- the gateway asks for it
        return _rest(await self.client.post(f"{VISITS}/{stay}/preview"))

    async def settle(
        self,
        stay: str,
        worker: KnownWorker,  # noqa: ARG002 -- the gateway asks for it
        total: str,
        times: int = 1,
    ) -> Outcome:
        key = f"{self.client.caller.party}-settle-{next(self.client.keys)}"
        path = f"{VISITS}/{stay}/settle"
        answers = [await self.client.post(path, {"total": total}, key=key) for _ in range(times)]
        assert len({answer.content for answer in answers}) == 1
        if answers[-1].is_error:
            return _rest(answers[-1])
        number = answers[-1].json()["number"]
        return _rest(await self.client.get(f"{SETTLEMENTS}/{number}"))

    async def cancel(self, stay: str, worker: KnownWorker, settlement: str) -> Outcome:  # noqa: ARG002 -- the gateway asks for it
        return _rest(await self.client.post(f"{SETTLEMENTS}/{settlement}/cancel", {}))

    async def settle_and_reverse(self, stay: str, worker: KnownWorker, total: str) -> Outcome:  # noqa: ARG002 -- the gateway asks for it
        key, path = f"rest-{next(self.client.keys)}", f"{VISITS}/{stay}/settle"
        assert (await self.client.post(path, {"total": total}, key=key)).status_code == 201
        asked = {"message": key}
        told = [(await self.client.post("/v1/reversals", asked)).json() for _ in range(2)]
        late = _rest(await self.client.post(path, {"total": total}, key=key))
        return Outcome(amounts=tuple(it["outcome"] for it in told), refused=late.refused)


@dataclass(frozen=True, slots=True)
class Numbered:
    """The face hospital software speaks."""

    his: Gateway

    async def admit(self, someone: KnownWorker, /, **other: Any) -> Outcome:
        asked = visit.admission(someone, **other)
        claim = asked["worker"]
        body = gateway.admission(
            someone,
            med_type=KINDS[asked["kind"]],
            cost_kind=asked["cost_kind"],
            begntime=asked["admitted_at"].replace("T", " ")[:19],
            psn_name=claim["name"],
            certno=claim["certificate_number"],
            mdtrt_cert_no=claim["card"],
        )
        return await self._ask("2401", body)

    async def upload(self, stay: str, worker: KnownWorker, lines: Lines) -> Outcome:
        rows = [_row(each) | {"mdtrt_id": stay, "psn_no": worker.number} for each in lines]
        answer = await self.his.send("2301", {"feedetail": rows})
        told = _numbered(answer)
        return replace(told, reasons=_split(answer["output"].get("result", ())))

    async def remove(self, stay: str, worker: KnownWorker, serial: str | None) -> Outcome:
        body = gateway.about(stay, worker.number, feedetl_sn=serial or "0000")
        return await self._ask("2302", body)

    async def discharge(self, stay: str, worker: KnownWorker) -> Outcome:
        body = gateway.discharge(self.his.world, stay, worker.number)
        return await self._ask("2402", body)

    async def undo_discharge(self, stay: str, worker: KnownWorker) -> Outcome:
        return await self._ask("2405", gateway.about(stay, worker.number))

    async def cancel_visit(self, stay: str, worker: KnownWorker) -> Outcome:
        return await self._ask("2404", gateway.about(stay, worker.number))

    async def preview(self, stay: str, worker: KnownWorker, total: str) -> Outcome:
        return await self._ask("2303", gateway.bill(stay, worker.number, total))

    async def settle(self, stay: str, worker: KnownWorker, total: str, times: int = 1) -> Outcome:
        message = self.his.envelope("2304", gateway.bill(stay, worker.number, total))
        answers = [await self.his.post(message) for _ in range(times)]
        assert len({answer.content for answer in answers}) == 1
        return _numbered(answers[-1].json())

    async def cancel(self, stay: str, worker: KnownWorker, settlement: str) -> Outcome:
        body = gateway.about(stay, worker.number, setl_id=settlement)
        return await self._ask("2305", body)

    async def settle_and_reverse(self, stay: str, worker: KnownWorker, total: str) -> Outcome:
        message = self.his.envelope("2304", gateway.bill(stay, worker.number, total))
        assert (await self.his.post(message)).json()["infcode"] == 0
        asked = {"data": {"psn_no": worker.number, "omsgid": message["msgid"], "oinfno": "2304"}}
        told = [await self.his.done("2601", asked) for _ in range(2)]
        late = _numbered((await self.his.post(message)).json())
        return Outcome(amounts=tuple(it["result"]["outcome"] for it in told), refused=late.refused)

    async def _ask(self, infno: str, body: object) -> Outcome:
        return _numbered(await self.his.send(infno, body))


def _row(line: dict[str, Any]) -> dict[str, Any]:
    """Write a line of REST as a row of 2301."""
    row = {name: line[ours] for ours, name in FIELDS.items() if line.get(ours) is not None}
    return row | {
        "fee_ocur_time": line["occurred_at"].replace("T", " ")[:19],
        "medins_list_codg": "YP0001",
        "hosp_appr_flag": "1" if line.get("restricted_approved") else "0",
        "injury_flag": "0" if line["injury_related"] else "1",
    }


def _rest(answer: httpx.Response) -> Outcome:
    body = answer.json()
    if answer.is_error:
        told = [body, *body.get("also", ())]
        if body["code"] == "lines-refused":
            return Outcome(refused=tuple(codes().faults[it["code"]] for it in body["lines"]))
        return Outcome(refused=tuple(_code(it) for it in told))
    amounts = tuple(str(body[name]) for name in ("total", "fund", "own") if name in body)
    lines = body.get("lines", ())
    reasons: tuple[tuple[str, str, str], ...] = ()
    if isinstance(lines, list) and lines and "fund" in lines[0]:
        reasons = tuple((it["serial"], it["fund"], it["reason"] or "") for it in lines)
    return Outcome(str(body.get("number", "")), amounts if len(amounts) > 1 else (), reasons)


def _code(problem: dict[str, Any]) -> str:
    if problem["code"] == "no-such-move":
        return f"{problem['of'].partition(' ')[0].upper()}_STATE"
    return codes().of(problem["code"])


def _numbered(answer: dict[str, Any]) -> Outcome:
    output = answer["output"]
    if answer["infcode"]:
        return Outcome(refused=tuple(it["code"] for it in output["errors"]))
    if "setlinfo" not in output:
        return Outcome(
            str(output.get("result", {}).get("mdtrt_id", ""))
            if isinstance(output.get("result"), dict)
            else ""
        )
    info = output["setlinfo"]
    amounts = (info["medfee_sumamt"], info["fund_pay_sumamt"], info["psn_part_amt"])
    reasons = _split(output.get("feedetail", ()))
    return Outcome(info["setl_id"], tuple(f"{it:.2f}" for it in amounts), reasons)


def _split(rows: Sequence[dict[str, Any]]) -> tuple[tuple[str, str, str], ...]:
    """Read how lines are split, and hold each to adding up and to a known reason."""
    known = {"", *(code.value for code in value_sets()["line_reason"].values)}
    for it in rows:
        parts = ("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")
        assert round(sum(it[name] for name in parts) - it["det_item_fee_sumamt"], 2) == 0, it
        assert it["line_reason"] in known
    return tuple((it["feedetl_sn"], f"{it['inscp_scp_amt']:.2f}", it["line_reason"]) for it in rows)
