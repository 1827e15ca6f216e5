"""Synthetic people, price lists and traffic: what the demo, the tests and the benchmarks play with.

Everything here is made up, says so (`source: synthetic`), and is the same every time it is asked
for. It stands at the end of the road: it may use everything, and nothing uses it.
"""
