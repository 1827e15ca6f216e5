"""Before the first act: a worker is known, what happened is determined, and leave is filed for."""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.calendar import business_day, corresponding_day
from app.sandbox.people import SyntheticPerson
from app.sandbox.story.stage import BEIJING, JINAN, Stage, actor
from hub_client.orders import Claim, Identity, NewFiling

EMPLOYER = "北京示例建筑工程有限公司"


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody insured in Beijing, and the hub's number for them."""

    person: SyntheticPerson
    worker: str

    def identity(self, card: str | None = None) -> Identity:
        """Say who they are, with their card or another one."""
        return Identity(
            certificate_number=self.person.number,
            name=self.person.name,
            card_kind="physical",
            card=card or self.person.card_number,
        )

    def claim(self) -> Claim:
        """Say who they are, as a filing carries it."""
        shown = self.identity()
        return Claim(
            certificate_number=shown.certificate_number,
            name=shown.name,
            card_kind=shown.card_kind,
            card=shown.card,
        )


async def register(stage: Stage, kind: str, *, third_party: bool = False) -> Patient:
    """Let Beijing's agency register a worker and what was determined (工伤认定或确认)."""
    someone = actor()
    beijing = stage.cast.beijing
    known = await beijing.write(
        "/v1/workers",
        {
            "certificate_kind": "social_security_number",
            "certificate_number": someone.number,
            "name": someone.name,
            "insured_region": BEIJING,
            "employer": EMPLOYER,
            "card_number": someone.card_number,
        },
    )
    worker = str(known["number"])
    decided_on = stage.dates.injured
    determined = await beijing.write(
        "/v1/determinations",
        {
            "worker": worker,
            "kind": kind,
            "document_number": f"京示例认字〔{decided_on.year}〕第{worker[-7:]}号",
            "decided_on": decided_on.isoformat(),
            "injured_parts": ["左小腿"],
            "diagnoses": ["左胫腓骨骨折"],
            "third_party": third_party,
        },
    )
    stage.teller.says(
        f"Beijing's agency registers {someone.name[0]}** as worker {worker} 工伤职工, with "
        f"determination {determined['number']} 认定（确认）: {kind}"
    )
    return Patient(someone, worker)


async def file(stage: Stage, patient: Patient, cost_kinds: list[str]) -> None:
    """File for residence in Jinan through the channel; Beijing approves. A year's term."""
    asked = NewFiling(
        kind="residence",
        treatment_region=JINAN,
        cost_kinds=tuple(cost_kinds),
        claim=patient.claim(),
    )
    submitted = await stage.cast.desks.channel.submit_filing(asked)
    stage.expect_equal("The state of the new filing", submitted.state, "submitted")
    approved = await stage.cast.desks.beijing.approve_filing(submitted.number)
    stage.expect_equal("The state of the approved filing", approved.state, "approved")
    last_day = corresponding_day(business_day(stage.clock()), 12)
    stage.expect_equal("The filing's last day", approved.last_day, last_day)
    stage.teller.says(
        f"Residence filing 异地长期居住备案 {approved.number} to Jinan for "
        f"{', '.join(cost_kinds)}: sent by the national platform, approved by Beijing, "
        f"{approved.first_day} to {last_day}"
    )
