"""2601: a message made as if it had never been."""

from __future__ import annotations

from app.gateway.deeds.call import Call
from app.gateway.errors import ReversalNotAllowed
from app.gateway.outputs import Told
from app.kernel.refusal import refuse_all
from app.reversal import service as reversals
from app.reversal.model import ReversalOutcome
from app.runtime.work import Work


async def reverse(work: Work, call: Call) -> Told:
    """2601 冲正.

    Senders of this face look at infcode alone, so what still stands is told as a refusal.
    """
    it = await reversals.reverse(work, call.row().text("omsgid"))
    if it.outcome is ReversalOutcome.NOT_REVERSIBLE:
        told = {"omsgid": it.message, "outcome": it.outcome.value, "subject": it.subject}
        refuse_all([ReversalNotAllowed(**told), *([it.why] if it.why else [])])
    shown = {
        "message": it.message,
        "outcome": it.outcome,
        "subject": it.subject,
        "undone_by": it.undone_by,
    }
    return {"result": [shown]}
