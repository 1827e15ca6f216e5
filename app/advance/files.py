"""A run's worksheet as a sheet: every figure on the way, so that a line can be checked by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.advance.model import QuotaRow, Run
from app.runtime.sheets import write_csv, write_xlsx

_BEFORE = ("insured_place", "treatment_place")
_AFTER = (
    "base",
    "base_months",
    "mean",
    "cover_months",
    "exact",
    "round_up_to",
    "rounded",
    "floor",
    "quota",
    "reason",
    "held",
    "difference",
)


def columns_of(run: Run) -> tuple[str, ...]:
    """Return the header: the pair, each month of the base period, and the figures in order."""
    return (*_BEFORE, *(str(month) for month in run.terms.months), *_AFTER)


def worksheet_csv(run: Run, rows: Iterable[QuotaRow]) -> bytes:
    """Write a worksheet as CSV."""
    return write_csv(columns_of(run), _cells(run, rows))


def worksheet_xlsx(run: Run, rows: Iterable[QuotaRow]) -> bytes:
    """Write a worksheet as a workbook."""
    return write_xlsx(columns_of(run), _cells(run, rows))


def _cells(run: Run, rows: Iterable[QuotaRow]) -> list[Sequence[str]]:
    terms = run.terms
    return [
        (
            *it.pair.places,
            *(str(month) for month in it.months),
            str(it.figures.base),
            str(len(it.months)),
            str(it.figures.mean),
            str(terms.cover_months),
            str(it.figures.exact),
            str(terms.step),
            str(it.figures.rounded),
            str(terms.floor),
            str(it.figures.quota),
            it.figures.reason.value,
            str(it.held),
            str(it.difference),
        )
        for it in rows
    ]
