"""Where the money of one settlement went: one short statement a stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from app.kernel.money import Money
from app.proof.model.tracing import Stage, Step, Traced
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn
from app.settlement.tables import settlement

_SETTLEMENT = sa.select(settlement).where(
    settlement.c.number == sa.bindparam("number", type_=sa.Text),
    visible(
        regions=(
            settlement.c.insured_region,
            settlement.c.treatment_region,
            settlement.c.insured_place,
            settlement.c.treatment_place,
        ),
        institution=settlement.c.institution,
    ),
)
# Each reads: number, day, total_fen, fund_fen, own_fen, clause, facts.
_LINE = """
    SELECT l.serial AS number, l.service_day AS day, l.amount_fen AS total_fen, l.fund_fen,
           l.own_fen, l.clause, json_build_object('item', coalesce(l.item_code, '–'),
               'reason', l.reason, 'catalogue', v.label) AS facts
      FROM settlement_line l LEFT JOIN catalogue_version v ON v.id = l.catalogue_version
     WHERE l.settlement_id = :id ORDER BY l.position
"""
_BILL = """
    SELECT s.number, s.business_day AS day, s.total_fen, s.fund_fen, s.own_fen,
           'hub-default/shares-sum' AS clause,
           json_build_object('kind', s.kind, 'visit', v.number, 'filing', f.number,
               'policy_version', s.policy_version, 'cancels', was.number,
               'cancelled_by', twin.number) AS facts
      FROM settlement s JOIN visit v ON v.id = s.visit_id JOIN filing f ON f.id = s.filing_id
      LEFT JOIN settlement was ON was.id = s.cancels
      LEFT JOIN settlement twin ON twin.id = s.cancelled_by
     WHERE s.id = :id
"""
_ENTRY = """
    SELECT e.subject AS number, e.effective_day AS day, NULL AS total_fen, p.fen AS fund_fen,
           NULL AS own_fen, 'hub-default/ledger' AS clause,
           json_build_object('event', e.event, 'debit', account_name(p.debit_account),
               'credit', account_name(p.credit_account)) AS facts
      FROM entry e JOIN posting p ON p.entry_id = e.id
     WHERE e.subject = :number ORDER BY p.id
"""
_MONTH = """
    SELECT r.number, (m.closed_at AT TIME ZONE 'Asia/Shanghai')::date AS day, NULL AS total_fen,
           NULL AS fund_fen, NULL AS own_fen, 'hub-default/period' AS clause,
           json_build_object('month', s.month, 'place', s.treatment_place,
               'closed', m.closed_at IS NOT NULL, 'fund_request', r.request) AS facts
      FROM settlement s
      LEFT JOIN LATERAL (SELECT min(closed_at) AS closed_at FROM settlement_month
                          WHERE place = s.treatment_place AND month >= s.month) AS m ON true
      LEFT JOIN review r ON r.place = s.treatment_place AND r.month = s.month
     WHERE s.id = :id
"""
_DEDUCTION = """
    SELECT d.number, (coalesce(d.final_at, d.proposed_at) AT TIME ZONE 'Asia/Shanghai')::date
               AS day, NULL AS total_fen, -d.amount_fen AS fund_fen, NULL AS own_fen,
           'hub-default/deduction' AS clause,
           json_build_object('line', d.serial, 'reason', d.reason, 'state', d.state,
               'month', d.month) AS facts
      FROM deduction d WHERE d.settlement_id = :id ORDER BY d.id
"""
_CONTEST = """
    SELECT c.number, (coalesce(c.replied_at, c.raised_at) AT TIME ZONE 'Asia/Shanghai')::date
               AS day, NULL AS total_fen, coalesce(c.agreed_fen, c.fund_fen) - c.fund_fen
               AS fund_fen, NULL AS own_fen, 'hub-default/contest' AS clause,
           json_build_object('reason', c.reason, 'state', c.state, 'rolled', c.rolls) AS facts
      FROM contest c WHERE c.settlement = :number ORDER BY c.id
