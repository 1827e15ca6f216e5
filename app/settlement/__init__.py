"""Settlement (结算): every line of a visit decided, the shares computed, the liability booked.

Preview and settlement are one computation, unbooked and booked; a cancellation books the negative
twin and reopens the visit. Nothing is edited: what was decided can be recomputed years later.
Life of a visit's bill: previewed -> settled -> cancelled -> settled again.
"""
