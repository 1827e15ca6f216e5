"""The machine's steps from the filing to the settlement."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from tests.books.desk import REMOVED, Desk, Said, fen, pick, yuan
from tests.books.model.bill import Line
from tests.books.model.days import month_text
from tests.books.model.road import Settlement, Visit, Worker
from tests.support.entitlement import KnownWorker
from tests.support.filing import FILINGS, wish
from tests.support.settlement import SETTLEMENTS
from tests.support.visit import VISITS, admission
from tests.support.visit import line as fee_line

ITEMS = ("D010001", "D010002", "D010003", "Z990001")


class RoadSteps:
    """What can be done up to the settlement."""

    def __init__(self, desk: Desk, known: dict[Worker, KnownWorker]) -> None:
        self.desk = desk
        self.known = known

    # ── filing ──

    async def file(self, n: int, *, approved: bool) -> None:
        """File for a worker: at the agency's counter, or through a channel."""
        worker = self.desk.books.workers[n % len(self.desk.books.workers)]
        known = self.known[worker]
        self.desk.now()
        sender = self.desk.world.channel()
        about: dict[str, Any] = {"claim": known.claim()}
        if approved:
            sender, about = self.desk.world.agency(worker.insured), {"worker": known.number}
        made, told = await self.desk.ask(
            sender, FILINGS, wish(**about), lambda: self.desk.books.file(worker, approved=approved)
        )
        if made is not None:
            made.number = told["number"]
            assert told["state"] == made.state
            if approved:
                assert told["last_day"] == made.last.isoformat()

    async def decide(self, n: int, *, approved: bool) -> None:
        """Approve or reject what was filed."""
        filing = pick(self.desk.books.filings, n)
        if filing is None:
            return
        self.desk.now()
        path = f"{FILINGS}/{filing.number}/{'approve' if approved else 'reject'}"
        body = {} if approved else {"reason": "未提供居住证明"}
        act = self.desk.books.approve if approved else self.desk.books.reject
        sender = self.desk.world.agency(filing.worker.insured)
        await self.desk.ask(sender, path, body, lambda: act(filing), status=200)

    async def lose(self, n: int) -> None:
        """Let a worker's entitlement end."""
        worker = self.desk.books.workers[n % len(self.desk.books.workers)]
        self.desk.now()
        body = {
            "worker": self.known[worker].number,
            "kind": "lump_sum",
            "lost_on": self.desk.books.today.isoformat(),
            "reason": "示例",
        }
        sender = self.desk.world.agency(worker.insured)
        path = "/v1/entitlement-losses"
        await self.desk.ask(sender, path, body, lambda: self.desk.books.lose(worker))

    # ── visit ──

    async def admit(self, n: int) -> None:
        """Admit somebody."""
        worker = self.desk.books.workers[n % len(self.desk.books.workers)]
        body = admission(self.known[worker], admitted_at=self.desk.now())
        made, told = await self.desk.ask(
            self.desk.hospital, VISITS, body, lambda: self.desk.books.admit(worker)
        )
        if made is not None:
            made.number = told["number"]

    async def charge(self, n: int, item: int, tenths: int, *, injury: bool = True) -> None:
        """Charge something."""
        visit = pick(self.desk.books.visits, n)
        if visit is None:
            return
        await self._upload(visit, ITEMS[item % len(ITEMS)], tenths, injury=injury)

    async def refund(self, n: int, m: int, tenths: int) -> None:
        """Take back some of what was charged, or more than that."""
        visit = pick(self.desk.books.visits, n)
        charged = pick([it for it in visit.lines if not it.refund_of], m) if visit else None
        if visit is None or charged is None:
            return
        await self._upload(visit, charged.item, -tenths, injury=charged.injury, of=charged.serial)

    async def _upload(
        self, visit: Visit, item: str, tenths: int, *, injury: bool, of: str | None = None
    ) -> None:
        at, quantity = self.desk.now(), Decimal(tenths) / 10
        price = 360 + 260 * ITEMS.index(item)
        made = Line(
            f"L{self.desk.count}", item, quantity, int(quantity * price), self.desk.books.today
        )
        made.injury, made.refund_of = injury, of
        if visit.ended is not None:
            at, made.day = visit.ended.isoformat(), visit.ended.date()
        body = fee_line(
            made.serial,
            item_code=item,
            quantity=str(quantity),
            unit_price=yuan(price),
            amount=yuan(made.fen),
            occurred_at=at,
            injury_related=injury,
            **({} if of is None else {"refund_of": of}),
        )
        path = f"{VISITS}/{visit.number}/lines"
        _, told = await self.desk.ask(
            self.desk.hospital,
            path,
            {"lines": [body]},
            lambda: self.desk.books.charge(visit, made),
        )
        if made in visit.lines:
            assert fen(told["total"]) == visit.total

    async def remove(self, n: int, m: int) -> None:
        """Take a line out."""
        visit = pick(self.desk.books.visits, n)
        line = pick(visit.lines, m) if visit else None
        if visit is None or line is None:
            return
        self.desk.now()
        path = f"{VISITS}/{visit.number}/lines/{line.serial}"
        gone = self.desk.books.remove
        await self.desk.ask(
            self.desk.hospital,
            path,
            REMOVED,
            lambda: gone(visit, line.serial),
            status=200,
        )

    async def move(self, n: int, what: str) -> None:
        """Discharge, take that back, or give the stay up."""
        visit = pick(self.desk.books.visits, n)
        if visit is None:
            return
        at = self.desk.now()
        books = self.desk.books
        path, body, act = {
            "discharge": ("discharge", {"discharged_at": at, "way": "advised"}, books.discharge),
            "undo": ("discharge/undo", None, books.undo_discharge),
            "give up": ("cancel", None, books.give_up),
        }[what]
        whole = f"{VISITS}/{visit.number}/{path}"
        await self.desk.ask(self.desk.hospital, whole, body, lambda: act(visit), status=200)

    async def preview(self, n: int) -> None:
        """Ask what a settlement would come to."""
        visit = pick(self.desk.books.visits, n)
        if visit is None or not visit.is_open or not visit.lines:
            return
        self.desk.now()
        answer = await self.desk.hospital.post(f"{VISITS}/{visit.number}/preview")
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (fen(told["total"]), fen(told["fund"])) == (visit.total, visit.fund)

    # ── settlement ──

    async def settle(self, n: int, off: int = 0) -> None:
        """Settle, with the right total or another."""
        visit = pick(self.desk.books.visits, n)
        if visit is None:
            return
        self.desk.now()
        path, total = f"{VISITS}/{visit.number}/settle", visit.total + off
        settle = self.desk.books.settle
        made, told = await self.desk.ask(
            self.desk.hospital, path, {"total": yuan(total)}, lambda: settle(visit, total)
        )
        self.hold_to(made, told)

    def hold_to(self, made: Settlement | None, told: dict[str, Any]) -> None:
        """Hold a settlement to the model's."""
        if made is None:
            return
        made.number = told["number"]
        assert (fen(told["total"]), fen(told["fund"])) == (made.total, made.fund)
        assert told["month"] == month_text(made.month)

    async def settle_twice(self, n: int) -> None:
        """Settle under one id twice and under another once, all at the same instant."""
        visit = pick([it for it in self.desk.books.visits if it.state == "discharged"], n)
        if visit is None:
            return
        self.desk.now()
        made, no = self.desk.told(lambda: self.desk.books.settle(visit, visit.total))
        path, body = f"{VISITS}/{visit.number}/settle", {"total": yuan(visit.total)}
        keys = [self.desk.key(), self.desk.key()]
        told = await asyncio.gather(
            *(self.desk.send(self.desk.hospital, path, body, key) for key in (keys[0], *keys))
        )
        if made is None:
            assert {it.json()["code"] for it in told} == {no}
            return
        done = [it for it in told if it.status_code == 201]
        assert len({it.json()["number"] for it in done}) == 1, [it.text for it in told]
        assert len({it.content for it in done}) == 1
        key = keys[0] if told[0].status_code == 201 else keys[1]
        assert len(done) == (2 if key == keys[0] else 1)
        self.hold_to(made, done[0].json())
        self.desk.said.append(Said(self.desk.hospital, path, body, done[0], key, made))

    async def cancel(self, n: int, *, adjustment: bool) -> None:
        """Cancel a settlement."""
        it = pick(self.desk.books.settlements, n)
        if it is None:
            return
        self.desk.now()
        path = f"{SETTLEMENTS}/{it.number}/cancel"
        body = {"adjustment": adjustment, "reason": "金额录入有误"}
        act = self.desk.books.cancel
        made, told = await self.desk.ask(
            self.desk.hospital, path, body, lambda: act(it, adjustment=adjustment)
        )
        self.hold_to(made, told)

    async def reverse(self, n: int) -> None:
        """Undo what a message booked: a settlement, or a cancellation."""
        booked = [it for it in self.desk.said if isinstance(it.made, Settlement)]
        it = pick(booked, n)
        if it is None:
            return
        self.desk.now()
        was, books = it.made, self.desk.books
        gone = was.cancels is None and was.cancelled
        if it.key in self.desk.undone or gone:
            told = await self.desk.reverse(it.key)
            assert told["outcome"] == "already_reversed", told
            self.desk.undone.add(it.key)
            return

        def undo() -> Settlement:
            return (
                books.cancel(was, adjustment=False) if was.cancels is None else books.restore(was)
            )

        made, no = self.desk.told(undo)
        if no in {"advance-exhausted", "advance-hold"}:
            asked = {"message": it.key}
            answer = await self.desk.hospital.post("/v1/reversals", asked, key=self.desk.key())
            assert answer.json()["code"] == no, answer.text
            return
        told = await self.desk.reverse(it.key)
        assert told["outcome"] == ("reversed" if no is None else "not_reversible"), (told, no)
        if made is not None:
            self.desk.undone.add(it.key)
            made.number = told["undone_by"]

    async def fence(self, n: int) -> None:
        """Shut out a message before it comes: it does nothing when it does."""
        visit = pick(self.desk.books.visits, n)
        if visit is None:
            return
        self.desk.now()
        key = self.desk.key()
        assert (await self.desk.reverse(key))["outcome"] == "nothing_to_reverse"
        path, body = f"{VISITS}/{visit.number}/settle", {"total": yuan(visit.total)}
        late = await self.desk.send(self.desk.hospital, path, body, key)
        assert late.json()["code"] == "message-fenced", late.text

    async def story(self, n: int) -> None:
        """Bring somebody the whole way, as far as it goes."""
        worker = self.desk.books.workers[n % len(self.desk.books.workers)]
        mine = [it for it in self.desk.books.filings if it.worker is worker]
        if not any(it.covers(self.desk.books.today) for it in mine):
            await self.file(n, approved=True)
        stays = len(self.desk.books.visits)
        await self.admit(n)
        if len(self.desk.books.visits) == stays:
            return
        await self.charge(0, n, 25 + 5 * n)
        await self.charge(0, n + 1, 10)
        await self.move(0, "discharge")
        await self.settle(0)
