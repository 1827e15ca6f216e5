"""A clearing in which every step waits for somebody, and the period to be cleared next.

Each step is shown by a claim of its own, so that none of them is in another's way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from app.kernel.calendar import QUARTER, Quarter
from app.runtime.openapi import Example
from app.sandbox.clock import in_china
from app.sandbox.examples.stage import BEIJING, OPERATOR, SHANDONG, Body, Role, Stage
from app.sandbox.examples.stays import settled

CLEARINGS, CONTESTS = "/v1/clearings", "/v1/contests"
ONE = f"{CLEARINGS}/{{number}}"
CLAIM = f"{ONE}/claims/{{insured_place}}/{{treatment_place}}"
YEAR = "/v1/clearing-years/{year}"
PAYMENTS, REASSIGNMENTS = "/v1/clearing-payments", "/v1/clearing-reassignments"
SCHEME = "cross_province"
# The first quarter the hub can clear, and the one that is played; the year between them is empty
# and can be closed.
FIRST, PLAYED = Quarter(2024, 2), Quarter(2025, 1)
EMPTY_YEAR, EMPTY_YEAR_CLOSES_ON = 2024, date(2025, 3, 31)
SETTLED_ON = date(2025, 2, 10)
# Whose claim waits for what; Shandong is the treatment place of all.
UNCONFIRMED, UNLISTED, WITHDRAWN = BEIJING, "120000", "310000"
CONTESTED, UNNOTICED, UNPAID, ASTRAY = "500000", "330000", "440000", "320000"
CAST = (UNCONFIRMED, UNLISTED, WITHDRAWN, CONTESTED, UNNOTICED, UNPAID, ASTRAY)
SHEET = "bank_reference,reference,payer,payee,amount,date"
OBJECTION = {"reason": "wrong_amount", "proposed": "0.00", "note": "与就医地收费票据金额不符"}


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Play a clearing on a hub that never cleared, and find the next period that is over."""
    known = await _clearings(stage)
    if not known and stage.today > PLAYED.last:
        await _play(stage)
        known = await _clearings(stage)
    examples = {f"POST {CLEARINGS}": _next(stage, known)}
    if stage.today > EMPTY_YEAR_CLOSES_ON:
        year = {"year": str(EMPTY_YEAR)}
        examples[f"POST {YEAR}/close"] = Example(client=OPERATOR, parameters=year)
    if not known:
        return examples
    shown = next((it for it in known if it["period"] == str(PLAYED)), known[0])
    number = str(shown["number"])
    claims = await _claims(stage, number)
    examples |= _reads(number)
    return examples | await _steps(stage, number, claims) if set(CAST) <= set(claims) else examples


async def _clearings(stage: Stage) -> list[Body]:
    found = await stage.read(OPERATOR, CLEARINGS)
    return [it for it in found["items"] if it["scheme"] == SCHEME]


async def _claims(stage: Stage, number: str) -> dict[str, Body]:
    """Return Shandong's claims by who pays them."""
    found = await stage.read(SHANDONG, f"{CLEARINGS}/{number}/claims")
    claims = [it["claim"] for it in found["items"]]
    return {it["insured_place"]: it for it in claims if it["treatment_place"] == SHANDONG}


async def _items(stage: Stage, number: str, place: str) -> list[Body]:
    """Return what is behind a place's claim."""
    pair = {"insured_place": place, "treatment_place": SHANDONG}
    found = await stage.read(SHANDONG, f"{CLEARINGS}/{number}/items", **pair)
    return list(found["items"])


async def _play(stage: Stage) -> None:
    """Settle a case of each place in the quarter and clear it today, as far as somebody waits."""
    clock = stage.clock
    today = clock()
    try:
        for days, place in enumerate(CAST):
            day = SETTLED_ON + timedelta(days=days)
            clock.set(in_china(day))
            await settled(replace(stage, today=day, home=place), Role.PAST)
    finally:
        clock.set(today)
    body = {"scheme": SCHEME, "period": str(PLAYED)}
    number = str((await stage.write(OPERATOR, CLEARINGS, body, "clearing"))["number"])
    claims = await _claims(stage, number)
    await _confirm(stage, number, claims[WITHDRAWN], SHANDONG)
    contested = (await _items(stage, number, CONTESTED))[0]
    objection = OBJECTION | {"settlement": contested["number"]}
    await _confirm(stage, number, claims[CONTESTED], CONTESTED, objection)
    for place in (UNPAID, ASTRAY):
        for party in (place, SHANDONG):
            await _confirm(stage, number, claims[place], party)
    await stage.write(OPERATOR, f"{CLEARINGS}/{number}/notices", None, "notices")
    for party in (UNNOTICED, SHANDONG):
        await _confirm(stage, number, claims[UNNOTICED], party)
    await _lose(stage, number)


async def _lose(stage: Stage, number: str) -> None:
    """Let two payments come under no notice's number, and propose where one of them belongs."""
    day = stage.today
    lost = [f"{day:%Y%m%d}90000{n}" for n in (1, 2)]
    rows = [f"{it},附言不清,{ASTRAY},{SHANDONG},1.00,{day}" for it in lost]
    await stage.send(OPERATOR, f"{PAYMENTS}/import", "\n".join((SHEET, *rows, "")), "astray")
    notice = await _notice(stage, number, ASTRAY)
    await stage.write(OPERATOR, REASSIGNMENTS, _meant(lost[0], notice), "reassignment")


def _meant(bank_reference: object, notice: Body) -> Body:
    note = "付款附言填写有误，经与付款方核对"
    return {"bank_reference": bank_reference, "notice": notice["counterpart"], "note": note}


