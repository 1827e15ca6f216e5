"""The one way the embedded Postgres fails: with a sentence a newcomer can act on."""

from __future__ import annotations


class EmbeddedPostgresError(RuntimeError):
    """The embedded Postgres cannot be used; the message says what to do about it."""
