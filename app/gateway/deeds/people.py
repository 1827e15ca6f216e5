"""1101, and who stands behind a psn_no."""

from __future__ import annotations

from app.entitlement import service as entitlement
from app.entitlement.errors import WorkerUnknown
from app.entitlement.model import CardKind, IdentityClaim
from app.gateway.deeds import facts
from app.gateway.deeds.call import Call
from app.gateway.inputs import Row
from app.gateway.outputs import Told
from app.runtime.arrivals import Arrival
from app.runtime.walls import Purpose
from app.runtime.work import Reading, Work
from app.visit import service as visits


async def identify(reading: Reading, call: Call) -> Told:
    """1101 人员信息获取."""
    row = call.row()
    claim = IdentityClaim(
        certificate_number=row.text("certno"),
        name=row.text("psn_name"),
        card_kind=CardKind(row.text("mdtrt_cert_type")),
        card=row.text("mdtrt_cert_no"),
    )
    found = await visits.identify(Arrival(reading), claim)
    return {
        "baseinfo": [facts.of_person(found.worker, found.person, reading.today)],
        "insuinfo": [facts.of_worker(found.worker)],
        "injuries": [facts.of_determination(it) for it in found.determinations],
        "filings": [facts.of_filing(it) for it in found.filings],
    }


async def claim_of(work: Work, row: Row) -> IdentityClaim:
    """Put together who is claimed to be here: psn_no names the worker, the card is shown.

    The published admission carries neither name nor certificate number: what is left out is
    taken from the register, since 1101 has compared it; what is sent is compared again.
    """
    await work.beyond(Purpose.IDENTIFY, number=row.text("psn_no"))
    worker = await entitlement.worker_by_number(work.tx, row.text("psn_no"))
    if worker is None:
        raise WorkerUnknown
    person = (await entitlement.persons(work.tx, [worker.id]))[worker.id]
    return IdentityClaim(
        certificate_number=row.text_or("certno") or person.certificate_number,
        name=row.text_or("psn_name") or person.name,
        card_kind=CardKind(row.text("mdtrt_cert_type")),
        card=row.text("mdtrt_cert_no"),
    )
