"""Conformance 符合性测试: what a hub, or a hospital's software, must survive, played and shown.

`hub conformance` plays failure-first cases against a running hub through REST and the gateway;
every case says what it expects and keeps what was exchanged. Talks HTTP only: it knows nothing of
the hub's inside, so that it can be turned on any hub that speaks the profile.
"""
