"""What a stranger is told who asked for what cannot be: one sentence, with a way out."""

from __future__ import annotations

from pydantic import ValidationError

from app.kernel.refusal import Refusal
from app.runtime.embedded import EmbeddedPostgresError
from app.runtime.migrate import DatabaseNotReadyError
from app.runtime.problems import body_of
from app.runtime.seeds import SeedsMissingError
from app.runtime.standalone import StandaloneError

TOLD = (StandaloneError, EmbeddedPostgresError, DatabaseNotReadyError, SeedsMissingError)


def sentence_of(error: Exception) -> str | None:
    """Return what to say of a mistake; none where the mistake is ours."""
    if isinstance(error, Refusal):
        body = body_of(error, "-")
        return f"{body['detail']} {body['detail_zh']}"
    if isinstance(error, ValidationError):
        wrong = ", ".join(f"HUB_{'_'.join(map(str, e['loc']))}".upper() for e in error.errors())
        return f"A setting is out of order: {wrong}."
    return str(error) if isinstance(error, TOLD) else None
