"""Reversal (冲正): a message whose outcome is not known is made as if it had never been.

What took effect is undone by the deed that undoes it in the ordinary way; what did not is shut
out, so that a late original does nothing. There is no second way to cancel anything.
"""
