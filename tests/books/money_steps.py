"""The machine's steps from the settlement to the bank."""

from __future__ import annotations

from typing import Any

from app.review.service import deducting
from tests.books.desk import BEIJING, LIAONING, SHANDONG, Desk, fen, pick, yuan
from tests.books.model.days import month_text, quarter_text
from tests.books.model.money import Claim, Clearing, Contest, Deduction
from tests.flows.test_clearing_payments import HEADER, IMPORT, bank_row
from tests.support.advance import CHANGES, NOTICES, another, open_payments
from tests.support.clearing import all_claims, all_items, claim_path, digest_of
from tests.support.institutions import JINAN
from tests.support.parties import as_operator
from tests.support.review import DEDUCTIONS, REVIEWS, off
from tests.support.visit import VISITS

CLEARINGS = "/v1/clearings"
HOLDS = "/v1/advances/holds"


class MoneySteps:
    """What can be done with what was settled."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.banked: list[tuple[Claim, int]] = []

    # ── review ──

    async def propose(self, n: int, part: int) -> None:
        """Propose to take off a quarter, a half, all, or more than all."""
        it = pick(self.desk.books.settlements, n)
        if it is None:
            return
        self.desk.now()
        amount = max(1, abs(it.fund) * part // 4)
        made, told = await self.desk.ask(
            self.desk.shandong,
            DEDUCTIONS,
            {"items": [off(it.number, yuan(amount))]},
            lambda: self.desk.books.propose(it, amount),
        )
        if made is not None:
            made.number = told["items"][0]["number"]
            assert told["items"][0]["appeal_by"] == made.appeal_by.isoformat()

    async def appeal(self, n: int) -> None:
        """Appeal against a deduction."""
        it = pick(self.desk.books.deductions, n)
        if it is not None:
            self.desk.now()
            path, body = f"{DEDUCTIONS}/{it.number}/appeal", {"note": "附病历，费用合理"}
            appeal = self.desk.books.appeal
            await self.desk.ask(self.desk.hospital, path, body, lambda: appeal(it))

    async def decide(self, n: int, decision: str) -> None:
        """Uphold, lower or withdraw."""
        it = pick(self.desk.books.deductions, n)
        if it is None:
            return
        self.desk.now()
        amount = max(1, abs(it.fen) // 3) if decision == "lowered" else None
        body = {"decision": decision, "note": "经复核"}
        body |= {} if amount is None else {"amount": yuan(amount)}
        act = self.desk.books.decide
        _, told = await self.desk.ask(
            self.desk.shandong,
            f"{DEDUCTIONS}/{it.number}/decision",
            body,
            lambda: act(it, decision, amount),
        )
        self.hold_to(it, told)

    def hold_to(self, it: Deduction, told: dict[str, Any]) -> None:
        """Hold a deduction to the model's."""
        if "code" not in told:
            shown = (told["state"], fen(told["amount"]), told.get("month"))
            assert shown == (it.state, it.fen, month_text(it.month) if it.month else None)

    async def give_back(self, n: int) -> None:
        """Give a final deduction back."""
        it = pick(self.desk.books.deductions, n)
        if it is None:
            return
        self.desk.now()
        path, body = f"{DEDUCTIONS}/{it.number}/return", {"note": "扣款有误"}
        give_back = self.desk.books.give_back
        made, told = await self.desk.ask(self.desk.shandong, path, body, lambda: give_back(it))
        if made is not None:
            made.number = told["number"]
            self.hold_to(made, told)

    async def finish(self) -> None:
        """Let the night's round make final what nobody appealed against."""
        self.desk.now()
        done = await as_operator(self.desk.world, deducting.finish_unappealed)
        assert done == self.desk.books.finish()

    # ── months and hospital ──

    async def close(self, *, early: bool) -> None:
        """Close the months that are over, or the one that runs."""
        self.desk.now()
        this = self.desk.month()
        listed = await self.desk.shandong.get(f"{REVIEWS}/open")
        told = {it["month"] for it in listed.json()["items"] if it["state"] == "open"}
        months = self.desk.books.unreviewed()
        assert {it for it in told if it < month_text(this)} == {
            month_text(it) for it in months if it < this
        }
        for month in [this] if early else [*(it for it in months if it < this), this]:
            await self._close(month, early=early)

    async def _close(self, month: int, *, early: bool) -> None:
        body = {"place": SHANDONG, "month": month_text(month), "early": early}
        close = self.desk.books.close
        await self.desk.ask(self.desk.shandong, REVIEWS, body, lambda: close(month, early=early))

    async def pay_hospital(self, amount: int) -> None:
        """Pay the hospital something."""
        self.desk.now()
        body = {
            "place": SHANDONG,
            "institution": JINAN,
            "amount": yuan(amount),
            "bank_reference": f"ICBC-{self.desk.key()}",
            "paid_on": self.desk.books.today.isoformat(),
        }
        pay_out = self.desk.books.pay_out
        path = f"{REVIEWS}/payments"
        await self.desk.ask(self.desk.shandong, path, body, lambda: pay_out(amount))

    # ── clearing ──

    async def clear(self, back: int = 0) -> None:
        """Clear the quarter that is over, one before it, or the one that runs."""
        self.desk.now()
        quarter = self.desk.month() // 3 - 1 + back
        asked = {"scheme": "cross_province", "period": quarter_text(quarter)}
        clear = self.desk.books.clear
        made, told = await self.desk.ask(
            self.desk.world.operator, CLEARINGS, asked, lambda: clear(quarter)
        )
        if made is not None:
            made.number = told["number"]
            await self.claims_of(made)

    async def claims_of(self, clearing: Clearing) -> dict[str, Any]:
        """Read a clearing's claims, and hold them to the model's."""
        found = await all_claims(self.desk.world, clearing.number)
        told = {it["claim"]["insured_place"]: it["claim"] for it in found}
        figures = {
            place: (it["totals"]["settlements"], fen(it["totals"]["fund"]))
            for place, it in told.items()
        }
        assert figures == {place: (it.count, it.fund) for place, it in clearing.claims.items()}
        return told

    async def confirm(self, clearing: Clearing, insured: str, side: str) -> None:
        """Confirm a claim by its digest."""
        told = (await self.claims_of(clearing))[insured]
        claim, confirm = clearing.claims[insured], self.desk.books.confirm
        await self.desk.ask(
            self.desk.world.agency(insured if side == "insured" else SHANDONG),
            f"{claim_path(clearing.number, told)}/confirmations",
            digest_of(told),
            lambda: confirm(claim, side),
        )

    async def contest(self, n: int, part: int) -> None:
        """Contest something of the latest clearing."""
        clearing = pick([it for it in self.desk.books.clearings if it.claims], 0)
        if clearing is None:
            return
        self.desk.now()
        insured = sorted(clearing.claims)[n % len(clearing.claims)]
        claim = clearing.claims[insured]
        it = pick([each for each in claim.items if each.fund > 0], n // 2)
        if it is None:
            return
        told = (await self.claims_of(clearing))[insured]
        proposed = claim.items[it] * part // 4
        objection = {"settlement": it.number, "reason": "wrong_amount", "note": "票据不符"}
        act = self.desk.books.contest
        made, _ = await self.desk.ask(
            self.desk.world.agency(insured),
            f"{claim_path(clearing.number, told)}/confirmations",
            digest_of(told) | {"contests": [objection | {"proposed": yuan(proposed)}]},
            lambda: act(claim, it, proposed),
        )
        if made is not None:
            listed = await self.desk.read("/v1/contests", clearing=clearing.number, limit=200)
            (found,) = [c for c in listed["items"] if c["settlement"] == it.number]
            made.number = found["number"]
            assert found["reply_by"] == made.reply_by.isoformat()

    async def reply(self, n: int, reply: str) -> None:
        """Answer a contest."""
        it = pick(self.desk.books.contests, n)
        if it is None:
            return
        self.desk.now()
        amount = it.counted // 3 if reply == "accepted_in_part" else None
        body = {"reply": reply, "note": "已核对"}
        body |= {} if amount is None else {"amount": yuan(amount)}
        act = self.desk.books.reply
        path = f"/v1/contests/{it.number}/reply"
        _, told = await self.desk.ask(
            self.desk.shandong, path, body, lambda: act(it, reply, amount)
        )
        if "code" not in told:
            self.shows(it, told)

    def shows(self, it: Contest, told: dict[str, Any]) -> None:
        """Hold a contest to the model's."""
        agreed = None if told["agreed"] is None else fen(told["agreed"])
        assert (told["state"], agreed) == (it.state, it.agreed)

    async def notify(self, n: int) -> None:
        """Confirm what nobody confirmed, and issue the notices."""
        clearing = pick(self.desk.books.clearings, n)
        if clearing is None:
            return
        self.desk.now()
        for insured, claim in clearing.claims.items():
            for side in ("insured", "treatment"):
                if claim.due is None and side not in claim.confirmed:
                    await self.confirm(clearing, insured, side)
        path, act = f"{CLEARINGS}/{clearing.number}/notices", self.desk.books.notify
        await self.desk.ask(self.desk.world.operator, path, None, lambda: act(clearing))
        listed = (await self.desk.read(path, limit=200))["items"]
        shown = {it["party_place"]: it for it in listed if it["kind"] == "payable"}
        for insured, claim in clearing.claims.items():
            if claim.due:
                claim.notice = shown[insured]["number"]
                assert fen(shown[insured]["amount"]) == claim.due

    def called(self) -> list[Claim]:
        """List the claims that were noticed for more than nothing."""
        claims = [it for each in self.desk.books.clearings for it in each.claims.values()]
        return [it for it in claims if (it.due or 0) > 0]

    async def pay(self, n: int, part: int) -> None:
        """Pay a quarter, a half, all that is open, or more."""
        claim = pick(self.called(), n)
        if claim is not None and claim.due is not None:
            await self._bank(claim, max(1, (claim.due - claim.paid) * part // 4))

    async def send_back(self, n: int) -> None:
        """Let money that was paid come back."""
        if self.banked:
            claim, amount = self.banked[n % len(self.banked)]
            await self._bank(claim, -amount)

    async def _bank(self, claim: Claim, amount: int) -> None:
        self.desk.now()
        day = self.desk.books.today.isoformat()
        row = bank_row(claim.notice, claim.insured, SHANDONG, yuan(amount), day)
        bank = self.desk.books.bank
        sheet = f"{HEADER}\n{row}".encode()
        outcome, told = await self.desk.ask(
            self.desk.shandong, IMPORT, sheet, lambda: bank(claim, amount)
        )
        assert told["items"][0]["outcome"] == outcome
        if outcome in {"matched", "partial"}:
            self.banked.append((claim, amount))

    # ── advances ──

    async def _changed(self, kind: str, insured: str, **what: str) -> None:
        pair = {"insured_place": insured, "treatment_place": SHANDONG, "reason": "业务需要"}
        operator = self.desk.world.operator
        key = self.desk.key()
        proposed = await operator.post(f"/v1/advances/{kind}", pair | what, key=key)
        assert proposed.status_code == 201, proposed.text
        path = f"{CHANGES}/{proposed.json()['number']}/approval"
        done = await another(operator).post(path, key=self.desk.key())
        assert done.status_code == 200, done.text

    async def mode(self, n: int, mode: str) -> None:
        """Let a pair warn, hold or refuse when its advance is used up."""
        self.desk.now()
        insured = (BEIJING, LIAONING)[n % 2]
        if self.desk.books.modes.get(insured, "warn") != mode:
            await self._changed("modes", insured, mode=mode)
            self.desk.books.modes[insured] = mode

    async def quota(self, n: int, amount: int) -> None:
        """Give a pair another advance; what differs is called for."""
        self.desk.now()
        insured = (BEIJING, LIAONING)[n % 2]
        held = self.desk.books.ledger.held(insured) + self.desk.books.called[insured]
        if held != amount:
            await self._changed("quotas", insured, quota=yuan(amount))
            self.desk.books.quota(insured, amount)
        notices = await open_payments(self.desk.world, insured, SHANDONG)
        called = sum(fen(it["amount"]) * self._sign(it, insured) for it in notices)
        assert called == self.desk.books.called[insured]

    def _sign(self, notice: dict[str, Any], insured: str) -> int:
        return 1 if notice["party_place"] == insured else -1

    async def receive(self, n: int) -> None:
        """Let both sides say that an advance was paid, or returned."""
        self.desk.now()
        insured = (BEIJING, LIAONING)[n % 2]
        notice = pick(await open_payments(self.desk.world, insured, SHANDONG), n)
        if notice is None:
            return
        said = {
            "amount": notice["amount"],
            "bank_reference": f"BANK-{self.desk.key()}",
            "paid_on": self.desk.books.today.isoformat(),
        }
        payer = self.desk.world.agency(notice["party_place"])
        paid = await payer.post(
            f"{NOTICES}/{notice['number']}/confirmations", said, key=self.desk.key()
        )
        assert paid.status_code == 200, paid.text
        amount = fen(notice["amount"]) * self._sign(notice, insured)
        receive = self.desk.books.receive
        await self.desk.ask(
            self.desk.world.agency(notice["counter_place"]),
            f"{NOTICES}/{notice['counterpart']}/confirmations",
            said,
            lambda: receive(insured, amount),
            status=200,
        )

    async def approve_hold(self, n: int) -> None:
        """Let the treatment place approve a visit though the advance is used up."""
        visit = pick([it for it in self.desk.books.visits if it.is_open and it.fund], n)
        if visit is None:
            return
        self.desk.now()
        asked = {"visit": visit.number, "fund": yuan(visit.fund), "reason": "患者急需出院"}
        hold = await self.desk.hospital.post(HOLDS, asked, key=self.desk.key())
        assert hold.status_code == 201, hold.text
        path = f"{HOLDS}/{hold.json()['number']}/approval"
        done = await self.desk.shandong.post(path, key=self.desk.key())
        assert done.status_code == 200, done.text
        visit.approved.append(visit.fund)

    async def look(self) -> None:
        """Read a visit of everybody, so that reading is among the steps."""
        for visit in self.desk.books.visits[-2:]:
            told = await self.desk.read(f"{VISITS}/{visit.number}")
            assert (told["state"], fen(told["total"])) == (visit.state, visit.total)

    async def items_of(self, clearing: Clearing) -> dict[str, int]:
        """Read what a clearing counts, added up by settlement or deduction."""
        found: dict[str, int] = {}
        for it in await all_items(self.desk.world.operator, clearing.number):
            found[it["number"]] = found.get(it["number"], 0) + fen(it["fund"])
        return found
