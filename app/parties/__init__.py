"""Parties (接入方): who may call the hub, for which region, with which credentials.

A region is a division of GB/T 2260; a party is the operator, an agency, an institution or a
channel; a client is one credential of a party, exchanged for a token that lives minutes; a person
is one of the operator's or an agency's people. What takes two asks here who may be the second.
"""
