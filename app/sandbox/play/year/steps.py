"""What the agencies and the operator do in a year, and on which days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from app.clearing.model import Clearing, ContestEvent
from app.deadlines.model import Act
from app.kernel.calendar import Month, Quarter, business_day
from app.kernel.money import ZERO, Money
from app.sandbox.dice import Dice
from app.sandbox.play.advances import Advances
from app.sandbox.play.deeds import Stage
from app.sandbox.play.reviewing import ENDS, Reviewing
from app.sandbox.play.timetable import Stay, Timetable
from app.sandbox.play.year.agenda import Agenda
from app.sandbox.play.year.bank import Bank
from app.sandbox.play.year.clearings import ANSWERS, Clearings, Places
from app.sandbox.play.year.comparing import Comparing
from app.sandbox.play.year.crashes import Crashes
from app.sandbox.play.year.report import YearReport

# Days of the month after the one reviewed, and of the month after the quarter cleared.
DECLARED, PROPOSED, APPEALED, DECIDED, CLOSED, LATE_CLOSED, PAID = 3, 5, 8, 10, 15, 19, 23
CLEARED, CONFIRMED, ANSWERED = 21, 22, 23
DEDUCTED_EVERY = 12  # one settlement of so many is deducted from
WEEK = timedelta(days=7)
CRASHED_QUARTER = 2
MONTHS_A_QUARTER = 3
MONTHS_REVIEWED = 13
FUND_MIN = Money(10_000)  # of what is contested or deducted from


@dataclass(slots=True, kw_only=True)
class Steps:
    """Everything that is done about months, quarters and advances."""

    stage: Stage
    table: Timetable
    report: YearReport
    agenda: Agenda
    acts: dict[Act, int]
    crashes: Crashes
    seed: int
    advances: Advances
    reviewing: Reviewing
    clearings: Clearings
    bank: Bank
    comparing: Comparing
    taken: set[int] = field(default_factory=set)  # stays something was done about already
    adjusted: list[tuple[Stay, date]] = field(default_factory=list)
    returned: set[str] = field(default_factory=set)
    crash_day: date | None = None
    late_closes: int = 0

    @property
    def year(self) -> int:
        """Return the year played."""
        return self.report.year

    @property
    def places(self) -> Sequence[str]:
        """Return the provinces that play."""
        return self.report.provinces

    def put_down(self) -> None:
        """Put down what happens on which day of the year."""
        first = date(self.year, 1, 1)
        self.agenda.on(first + timedelta(days=4), self._issue_quotas)
        self.agenda.on(first + timedelta(days=11), self._confirm_advances)
        day = first + timedelta(days=13)
        while day < date(self.year + 1, 3, 31):
            self.agenda.on(day, self._look_at_warnings)
            day += WEEK
        # The month after the year, too: contests of the last quarter are answered in it.
        for number in range(MONTHS_REVIEWED):
            self._put_down_month(Month(self.year, 1).plus(number))
        for number in range(1, 5):
            self._put_down_quarter(Quarter(self.year, number))
        self.agenda.on(date(self.year + 1, 1, 11), self._issue_next_quotas)
        self.agenda.on(date(self.year + 1, 2, 3), self._give_back_advance)
        self.agenda.on(date(self.year + 1, 3, 23), self._pay_all)
        for day in sorted(self.table.days):
            self.agenda.on(day + timedelta(days=1), partial(self._compare, day))
        self.crash_day = self._choose_crash_day()

    async def after_tick(self) -> None:
        """Take down what the hub did by itself: deductions that became final, notices issued."""
        await self.reviewing.note_lapsed()
        quarter = self.clearings.current
        if quarter is not None and await self.clearings.note_notices():
            number = int(quarter.period[-1])
            self.bank.expect(self.clearings.notices, number)

    # ── months ──

    def _put_down_month(self, month: Month) -> None:
        following = month.next().first
        for day, deed in (
            (DECLARED, self._declare),
            (PROPOSED, self._propose),
            (PAID, self._pay_month),
        ):
            self.agenda.on(following.replace(day=day), partial(deed, month))
        self.agenda.on(following.replace(day=APPEALED), self.reviewing.appeal_all)
        self.agenda.on(following.replace(day=DECIDED), self.reviewing.decide_all)
        for order, place in enumerate(self.places):
            # Once in a year each place is late, and is told so.
            late = month.number == MONTHS_A_QUARTER * (order % 4 + 1)
            day = LATE_CLOSED if late else CLOSED
            closing = partial(self._close, place, month, late=late)
            self.agenda.on(following.replace(day=day), closing)

    async def _declare(self, month: Month) -> None:
        """Let every second institution declare; the hub does for the others."""
        at: defaultdict[str, list[Stay]] = defaultdict(list)
        for it in self._settled_in(month):
            at[it.visit.institution].append(it)
        adjusted = {it.visit.institution for it, day in self.adjusted if Month.of(day) == month}
        for order, (code, its) in enumerate(sorted(at.items())):
            undone = any(it.again or it.reversed for it in its)
            if order % 2 == 0 and not undone and code not in adjusted:
                await self.reviewing.declare(code, month, its)

    async def _propose(self, month: Month) -> None:
        """Deduct from some settlements of the month, each to end in another way."""
        for order, it in enumerate(self._choose(self._settled_in(month), f"deduct {month}")):
            end = ENDS[(order + month.number) % len(ENDS)]
            await self.reviewing.propose(it, end, by_line=order % 2 == 1)

    async def _close(self, place: str, month: Month, *, late: bool) -> None:
        """Close a month, and hold what it comes to to what was told at the desks."""
        self.late_closes += late and self._has_business(place, month)
        review, request = await self.reviewing.close(place, month)
        due = self._due_of_month(place, month)
        self.report.expect(f"month {month} of {place}", review.totals.due, due)
        asked = Money.total(it.totals.due for it in request.institutions)
        self.report.expect(f"fund request {request.number}", asked, due)

    def _has_business(self, place: str, month: Month) -> bool:
        return any(
            it.pair[1] == place
            for it in (
                *self._settled_in(month),
                *(it for it, day in self.adjusted if Month.of(day) == month),
                *(it for it, of, _ in self.reviewing.final.values() if of == month),
                *(it for it, of, _ in self.clearings.conceded if of == month),
            )
        )

    def _due_of_month(self, place: str, month: Month) -> Money:
        settled = Money.total(
            self.stage.funds[it.number] for it in self._settled_in(month) if it.pair[1] == place
        )
        undone = Money.total(
            self.stage.funds[it.number]
            for it, day in self.adjusted
            if it.pair[1] == place and Month.of(day) == month
        )
        deducted = Money.total(
            amount
            for it, of, amount in (*self.reviewing.final.values(), *self.clearings.conceded)
            if it.pair[1] == place and of == month
        )
        return settled - undone - deducted

    async def _pay_month(self, month: Month) -> None:
        """Pay the institutions; once a quarter give a final deduction back."""
        for place in self.places:
            await self.reviewing.pay(place)
        if month == month.quarter.months[1]:
            final = [
                number
                for number, (_, _, amount) in self.reviewing.final.items()
                if not amount.is_negative and number not in self.returned
            ]
            if final:
                chosen = Dice(f"return {self.seed} {month}").one_of(final)
                self.returned.add(chosen)
                await self.reviewing.give_back(chosen)

    async def _pay_all(self) -> None:
        for place in self.places:
            await self.reviewing.pay(place)

    # ── quarters ──

    def _put_down_quarter(self, quarter: Quarter) -> None:
        following = Month.of(quarter.last).next().first
        for day, deed in (
            (CLEARED, self._clear),
            (CONFIRMED, self._confirm),
        ):
            self.agenda.on(following.replace(day=day), partial(deed, quarter))
        self.agenda.on(following.replace(day=ANSWERED), self.clearings.answer)
        if quarter.number < 4:  # noqa: PLR2004 -- the last has no later one
            late = following.replace(day=1) + timedelta(days=45)
            self.agenda.on(late, partial(self._adjust, quarter))

    async def _clear(self, quarter: Quarter) -> None:
        """Clear a quarter; once while the database's backend is killed."""
        if quarter.number != CRASHED_QUARTER:
            made = await self.clearings.run(quarter)
        else:
            made, crash = await self.crashes.in_a_clearing(lambda: self.clearings.run(quarter))
            kept = await self.crashes.ask_again(f"clear-{quarter}", crash)
            self.report.expect("the clearing asked for again by its id", kept, made.number)
            self.report.crashes.append(crash)
        await self.clearings.begin(made, self._owed(quarter))
        self._check_totals(made, quarter)

    def _check_totals(self, made: Clearing, quarter: Quarter) -> None:
        fund = Money.total(self.clearings.due.values())
        self.report.expect(f"fund of {quarter}", made.totals.fund, fund)

    async def _confirm(self, quarter: Quarter) -> None:
        """Contest four settlements of different pairs, and confirm the rest."""
        chosen: dict[Places, Stay] = {}
        stays = [it for it in self._settled_within(quarter) if self._is_free(it)]
        dice = Dice(f"contest {self.seed} {quarter}")
        while stays and len(chosen) < len(ANSWERS):
            it = dice.one_of(stays)
            chosen.setdefault(it.pair, it)
            stays = [each for each in stays if each.pair not in chosen]
        self.taken |= {it.number for it in chosen.values()}
        answers: list[ContestEvent | None] = list(ANSWERS)
        await self.clearings.confirm(list(zip(chosen.values(), answers, strict=False)))

    async def _adjust(self, quarter: Quarter) -> None:
        """Cancel settlements that were cleared: negative items of the next quarter."""
        stays = [it for it in self._settled_within(quarter) if self._is_free(it)]
        dice = Dice(f"adjust {self.seed} {quarter}")
        day = business_day(self.stage.clock())
        for _ in range(min(2, len(stays))):
            it = dice.one_of(stays)
            stays.remove(it)
            self.taken.add(it.number)
            await self.stage.adjust(it)
            self.adjusted.append((it, day))

    def _owed(self, quarter: Quarter) -> dict[Places, Money]:
        """Add up what each pair owes for a quarter, from what the parties were told."""
        owed: defaultdict[Places, Money] = defaultdict(lambda: ZERO)
        for it in self._settled_within(quarter):
            owed[it.pair] += self.stage.funds[it.number]
        for it, day in self.adjusted:
            if Quarter.of(day) == quarter:
                owed[it.pair] -= self.stage.funds[it.number]
        for it, month, amount in self.reviewing.final.values():
            if month.quarter == quarter:
                owed[it.pair] -= amount
        return {pair: fund for pair, fund in owed.items() if fund != ZERO}

    # ── advances ──

    async def _issue_quotas(self) -> None:
        for i in self.places:
            for t in self.places:
                if i != t:
                    self.stage.books.watch((i, t))
        run = await self.advances.issue_quotas(self.year)
        pairs = len(self.places) * (len(self.places) - 1)
        self.report.expect("pairs with a quota", run.pairs, pairs)

    async def _confirm_advances(self) -> None:
        await self.advances.confirm_all()

    async def _look_at_warnings(self) -> None:
        """Acknowledge what was told; for one pair in red, ask for more and get it."""
        await self.advances.confirm_all()
        told = await self.advances.acknowledge_all()
        books = self.stage.books
        red = sorted({pair for pair, it in books.watched.items() if it.level == "red"})
        new = {(it.insured_place, it.treatment_place) for it in told if it.level == "red"}
        for pair in [each for each in red if each in new][:1]:
            await self.advances.increase(pair, books.used(pair))

    async def _issue_next_quotas(self) -> None:
        """Compute the next year's quotas from this one's business: some pay in, some get back."""
        await self.advances.issue_quotas(self.year + 1)

    async def _give_back_advance(self) -> None:
        """Lower one quota by two persons; what is too much goes back."""
        pair = max(self.stage.books.watched, key=lambda each: self.stage.books.held(each).fen)
        lowered = Money(self.stage.books.held(pair).fen - 1_000_000)
        await self.advances.change_quota(pair, lowered)
        await self.advances.confirm_all()

    # ── days ──

    async def _compare(self, day: date) -> None:
        undone = {it.visit.institution for it, of in self.adjusted if of == day}
        of = self.table.days[day].settlements
        await self.comparing.compare(day, [it for it in of if it.visit.institution not in undone])

    def _choose_crash_day(self) -> date | None:
        """Choose the busiest day of the second quarter: its pairs have settled before."""
        days = [
            (len([it for it in what.settlements if not (it.again or it.reversed)]), day)
            for day, what in self.table.days.items()
            if Quarter.of(day) == Quarter(self.year, CRASHED_QUARTER)
        ]
        return max(days)[1] if days and max(days)[0] else None

    def _settled_in(self, month: Month) -> list[Stay]:
        return [it for it in self.table.stays if Month.of(it.last_day) == month]

    def _settled_within(self, quarter: Quarter) -> list[Stay]:
        return [it for it in self.table.stays if Quarter.of(it.last_day) == quarter]

    def _choose(self, stays: Sequence[Stay], name: str) -> list[Stay]:
        """Choose some stays nothing was done about yet: at least four where there are."""
        free = [it for it in stays if self._is_free(it)]
        dice, chosen = Dice(f"{name} {self.seed}"), []
        for _ in range(min(len(free), max(len(ENDS), len(stays) // DEDUCTED_EVERY))):
            it = dice.one_of(free)
            free.remove(it)
            chosen.append(it)
        self.taken |= {it.number for it in chosen}
        return chosen

    def _is_free(self, it: Stay) -> bool:
        plain = not (it.again or it.reversed)
        return plain and it.number not in self.taken and self.stage.funds[it.number] >= FUND_MIN
