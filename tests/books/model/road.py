"""From the filing to the settlement: who may do what next, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from tests.books.model.bill import Line, fund_of
from tests.books.model.days import month_of
from tests.books.model.ledger import Ledger, payable, uncleared


class No(Exception):  # noqa: N818 -- what the hub is to answer, not an error
    """The hub is to refuse, with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def require(held: object, code: str) -> None:
    """Refuse unless something holds."""
    if not held:
        raise No(code)


@dataclass(eq=False)
class Worker:
    """Somebody insured somewhere."""

    insured: str
    lost_on: date | None = None


@dataclass(eq=False)
class Filing:
    """Leave to be treated elsewhere."""

    worker: Worker
    state: str
    number: str = ""
    first: date = date.max
    last: date = date.min

    def covers(self, day: date) -> bool:
        """Say whether somebody may be admitted on a day."""
        return self.state == "approved" and self.first <= day <= self.last


@dataclass(eq=False)
class Visit:
    """A stay and what it cost."""

    worker: Worker
    filing: Filing
    begun: datetime
    ended: datetime | None = None
    number: str = ""
    state: str = "admitted"
    lines: list[Line] = field(default_factory=list)
    approved: list[int] = field(default_factory=list)  # up to what a used-up advance may be passed

    @property
    def is_open(self) -> bool:
        """Say whether it is not done with."""
        return self.state in ("admitted", "discharged")

    def meets(self, begun: datetime, ended: datetime | None) -> bool:
        """Say whether it lasted into a span."""
        return (ended is None or self.begun < ended) and (self.ended is None or self.ended > begun)

    @property
    def total(self) -> int:
        """Return what it cost."""
        return sum(it.fen for it in self.lines)

    @property
    def fund(self) -> int:
        """Return what the fund pays of it."""
        return fund_of(self.lines, self.worker.lost_on)

    def copied(self) -> list[tuple[object, ...]]:
        """Write down what was charged, so that it can be compared."""
        return [(it.serial, it.item, it.quantity, it.fen, it.injury) for it in self.lines]


@dataclass(eq=False)
class Settlement:
    """A settlement, or the negative twin of one."""

    visit: Visit
    fund: int
    total: int
    day: date
    month: int
    lines: list[tuple[object, ...]]
    cancels: Settlement | None = None
    cancelled: bool = False
    number: str = ""
    deducted: int = 0  # proposed and final
    conceded: int = 0  # what contests took off
    conceded_before: int = 0  # and how much of it one before it had lost already
    clearing: str | None = None

    @property
    def counted(self) -> int:
        """Return what a clearing counts of it."""
        return self.fund - self.conceded_before

    @property
    def left(self) -> int:
        """Return what can still be taken off."""
        return self.fund - self.deducted - self.conceded


