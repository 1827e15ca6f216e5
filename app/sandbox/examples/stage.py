"""Who plays in the examples, how they call the hub, and what is needed again and again."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import httpx

from app.kernel.calendar import CHINA
from app.kernel.parties import PartyKind
from app.runtime.auth import Caller, Signer
from app.sandbox.clock import SandboxClock
from app.sandbox.people import SyntheticPerson, person

# What goes over the wire, written and read by name; its shapes are the schemas' business.
Body = dict[str, Any]

BEIJING, SHANDONG, JINAN = "110000", "370000", "370100"
HOSPITAL = "H37010000001"  # 山东中医药大学第二附属医院
FITTER = "A37010000001"  # 德林义肢矫型器（北京）有限公司济南分公司
OPERATOR, CHANNEL = "operator", "national-platform"
EMPLOYER = "北京示例建筑有限公司"
# Above the actors of the demo's story, who are above everybody the traffic plan uses.
FIRST_PERSON = 16_000_000
PEOPLE_A_DAY = 24
DAYS = 2_280  # then the same people come again, six years later
SINCE_INJURY = timedelta(days=90)
CREATED_MAX = 299


class Role(enum.IntEnum):
    """Whom an example is about; everybody lives for one example, or for a few that agree."""

    NEWCOMER = 0  # not registered yet
    DETERMINED = 1  # registered, looked up, determined once more
    REVIEWED = 2  # with a determination that is withdrawn
    LEAVER = 3  # with a filing that the loss of entitlement ends
    UNFILED = 4  # entitled, and to be filed
    ROW = 5  # entitled, and to be filed by a batch
    APPLICANT = 6  # filed through the channel, to be approved
    DECLINED = 7  # filed through the channel, to be rejected
    MOVER = 8  # filed, to be changed
    RETURNER = 9  # filed, to be cancelled
    PATIENT = 10  # filed, to be identified and admitted
    FITTED = 11  # filed for a device, to be fitted
    MISTAKEN = 12  # admitted by mistake, to be cancelled
    TREATED = 13  # admitted, to be charged
    OVERCHARGED = 14  # admitted, with lines to be removed
    HEALED = 15  # admitted, to be discharged
    RELAPSED = 16  # discharged, to be undone
    READY = 17  # discharged, to be settled
    SETTLED = 18  # settled, to be cancelled
    MISCHARGED = 19  # admitted, with one line to be removed
    UNCERTAIN = 20  # admitted by a message to be reversed
    LOST = 21  # whose entitlement has ended
    PAST = 22  # settled and cleared long ago


class RefusedError(Exception):
    """The hub did not take in what an example needs; the message names the request and the code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The hub as the parties of the examples call it."""

    http: httpx.AsyncClient
    signer: Signer
    clock: SandboxClock
    today: date
    home: str = BEIJING  # whose agency registers and files the workers

    def somebody(self, role: Role) -> SyntheticPerson:
        """Return today's person of a role."""
        slot = self.today.toordinal() % DAYS
        return person(FIRST_PERSON + slot * PEOPLE_A_DAY + role, self.home)

    def claim(self, role: Role) -> Body:
        """Say who they are, with the card."""
        someone = self.somebody(role)
        return {
            "certificate_number": someone.number,
            "name": someone.name,
            "card_kind": "physical",
            "card": someone.card_number,
        }

    @property
    def midnight(self) -> str:
        """Return when today began: it lies behind whatever the hour is."""
        return datetime.combine(self.today, time(), CHINA).isoformat()

    @property
    def now(self) -> str:
        """Return this minute."""
        return self.clock().astimezone(CHINA).replace(second=0, microsecond=0).isoformat()

    def message(self, key: str) -> str:
        """Return the message id under which something of today is laid."""
        return f"example-{self.today:%y%m%d}-{key}"

    async def read(self, party: str, path: str, **params: str) -> Body:
        """Read as a party."""
        answer = await self.http.get(path, params=params, headers=self._headers(party))
        return _body(answer, path)

    async def write(self, party: str, path: str, body: Body | None, key: str) -> Body:
        """Write as a party; the same key on the same day answers the same again."""
        headers = self._headers(party) | {"Idempotency-Key": self.message(key)}
        answer = await self.http.post(path, json=body, headers=headers)
        return _body(answer, path)

    async def send(self, party: str, path: str, sheet: str, key: str) -> Body:
        """Send a sheet as a party."""
        headers = self._headers(party) | {"Idempotency-Key": self.message(key)}
        headers |= {"Content-Type": "text/csv"}
        answer = await self.http.post(path, content=sheet.encode(), headers=headers)
        return _body(answer, path)

    def _headers(self, party: str) -> dict[str, str]:
        token = self.signer.issue(caller_of(party), self.clock())
        return {"Authorization": f"Bearer {token}"}

    async def registered(self, role: Role, kind: str = "injury") -> str:
        """Have somebody registered, with a determination; return the worker's number."""
        known = await self.write(
            self.home, "/v1/workers", self.registration(role), f"{role.name.lower()}-worker"
        )
        worker = str(known["number"])
        await self.determined(role, worker, kind)
        return worker

    async def determined(self, role: Role, worker: str, kind: str = "injury") -> str:
        """Have a determination registered; return its number."""
        body = self.determination(worker, kind)
        made = await self.write(
            self.home, "/v1/determinations", body, f"{role.name.lower()}-{kind}"
        )
        return str(made["number"])

    async def filed(self, role: Role, cost_kind: str = "medical") -> str:
        """Have somebody registered and filed to Jinan by the insured agency; return the filing."""
        worker = await self.registered(role, "injury" if cost_kind == "medical" else cost_kind)
        body = {"worker": worker, **wish(cost_kind)}
        filing = await self.write(self.home, "/v1/filings", body, f"{role.name.lower()}-filing")
        return str(filing["number"])

    def registration(self, role: Role) -> Body:
        """Write the body of POST /v1/workers."""
        someone = self.somebody(role)
        return {
            "certificate_kind": "social_security_number",
            "certificate_number": someone.number,
            "name": someone.name,
            "insured_region": self.home,
            "employer": EMPLOYER,
            "card_number": someone.card_number,
        }

    def determination(self, worker: str, kind: str, mark: str = "") -> Body:
        """Write the body of POST /v1/determinations."""
        decided_on = self.today - SINCE_INJURY
        return {
            "worker": worker,
            "kind": kind,
            "document_number": f"京示例认字〔{decided_on.year}〕第{worker[-7:]}{mark}号",
            "decided_on": decided_on.isoformat(),
            "injured_parts": ["左小腿"],
            "diagnoses": ["S82.2 胫骨干骨折"],
            "third_party": False,
        }


def wish(cost_kind: str = "medical", place: str = JINAN) -> Body:
    """Write what is to be filed."""
    return {"kind": "residence", "treatment_region": place, "cost_kinds": [cost_kind]}


def caller_of(party: str) -> Caller:
    """Return the caller a party's client would be."""
    kind, region = PartyKind.AGENCY, party
    if party in (OPERATOR, CHANNEL):
        kind = PartyKind.OPERATOR if party == OPERATOR else PartyKind.CHANNEL
        region = "000000"
    elif not party.isdigit():
        kind, region = PartyKind.INSTITUTION, party[1:7]
    return Caller(kind=kind, party=party, region=region, client=f"{party}-examples")


def _body(answer: httpx.Response, path: str) -> Body:
    found: Body = answer.json()
    if answer.status_code > CREATED_MAX:
        raise RefusedError(f"{path} {answer.status_code} {found.get('code')}")
    return found
