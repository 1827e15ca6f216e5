"""Review: what both sides agree the settlements were; so far 日对账, the daily reconciliation.

A sender compares its day with the hub's by totals or by rows; every difference is listed and
repaired in one call. Nothing here is ever changed: a later comparison of a day stands in place of
the earlier one, and repairs are kept beside the difference they settle.
Life of a reconciliation: open -> clean, or replaced by a later one of the same day.
"""
