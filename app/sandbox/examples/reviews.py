"""A review of which every step waits for somebody: deductions, closed months, a payment.

What somebody has done since is found, and only what is missing is laid anew: deductions are taken
in small change from one settlement of long ago, months are closed among those of long ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from app.kernel.calendar import Month
from app.runtime.openapi import Example
from app.sandbox.clock import in_china
from app.sandbox.examples.stage import BEIJING, HOSPITAL, SHANDONG, Body, Role, Stage
from app.sandbox.examples.stays import settled

DEDUCTIONS, REVIEWS = "/v1/deductions", "/v1/reviews"
DEDUCTION, REVIEW = f"{DEDUCTIONS}/{{number}}", f"{REVIEWS}/{{number}}"
DECLARATIONS = f"{REVIEWS}/declarations"
# Settled and cleared by then; the months before have nothing in them. What is declared lies after.
REVIEWED, FIRST, SETTLED_ON = Month(2025, 2), Month(2024, 4), date(2025, 4, 10)
STEPS = ("requested", "uploaded", "closed")
SMALL, PAID = "0.10", "1.00"


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Lay what each step begins with, as far as the past allows."""
    reviewed = {"month": str(REVIEWED), "institution": HOSPITAL}
    found = await stage.read(SHANDONG, "/v1/settlements", **reviewed)
    long_ago = [it["number"] for it in found["items"] if it["insured_place"] == BEIJING]
    if not long_ago or stage.today <= Month.of(SETTLED_ON).last:
        return {}
    examples = await _deductions(stage, str(long_ago[0]))
    examples |= await _months(stage)
    return examples | await _declaration(stage) | await _payment(stage)


async def _deductions(stage: Stage, settlement: str) -> dict[str, Example]:
    """Find or propose a deduction to be appealed, one to be decided, one to be given back."""
    found = await stage.read(SHANDONG, DEDUCTIONS, settlement=settlement, limit="200")
    standing = [it for it in found["items"] if it["cancels"] is None and it["cancelled_by"] is None]
    today = stage.today.isoformat()
    numbers: dict[str, str] = {}
    for state in ("proposed", "appealed", "final"):
        known = [
            it["number"]
            for it in standing
            if it["state"] == state and (state != "proposed" or it["appeal_by"] >= today)
        ]
        numbers[state] = str(known[-1]) if known else await _bring(stage, settlement, state)
    said = {"decision": "lowered", "amount": "0.05", "note": "认可其中一半"}
    return {
        f"POST {DEDUCTIONS}": Example(client=SHANDONG, body=_off(settlement)),
        f"GET {DEDUCTION}": _of(SHANDONG, numbers["final"]),
        f"POST {DEDUCTION}/appeal": _of(HOSPITAL, numbers["proposed"], {"note": "附病历"}),
        f"POST {DEDUCTION}/decision": _of(SHANDONG, numbers["appealed"], said),
        f"POST {DEDUCTION}/return": _of(SHANDONG, numbers["final"], {"note": "扣款有误"}),
    }


async def _bring(stage: Stage, settlement: str, state: str) -> str:
    """Propose a deduction and bring it to a state."""
    made = await stage.write(SHANDONG, DEDUCTIONS, _off(settlement), f"deduct-{state}")
    number = str(made["items"][0]["number"])
    if state == "proposed":
        return number
    path = f"{DEDUCTIONS}/{number}"
    await stage.write(HOSPITAL, f"{path}/appeal", {"note": "附病历"}, f"appeal-{state}")
    if state == "final":
        said = {"decision": "upheld", "note": "经复核维持"}
        await stage.write(SHANDONG, f"{path}/decision", said, f"decide-{state}")
    return number


