"""3261, 3262: rows confirmed page by page, each with the claim it is of, and taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.clearing.errors import ClaimUnconfirmed, LinesMismatch
from app.clearing.model import Clearing, ContestReason, Item, Side
from app.clearing.model.confirming import (
    LINES_MAX,
    Confirmation,
    LineAsked,
    LinesAsked,
    Objection,
    Pair,
    Standing,
)
from app.clearing.service import confirming, lookups
from app.gateway import store
from app.gateway.deeds.call import Call
from app.gateway.deeds.clearings import clearing_of
from app.gateway.errors import ConfirmedPageUnknown, PeriodRowsMismatch, WithdrawalByPersons
from app.gateway.inputs import FieldFault, Row, missing, refuse_faults
from app.gateway.outputs import Facts, Told
from app.gateway.store import ConfirmedPage
from app.kernel.money import ZERO
from app.kernel.refusal import Refusal, refuse_all
from app.parties.errors import PersonRequired
from app.runtime.work import Work

DETAIL = "detail"
CONTESTED = "0"  # cnfm_flag
WHOLE_PERIOD = "0"  # otransid
UNSAID, PARTIAL, WHOLE = "unsaid", "partial", "whole"
NOT_IN_CLEARING = "not_in_claim"
# What is wrong with a row: the field to blame, and the sentences.
WRONG: Mapping[str, tuple[str, str, str]] = {
    NOT_IN_CLEARING: ("setl_sn", "该结算不在本期清分中", "The settlement is not in this clearing"),
    "amount_mismatch": ("optins_pay_sumamt", "支付总额与清分不一致", "The amount is not the hub's"),
    "contested_before": ("cnfm_flag", "该结算已提出争议", "The settlement was contested before"),
    "deduction": ("cnfm_flag", "审核扣款不能提出争议", "A deduction cannot be contested"),
    "proposed_amount": ("dspt_amt", "认可金额应小于支付总额", "The amount is no part of the row's"),
}


async def confirm(work: Work, call: Call) -> Told:
    """3261 清分确认."""
    row, rows = call.row(), call.input.rows(DETAIL)
    refuse_faults([*_repeated(rows), *_unexplained(rows)])
    clearing = await clearing_of(work.tx, work.caller.scope, row)
    _require_rows(row, clearing)
    numbers = [each.text("setl_sn") for each in rows]
    items = await lookups.items_named(work.tx, work.caller.scope, clearing.number, numbers)
    refusals: list[Refusal] = []
    unknown = [number for number in numbers if number not in items]
    if unknown:
        faults = [{"settlement": number, "code": NOT_IN_CLEARING} for number in unknown]
        refusals.append(_placed(LinesMismatch(errors=faults), numbers))
    pages = []
    for it in await _standings(work, clearing):
        pair = _pair(it)
        mine = [each for each in rows if _is_of(items.get(each.text("setl_sn")), pair)]
        if not mine:
            continue
        try:
            asked = _page(it, mine, work.caller.region)
            told = await confirming.confirm_lines(work, clearing.number, pair, asked)
        except Refusal as refusal:
            refusals.append(_placed(refusal, numbers, pair))
        else:
            pages.append(_kept(told, work.caller.region))
    refuse_all(refusals)
    await store.keep_pages(work.tx, work.caller.party, call.reference, pages)
    return await _told(work, clearing, call.reference)


async def roll_back(work: Work, call: Call) -> Told:
    """3262 确认回退."""
    row = call.row()
    clearing = await clearing_of(work.tx, work.caller.scope, row)
    reference = row.text("otransid")
    reason = row.text_or("memo") or f"3262 {reference}"
    taken = 0
    for pair, only in await _spoken_of(work, clearing, reference):
        try:
            await confirming.withdraw(work, clearing.number, pair, reason, only=only)
        except ClaimUnconfirmed:
            continue  # taken back before; what else the message spoke of may still stand
        except PersonRequired as refusal:
            raise WithdrawalByPersons(path=_path(clearing, pair)) from refusal
        taken += 1
    if not taken:
        raise ClaimUnconfirmed
    return await _told(work, clearing, reference)


def _path(clearing: Clearing, pair: Pair) -> str:
    claim = f"{pair.insured_place}/{pair.treatment_place}"
    return f"/v1/clearings/{clearing.number}/claims/{claim}/withdrawals"


async def _spoken_of(
    work: Work, clearing: Clearing, reference: str
) -> Sequence[tuple[Pair, int | None]]:
    """Return the claims a message spoke of, or all of which the caller's side has spoken."""
    if reference == WHOLE_PERIOD:
        standings = await _standings(work, clearing)
        return [(_pair(it), None) for it in standings if _word(it, work.caller.region) is not None]
    kept = await store.pages_of(work.tx, work.caller.party, reference, clearing.number)
    if not kept:
        raise ConfirmedPageUnknown
    return [(Pair(it.insured_place, it.treatment_place), it.confirmation_id) for it in kept]


