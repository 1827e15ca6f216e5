"""Advances at every step: computed, called for, paid, used up, asked for and changed.

Shandong's pool is red from the first day on, since its advance is small; each day has pairs of its
own for what is proposed and called for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations

from app.runtime.openapi import Example
from app.sandbox.examples.stage import (
    BEIJING,
    HOSPITAL,
    OPERATOR,
    SHANDONG,
    Body,
    RefusedError,
    Role,
    Stage,
    caller_of,
)
from app.sandbox.examples.stays import charged, discharged

ADVANCES = "/v1/advances"
RUNS, NOTICES, CHANGES = f"{ADVANCES}/runs", f"{ADVANCES}/notices", f"{ADVANCES}/changes"
HOLDS, CROSSINGS = f"{ADVANCES}/holds", f"{ADVANCES}/crossings"
ACROSS, WITHIN = "cross_province", "in_province"
OTHERS = (
    *("130000", "140000", "150000", "210000", "220000", "230000", "320000", "340000", "350000"),
    *("360000", "410000", "420000", "430000", "450000", "460000", "510000", "520000", "530000"),
    *("540000", "610000", "620000", "630000", "640000", "650000"),
)
PAIRS = tuple(permutations(OTHERS, 2))
PAIRS_A_DAY = 4
SMALL = "10.00"  # less than what is settled in Shandong in a day of examples
REASON = "业务量变化"


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Bring an advance to each step of its life."""
    return {
        **await _runs(stage),
        **await _used_up(stage),
        **await _called(stage),
        **await _changes(stage),
        **await _holds(stage),
    }


async def _runs(stage: Stage) -> dict[str, Example]:
    """A year may be computed until it is issued; what is issued here is that of the cities."""
    known = (await stage.read(OPERATOR, RUNS, limit="200"))["items"]
    of_cities = await _computed(stage, known, WITHIN)
    of_provinces = await _computed(stage, known, ACROSS)
    one, year = f"{RUNS}/{{number}}", stage.today.year
    return {
        f"POST {RUNS}": Example(client=OPERATOR, body={"scheme": ACROSS, "year": year}),
        f"POST {one}/issue": _of(OPERATOR, of_cities),
        f"POST {one}/withdrawal": _of(OPERATOR, of_provinces),
        f"GET {one}": _of(OPERATOR, of_provinces),
        f"GET {one}/worksheet": _of(OPERATOR, of_provinces),
        f"GET {one}/worksheet/file": _of(OPERATOR, of_provinces),
    }


async def _computed(stage: Stage, known: list[Body], scheme: str) -> str:
    """Compute today's run of a scheme, or return the one that was issued."""
    year = stage.today.year
    for it in known:
        if (it["scheme"], it["year"], it["state"]) == (scheme, year, "issued"):
            return str(it["number"])
    body = {"scheme": scheme, "year": year}
    return str((await stage.write(OPERATOR, RUNS, body, f"advance-run-{scheme}"))["number"])


async def _used_up(stage: Stage) -> dict[str, Example]:
    """Let Shandong's pool be red, and ask for more of some pairs."""
    usage = await stage.read(OPERATOR, f"{ADVANCES}/usage", place=SHANDONG, pools="true")
    if not [it for it in usage["items"] if it["percent"] is not None]:
        notice = await _noticed(stage, (BEIJING, SHANDONG), SMALL)
        said = {"amount": SMALL, "bank_reference": "EXAMPLE-SMALL", "paid_on": str(stage.today)}
        for side, number in ((BEIJING, notice["number"]), (SHANDONG, notice["counterpart"])):
            path = f"{NOTICES}/{number}/confirmations"
            await stage.write(side, path, said, f"advance-small-{side}")
    told = (await stage.read(SHANDONG, CROSSINGS, limit="200"))["items"]
    first, second = (_other(stage, n) for n in (0, 1))
    asked = await _opened(stage, SHANDONG, "increases", _pair((first, SHANDONG), amount="30000.00"))
    return {
        f"POST {CROSSINGS}/{{number}}/acknowledgement": _of(SHANDONG, told[-1]["number"]),
        f"POST {ADVANCES}/increases": Example(
            client=SHANDONG, body=_pair((second, SHANDONG), amount="30000.00")
        ),
        f"POST {CHANGES}/{{number}}/decision": _of(
            OPERATOR, asked, {"amount": "20000.00", "note": "按近期支出核定"}
        ),
    }


