"""Advance funds (预付金): the returnable float an insured place keeps with a treatment place.

Quotas are computed once a year (computed → issued), each difference is called for by a payment and
a receipt notice (called → paid → received), and booked when both sides say the same. How much of an
advance is used is exact at every commit: the function that writes the books watches each guarded
pair and each pool, raises a crossing once, and keeps the pair's mode: warn, hold or hard.
Quotas, modes and emergency increases are changed by two persons.
"""
