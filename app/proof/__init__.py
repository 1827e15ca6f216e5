"""Proof (账账相符、账款相符): that the books, the clearings and the trail still say what was done.

Laws hold every figure against the figures it came from; seals fix each participant's journal day
by day in a chain anybody can check without the hub; a trace leads from a line to its payment; the
trail tells who read, changed and approved. It comes last on the road, since it may know all of it.
"""
