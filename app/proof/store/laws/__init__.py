"""One statement a law: the rows where two figures that must be one are not, with both of them.

Each selects `subject, insured_place, treatment_place, institution, period, found, expected`, adds
up by sets whatever the number of rows, and yields nothing where the law holds.
"""

from __future__ import annotations

from app.proof.store.laws import books, clearings, documents, money, reviews, sealed

STATEMENTS = {
    **books.STATEMENTS,
    **documents.STATEMENTS,
    **reviews.STATEMENTS,
    **clearings.STATEMENTS,
    **money.STATEMENTS,
    **sealed.STATEMENTS,
}
