"""Verbs for advances: fund a pair, change its mode, use it, and look at what was told."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

from app.advance.service.watching import repeat_alerts
from app.kernel.money import Money
from app.ledger.entries import settlement_booked
from app.ledger.model import Entry
from app.runtime.door import Door
from app.runtime.work import Work
from tests.support.ledger import Done
from tests.support.world import Client, World

RUNS, NOTICES, CHANGES = "/v1/advances/runs", "/v1/advances/notices", "/v1/advances/changes"
DAY = date(2025, 9, 1)
_NUMBERS = itertools.count(1)


def another(client: Client) -> Client:
    """Return another person of the same party."""
    return replace(client, caller=replace(client.caller, client=f"{client.caller.party}-other"))


async def done(answering: Any, status: int = 200) -> dict[str, Any]:
    """Return the body of an answer that must be a success."""
    answer = await answering
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def items(client: Client, path: str, **asked: Any) -> list[dict[str, Any]]:
    """Read the first, long page of a list."""
    page = await done(client.get(path, limit=200, **asked))
    return list(page["items"])


async def approved(world: World, number: str) -> dict[str, Any]:
    """Let another person of the operator approve a change."""
    return await done(another(world.operator).post(f"{CHANGES}/{number}/approval"))


async def quota_changed(world: World, insured: str, treatment: str, yuan: str) -> None:
    """Give a pair another quota; its notices go out."""
    asked = {"insured_place": insured, "treatment_place": treatment, "quota": yuan, "reason": "试"}
    change = await done(world.operator.post("/v1/advances/quotas", asked), 201)
    await approved(world, change["number"])


async def mode_changed(world: World, insured: str, treatment: str, mode: str) -> None:
    """Give a pair another mode."""
    asked = {"insured_place": insured, "treatment_place": treatment, "mode": mode, "reason": "试"}
    change = await done(world.operator.post("/v1/advances/modes", asked), 201)
    await approved(world, change["number"])


def saying(notice: dict[str, Any], **other: str) -> dict[str, str]:
    """Say of a notice that it was paid today, under a bank reference of its own."""
    reference = f"BANK-{notice['insured_place']}-{notice['treatment_place']}-{next(_NUMBERS)}"
    said = {"amount": notice["amount"], "bank_reference": reference, "paid_on": DAY.isoformat()}
    return said | other


async def confirmed(world: World, notice: dict[str, Any], **other: str) -> None:
    """Let the payer, then the receiver, confirm what a payment notice calls for."""
    said = saying(notice, **other)
    payer, receiver = world.agency(notice["party_place"]), world.agency(notice["counter_place"])
    await done(payer.post(f"{NOTICES}/{notice['number']}/confirmations", said))
    await done(receiver.post(f"{NOTICES}/{notice['counterpart']}/confirmations", said))


async def open_payments(world: World, insured: str, treatment: str) -> list[dict[str, Any]]:
    """Read the payment notices of a pair that are not booked yet."""
    found = await items(world.operator, NOTICES, open="true")
    pair = (insured, treatment)
    return [
        it
        for it in found
        if it["kind"] == "payment" and (it["insured_place"], it["treatment_place"]) == pair
    ]


async def funded(world: World, insured: str, treatment: str, yuan: str) -> None:
    """Have a pair's advance stand at an amount, paid or returned by both sides."""
    await quota_changed(world, insured, treatment, yuan)
    for notice in await open_payments(world, insured, treatment):
        await confirmed(world, notice)


def used(insured: str, treatment: str, yuan: int, subject: str = "") -> Entry:
    """Write a settlement's entry, as an institution's settlement would book it."""
    number = subject or f"A-use-{next(_NUMBERS)}"
    institution = f"H{treatment[:4]}0000001"
    fund = Money(yuan * 100)
    return settlement_booked(number, DAY, insured, treatment, institution, fund)


async def usage(world: World, insured: str, treatment: str) -> dict[str, Any]:
    """Read how far a pair's advance is used."""
    found = await items(world.operator, "/v1/advances/usage", place=treatment)
    return next(it for it in found if it["insured_place"] == insured)


async def pool(world: World, treatment: str) -> dict[str, Any]:
    """Read how far a pool is used."""
    asked = {"place": treatment, "pools": "true"}
    return (await items(world.operator, "/v1/advances/usage", **asked))[0]


async def told(world: World, insured: str | None, treatment: str) -> list[str]:
    """List the levels the treatment place was told of, for a pair or for its pool."""
    found = await items(world.agency(treatment), "/v1/advances/crossings")
    pair = (insured, treatment, treatment)
    return [
        it["level"]
        for it in found
        if (it["insured_place"], it["treatment_place"], it["addressee"]) == pair
    ]


async def repeated(world: World) -> int:
    """Announce what nobody acknowledged again, as the hub does daily; return how many."""
    counted: list[int] = []

    async def use_case(work: Work) -> None:
        counted.append(await repeat_alerts(work))

    key = f"alerts-{next(_NUMBERS)}"
    door = Door(
        hub=world.hub,
        caller=world.operator.caller,
        key=key,
        fingerprint=key.encode(),
        action="test",
        request="test",
    )
    await door.write(use_case, show=lambda _: Done())
    return counted[0]