async def _months(stage: Stage) -> dict[str, Example]:
    """Find or close a month for every step, and name the next that can be closed."""
    known = await stage.read(SHANDONG, REVIEWS, place=SHANDONG, limit="200")
    closed = {str(it["month"]): it for it in known["items"]}
    by_state = {str(it["state"]): it for it in closed.values()}
    ahead = [each for each in (REVIEWED, *_empty()) if str(each) not in closed]
    for step in STEPS:
        if step not in by_state and ahead:
            by_state[step] = await _close(stage, ahead.pop(0), step)
    examples: dict[str, Example] = {}
    if ahead:
        body = {"place": SHANDONG, "month": str(ahead[0]), "early": False}
        examples[f"POST {REVIEWS}"] = Example(client=SHANDONG, body=body)
    if "closed" in by_state:
        it = by_state["closed"]
        examples[f"POST {REVIEW}/upload"] = _of(SHANDONG, it["number"], _totals(it))
    if "uploaded" in by_state:
        examples[f"POST {REVIEW}/fund-request"] = _of(SHANDONG, by_state["uploaded"]["number"])
    if "requested" in by_state:
        number = by_state["requested"]["number"]
        for rest in ("", "/institutions", "/fund-request"):
            examples[f"GET {REVIEW}{rest}"] = _of(SHANDONG, number)
    return examples


async def _close(stage: Stage, month: Month, step: str) -> Body:
    """Close a month and take it to a step."""
    body = {"place": SHANDONG, "month": str(month)}
    it = await stage.write(SHANDONG, REVIEWS, body, f"close-{step}")
    path = f"{REVIEWS}/{it['number']}"
    if step != "closed":
        await stage.write(SHANDONG, f"{path}/upload", _totals(it), f"upload-{step}")
    if step == "requested":
        await stage.write(SHANDONG, f"{path}/fund-request", None, f"request-{step}")
    return it


async def _declaration(stage: Stage) -> dict[str, Example]:
    """Settle once more in the past for every declaration made, and show the month it falls into."""
    told = (await stage.read(HOSPITAL, DECLARATIONS, limit="200"))["items"]
    day = SETTLED_ON + timedelta(days=sum(not it["by_hub"] for it in told))
    clock = stage.clock
    today = clock()
    try:
        clock.set(in_china(day))
        number = await settled(replace(stage, today=day), Role.PAST)
    finally:
        clock.set(today)
    named = {"month": str((await stage.read(HOSPITAL, f"/v1/settlements/{number}"))["month"])}
    path = f"{DECLARATIONS}/{{month}}/figures"
    examples = {f"GET {path}": Example(client=HOSPITAL, parameters=named)}
    figures = (await stage.read(HOSPITAL, path.format(**named)))["items"][0]
    if Month.parse(named["month"]).last < stage.today:
        own = {name: figures[name] for name in ("settlements", "total", "fund")}
        examples[f"POST {DECLARATIONS}"] = Example(client=HOSPITAL, body=named | own)
    return examples


async def _payment(stage: Stage) -> dict[str, Example]:
    """Show the hospital's statement, and a transfer of today."""
    asked = {"place": SHANDONG, "institution": HOSPITAL}
    one = f"{REVIEWS}/statements/{{place}}/{{institution}}"
    found = await stage.read(HOSPITAL, f"{REVIEWS}/statements", place=SHANDONG)
    if not found["items"]:
        return {}
    transfer = asked | {
        "amount": PAID,
        "bank_reference": f"EXAMPLE{stage.today:%Y%m%d}",
        "paid_on": stage.today.isoformat(),
    }
    return {
        f"GET {one}": Example(client=HOSPITAL, parameters=asked),
        f"POST {REVIEWS}/payments": Example(client=SHANDONG, body=transfer),
    }


def _empty() -> list[Month]:
    """Return the months before the one reviewed, in which nobody settled."""
    months = [FIRST]
    while months[-1].next() < REVIEWED:
        months.append(months[-1].next())
    return months


def _off(settlement: str) -> Body:
    told = {"settlement": settlement, "reason": "overcharged", "amount": SMALL}
    return {"items": [told | {"note": "与物价标准不符"}]}


def _totals(it: Body) -> Body:
    totals = it["totals"]
    return {name: totals[name] for name in ("settlements", "fund", "deductions", "deducted")}


def _of(client: str, number: object, body: Body | None = None) -> Example:
    return Example(client=client, parameters={"number": str(number)}, body=body)
