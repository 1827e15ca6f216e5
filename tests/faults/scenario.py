"""One walk down the whole road, request by request; each of them may be cut."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.faults.sender import Message
from tests.support.advance import CHANGES, another, open_payments, saying
from tests.support.clearing import all_claims, claim_path, digest_of
from tests.support.desk import IDENTIFY
from tests.support.entitlement import KnownWorker
from tests.support.filing import FILINGS, wish
from tests.support.institutions import JINAN
from tests.support.review import DEDUCTIONS, REVIEWS, off
from tests.support.settlement import SETTLEMENTS
from tests.support.visit import VISITS, admission, line
from tests.support.world import World

BEIJING, SHANDONG = "110000", "370000"
DAY = "2025-09-01"
QUOTAS, ADVANCES = "/v1/advances/quotas", "/v1/advances/notices"
BANK_HEADER = "bank_reference,reference,payer,payee,amount,date"
Body = dict[str, Any]


@dataclass(slots=True)
class Walk:
    """A hub, somebody to walk down its road, and what the road answered so far."""

    world: World
    worker: KnownWorker
    said: dict[str, Body] = field(default_factory=dict)

    @property
    def visit(self) -> str:
        """The path of the stay."""
        return f"{VISITS}/{self.said['admit']['number']}"


@dataclass(frozen=True, slots=True)
class Step:
    """One request of the walk, made from what was answered before it."""

    name: str
    make: Callable[[Walk], Awaitable[Message]]

    @property
    def key(self) -> str:
        """The message id it goes under."""
        return f"walk-{self.name}"

    async def message(self, walk: Walk) -> Message:
        """Return the request as it is sent now."""
        return replace(await self.make(walk), key=self.key)


async def _file(walk: Walk) -> Message:
    body = wish(worker=walk.worker.number)
    return Message(sender=walk.world.agency(BEIJING), path=FILINGS, body=body)


def _hospital(walk: Walk, path: str, body: object = None, **other: Any) -> Message:
    return Message(sender=walk.world.institution(JINAN), path=path, body=body, **other)


async def _admit(walk: Walk) -> Message:
    return _hospital(walk, VISITS, admission(walk.worker))


async def _charge(walk: Walk) -> Message:
    body = {"lines": [line("1"), line("2", item_code="D010002")]}
    return _hospital(walk, f"{walk.visit}/lines", body)


async def _identify(walk: Walk) -> Message:
    return _hospital(walk, IDENTIFY, walk.worker.claim(), status=200, look=True)


async def _discharge(walk: Walk) -> Message:
    body = {"discharged_at": walk.world.clock.now.isoformat(), "way": "advised"}
    return _hospital(walk, f"{walk.visit}/discharge", body, status=200)


async def _settle_wrongly(walk: Walk) -> Message:
    return _hospital(walk, f"{walk.visit}/settle", {"total": "99.00"}, status=422)


async def _settle(walk: Walk) -> Message:
    return _hospital(walk, f"{walk.visit}/settle", {"total": "20.00"})


async def _cancel(walk: Walk) -> Message:
    return _hospital(walk, f"{SETTLEMENTS}/{walk.said['settle']['number']}/cancel", {})


async def _reverse(walk: Walk) -> Message:
    return _hospital(walk, "/v1/reversals", {"message": "walk-settle-again"}, status=200)


def _shandong(walk: Walk, path: str, body: object = None, **other: Any) -> Message:
    return Message(sender=walk.world.agency(SHANDONG), path=path, body=body, **other)


async def _deduct(walk: Walk) -> Message:
    proposed = off(walk.said["settle-for-good"]["number"], "3.00")
    return _shandong(walk, DEDUCTIONS, {"items": [proposed]})


def _deduction(walk: Walk) -> str:
    return f"{DEDUCTIONS}/{walk.said['deduct']['items'][0]['number']}"


async def _appeal(walk: Walk) -> Message:
    return _hospital(walk, f"{_deduction(walk)}/appeal", {"note": "附病历，费用合理"})


async def _uphold(walk: Walk) -> Message:
    body = {"decision": "upheld", "note": "经复核"}
    return _shandong(walk, f"{_deduction(walk)}/decision", body)


async def _propose_quota(walk: Walk) -> Message:
    pair = {"insured_place": BEIJING, "treatment_place": SHANDONG}
    asked = pair | {"quota": "90000.00", "reason": "试"}
    return Message(sender=walk.world.operator, path=QUOTAS, body=asked)


async def _approve_quota(walk: Walk) -> Message:
    path = f"{CHANGES}/{walk.said['propose-quota']['number']}/approval"
    return Message(sender=another(walk.world.operator), path=path, status=200)


async def _pay_advance(walk: Walk) -> Message:
    notice = (await open_payments(walk.world, BEIJING, SHANDONG))[0]
    walk.said["advance"] = notice
    path = f"{ADVANCES}/{notice['number']}/confirmations"
    body = saying(notice, bank_reference="BANK-WALK-1")
    return Message(sender=walk.world.agency(BEIJING), path=path, body=body, status=200)


async def _receive_advance(walk: Walk) -> Message:
    notice = walk.said["advance"]
    path = f"{ADVANCES}/{notice['counterpart']}/confirmations"
    return _shandong(walk, path, saying(notice, bank_reference="BANK-WALK-1"), status=200)


async def _close_month(walk: Walk) -> Message:
    walk.world.clock.set_day("2025-10-12")
    return _shandong(walk, REVIEWS, {"place": SHANDONG, "month": "2025-09"})


async def _pay_institution(walk: Walk) -> Message:
    body = {
        "place": SHANDONG,
        "institution": JINAN,
        "amount": "5.00",
        "bank_reference": "BANK-WALK-2",
        "paid_on": "2025-10-12",
    }
    return _shandong(walk, f"{REVIEWS}/payments", body)


async def _clear(walk: Walk) -> Message:
    walk.world.clock.set_day("2025-10-21")
    asked = {"scheme": "cross_province", "period": "2025Q3"}
    return Message(sender=walk.world.operator, path="/v1/clearings", body=asked)


async def _confirm(walk: Walk, place: str) -> Message:
    clearing = walk.said["clear"]["number"]
    claim = (await all_claims(walk.world, clearing))[0]["claim"]
    path = f"{claim_path(clearing, claim)}/confirmations"
    return Message(sender=walk.world.agency(place), path=path, body=digest_of(claim))


async def _notify(walk: Walk) -> Message:
    walk.world.clock.set_day("2025-10-31")
    path = f"/v1/clearings/{walk.said['clear']['number']}/notices"
    return Message(sender=walk.world.operator, path=path)


async def _match_payment(walk: Walk) -> Message:
    path = f"/v1/clearings/{walk.said['clear']['number']}/notices"
    listed = (await walk.world.operator.get(path)).json()["items"]
    payable = next(it for it in listed if it["kind"] == "payable")
    row = f"B1,{payable['number']},{BEIJING},{SHANDONG},{payable['amount']},2025-10-31"
    return _shandong(
        walk,
        "/v1/clearing-payments/import",
        f"{BANK_HEADER}\n{row}".encode(),
        headers={"Content-Type": "text/csv"},
    )


STEPS: tuple[Step, ...] = (
    Step("file", _file),
    Step("admit", _admit),
    Step("charge", _charge),
    Step("discharge", _discharge),
    Step("settle-wrongly", _settle_wrongly),
    Step("settle", _settle),
    Step("cancel", _cancel),
    Step("settle-again", _settle),
    Step("reverse", _reverse),
    Step("settle-for-good", _settle),
    Step("deduct", _deduct),
    Step("appeal", _appeal),
    Step("uphold", _uphold),
    Step("propose-quota", _propose_quota),
    Step("approve-quota", _approve_quota),
    Step("pay-advance", _pay_advance),
    Step("receive-advance", _receive_advance),
    Step("close-month", _close_month),
    Step("pay-institution", _pay_institution),
    Step("clear", _clear),
    Step("confirm-insured", lambda walk: _confirm(walk, BEIJING)),
    Step("confirm-treatment", lambda walk: _confirm(walk, SHANDONG)),
    Step("notify", _notify),
    Step("match-payment", _match_payment),
    Step("identify", _identify),  # last: each look leaves a trace, and no later step counts them
)