async def _called(stage: Stage) -> dict[str, Example]:
    """Call for an amount that Beijing has to pay."""
    amount = f"{20_000 + stage.today.toordinal() % 1_000_000}.00"
    notice = await _noticed(stage, (BEIJING, _other(stage, 2)), amount)
    day = stage.today
    said = {
        "amount": notice["amount"],
        "bank_reference": f"{day:%Y%m%d}00000001",
        "paid_on": day.isoformat(),
    }
    one = f"{NOTICES}/{{number}}"
    return {
        f"GET {one}": _of(BEIJING, notice["number"]),
        f"POST {one}/confirmations": _of(BEIJING, notice["number"], said),
    }


async def _changes(stage: Stage) -> dict[str, Example]:
    """Propose what waits to be approved and turned down, and what can be proposed."""
    start = stage.today.toordinal() * PAIRS_A_DAY
    pairs = [PAIRS[(start + n) % len(PAIRS)] for n in range(PAIRS_A_DAY)]
    proposed, doubtful = [
        await _opened(stage, OPERATOR, "quotas", _pair(pair, quota="80000.00"))
        for pair in pairs[:2]
    ]
    one = f"{CHANGES}/{{number}}"
    return {
        f"POST {ADVANCES}/modes": Example(client=OPERATOR, body=_pair(pairs[2], mode="hold")),
        f"POST {ADVANCES}/quotas": Example(client=OPERATOR, body=_pair(pairs[3], quota="80000.00")),
        f"GET {one}": _of(OPERATOR, proposed),
        f"POST {one}/approval": _of(OPERATOR, proposed),
        f"POST {one}/rejection": _of(OPERATOR, doubtful, {"note": "依据不足"}),
    }


async def _holds(stage: Stage) -> dict[str, Example]:
    """Ask that some visits may be settled; approvals are given only where a pair holds."""
    visits = (
        await discharged(stage, Role.READY),
        await charged(stage, Role.HEALED),
        await charged(stage, Role.TREATED),
    )
    bodies = [{"visit": it, "fund": "19.20", "reason": "患者急需出院"} for it in visits]
    approved, declined = [
        str((await stage.write(HOSPITAL, HOLDS, body, f"advance-hold-{n}"))["number"])
        for n, body in enumerate(bodies[:2])
    ]
    one = f"{HOLDS}/{{number}}"
    return {
        f"POST {HOLDS}": Example(client=HOSPITAL, body=bodies[2]),
        f"GET {one}": _of(HOSPITAL, approved),
        f"POST {one}/approval": _of(SHANDONG, approved),
        f"POST {one}/rejection": _of(SHANDONG, declined, {"note": "依据不足"}),
    }


async def _noticed(stage: Stage, pair: tuple[str, str], quota: str) -> Body:
    """Change a pair's quota by two persons; return the payer's notice."""
    number = await _opened(stage, OPERATOR, "quotas", _pair(pair, quota=quota))
    await _approved(stage, number)
    found = (await stage.read(pair[0], NOTICES, open="true", limit="200"))["items"]
    called = [it for it in found if _called_for(it) == pair]
    return dict(called[-1])


async def _approved(stage: Stage, number: str) -> None:
    """Let another person of the operator than proposed a change approve it."""
    person = replace(caller_of(OPERATOR), client=f"{OPERATOR}-examples-other")
    headers = {
        "Authorization": f"Bearer {stage.signer.issue(person, stage.clock())}",
        "Idempotency-Key": stage.message(f"advance-approve-{number}"),
    }
    path = f"{CHANGES}/{number}/approval"
    answer = await stage.http.post(path, headers=headers)
    if not answer.is_success:
        message = f"{path} {answer.status_code}"
        raise RefusedError(message)


async def _opened(stage: Stage, party: str, what: str, body: Body) -> str:
    key = f"advance-{what}-{body['insured_place']}-{body['treatment_place']}"
    return str((await stage.write(party, f"{ADVANCES}/{what}", body, key))["number"])


def _called_for(notice: Body) -> tuple[str, str]:
    """Return the pair whose payer the notice is addressed to."""
    return str(notice["insured_place"]), str(notice["treatment_place"])


def _pair(pair: tuple[str, str], **more: str) -> Body:
    return {"insured_place": pair[0], "treatment_place": pair[1], "reason": REASON, **more}


def _other(stage: Stage, n: int) -> str:
    """Return a place of the day."""
    return OTHERS[(stage.today.toordinal() * 3 + n) % len(OTHERS)]


def _of(client: str, number: object, body: Body | None = None) -> Example:
    return Example(client=client, parameters={"number": str(number)}, body=body)
