"""Sign-ins (签到、签退): what the strict profile asks of every message."""

from __future__ import annotations

from app.gateway import store
from app.gateway.envelope import sender_code
from app.gateway.errors import SessionExpired, SessionRequired
from app.gateway.store import SignIn
from app.runtime.work import Reading, Work


async def sign_in(work: Work, staff: str) -> SignIn:
    """Sign a staff member in for the day; again on the same day is the same session."""
    party = work.caller.party
    prefix = f"{sender_code(party)}{work.today:%Y%m%d}"
    found = await store.open_session(work.tx, party, staff, prefix, day=work.today, at=work.now)
    work.record("session.sign_in", found.number)
    return found


async def sign_out(work: Work, staff: str, number: str) -> SignIn:
    """Sign a staff member out; again changes nothing."""
    found = await store.end_session(work.tx, work.caller.party, staff, number, work.now)
    if found is None:
        raise SessionExpired
    work.record("session.sign_out", number)
    return found


async def require(reading: Reading, number: str | None) -> None:
    """Refuse a message without a session that is open today."""
    if number is None:
        raise SessionRequired
    found = await store.session_of(reading.rx, reading.caller.party, number)
    if found is None or found.ended_at is not None or found.day != reading.today:
        raise SessionExpired