@dataclass(eq=False)
class Road:
    """Everything that is so far, and the day it is."""

    institution: str
    now: datetime
    workers: list[Worker]
    ledger: Ledger = field(default_factory=Ledger)
    modes: dict[str, str] = field(default_factory=dict)
    filings: list[Filing] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    closed: int = 0  # the last month that takes nothing more

    @property
    def today(self) -> date:
        """Return the day it is in China."""
        return self.now.date()

    # ── filing ──

    def file(self, worker: Worker, *, approved: bool) -> Filing:
        """An agency's filing is approved at once, and does not meet another that covers the day."""
        require(worker.lost_on is None, "entitlement-lost")
        made = Filing(worker, "submitted")
        if approved:
            self.approve(made)
        self.filings.append(made)
        return made

    def approve(self, filing: Filing) -> None:
        """A year, the corresponding day included."""
        require(filing.state == "submitted", "no-such-move")
        require(filing.worker.lost_on is None, "entitlement-lost")
        last = self.today.replace(year=self.today.year + 1)
        others = [it for it in self.filings if it.worker is filing.worker]
        meets = any(
            it.state == "approved" and it.first <= last and self.today <= it.last for it in others
        )
        require(not meets, "filing-overlap")
        filing.state, filing.first, filing.last = "approved", self.today, last

    def reject(self, filing: Filing) -> None:
        """What waits can be rejected."""
        require(filing.state == "submitted", "no-such-move")
        filing.state = "rejected"

    def lose(self, worker: Worker) -> None:
        """Nothing more is filed, nobody admitted, and what runs ends."""
        require(worker.lost_on is None, "loss-recorded")
        worker.lost_on = self.today
        for it in self.filings:
            if it.worker is worker and it.state == "approved":
                it.state = "terminated"

    # ── visit ──

    def admit(self, worker: Worker) -> Visit:
        """One stay at a time, under a filing that covers the day."""
        mine = [it for it in self.filings if it.worker is worker]
        covering = next((it for it in mine if it.covers(self.today)), None)
        require(worker.lost_on is None or self.today <= worker.lost_on, "entitlement-lost")
        require(covering, "filing-")
        assert covering is not None
        made = Visit(worker, covering, self.now)
        self.require_alone(made, None)
        self.visits.append(made)
        return made

    def charge(self, visit: Visit, line: Line) -> None:
        """Until it is settled."""
        require(visit.is_open, "lines-closed")
        if line.refund_of is not None:
            group = [it for it in visit.lines if line.refund_of in (it.serial, it.refund_of)]
            require(sum((it.quantity for it in group), line.quantity) >= 0, "lines-refused")
            require(sum(it.fen for it in group) + line.fen >= 0, "lines-refused")
        visit.lines.append(line)

    def remove(self, visit: Visit, serial: str) -> None:
        """What was taken back of it goes first."""
        require(visit.is_open, "lines-closed")
        require(not any(it.refund_of == serial for it in visit.lines), "line-has-refunds")
        visit.lines = [it for it in visit.lines if it.serial != serial]

    def discharge(self, visit: Visit) -> None:
        """The stay ends now."""
        require(visit.state == "admitted", "no-such-move")
        visit.state, visit.ended = "discharged", self.now

    def undo_discharge(self, visit: Visit) -> None:
        """The stay goes on, unless the worker has been admitted anew."""
        require(visit.state == "discharged", "no-such-move")
        self.require_alone(visit, None)
        visit.state, visit.ended = "admitted", None

    def give_up(self, visit: Visit) -> None:
        """A stay of which nothing was charged can be cancelled."""
        require(visit.state == "admitted", "no-such-move")
        require(not visit.lines, "lines-remain")
        visit.state = "cancelled"

    def require_alone(self, visit: Visit, ended: datetime | None) -> None:
        """No two open stays of a worker at the same time."""
        others = [it for it in self.visits if it.worker is visit.worker and it is not visit]
        meets = any(it.is_open and it.meets(visit.begun, ended) for it in others)
        require(not meets, "visit-open")

    # ── settlement ──

    def open_month(self) -> int:
        """A settlement belongs to its day's month, or to the first still open."""
        return max(month_of(self.today), self.closed + 1)

    def settle(self, visit: Visit, total: int) -> Settlement:
        """The hospital's total is the hub's, and the advance reaches."""
        require(visit.state == "discharged", "no-such-move")
        require(visit.lines, "nothing-to-settle")
        require(total == visit.total, "total-mismatch")
        day, month = self.today, self.open_month()
        made = Settlement(visit, visit.fund, visit.total, day, month, visit.copied())
        self.require_reach(visit, made.fund)
        self._book(made)
        return made

    def cancel(self, it: Settlement, *, adjustment: bool) -> Settlement:
        """The negative twin; as an adjustment once a clearing has it."""
        require(it.cancels is None and not it.cancelled, "settlement-not-cancellable")
        require(not it.deducted, "settlement-deducted")
        require(it.clearing is None or adjustment, "settlement-in-clearing")
        self.require_alone(it.visit, it.visit.ended)
        month = self.open_month()
        twin = Settlement(it.visit, -it.fund, -it.total, self.today, month, it.lines, cancels=it)
        twin.conceded_before = -it.conceded
        it.cancelled = True
        it.visit.state = "discharged"
        self._keep(twin)
        return twin

    def restore(self, twin: Settlement) -> Settlement:
        """Book again what a cancellation took back, as long as nothing else happened."""
        require(twin.visit.state == "discharged", "no-such-move")
        require(twin.clearing is None, "settlement-in-clearing")
        require(twin.visit.copied() == twin.lines, "visit-moved-on")
        was = twin.cancels
        assert was is not None
        again = Settlement(was.visit, was.fund, was.total, self.today, self.open_month(), was.lines)
        again.conceded = again.conceded_before = was.conceded
        self.require_reach(was.visit, was.fund, back=was.conceded)
        self._book(again)
        return again

    def require_reach(self, visit: Visit, fund: int, *, back: int = 0) -> None:
        """A pair may forbid to overdraw its advance, or ask for an approval before."""
        insured = visit.worker.insured
        burden = fund - back
        if burden <= 0 or self.ledger.used(insured) + burden <= self.ledger.held(insured):
            return
        mode = self.modes.get(insured, "warn")
        require(mode != "hard", "advance-exhausted")
        approved = any(fund <= most for most in visit.approved)
        require(mode != "hold" or approved, "advance-hold")

    def _book(self, made: Settlement) -> None:
        made.visit.state = "settled"
        self._keep(made)

    def _keep(self, made: Settlement) -> None:
        self.settlements.append(made)
        owed, due = uncleared(made.visit.worker.insured), payable(self.institution)
        self.ledger.post((owed, due, made.fund), (due, owed, made.conceded_before))


def line(serial: str, item: str, tenths: int, price: int, day: date, **more: object) -> Line:
    """Charge a quantity, in tenths, at a price in fen."""
    quantity = Decimal(tenths) / 10
    fen = int(quantity * price)
    made = Line(serial, item, quantity, fen, day)
    made.injury = bool(more.get("injury", True))
    return made