async def _notice(stage: Stage, number: str, place: str) -> Body:
    """Return Shandong's notice of what a place owes it."""
    found = await stage.read(SHANDONG, f"{CLEARINGS}/{number}/notices")
    notice: Body = next(it for it in found["items"] if it["counter_place"] == place)
    return notice


async def _confirm(stage: Stage, number: str, claim: Body, party: str, *contests: Body) -> None:
    place = str(claim["insured_place"])
    path = f"{CLEARINGS}/{number}/claims/{place}/{SHANDONG}/confirmations"
    body = _digest(claim) | {"contests": list(contests)}
    await stage.write(party, path, body, f"confirm-{place}-{party}")


def _digest(claim: Body) -> Body:
    totals = claim["totals"]
    return {"settlements": totals["settlements"], "fund": totals["fund"], "root": claim["root"]}


def _reads(number: str) -> dict[str, Example]:
    """Show a clearing as both sides and the operator read it."""
    clearing = {"number": number}
    place = clearing | {"place": SHANDONG}
    one = f"{ONE}/statements/{{place}}"
    return {
        f"GET {ONE}{rest}": Example(client=BEIJING, parameters=clearing)
        for rest in ("", "/statements", "/items", "/claims")
    } | {
        f"GET {ONE}/notices": Example(client=SHANDONG, parameters=clearing),
        f"GET {ONE}/payment-advice": Example(client=OPERATOR, parameters=clearing),
        f"GET {one}": Example(client=SHANDONG, parameters=place),
        f"GET {one}/cities": Example(client=SHANDONG, parameters=place),
        f"POST {ONE}/notices": Example(client=OPERATOR, parameters=clearing),
    }


async def _steps(stage: Stage, number: str, claims: Mapping[str, Body]) -> dict[str, Example]:
    """Show what each claim waits for."""
    digest = _digest(claims[UNCONFIRMED]) | {"contests": []}
    items = await _items(stage, number, UNLISTED)
    lines = [{"settlement": it["number"], "fund": it["fund"]} for it in items]
    listed = {"page": 1, "totalrow": len(lines), "lines": lines}
    withdrawal = {"reason": "核对后发现金额有误"}
    return {
        f"GET {CLAIM}": _of_claim(BEIJING, number, UNCONFIRMED),
        f"POST {CLAIM}/confirmations": _of_claim(BEIJING, number, UNCONFIRMED, digest),
        f"POST {CLAIM}/lines": _of_claim(SHANDONG, number, UNLISTED, listed),
        f"POST {CLAIM}/withdrawals": _of_claim(SHANDONG, number, WITHDRAWN, withdrawal),
        **await _contest(stage, number),
        **await _payment(stage, number),
        **await _reassignment(stage, number),
    }


async def _contest(stage: Stage, number: str) -> dict[str, Example]:
    found = await stage.read(SHANDONG, CONTESTS, clearing=number)
    contests = [it["number"] for it in found["items"] if it["insured_place"] == CONTESTED]
    contest = {"contest": str(contests[0])}
    one = f"{CONTESTS}/{{contest}}"
    reply = {"reply": "accepted", "note": "经核对票据，认可"}
    return {
        f"GET {one}": Example(client=SHANDONG, parameters=contest),
        f"POST {one}/reply": Example(client=SHANDONG, parameters=contest, body=reply),
    }


async def _payment(stage: Stage, number: str) -> dict[str, Example]:
    """Let the bank tell Shandong what it was paid; the reference is the payer's notice."""
    notice = await _notice(stage, number, UNPAID)
    day = stage.today
    row = (f"{day:%Y%m%d}000001", notice["counterpart"], UNPAID, SHANDONG, notice["amount"], day)
    sheet = "\n".join((SHEET, ",".join(map(str, row)), ""))
    of_notice = {"number": number, "notice": str(notice["number"])}
    return {
        f"GET {ONE}/notices/{{notice}}": Example(client=SHANDONG, parameters=of_notice),
        f"POST {PAYMENTS}/import": Example(client=SHANDONG, sheet=sheet),
    }


async def _reassignment(stage: Stage, number: str) -> dict[str, Example]:
    """Show where a payment under no notice's number belongs, and who says so."""
    proposed = (await stage.read(OPERATOR, REASSIGNMENTS, state="proposed"))["items"]
    known = {it["bank_reference"] for it in proposed}
    astray = (await stage.read(OPERATOR, PAYMENTS, outcome="misdirected"))["items"]
    # One that is not proposed yet; once all are, the page keeps showing how it was done.
    lost = sorted(astray, key=lambda it: it["bank_reference"] in known)
    examples = {}
    if lost:
        body = _meant(lost[0]["bank_reference"], await _notice(stage, number, ASTRAY))
        examples[f"POST {REASSIGNMENTS}"] = Example(client=OPERATOR, body=body)
    if proposed:
        named = {"reassignment": str(proposed[0]["number"])}
        decision = {"decision": "approve", "note": "已核对银行回单"}
        one = f"{REASSIGNMENTS}/{{reassignment}}"
        examples[f"GET {one}"] = Example(client=SHANDONG, parameters=named)
        examples[f"POST {one}/decision"] = Example(client=OPERATOR, parameters=named, body=decision)
    return examples


def _of_claim(client: str, number: str, place: str, body: Body | None = None) -> Example:
    claim = {"number": number, "insured_place": place, "treatment_place": SHANDONG}
    return Example(client=client, parameters=claim, body=body)


def _next(stage: Stage, known: list[Body]) -> Example:
    cleared = {str(it["period"]) for it in known if QUARTER.fullmatch(str(it["period"]))}
    period = FIRST
    while str(period) in cleared and period.next().last < stage.today:
        period = period.next()
    return Example(client=OPERATOR, body={"scheme": SCHEME, "period": str(period)})