"""
# The clearing of its month, and those its contested part rolled into.
_PERIOD = """
    SELECT g.number, (g.generated_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
           NULL AS total_fen, NULL AS fund_fen, NULL AS own_fen,
           'hub-default/period' AS clause,
           json_build_object('period', g.period, 'scheme', g.scheme, 'state', g.state) AS facts
      FROM clearing g WHERE g.number = ANY (:clearings) ORDER BY g.id
"""
_CLAIMS = """
    SELECT k.id, g.number AS clearing
      FROM claim k JOIN clearing g ON g.id = k.clearing_id
      JOIN cleared_month m ON m.clearing = g.number AND m.scheme = :scheme AND m.month = :month
     WHERE k.insured_place = :insured_place AND k.treatment_place = :treatment_place
    UNION
    SELECT k.id, g.number
      FROM contest c JOIN carried r ON r.contest_id = c.id JOIN claim k ON k.id = r.claim_id
      JOIN clearing g ON g.id = k.clearing_id
     WHERE c.settlement = :number
"""
_CLAIM = """
    SELECT g.number || ' ' || k.insured_place || '→' || k.treatment_place AS number,
           (g.generated_at AT TIME ZONE 'Asia/Shanghai')::date AS day, k.total_fen, k.fund_fen,
           NULL AS own_fen, 'hub-default/gross' AS clause,
           json_build_object('items', k.settlement_count, 'root', encode(k.root, 'hex')) AS facts
      FROM claim k JOIN clearing g ON g.id = k.clearing_id
     WHERE k.id = ANY (:claims) ORDER BY k.id
"""
_NOTICE = """
    SELECT n.number, (n.issued_at AT TIME ZONE 'Asia/Shanghai')::date AS day, NULL AS total_fen,
           n.fund_fen, NULL AS own_fen, 'hub-default/payment-days' AS clause,
           json_build_object('kind', n.kind, 'party_place', n.party_place, 'pay_by', n.pay_by,
               'deducted', to_char(n.deducted_fen / 100.0, 'FM9999999999999990.00'),
               'rolled', to_char(n.rolled_fen / 100.0, 'FM9999999999999990.00'),
               'paid', to_char(n.paid_fen / 100.0, 'FM9999999999999990.00'),
               'paid_on', n.paid_on) AS facts
      FROM notice n
     WHERE n.claim_id = ANY (:claims)
       AND (:sees_all OR starts_with(n.party_place, :prefix)) ORDER BY n.id
"""
_PAYMENT = """
    SELECT b.bank_reference AS number, b.paid_on AS day, NULL AS total_fen,
           b.amount_fen AS fund_fen, NULL AS own_fen, 'hub-default/payment-matching' AS clause,
           json_build_object('reference', b.reference, 'payer', b.payer, 'payee', b.payee,
               'outcome', b.outcome) AS facts
      FROM bank_confirmation b WHERE b.claim_id = ANY (:claims) ORDER BY b.id
"""
# An institution is paid for many settlements at once: those payments that may have held this one.
_INSTITUTION_PAYMENT = """
    SELECT i.number, i.paid_on AS day, NULL AS total_fen, i.amount_fen AS fund_fen,
           NULL AS own_fen, 'hub-default/institution-payment' AS clause,
           json_build_object('bank_reference', i.bank_reference, 'institution', i.institution)
               AS facts
      FROM institution_payment i
     WHERE i.institution = :institution AND i.place = :treatment_place AND i.paid_on >= :day
     ORDER BY i.id LIMIT 3
"""
_ADVANCE = """
    SELECT a.name AS number, NULL::date AS day, NULL AS total_fen, -a.balance_fen AS fund_fen,
           NULL AS own_fen, 'hub-default/advance-float' AS clause,
           json_build_object('used', to_char(used.fen / 100.0, 'FM9999999999999990.00'),
               'percent', to_char(used.fen * 100.0 / nullif(-a.balance_fen, 0), 'FM9999990.00')
           ) AS facts
      FROM account a
     CROSS JOIN LATERAL (SELECT coalesce(sum(o.balance_fen), 0) AS fen FROM account o
                          WHERE o.kind IN ('uncleared', 'notified')
                            AND o.insured_place = a.insured_place
                            AND o.treatment_place = a.treatment_place) AS used
     WHERE a.name = 'advance:' || :insured_place || ':' || :treatment_place
"""
_STATEMENTS: Mapping[Stage, str] = {
    Stage.LINE: _LINE,
    Stage.BILL: _BILL,
    Stage.ENTRY: _ENTRY,
    Stage.MONTH: _MONTH,
    Stage.DEDUCTION: _DEDUCTION,
    Stage.CONTEST: _CONTEST,
    Stage.PERIOD: _PERIOD,
    Stage.CLAIM: _CLAIM,
    Stage.NOTICE: _NOTICE,
    Stage.PAYMENT: _PAYMENT,
    Stage.INSTITUTION_PAYMENT: _INSTITUTION_PAYMENT,
    Stage.ADVANCE: _ADVANCE,
}
_KINDS: Mapping[str, sa.types.TypeEngine[Any]] = {
    "id": sa.BigInteger(),
    "number": sa.Text(),
    "scheme": sa.Text(),
    "month": sa.Text(),
    "day": sa.Date(),
    "insured_place": sa.Text(),
    "treatment_place": sa.Text(),
    "institution": sa.Text(),
    "clearings": sa.ARRAY(sa.Text),
    "claims": sa.ARRAY(sa.BigInteger),
    "sees_all": sa.Boolean(),
    "prefix": sa.Text(),
}


def _text(statement: str) -> sa.TextClause:
    found = sa.text(statement)
    names = [name for name in _KINDS if name in found.compile().params]
    return found.bindparams(*(sa.bindparam(name, type_=_KINDS[name]) for name in names))


_STAGES = {stage: _text(statement) for stage, statement in _STATEMENTS.items()}
_HELD = _text(_CLAIMS)


async def settlement_of(conn: Conn, scope: Scope, number: str) -> Traced | None:
    """Read the settlement to be traced, if the scope may see it."""
    row = (await conn.execute(_SETTLEMENT, scope.binds() | {"number": number})).one_or_none()
    if row is None:
        return None
    return Traced(
        id=row.id,
        number=row.number,
        kind=row.kind,
        scheme=row.scheme,
        month=row.month,
        business_day=row.business_day,
        insured_place=row.insured_place,
        treatment_place=row.treatment_place,
        institution=row.institution,
        fund=Money(row.fund_fen),
    )


async def claims_of(conn: Conn, it: Traced) -> tuple[list[int], list[str]]:
    """Read which claims count the settlement or a part of it, and of which clearings."""
    found = list(await conn.execute(_HELD, _asked(_HELD, it, {})))
    return [row.id for row in found], sorted({row.clearing for row in found})


async def steps(
    conn: Conn, scope: Scope, it: Traced, stage: Stage, held: tuple[list[int], list[str]]
) -> list[Step]:
    """Read the steps of one stage."""
    statement = _STAGES[stage]
    more: Mapping[str, object] = {
        "claims": held[0],
        "clearings": held[1],
        "sees_all": scope.sees_all,
        "prefix": scope.prefix,
    }
    return [_step(stage, row) for row in await conn.execute(statement, _asked(statement, it, more))]


def _asked(statement: sa.TextClause, it: Traced, more: Mapping[str, object]) -> dict[str, object]:
    known: dict[str, object] = {
        "id": it.id,
        "number": it.number,
        "scheme": it.scheme,
        "month": it.month,
        "day": it.business_day,
        "insured_place": it.insured_place,
        "treatment_place": it.treatment_place,
        "institution": it.institution,
        **more,
    }
    return {name: known[name] for name in statement.compile().params}


def _step(stage: Stage, row: sa.Row[Any]) -> Step:
    return Step(
        stage=stage,
        number=row.number,
        day=row.day,
        total=_money(row.total_fen),
        fund=_money(row.fund_fen),
        own=_money(row.own_fen),
        clause=row.clause,
        facts={name: _said(value) for name, value in row.facts.items() if value is not None},
    )


def _money(fen: int | None) -> Money | None:
    return None if fen is None else Money(int(fen))


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
