"""A quarter's clearing in a play: run, confirmed, contested, answered, held to the receipts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from app.clearing import service as clearings
from app.clearing.model import (
    Clearing,
    ClearingState,
    ContestEvent,
    ContestReason,
    Item,
    Notice,
    NoticeKind,
    Run,
)
from app.clearing.model.confirming import (
    LINES_MAX,
    ContestsAsked,
    Digest,
    LineAsked,
    LinesAsked,
    Objection,
    Pair,
    Reply,
    Standing,
)
from app.clearing.service import confirming, contests, issuing
from app.kernel.calendar import Month, Quarter, business_day
from app.kernel.money import ZERO, Money
from app.kernel.regions import Scheme
from app.runtime.paging import PageAsked
from app.sandbox.play.deeds import ROWS_A_PAGE, Stage
from app.sandbox.play.report import Checks
from app.sandbox.play.timetable import Stay
from app.sandbox.sender import agency, second_person

Places = tuple[str, str]
# How contests are answered, one after another; nothing: nobody answers, and it rolls forward.
ANSWERS = (ContestEvent.ACCEPT, ContestEvent.ACCEPT_IN_PART, ContestEvent.REJECT, None)


@dataclass(slots=True, kw_only=True)
class Contested:
    """A contest under way: from which stay, about how much, and how it will be answered."""

    number: str
    stay: Stay
    fund: Money
    proposed: Money
    answer: ContestEvent | None
    rolls: int = 0


@dataclass(slots=True)
class Clearings:
    """The clearings of a play; `due` is what each pair owes of the quarter under way."""

    stage: Stage
    report: Checks
    current: Clearing | None = None
    due: dict[Places, Money] = field(default_factory=dict)
    open_contests: list[Contested] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    conceded: list[tuple[Stay, Month, Money]] = field(default_factory=list)
    rolled: int = 0
    by_lines: int = 0
    withdrawn: int = 0
    silent: int = 0
    negative: int = 0
    notices: list[Notice] = field(default_factory=list)

    async def run(self, quarter: Quarter) -> Clearing:
        """Clear a quarter (生成清算)."""
        asked = Run(scheme=Scheme.CROSS_PROVINCE, period=str(quarter))
        return await self.stage.do(f"clear-{quarter}", lambda work: clearings.run(work, asked))

    async def begin(self, made: Clearing, owed: dict[Places, Money]) -> None:
        """Hold a clearing's claims to what the parties were told, with what rolled into it."""
        self.current, self.due = made, dict(owed)
        for it in self.open_contests:
            self.due[it.stay.pair] = self.due.get(it.stay.pair, ZERO) + it.fund
        found = {
            (it.claim.insured_place, it.claim.treatment_place): it.claim.totals.fund
            for it in await self._standings()
        }
        wrong = [
            f"{pair} {found.get(pair, ZERO)}, should be {self.due.get(pair, ZERO)}"
            for pair in sorted(found.keys() | self.due.keys())
            if found.get(pair, ZERO) != self.due.get(pair, ZERO)
        ]
        self.report.expect(f"claims of {made.period}", "; ".join(wrong[:3]), "")

    async def confirm(self, contested: Sequence[tuple[Stay, ContestEvent | None]]) -> None:
        """Let both sides of the claims confirm, but for those who keep silent.

        The first claim is confirmed line by line; one confirmation is taken back by a second
        person and given again; of the last, nobody says anything.
        """
        standings = await self._standings()
        objections: defaultdict[Places, list[tuple[Stay, Objection]]] = defaultdict(list)
        for stay, answer in contested:
            objections[stay.pair].append((stay, self._objection(stay, answer)))
        answers = {stay.number: answer for stay, answer in contested}
        speaking = [it for it in standings if _pair_of(it) in objections]
        quiet = [it for it in standings if _pair_of(it) not in objections]
        for it in speaking:
            await self._digest(it, it.claim.insured_place, [o for _, o in objections[_pair_of(it)]])
            await self._digest(it, it.claim.treatment_place, [])
        await self._note_contests(
            [stay for each in objections.values() for stay, _ in each], answers
        )
        for order, it in enumerate(quiet):
            if order == 0:
                await self._lines(it)
                await self._digest(it, it.claim.treatment_place, [])
            elif order == 1:
                await self._digest(it, it.claim.insured_place, [])
                await self._take_back(it)
                await self._digest(it, it.claim.insured_place, [], again=True)
            elif order < len(quiet) - 1:
                await self._digest(it, it.claim.insured_place, [])
                await self._digest(it, it.claim.treatment_place, [])
        spoken = await self._standings()
        self.silent += sum((it.insured is None) + (it.treatment is None) for it in spoken)

    async def answer(self) -> None:
        """Let the treatment sides answer; what is conceded is deducted at once (争议答复)."""
        for it in [each for each in self.open_contests if each.answer is not None]:
            event = it.answer
            assert event is not None, "chosen just above"
            amount = _between(it) if event is ContestEvent.ACCEPT_IN_PART else None
            asked = Reply(event=event, amount=amount, note="示例：已核对")
            place = it.stay.pair[1]
            replying = partial(contests.reply, number=it.number, asked=asked)
            await self.stage.do(f"{it.number}-reply", replying, agency(place))
            agreed = {
                ContestEvent.ACCEPT: it.proposed,
                ContestEvent.ACCEPT_IN_PART: amount or ZERO,
            }.get(event, it.fund)
            self._concede(it, it.fund - agreed)
            self.answered[event.value] += 1
            self.open_contests.remove(it)

    async def note_notices(self) -> bool:
        """Once the hub has issued the notices, hold them to what is due; say whether it has."""
        assert self.current is not None, "asked while a clearing is under way"
        async with self.stage.look() as look:
            now = await clearings.find(look, self.current.number)
        if now.state is not ClearingState.NOTICED:
            return False
        await self._let_go()
        found = [it for it in await self._notices() if it.kind is NoticeKind.PAYABLE]
        called = {(it.party_place, it.counter_place): it.amount for it in found}
        wrong = [
            f"{pair} {called.get(pair, ZERO)}, should be {self.due.get(pair, ZERO)}"
            for pair in sorted(called.keys() | self.due.keys())
            if called.get(pair, ZERO) != self.due.get(pair, ZERO)
        ]
        self.report.expect(f"notices of {self.current.period}", "; ".join(wrong[:3]), "")
        for pair, amount in called.items():
            self.stage.books.noticed(pair, amount)
        self.notices, self.current = found, None
        return True

    async def _let_go(self) -> None:
        """See which contests nobody answered rolled forward, and which stand."""
        for it in list(self.open_contests):
            async with self.stage.look() as look:
                found = await contests.find_contest(look, it.number)
            if found.agreed is None:
                self.due[it.stay.pair] -= it.fund
                it.rolls += 1
                self.rolled += 1
                # In the next period somebody answers.
                it.answer = ContestEvent.ACCEPT_IN_PART if it.rolls % 2 else ContestEvent.REJECT
                continue
            self._concede(it, it.fund - it.proposed)
            self.answered["unanswered"] += 1
            self.open_contests.remove(it)

    def _concede(self, it: Contested, amount: Money) -> None:
        if amount == ZERO:
            return
        # It falls into the month that is open: those before were closed by the clearing.
        self.conceded.append((it.stay, Month.of(business_day(self.stage.clock())), amount))
        self.due[it.stay.pair] -= amount
        self.stage.books.deducted(it.stay.pair, it.stay.visit.institution, amount)

    def _objection(self, stay: Stay, answer: ContestEvent | None) -> Objection:
        """Contest half of it, or all where nobody will answer."""
        fund = self.stage.funds[stay.number]
        return Objection(
            settlement=self.stage.settlements[stay.number],
            reason=ContestReason.WRONG_AMOUNT,
            proposed=ZERO if answer is None else Money(fund.fen // 2),
            note="示例异议",
        )

    async def _note_contests(
        self, stays: Iterable[Stay], answers: dict[int, ContestEvent | None]
    ) -> None:
        """Learn the numbers of the contests just raised."""
        assert self.current is not None, "confirmed while a clearing is under way"
        raised = await self._contests(self.current.number)
        for stay in stays:
            answer, fund = answers[stay.number], self.stage.funds[stay.number]
            self.open_contests.append(
                Contested(
                    number=raised[self.stage.settlements[stay.number]],
                    stay=stay,
                    fund=fund,
                    proposed=self._objection(stay, answer).proposed,
                    answer=answer,
                )
            )

    async def _digest(
        self, it: Standing, place: str, objections: Sequence[Objection], *, again: bool = False
    ) -> None:
        totals, pair = it.claim.totals, Pair(*_pair_of(it))
        digest = Digest(settlements=totals.settlements, fund=totals.fund, root=it.claim.root)
        await self.stage.do(
            f"{it.claim.id}-{place}-confirm{2 if again else ''}",
            lambda work: confirming.confirm(work, it.clearing, pair, digest, objections),
            agency(place),
        )

    async def _take_back(self, it: Standing) -> None:
        """Let a second person take a confirmation back (撤回确认)."""
        pair, by = Pair(*_pair_of(it)), second_person(agency(it.claim.insured_place))
        await self.stage.do(
            f"{it.claim.id}-withdraw",
            lambda work: confirming.withdraw(work, it.clearing, pair, "示例：复核"),
            by,
        )
        self.withdrawn += 1

    async def _lines(self, it: Standing) -> None:
        """Confirm a claim line by line, in pages (逐笔确认)."""
        pair, by = Pair(*_pair_of(it)), agency(it.claim.insured_place)
        items = await self._items(it.clearing, pair)
        self.negative += sum(each.fund.is_negative for each in items)
        for page, start in enumerate(range(0, len(items), LINES_MAX), start=1):
            asked = LinesAsked(
                page=page,
                totalrow=len(items),
                lines=[
                    LineAsked(each.number, each.fund, None) for each in items[start:][:LINES_MAX]
                ],
            )
            confirm = partial(confirming.confirm_lines, number=it.clearing, pair=pair, asked=asked)
            await self.stage.do(f"{it.claim.id}-lines-{page}", confirm, by)
        self.by_lines += len(items)

    async def _standings(self) -> list[Standing]:
        assert self.current is not None, "asked while a clearing is under way"
        async with self.stage.look() as look:
            page = await confirming.standings(look, self.current.number, PageAsked("", ROWS_A_PAGE))
        assert page.last is None, "so many places have no more pairs than a page"
        return list(page.rows)

    async def _contests(self, number: str) -> dict[str, str]:
        """Number the contests of a clearing, by settlement."""
        async with self.stage.look() as look:
            asked = ContestsAsked(number, None)
            page = await contests.list_contests(look, PageAsked("", ROWS_A_PAGE), asked)
        return {it.settlement: it.number for it in page.rows}

    async def _items(self, number: str, pair: Pair) -> list[Item]:
        found: list[Item] = []
        async with self.stage.look() as look:
            after: str | None = ""
            while after is not None:
                page = await clearings.items(
                    look,
                    number,
                    PageAsked(after, ROWS_A_PAGE),
                    insured_place=pair.insured_place,
                    treatment_place=pair.treatment_place,
                )
                found += page.rows
                after = page.last
        return found

    async def _notices(self) -> list[Notice]:
        assert self.current is not None, "asked while a clearing is under way"
        async with self.stage.look() as look:
            asked = PageAsked("", ROWS_A_PAGE)
            page = await issuing.notices_of(look, self.current.number, asked)
        assert page.last is None, "so many places have no more notices than a page"
        return list(page.rows)


def _pair_of(it: Standing) -> Places:
    return it.claim.insured_place, it.claim.treatment_place


def _between(it: Contested) -> Money:
    """Name an amount that is neither what was proposed nor all of it."""
    return Money((it.proposed.fen + it.fund.fen) // 2)
