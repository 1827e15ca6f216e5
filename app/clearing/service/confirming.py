"""Both sides confirm a claim, by its digest or line by line, with their objections."""

from __future__ import annotations

from collections.abc import Sequence

from app.clearing.errors import ClaimUnknown
from app.clearing.model import Manner, Side
from app.clearing.model.confirming import (
    Digest,
    LinesAsked,
    Objection,
    Pair,
    Standing,
)
from app.clearing.rules import confirming, contests
from app.clearing.service import find
from app.clearing.store import confirming as kept
from app.clearing.store import contests as kept_contests
from app.clearing.store import items as kept_items
from app.parties import service as parties
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work

SILENT = "hub:silence"  # whose word it is when nobody spoke


async def standings(reading: Reading, number: str, page: PageAsked) -> Page[Standing]:
    """List the claims the caller is a side of, with what was said of them."""
    clearing = await find(reading, number)
    found = await kept.standings(reading.rx, reading.caller.scope, page, clearing.id)
    return Page.of(found, page, lambda it: it.claim.id)


async def standing(reading: Reading, number: str, pair: Pair) -> Standing:
    """Read one claim with what was said of it."""
    await find(reading, number)
    found = await kept.standing(reading.rx, reading.caller.scope, number, pair)
    if found is None:
        raise ClaimUnknown(clearing=number)
    return found


async def confirm(
    work: Work, number: str, pair: Pair, asked: Digest, objections: Sequence[Objection]
) -> Standing:
    """Confirm a whole claim by its digest, but for the items objected to (确认)."""
    it, side = await _locked(work, number, pair, len(objections))
    confirming.require_digest(it.claim, asked)
    said = it.said_by(side)
    confirmation_id = said.id if said is not None else await _begin(work, it, side, Manner.DIGEST)
    await _contest(work, it, confirmation_id, objections)
    count = it.claim.totals.settlements - len(objections)
    await kept.complete(work.tx, confirmation_id, Manner.DIGEST, count, work.now)
    return await _told(work, it, side, "clearing.confirm", contested=len(objections))


async def confirm_lines(work: Work, number: str, pair: Pair, asked: LinesAsked) -> Standing:
    """Confirm a page of lines; the claim is confirmed once every line was sent (逐笔确认)."""
    objections = [line.objection for line in asked.lines if line.objection is not None]
    it, side = await _locked(work, number, pair, len(objections))
    numbers = [line.settlement for line in asked.lines]
    items = await kept_items.named_items(work.tx, work.caller.scope, number, pair, numbers)
    confirming.require_lines(it.claim, asked, items)
    said = it.said_by(side)
    confirmation_id = said.id if said is not None else await _begin(work, it, side, Manner.LINES)
    before = await kept.objected(work.tx, confirmation_id)
    new = [each for each in objections if each.settlement not in before]
    await _contest(work, it, confirmation_id, new)
    agreed = confirming.agreed_lines(asked)
    count = await kept.keep_lines(work.tx, confirmation_id, asked, agreed)
    if count == it.claim.totals.settlements:
        await kept.complete(work.tx, confirmation_id, Manner.LINES, count, work.now)
    return await _told(work, it, side, "clearing.confirm_lines", page=asked.page, lines=count)


async def withdraw(
    work: Work, number: str, pair: Pair, reason: str, *, only: int | None = None
) -> Standing:
    """Take a confirmation back, by a second person, with the contests it raised (撤回确认).

    What a machine said for a party with persons, the first person asks to take back.
    """
    it, side = await _locked_side(work, number, pair)
    said = confirming.require_withdrawable(it, side, only=only)
    if await parties.is_first_of_two(work, said.withdrawal_asked_by or said.client):
        await kept.ask_withdrawal(work.tx, said, work.caller.client)
        work.record("clearing.ask_withdrawal", number, side=side, reason=reason)
        return await _now(work, it)
    raised = await kept_contests.of_confirmation(work.tx, said.id)
    contests.require_unanswered(raised)
    await kept_contests.withdraw(work.tx, said.id)
    await kept.withdraw(work.tx, said, at=work.now, client=work.caller.client, reason=reason)
    return await _told(work, it, side, "clearing.withdraw", reason=reason)


async def confirm_silent(work: Work) -> int:
    """Confirm, flagged, all that nobody spoke of in time; return how many sides were silent."""
    silent = await kept.confirm_silent(work.tx, work.today, work.now, SILENT)
    by_clearing: dict[str, list[tuple[Side, Pair]]] = {}
    for number, side, pair in silent:
        by_clearing.setdefault(number, []).append((side, pair))
    work.record("clearing.confirm_silent", work.today, sides=len(silent))
    for number, said in by_clearing.items():
        places = {
            pair.insured_place if side is Side.INSURED else pair.treatment_place
            for side, pair in said
        }
        work.announce("clearing.silent", number, tuple(sorted(places)), {"sides": len(said)})
    return len(silent)


async def _locked(work: Work, number: str, pair: Pair, objections: int) -> tuple[Standing, Side]:
    it, side = await _locked_side(work, number, pair)
    confirming.require_unsaid(it, side, objections=objections)
    return it, side


async def _locked_side(work: Work, number: str, pair: Pair) -> tuple[Standing, Side]:
    it = await kept.locked_standing(work.tx, work.caller.scope, number, pair)
    if it is None:
        raise ClaimUnknown(clearing=number)
    return it, confirming.side_of(it.claim, work.caller.region)


async def _begin(work: Work, it: Standing, side: Side, manner: Manner) -> int:
    client = work.caller.client
    return await kept.begin(work.tx, it, side, manner, at=work.now, client=client)


async def _contest(
    work: Work, it: Standing, confirmation_id: int, objections: Sequence[Objection]
) -> None:
    if not objections:
        return
    numbers = [each.settlement for each in objections]
    pair = Pair(it.claim.insured_place, it.claim.treatment_place)
    scope = work.caller.scope
    items = await kept_items.named_items(work.tx, scope, it.clearing, pair, numbers)
    before = await kept_contests.contested(work.tx, numbers)
    raised = contests.raise_contests(
        objections, items, before, contests.Day(it.confirm_by, work.today), work.book
    )
    await kept_contests.keep(
        work.tx, it, confirmation_id, raised, at=work.now, client=work.caller.client
    )


async def _told(work: Work, it: Standing, side: Side, action: str, **facts: object) -> Standing:
    """Record what was said, tell both sides, and read the claim as it now stands."""
    pair = Pair(it.claim.insured_place, it.claim.treatment_place)
    places = (pair.insured_place, pair.treatment_place)
    work.record(action, it.clearing, side=side, pair=places, **facts)
    work.announce(action, it.clearing, places, {"side": side, **facts})
    return await _now(work, it)


async def _now(work: Work, it: Standing) -> Standing:
    pair = Pair(it.claim.insured_place, it.claim.treatment_place)
    now = await kept.standing(work.tx, work.caller.scope, it.clearing, pair)
    assert now is not None, "it was locked in this transaction"
    return now
