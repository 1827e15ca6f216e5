"""From the settlement to the bank: deductions, months, clearings, contests, payments, advances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from tests.books.model.days import last_day, month_of, working_days_later
from tests.books.model.ledger import TREASURY, advance, notified, payable, uncleared
from tests.books.model.road import Road, Settlement, require

APPEAL_DAYS = 5
REPLY_DAYS = 3
MONTHS_BACK = 2
ROLLS_MAX = 2


@dataclass(eq=False)
class Deduction:
    """What review takes off, or the negative twin that gives it back."""

    of: Settlement
    fen: int
    appeal_by: date
    state: str = "proposed"
    number: str = ""
    month: int = 0
    returned: bool = False


@dataclass(eq=False)
class Contest:
    """What the insured place does not want to owe."""

    of: Settlement
    counted: int
    proposed: int
    reply_by: date
    held_by: Claim | None
    state: str = "open"
    agreed: int | None = None
    month: int = 0
    rolls: int = 0
    waiting: bool = False
    number: str = ""

    @property
    def off(self) -> int:
        """Return what the answer takes off."""
        return 0 if self.agreed is None else self.counted - self.agreed


@dataclass(eq=False)
class Claim:
    """What a clearing says one place owes."""

    insured: str
    items: dict[Settlement, int]
    fund: int
    count: int
    confirmed: set[str] = field(default_factory=set)
    contested: bool = False
    due: int | None = None  # once it is noticed
    paid: int = 0
    notice: str = ""


@dataclass(eq=False)
class Clearing:
    """One quarter."""

    quarter: int
    claims: dict[str, Claim]
    number: str = ""
    is_done: bool = False  # every claim of it is noticed


@dataclass(eq=False)
class Books(Road):
    """The road, and the money that runs along it."""

    deductions: list[Deduction] = field(default_factory=list)
    contests: list[Contest] = field(default_factory=list)
    clearings: list[Clearing] = field(default_factory=list)
    reviewed: set[int] = field(default_factory=set)
    cleared: int = 0  # the last month a clearing holds
    paid_out: int = 0
    called: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    # ── review ──

    def since(self, month: int) -> int:
        """What is decided late about a month falls into it while it is open, or soon after."""
        return max(month, month_of(self.today) - MONTHS_BACK, self.closed + 1)

    def propose(self, it: Settlement, fen: int) -> Deduction:
        """No more than the fund bears of what stands."""
        require(it.cancels is None and not it.cancelled, "deductions-refused")
        require(fen <= it.left, "deductions-refused")
        it.deducted += fen
        made = Deduction(it, fen, working_days_later(self.today, APPEAL_DAYS))
        self.deductions.append(made)
        return made

    def appeal(self, it: Deduction) -> None:
        """Within the term."""
        require(it.state == "proposed", "no-such-move")
        require(self.today <= it.appeal_by, "appeal-term-over")
        it.state = "appealed"

    def decide(self, it: Deduction, decision: str, fen: int | None) -> None:
        """Uphold or lower what was appealed against; take back what is not final."""
        withdrawn = decision == "withdrawn"
        require(it.state == "appealed" or (withdrawn and it.state == "proposed"), "no-such-move")
        require(fen is None or 0 < fen < it.fen, "decision-amount")
        if withdrawn:
            it.of.deducted -= it.fen
            it.state = "withdrawn"
            return
        if fen is not None:
            it.of.deducted -= it.fen - fen
            it.fen = fen
        self._final(it)

    def finish(self) -> int:
        """What nobody appealed against in time is final."""
        late = [
            it for it in self.deductions if it.state == "proposed" and it.appeal_by < self.today
        ]
        for it in late:
            self._final(it)
        return len(late)

    def give_back(self, it: Deduction) -> Deduction:
        """Once, by a negative twin."""
        require(it.state == "final" and it.fen > 0 and not it.returned, "deduction-not-returnable")
        insured = it.of.visit.worker.insured
        hard = self.modes.get(insured) == "hard"
        over = self.ledger.used(insured) + it.fen > self.ledger.held(insured)
        require(not (hard and over), "advance-exhausted")
        it.returned = True
        it.of.deducted -= it.fen
        twin = Deduction(it.of, -it.fen, it.appeal_by)
        self.deductions.append(twin)
        self._final(twin)
        return twin

    def _final(self, it: Deduction) -> None:
        it.state, it.month = "final", self.since(it.of.month)
        self._take(it.of, it.fen)

    def _take(self, of: Settlement, fen: int) -> None:
        insured = of.visit.worker.insured
        self.ledger.post((payable(self.institution), uncleared(insured), fen))

    # ── months and hospital ──

    def owed(self, month: int) -> int:
        """Return what a month owes the hospital."""
        settled = sum(it.fund - it.conceded_before for it in self.settlements if it.month == month)
        off = sum(it.fen for it in self.deductions if it.month == month)
        return settled - off - sum(it.off for it in self.contests if it.month == month)

    def unreviewed(self) -> list[int]:
        """List the months with something in them that are not closed by a review."""
        everything: Iterable[int] = (
            *(it.month for it in self.settlements),
            *(it.month for it in self.deductions),
            *(it.month for it in self.contests if it.off),
        )
        return sorted({it for it in everything if it} - self.reviewed)

    def close(self, month: int, *, early: bool) -> None:
        """In their order, once they are over unless that is meant."""
        require(month not in self.reviewed, "review-exists")
        begun = self.today if early else last_day(month)
        require(begun < self.today or (early and month <= month_of(self.today)), "month-running")
        require(all(it >= month for it in self.unreviewed()), "earlier-months-open")
        self.reviewed.add(month)
        self.closed = max(self.closed, month)

    def pay_out(self, fen: int) -> None:
        """No more than closed months owe, nor than the books show."""
        due = sum(self.owed(it) for it in self.reviewed) - self.paid_out
        require(
            fen <= min(due, -self.ledger.balances[payable(self.institution)]), "payment-exceeds"
        )
        self.paid_out += fen
        self.ledger.post((payable(self.institution), TREASURY, fen))

    # ── clearing ──

    def clear(self, quarter: int) -> Clearing:
        """Everything that lies before the quarter's end and is in no clearing, pair by pair."""
        last = quarter * 3 + 2
        require(last < month_of(self.today), "clearing-period-not-over")
        require(all(it.quarter != quarter for it in self.clearings), "clearing-exists")
        first, self.cleared = self.cleared, max(self.cleared, last)
        self.closed = max(self.closed, last)
        made = Clearing(quarter, {})
        for insured in sorted({it.insured for it in self.workers}):
            claim = self._claim(insured, range(first + 1, last + 1), made)
            if claim.count:
                made.claims[insured] = claim
        self.clearings.append(made)
        return made

    def _claim(self, insured: str, months: range, into: Clearing) -> Claim:
        def of(it: Settlement) -> bool:
            return it.visit.worker.insured == insured

        items = {it: it.counted for it in self.settlements if of(it) and it.month in months}
        for it in items:
            it.clearing = str(into.quarter)
        taken = [it.fen for it in self.deductions if of(it.of) and it.month in months]
        claim = Claim(insured, items, sum(items.values()) - sum(taken), len(items) + len(taken))
        for contest in (it for it in self.contests if it.waiting and of(it.of)):
            still = contest.counted if contest.agreed is None else contest.agreed
            if still:
                contest.waiting = False
                contest.held_by = claim if contest.state == "open" else None
                items[contest.of] = still
                claim.fund, claim.count = claim.fund + still, claim.count + 1
        return claim

    def confirm(self, claim: Claim, side: str) -> None:
        """Each side once, before notices."""
        require(claim.due is None, "claim-noticed")
        require(side not in claim.confirmed, "claim-confirmed")
        claim.confirmed.add(side)

    def contest(self, claim: Claim, it: Settlement, proposed: int) -> Contest:
        """With the confirmation, once for each settlement, and for less than it is."""
        require(claim.due is None, "claim-noticed")
        require("insured" not in claim.confirmed, "claim-confirmed")
        require(all(each.of is not it for each in self.contests), "contest-refused")
        counted = claim.items.get(it)
        low, high = sorted((0, counted or 0))
        fits = counted is not None and low <= proposed <= high and proposed != counted
        require(fits, "contest-refused")
        assert counted is not None
        claim.confirmed.add("insured")
        due = working_days_later(self.today, REPLY_DAYS)
        made = Contest(it, counted, proposed, due, claim)
        self.contests.append(made)
        return made

    def reply(self, it: Contest, state: str, fen: int | None) -> None:
        """Accepted, in part, or rejected."""
        require(it.state == "open", "no-such-move")
        lowers = state != "rejected"
        require(not (lowers and it.of.cancelled), "contest-moot")
        if fen is not None:
            between = 0 <= fen <= it.counted and fen not in (it.counted, it.proposed)
            require(between, "reply-amount-wrong")
        agreed = (it.proposed if fen is None else fen) if lowers else it.counted
        require(0 <= it.counted - agreed <= it.of.left, "contest-deducted")
        self._answer(it, state, agreed)

    def _answer(self, it: Contest, state: str, agreed: int) -> None:
        it.state, it.agreed = state, agreed
        if it.off:
            it.month = self.since(month_of(it.of.day))
            it.of.conceded += it.off
            self._take(it.of, it.off)

    def notify(self, clearing: Clearing) -> None:
        """Call for what both sides confirmed; what is contested rolls on, or stands in the end."""
        require(not clearing.is_done, "no-such-move")
        waiting = [it for it in clearing.claims.values() if it.due is None]
        ripe = [it for it in waiting if len(it.confirmed) > 1 and self._is_ripe(it, clearing)]
        require(ripe or not waiting, "claims-unconfirmed")
        clearing.is_done = len(ripe) == len(waiting)
        for claim in ripe:
            held = [it for it in self.contests if it.held_by is claim]
            claim.due = claim.fund - sum(it.off for it in held)
            for it in [it for it in held if it.state == "open"]:
                if self._may_roll(it, clearing):
                    it.held_by, it.waiting, it.rolls = None, True, it.rolls + 1
                    claim.due -= it.counted
                    continue
                off = min(it.counted - it.proposed, max(it.of.left, 0))
                off = 0 if it.of.cancelled else off
                self._answer(it, "unanswered", it.counted - off)
                claim.due -= off
            self.ledger.post((notified(claim.insured), uncleared(claim.insured), claim.due))

    def _may_roll(self, it: Contest, clearing: Clearing) -> bool:
        following = (clearing.quarter + 1) * 3 + 3
        generated = date(following // 12, following % 12 + 1, 21)
        return it.rolls < ROLLS_MAX and generated <= date(it.of.day.year + 1, 3, 31)

    def _is_ripe(self, claim: Claim, clearing: Clearing) -> bool:
        lasting = [it for it in self.contests if it.held_by is claim and it.state == "open"]
        stuck = [it for it in lasting if not self._may_roll(it, clearing)]
        return all(self.today > it.reply_by for it in stuck)

    def bank(self, claim: Claim, fen: int) -> str:
        """Money that fits a notice, or comes back from it; all else is booked nowhere."""
        assert claim.due is not None
        booked = -fen if claim.due < 0 else fen
        low, high = sorted((0, claim.due))
        if not low <= claim.paid + booked <= high:
            return "misdirected"
        claim.paid += booked
        self.ledger.post((TREASURY, notified(claim.insured), booked))
        if fen < 0:
            return "returned"
        return "matched" if claim.paid == claim.due else "partial"

    # ── advances ──

    def quota(self, insured: str, fen: int) -> int:
        """Return what is called for: above zero to be paid in, below to be returned."""
        difference = fen - self.ledger.held(insured) - self.called[insured]
        self.called[insured] += difference
        return difference

    def receive(self, insured: str, fen: int) -> None:
        """Both sides say the same; a return may not lay bare what is used."""
        after = self.ledger.held(insured) + fen
        hard = self.modes.get(insured) == "hard"
        over = hard and self.ledger.used(insured) > after
        require(fen > 0 or not (after < 0 or over), "advance-exhausted")
        self.called[insured] -= fen
        self.ledger.post((TREASURY, advance(insured), fen))