async def _standings(work: Work, clearing: Clearing) -> Sequence[Standing]:
    """Read the claims in one order, so that two who speak of them never wait for each other."""
    found = await lookups.standings_of(work.tx, work.caller.scope, clearing.id)
    return sorted(found, key=lambda it: (it.claim.insured_place, it.claim.treatment_place))


def _require_rows(row: Row, clearing: Clearing) -> None:
    """Compare the one total of a period, of which REST asks each claim's part."""
    rows, sent = clearing.totals.settlements, int(row.number("totalrow"))
    if sent != rows:
        raise PeriodRowsMismatch(clearing=clearing.number, rows=rows, totalrow=sent)


def _repeated(rows: Sequence[Row]) -> Sequence[FieldFault]:
    numbers = [each.text("setl_sn") for each in rows]
    said = {"zh": "结算编号重复", "en": "The settlement stands twice in the message"}
    return [
        FieldFault(code="ROW_REPEATED", node=DETAIL, field="setl_sn", index=index, **said)
        for index, number in enumerate(numbers)
        if number in numbers[:index]
    ]


def _unexplained(rows: Sequence[Row]) -> Sequence[FieldFault]:
    return [
        missing(DETAIL, name, zh, index)
        for index, each in enumerate(rows)
        for name, zh in (("dspt_rea", "争议原因"), ("memo", "争议说明"))
        if each.text("cnfm_flag") == CONTESTED and not each.has(name)
    ]


def _is_of(item: Item | None, pair: Pair) -> bool:
    return item is not None and Pair(item.insured_place, item.treatment_place) == pair


def _page(it: Standing, rows: Sequence[Row], region: str) -> LinesAsked:
    """Ask for one claim what the message asks for all: its own rows, of its own total."""
    said = _word(it, region)
    page = 1 if said is None else 1 + said.line_count // LINES_MAX
    return LinesAsked(page, it.claim.totals.settlements, [_line(each) for each in rows])


def _line(row: Row) -> LineAsked:
    number, objection = row.text("setl_sn"), None
    if row.text("cnfm_flag") == CONTESTED:
        objection = Objection(
            settlement=number,
            reason=ContestReason(row.text("dspt_rea")),
            proposed=row.money("dspt_amt") if row.has("dspt_amt") else ZERO,
            note=row.text("memo"),
        )
    return LineAsked(number, row.money("optins_pay_sumamt"), objection)


def _placed(refusal: Refusal, numbers: Sequence[str], pair: Pair | None = None) -> Refusal:
    """Tell a claim's refusal by the places and the rows of the message."""
    facts = dict(refusal.facts)
    if pair is not None:
        facts |= {"insuplc": pair.insured_place, "mdtrtarea": pair.treatment_place}
    faults = facts.get("errors")
    if isinstance(faults, list):
        facts["errors"] = [_fault(each, numbers) for each in faults]
    return type(refusal)(**facts)


def _fault(fault: Mapping[str, object], numbers: Sequence[str]) -> Facts:
    index = numbers.index(str(fault["settlement"]))
    field, zh, en = WRONG[str(fault["code"])]
    where = f"{DETAIL}[{index}].{field}"
    return dict(fault) | {"index": index, "field": where, "detail_zh": zh, "detail": en}


def _pair(it: Standing) -> Pair:
    return Pair(it.claim.insured_place, it.claim.treatment_place)


def _word(it: Standing, region: str) -> Confirmation | None:
    """Return what a place has said of a claim; nothing where it is no side of it."""
    by_place = {it.claim.insured_place: Side.INSURED, it.claim.treatment_place: Side.TREATMENT}
    return it.said_by(by_place[region]) if region in by_place else None


def _kept(it: Standing, region: str) -> ConfirmedPage:
    said = _word(it, region)
    assert said is not None, "it was said in this transaction"
    return ConfirmedPage(
        confirmation_id=said.id,
        clearing=it.clearing,
        insured_place=it.claim.insured_place,
        treatment_place=it.claim.treatment_place,
    )


async def _told(work: Work, clearing: Clearing, reference: str) -> Told:
    """Tell how far the caller has come: what is not whole is in part, and looks so."""
    claims = [_claim(it, work.caller.region) for it in await _standings(work, clearing)]
    states = {it["state"] for it in claims}
    result = {
        "clearing": clearing.number,
        "period": clearing.period,
        "reference": reference,
        "rows": clearing.totals.settlements,
        "confirmed": sum(int(str(it["confirmed"])) for it in claims),
        "state": states.pop() if len(states) == 1 else PARTIAL,
    }
    return {"result": [result], "claims": claims}


def _claim(it: Standing, region: str) -> Facts:
    said = _word(it, region)
    spoken = WHOLE if said is not None and said.confirmed_at is not None else PARTIAL
    return {
        "insured_place": it.claim.insured_place,
        "treatment_place": it.claim.treatment_place,
        "rows": it.claim.totals.settlements,
        "confirmed": 0 if said is None else said.line_count,
        "state": UNSAID if said is None else spoken,
        "manner": None if said is None else said.manner.value,
    }
