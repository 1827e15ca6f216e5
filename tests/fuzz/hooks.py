"""What Schemathesis is told of this interface: a message id is new for every message."""

from __future__ import annotations

import uuid
from typing import Any

import schemathesis
from schemathesis import Case, HookContext

KEY = "Idempotency-Key"
SHOWN = "6f1d2c1e-0001"  # the document's example, which one message may bear and no second


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, object]) -> None:  # noqa: ARG001 -- the hook's shape
    """Give a message its own id where it would bear the example's."""
    if case.headers and case.headers.get(KEY) == SHOWN:
        case.headers[KEY] = uuid.uuid4().hex
