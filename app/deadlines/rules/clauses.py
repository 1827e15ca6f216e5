"""Which clause sets a deadline, in the place and on the day its law was applied."""

from __future__ import annotations

from collections.abc import Mapping

from app.deadlines.model import DeadlineKind, KeptDeadline
from app.kernel.basis import basis
from app.kernel.calendar import working_days_after
from app.policy.book import PolicyBook

# The value of the policy book a deadline is counted by, and its key where it is one of a table;
# the kind of filing is the key where there is none here.
_PARAMETERS: Mapping[DeadlineKind, tuple[str, str | None]] = {
    DeadlineKind.FILING_TERM: ("filing.term_months", None),
    DeadlineKind.ADMISSION: ("filing.admission_deadline_days", None),
    DeadlineKind.RECONCILIATION: ("reconciliation.due_days", None),
    DeadlineKind.DEDUCTION_APPEAL: ("review.appeal_working_days", None),
    DeadlineKind.REVIEW_CLOSE: ("review.due_day", "reviewed"),
    DeadlineKind.FUND_REQUEST: ("review.due_day", "totalled"),
    DeadlineKind.ADVANCE_TO_FINANCE: ("advance.confirm_working_days", "agency"),
    DeadlineKind.ADVANCE_PAYMENT: ("advance.confirm_working_days", "finance"),
    DeadlineKind.CLEARING_GENERATION: ("clearing.due_day", "generated"),
    DeadlineKind.CLEARING_CONFIRMATION: ("clearing.due_day", "confirmed"),
    DeadlineKind.CONTEST_REPLY: ("clearing.reply_working_days", None),
    DeadlineKind.NOTICE_TO_FINANCE: ("clearing.payment_working_days", "agency"),
    DeadlineKind.NOTICE_PAYMENT: ("clearing.payment_working_days", "finance"),
    DeadlineKind.YEAR_CLOSE: ("clearing.year_close", "day"),
}
_RULES: Mapping[DeadlineKind, str] = {
    DeadlineKind.NOTICE_ISSUE: "hub-default/notice-day",
    DeadlineKind.QUOTA_ISSUE: "hub-default/advance-day",
}


@basis("hub-default/deadlines", "hub-default/dated-values")
def clause_of(it: KeptDeadline, book: PolicyBook) -> str:
    """Every deadline rests on the clause that set it, of the place and day it was set for."""
    if it.kind in _RULES:
        return _RULES[it.kind]
    name, key = _PARAMETERS[it.kind]
    return book.clause_of(name, it.since, it.place, of=it.of or key)


# Working days of which the record does not say whether their calendar was announced.
_COUNTED = (DeadlineKind.CONTEST_REPLY, DeadlineKind.DEDUCTION_APPEAL)


@basis("hub-default/contest", "hub-default/review-appeal", "hub-default/working-days")
def is_announced(it: KeptDeadline, book: PolicyBook) -> bool | None:
    """Working days are counted by a calendar that may not be announced yet."""
    if it.kind not in _COUNTED:
        return it.announced
    name, _ = _PARAMETERS[it.kind]
    return working_days_after(it.since, book.whole(name, it.since, it.place)).announced
