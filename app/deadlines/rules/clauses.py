"""Which clause sets a deadline, in the place and on the day its law was applied."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from app.deadlines.model import DeadlineKind, KeptDeadline
from app.kernel.basis import basis
from app.kernel.calendar import working_days_after
from app.policy.book import PolicyBook

# The value of the policy book a deadline is counted by, and its key where it is one of a table;
# the kind of filing is the key where there is none here.
_PARAMETERS: Mapping[DeadlineKind, tuple[str, str | None]] = {
    DeadlineKind.FILING_EXPIRY: ("filing.term_months", None),
    DeadlineKind.ADMISSION: ("filing.admission_deadline_days", None),
    DeadlineKind.RECONCILIATION: ("reconciliation.due_days", None),
    DeadlineKind.CLEARING_GENERATION: ("clearing.due_day", "generated"),
    DeadlineKind.CLEARING_CONFIRMATION: ("clearing.due_day", "confirmed"),
    DeadlineKind.CONTEST_REPLY: ("clearing.reply_working_days", None),
    DeadlineKind.NOTICE_TO_FINANCE: ("clearing.payment_working_days", "agency"),
    DeadlineKind.NOTICE_PAYMENT: ("clearing.payment_working_days", "finance"),
    DeadlineKind.YEAR_CLOSE: ("clearing.year_close", "day"),
}
_RULES: Mapping[DeadlineKind, str] = {DeadlineKind.NOTICE_ISSUE: "hub-default/notice-day"}


@basis("hub-default/deadlines", "hub-default/dated-values")
def clause_of(it: KeptDeadline, book: PolicyBook) -> str:
    """Every deadline rests on the clause that set it, of the place and day it was set for."""
    if it.kind in _RULES:
        return _RULES[it.kind]
    name, key = _PARAMETERS[it.kind]
    return book.clause_of(name, it.since, it.place, of=it.of or key)


@basis("hub-default/contest", "hub-default/working-days")
def reply_announced(raised_on: date, book: PolicyBook) -> bool:
    """A reply's days are counted by a calendar that may not be announced yet."""
    days = book.whole("clearing.reply_working_days", raised_on)
    return working_days_after(raised_on, days).announced
