"""The books (账簿): who owes whom, in fen, double entry, append-only.

An event of the road becomes an entry, an entry a few postings with two ends each, a posting two
steps of two running balances. Settlement, advance and clearing book through `service.book`;
nobody writes a balance by hand, not even the service's own database role.
"""
