"""9001, 9002."""

from __future__ import annotations

from app.gateway import sessions
from app.gateway.deeds.call import Call
from app.gateway.outputs import Told
from app.runtime.work import Work


async def sign_in(work: Work, call: Call) -> Told:
    """9001 签到."""
    it = await sessions.sign_in(work, call.row().text("opter_no"))
    return {"signinoutb": [{"signed_in_at": it.started_at, "sign_no": it.number}]}


async def sign_out(work: Work, call: Call) -> Told:
    """9002 签退."""
    row = call.row()
    it = await sessions.sign_out(work, row.text("opter_no"), row.text("sign_no"))
    return {"signoutoutb": [{"signed_out_at": it.ended_at}]}
