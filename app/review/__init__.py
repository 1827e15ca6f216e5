"""Review: what both sides agree the settlements were, by days (日对账) and by months (审核).

A sender compares its day with the hub's by totals or by rows; every difference is listed and
repaired in one call. A place's agency reviews its months: institutions declare, deductions are
proposed, appealed, decided and booked, the month closes, its money is asked for and paid on.
Nothing here is edited: a later comparison stands in place of the earlier one, and what is final
is undone by its negative twin.
Life of a reconciliation: open -> clean, or replaced by a later one of the same day.
Life of a deduction: proposed -> (appealed ->) final or withdrawn. Of a month: open -> closed ->
uploaded -> requested.
"""
