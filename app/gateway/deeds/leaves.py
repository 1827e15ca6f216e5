"""2501, 2502, 2505, 2506: filings uploaded and revoked by the insured agency."""

from __future__ import annotations

from app.filing import service as filings
from app.filing.model import Filing, FilingAsked, FilingKind, Referral
from app.filing.service import Cancellation, Submission
from app.gateway.deeds import facts
from app.gateway.deeds.call import Call, require_worker
from app.gateway.inputs import Row
from app.gateway.outputs import Told
from app.kernel.costs import CostKind
from app.runtime.work import Work


async def refer(work: Work, call: Call) -> Told:
    """2501 转院备案."""
    row = call.row()
    referred_on = row.day("refl_date")
    assert referred_on is not None, "the mapping asks for it"
    asked = FilingAsked(
        kind=FilingKind.REFERRAL,
        treatment_region=row.text("mdtrtarea_admdvs"),
        cost_kinds=_cost_kinds(row),
        first_day=row.day("begndate"),
        referral=Referral(
            diagnosis_code=row.text("diag_code"),
            diagnosis=row.text("diag_name"),
            institution=row.text("reflout_medins_name"),
            reason=row.text("refl_rea"),
            referred_on=referred_on,
        ),
    )
    return await _submitted(work, row, asked)


async def settle_elsewhere(work: Work, call: Call) -> Told:
    """2505 异地安置登记备案."""
    row = call.row()
    asked = FilingAsked(
        kind=FilingKind(row.text_or("filing_type") or FilingKind.RESIDENCE),
        treatment_region=row.text_or("mdtrtarea_admdvs") or call.envelope.treatment_region,
        cost_kinds=_cost_kinds(row),
        first_day=row.day("begndate"),
    )
    return await _submitted(work, row, asked)


async def revoke(work: Work, call: Call) -> Told:
    """2502, 2506 备案撤销."""
    row = call.row()
    asked = Cancellation(reason=row.text("memo"), override=row.flag("override_flag", default=False))
    cancelled = await filings.cancel(work, row.text("trt_dcla_detl_sn"), asked)
    require_worker(row.text("psn_no"), cancelled.worker)
    return _told(cancelled)


async def _submitted(work: Work, row: Row, asked: FilingAsked) -> Told:
    submission = Submission(asked=asked, worker=row.text("psn_no"))
    return _told(await filings.submit(work, submission))


def _told(filing: Filing) -> Told:
    return {"result": [facts.of_filing(filing)]}


def _cost_kinds(row: Row) -> frozenset[CostKind]:
    asked = row.texts("cost_kinds")
    return frozenset(map(CostKind, asked)) or frozenset({CostKind.MEDICAL})
