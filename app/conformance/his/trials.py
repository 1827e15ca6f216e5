"""The trials a hospital's software is put to, and how its answer to each is judged."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.conformance.evidence import Exchanged, Result, Verdict
from app.conformance.his.seen import SIGN_IN, Seen

LINES_MAX = 100


class Strike(enum.StrEnum):
    """What the proxy does to one message."""

    LOSE_AFTER = "answer_lost"  # the hub did it; the answer is cut off
    LOSE_BEFORE = "request_lost"  # the hub never saw it
    BAD_GATEWAY = "http_502"  # a proxy's page instead of an answer
    LATE = "late_original"  # cut off, and delivered a moment later
    SESSION = "session_expired"  # not carried out until somebody signs in again
    MALFORMED = "malformed_json"  # the hub did it; half of the answer comes
    DRIP = "slow_drip"  # the hub did it; the answer comes in small pieces
    DELAY = "delay"  # the hub did it; the answer comes when a usual client has given up
    DUPLICATE = "duplicate"  # the hub got it twice; the answer to the second delivery comes


STRIKES: Mapping[Strike, tuple[str, str]] = {
    Strike.LOSE_AFTER: ("the answer is lost after the hub committed", "中心已生效但应答丢失"),
    Strike.LOSE_BEFORE: ("the request is lost on the way", "请求未到达中心"),
    Strike.BAD_GATEWAY: ("a proxy answers 502", "网关返回 502"),
    Strike.LATE: ("the original arrives late", "原报文延迟到达"),
    Strike.SESSION: ("the session has expired", "签到（令牌）已失效"),
    Strike.MALFORMED: ("half of the answer comes", "应答报文残缺"),
    Strike.DRIP: ("the answer comes in drops", "应答缓慢分段到达"),
    Strike.DELAY: ("the answer comes late", "应答迟到"),
    Strike.DUPLICATE: ("the message is delivered twice", "报文重复送达"),
}
# A hub that refuses has booked nothing twice, and leaves nothing to wait for: these two strike a
# message it accepts.
ONLY_ACCEPTED = frozenset({Strike.DELAY, Strike.DUPLICATE})
ACTS = ("admit", "upload", "settle", "cancel")


@dataclass(slots=True, kw_only=True)
class Trial:
    """One fault at one act: fired at the first message that fits, then judged by what follows."""

    act: str
    strike: Strike
    struck: Seen | None = None
    verdict: Verdict | None = None
    why: str = "no such message was seen"
    signed_in: bool = False  # since it was struck
    delivered: bool = False  # the answer came whole, however slowly
    exchanges: list[Exchanged] = field(default_factory=list)

    def strikes_again(self, seen: Seen) -> bool:
        """An expired session stays so for its message until somebody signs in."""
        struck = self.struck
        open_ = self.strike is Strike.SESSION and self.verdict is None and not self.signed_in
        return open_ and struck is not None and seen.message == struck.message

    def release(self) -> None:
        """Wait for another message: this one could not be struck."""
        if self.verdict is None:
            self.struck = None
            self.exchanges.clear()

    @property
    def knows_its_answer(self) -> bool:
        """Say whether a message delivered twice got its answer: nothing is in doubt then."""
        return self.strike is Strike.DUPLICATE and self.delivered

    def follow(self, seen: Seen) -> None:
        """Judge a later message, if it tells how the software takes it."""
        struck = self.struck
        if struck is None or self.verdict is not None:
            return
        self.signed_in |= seen.act == SIGN_IN
        if seen.message == struck.message and seen.business == struck.business:
            if not self.strikes_again(seen) and not self.knows_its_answer:
                self._end(Verdict.PASSED, "the same message was sent again")
        elif seen.about == struck.message and self.knows_its_answer:
            if seen.act == "reverse":
                self._end(Verdict.FAILED, "it reversed what had been answered")
        elif seen.about == struck.message:
            self._end(Verdict.PASSED, "its outcome was asked for, or it was reversed")
        elif seen.act == struck.act and seen.business == struck.business:
            self._end(Verdict.FAILED, f"the same business was sent under a new id {seen.message}")
        elif seen.message == struck.message:
            self._end(Verdict.FAILED, "the id was used again for something else")
        elif seen.act == struck.act and self.delivered:
            self._end(Verdict.PASSED, "it took the answer")

    def close(self) -> None:
        """End what is still open: a message left in doubt is a one-sided entry (单边账)."""
        if self.verdict is None and self.delivered:
            self._end(Verdict.PASSED, "it took the answer")
        elif self.strike is Strike.SESSION and self.struck is not None and self.verdict is None:
            again = "and the message was not sent again" if self.signed_in else "nobody did"
            self._end(Verdict.FAILED, f"sign in again and send the same message: {again}")
        elif self.verdict is None and self.struck is not None:
            self._end(Verdict.FAILED, "the message was left in doubt")
        elif self.verdict is None:
            self.verdict = Verdict.SKIPPED

    def _end(self, verdict: Verdict, why: str) -> None:
        self.verdict, self.why = verdict, why

    def result(self) -> Result:
        """Report it."""
        says, says_zh = STRIKES[self.strike]
        passed = self.verdict is Verdict.PASSED
        return Result(
            family=self.act,
            name=self.strike.value.replace("_", "-"),
            face="-" if self.struck is None else self.struck.face,
            says=f"{self.act}: {says}",
            says_zh=says_zh,
            verdict=self.verdict or Verdict.SKIPPED,
            why="" if passed else self.why,
            exchanges=self.exchanges,
        )


@dataclass(slots=True)
class Habits:
    """What is watched all along, without striking."""

    ids: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    uploads: int = 0
    reconciled: bool = False

    def follow(self, seen: Seen) -> None:
        """Look at a message."""
        if seen.message and self.ids.setdefault(seen.message, seen.business) != seen.business:
            self.faults.setdefault("one-id-one-business", f"{seen.message} was used twice")
        if seen.rows is not None:
            self.uploads += 1
            if not 0 < seen.rows <= LINES_MAX:
                self.faults.setdefault("batches-of-1-to-100", f"a batch of {seen.rows} lines")
        self.reconciled |= seen.act == "reconcile"

    def results(self) -> list[Result]:
        """Report the habits."""
        return [
            self._result(
                "one-id-one-business",
                bool(self.ids),
                ("An id is used for one business only", "同一编号仅用于一笔业务"),
            ),
            self._result(
                "batches-of-1-to-100",
                bool(self.uploads),
                ("Lines come in batches of 1 to 100", "明细每批 1 至 100 条"),
            ),
            self._result(
                "reconciles-the-day",
                self.reconciled,
                ("The day is reconciled", "办理日对账"),
            ),
        ]

    def _result(self, name: str, seen: bool, says: tuple[str, str]) -> Result:  # noqa: FBT001 -- was it seen
        why = self.faults.get(name, "" if seen else "never seen")
        passed, unseen = Verdict.PASSED, Verdict.SKIPPED
        return Result(
            family="habits",
            name=name,
            face="-",
            says=says[0],
            says_zh=says[1],
            verdict=Verdict.FAILED if name in self.faults else passed if seen else unseen,
            why=why,
        )


@dataclass(slots=True)
class Watch:
    """All trials and habits of one session."""

    trials: list[Trial] = field(
        default_factory=lambda: [Trial(act=act, strike=it) for act in ACTS for it in Strike]
    )
    habits: Habits = field(default_factory=Habits)

    def meet(self, seen: Seen) -> Trial | None:
        """Take a message in; return the trial to put it to, if one is due.

        A message is struck once; while its trial is open no other message of that act is.
        """
        known = seen.message in self.habits.ids
        self.habits.follow(seen)
        for trial in self.trials:
            trial.follow(seen)
        again = next((trial for trial in self.trials if trial.strikes_again(seen)), None)
        if again is not None:
            return again
        busy = any(it.struck and not it.verdict and it.act == seen.act for it in self.trials)
        if known or busy or not seen.message:
            return None
        for trial in self.trials:
            if trial.act == seen.act and trial.struck is None:
                trial.struck = seen
                return trial
        return None

    @property
    def is_done(self) -> bool:
        """Say whether every trial is decided."""
        return all(trial.verdict for trial in self.trials)

    def results(self) -> list[Result]:
        """End the session and report."""
        for trial in self.trials:
            trial.close()
        return [*(trial.result() for trial in self.trials), *self.habits.results()]
