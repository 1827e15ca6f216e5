"""What can be done with a filing, and what admission and settlement ask of it."""

from app.filing.service.admission import (
    by_id,
    covering,
    find,
    hold,
    list_filings,
    release,
    usable_in,
)
from app.filing.service.batch import file_batch
from app.filing.service.deeds import (
    Cancellation,
    Change,
    Submission,
    approve,
    cancel,
    change,
    expire_due,
    lose,
    reject,
    run_out,
    submit,
)
from app.filing.store import FilingsAsked

__all__ = [
    "Cancellation",
    "Change",
    "FilingsAsked",
    "Submission",
    "approve",
    "by_id",
    "cancel",
    "change",
    "covering",
    "expire_due",
    "file_batch",
    "find",
    "hold",
    "list_filings",
    "lose",
    "reject",
    "release",
    "run_out",
    "submit",
    "usable_in",
]
