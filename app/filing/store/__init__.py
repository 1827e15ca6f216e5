"""Where filings are read from and written to: every SQL statement of the domain."""

from app.filing.store.reads import (
    FilingsAsked,
    as_of,
    by_ids,
    by_number,
    history,
    known_places,
    of_workers,
    page,
)
from app.filing.store.rows import filings_in
from app.filing.store.writes import (
    Kept,
    Mark,
    add,
    approve,
    end,
    expire,
    hold,
    reject,
    release,
    release_cover,
    run_out,
)

__all__ = [
    "FilingsAsked",
    "Kept",
    "Mark",
    "add",
    "approve",
    "as_of",
    "by_ids",
    "by_number",
    "end",
    "expire",
    "filings_in",
    "history",
    "hold",
    "known_places",
    "of_workers",
    "page",
    "reject",
    "release",
    "release_cover",
    "run_out",
]
