"""The laws of seals: links follow one another, and what was sealed is still what is there."""

from __future__ import annotations

from collections.abc import Mapping

from app.proof.model.seals import Journal
from app.proof.store.journals import DAYS, ID, LINES, ROOT

_SUBJECT = """
    s.journal || ' ' || s.participant || ' ' || s.number AS subject, NULL AS insured_place,
    NULL AS treatment_place, NULL AS institution, s.day::text AS period
"""
_SEALS_LINKED = f"""
    SELECT {_SUBJECT}, 0 AS found, 1 AS expected
      FROM (SELECT *, lag(chain, 1, decode(repeat('00', 32), 'hex')) OVER chained AS link_before,
                   lag(through_id, 1, 0::bigint) OVER chained AS through_before,
                   row_number() OVER chained AS place
              FROM seal
            WINDOW chained AS (PARTITION BY journal, participant ORDER BY number)) AS s
     WHERE s.number <> s.place OR s.previous <> s.link_before OR s.after_id <> s.through_before
        OR s.chain <> sha256(convert_to(concat_ws(' ', s.journal, s.participant, s.number, s.day,
               s.line_count, encode(s.root, 'hex'), encode(s.previous, 'hex')), 'UTF8'))
"""  # noqa: S608 -- our own words


def _held(journal: Journal) -> str:
    """Digest every sealed line again and hold it against its seal.

    A line that lies before the end of its journal's sealing and under no seal of its participant
    belongs to none: it was put in afterwards.
    """
    return f"""
    SELECT coalesce(s.journal || ' ' || s.participant || ' ' || s.number,
                    '{journal.value} ' || now_there.participant) AS subject,
           NULL AS insured_place, NULL AS treatment_place, NULL AS institution,
           s.day::text AS period,
           CASE WHEN now_there.items = s.line_count THEN 0 ELSE coalesce(now_there.items, 0)
           END AS found, coalesce(s.line_count, 0) AS expected
      FROM (SELECT * FROM seal WHERE journal = '{journal.value}') AS s
      FULL JOIN (
            SELECT participant, number, count(*) AS items, {ROOT} AS root
              FROM (SELECT participant, id, rank, line,
                           min(number) OVER (PARTITION BY participant ORDER BY id DESC) AS number
                      FROM (SELECT id, participant, rank, line, NULL AS number
                              FROM ({LINES[journal]} AND {ID[journal]} <=
                                    (SELECT coalesce(max(through_id), 0) FROM sealing
                                      WHERE journal = '{journal.value}')) AS lines
                            UNION ALL
                            SELECT through_id, participant, NULL, NULL, number
                              FROM seal WHERE journal = '{journal.value}') AS along) AS numbered
             WHERE line IS NOT NULL
             GROUP BY participant, number) AS now_there
        ON now_there.participant = s.participant AND now_there.number = s.number
     WHERE now_there.root IS DISTINCT FROM s.root
    """  # noqa: S608 -- our own words


def _waiting(journal: Journal) -> str:
    return f"""
    SELECT '{journal.value}' AS subject, oldest.day
      FROM (SELECT day FROM ({DAYS[journal]}) AS dated
             WHERE id > (SELECT coalesce(max(through_id), 0) FROM sealing
                          WHERE journal = '{journal.value}')
             ORDER BY id LIMIT 1) AS oldest
    """  # noqa: S608 -- our own words


_SEALING_IN_TIME = f"""
    SELECT waiting.subject, NULL AS insured_place, NULL AS treatment_place, NULL AS institution,
           waiting.day::text AS period, CAST(:today AS date) - waiting.day AS found, 1 AS expected
      FROM ({_waiting(Journal.LEDGER)} UNION ALL {_waiting(Journal.TRAIL)}) AS waiting
     WHERE CAST(:today AS date) - waiting.day >= :alarming_days
"""  # noqa: S608 -- our own words
STATEMENTS: Mapping[str, str] = {
    "seals_linked": _SEALS_LINKED,
    "seals_hold_books": _held(Journal.LEDGER),
    "seals_hold_trail": _held(Journal.TRAIL),
    "sealing_in_time": _SEALING_IN_TIME,
}
