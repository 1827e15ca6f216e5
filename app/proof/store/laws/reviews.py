"""The law of the monthly review: a statement is what fell into its month, by institution."""

from __future__ import annotations

from collections.abc import Mapping

# What fell into the months of places: settlements, and what review and contests took off them.
_ITEM = """
    SELECT treatment_place AS place, month, scheme, institution, total_fen,
           fund_fen - conceded_before_fen AS due_fen
      FROM settlement
    UNION ALL
    SELECT treatment_place, month, scheme, institution, 0, -amount_fen
      FROM deduction WHERE month IS NOT NULL
    UNION ALL
    SELECT c.treatment_place, c.month, s.scheme, s.institution, 0, c.agreed_fen - c.fund_fen
      FROM contest c JOIN settlement s ON s.number = c.settlement WHERE c.month IS NOT NULL
"""
# Each statement as a whole, where no institution is named, and its line for each institution.
_COUNTED = f"""
    SELECT r.number, coalesce(i.institution, '') AS institution, r.place, r.month,
           sum(i.total_fen) AS total_fen, sum(i.due_fen) AS due_fen
      FROM review r
      JOIN ({_ITEM}) AS i ON i.place = r.place AND i.month = r.month AND i.scheme = r.scheme
     GROUP BY GROUPING SETS ((r.number, r.place, r.month, i.institution),
                             (r.number, r.place, r.month))
"""  # noqa: S608 -- our own words
_KEPT = """
    SELECT number, '' AS institution, place, month, total_fen, due_fen FROM review
    UNION ALL
    SELECT review, institution, place, month, total_fen, due_fen FROM review_line
"""
_REVIEWS_ARE_ITEMS = f"""
    SELECT number AS subject, NULL AS insured_place, coalesce(kept.place, counted.place)
               AS treatment_place, nullif(institution, '') AS institution,
           coalesce(kept.month, counted.month) AS period,
           CASE WHEN coalesce(kept.due_fen, 0) <> coalesce(counted.due_fen, 0)
                THEN coalesce(kept.due_fen, 0) ELSE coalesce(kept.total_fen, 0) END AS found,
           CASE WHEN coalesce(kept.due_fen, 0) <> coalesce(counted.due_fen, 0)
                THEN coalesce(counted.due_fen, 0) ELSE coalesce(counted.total_fen, 0)
           END AS expected
      FROM ({_KEPT}) AS kept FULL JOIN ({_COUNTED}) AS counted USING (number, institution)
     WHERE (coalesce(kept.due_fen, 0), coalesce(kept.total_fen, 0))
        <> (coalesce(counted.due_fen, 0), coalesce(counted.total_fen, 0))
"""  # noqa: S608 -- our own words
STATEMENTS: Mapping[str, str] = {"reviews_are_items": _REVIEWS_ARE_ITEMS}
