"""Row-level security: the second wall beneath every scope.

Why: a mistake in the service's own conditions must not show one party the rows of another; and
what is said once stays said, whatever the service asks for.
Safe because: no row is touched. Policies bind the service's role alone: the owner, who migrates,
passes them by. A connection on which nobody was named yet sees no walled row.

Revision ID: 0022
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# Who asks, as the service said when it took the connection: looked up once in a statement, not
# once a row. Nobody's prefix is NULL, the operator's empty; that of who governs none fits nothing.
PARTY = "(SELECT nullif(current_setting('hub.party', true), ''))"
PREFIX = "(SELECT substr(nullif(current_setting('hub.prefix', true), ''), 2))"
WHOLE = "(SELECT current_setting('hub.whole', true) = 'on')"
INSTITUTION = "(SELECT current_setting('hub.institution', true) = 'on')"
# One worker whose file was opened for a purpose that needs more than the caller's own rows.
WORKER = "(SELECT nullif(current_setting('hub.worker', true), '')::bigint)"
ADMITTED = (
    "(SELECT CASE current_setting('hub.purpose', true) WHEN 'admit'"
    " THEN nullif(current_setting('hub.worker', true), '')::bigint END)"
)


class Wall(NamedTuple):
    """Whose a row is: one of these is enough."""

    regions: tuple[str, ...] = ()  # columns with a division code
    parties: tuple[str, ...] = ()  # columns with a party's code
    parent: tuple[str, str] | None = None  # as its parent is seen: table, and what joins them
    worker: str = ""  # the column that names the worker whose file may be open
    further: tuple[str, ...] = ()
    # what is written together with its parent in one statement cannot look it up there
    kept_with_parent: bool = False

    def condition(self) -> str:
        """Write it in SQL."""
        ways = [f"starts_with({column}, {PREFIX})" for column in self.regions]
        ways += [f"{column} = {PARTY}" for column in self.parties]
        if not self.regions:
            ways.insert(0, WHOLE)
        if self.worker:
            ways.append(f"{self.worker} = {WORKER}")
        if self.parent is not None:
            table, joined = self.parent
            ways.append(f"EXISTS (SELECT FROM {table} WHERE {joined})")
        return " OR ".join((*ways, *self.further))


SIDES = ("insured_region", "treatment_region")
PLACES = ("insured_place", "treatment_place")
# Asked of the database's owner, so that one wall does not drag all those behind it into a plan.
WORKER_SEEN = "worker_seen(worker_id)"
# An institution's messages are its agency's to know: they tell what a difference waits for.
OF_THE_AGENCY = f"length(party) = 12 AND starts_with(substr(party, 2), {PREFIX})"
IN_SEALS = f"starts_with(participant, {PREFIX})"
IN_TOLD = f"SELECT FROM unnest(parties) AS told (party) WHERE starts_with(told.party, {PREFIX})"
TOLD = f"{PARTY} = ANY (parties) OR EXISTS ({IN_TOLD})"

# Parents come before their children, and no chain of parents comes back to where it began.
WALLS: Mapping[str, Wall] = {
    "visit": Wall(regions=SIDES, parties=("institution",), further=(f"worker_id = {ADMITTED}",)),
    "fee_line": Wall(parent=("visit", "visit.id = visit_id")),
    "fee_line_removed": Wall(parent=("visit", "visit.id = visit_id"), kept_with_parent=True),
    "filing": Wall(
        regions=SIDES,
        parties=("submitted_by",),
        worker="worker_id",
        further=(f"({INSTITUTION} AND filing_used(id))",),
    ),
    "filing_history": Wall(parent=("filing", "filing.id = filing_id"), kept_with_parent=True),
    "worker": Wall(regions=("insured_region",), worker="id", further=("worker_seen(id)",)),
    "worker_identity": Wall(worker="worker_id", further=(WORKER_SEEN,)),
    "determination": Wall(worker="worker_id", further=(WORKER_SEEN,)),
    "entitlement_loss": Wall(worker="worker_id", further=(WORKER_SEEN,)),
    "filing_cover": Wall(worker="worker_id", further=(WORKER_SEEN,), kept_with_parent=True),
    "settlement": Wall(regions=SIDES, parties=("institution",)),
    "settlement_line": Wall(
        parent=("settlement", "settlement.id = settlement_id"), kept_with_parent=True
    ),
    "reconciliation": Wall(regions=("region",), parties=("party",)),
    "reconciliation_difference": Wall(
        parent=("reconciliation", "reconciliation.id = reconciliation_id")
    ),
    "reconciliation_repair": Wall(
        parent=("reconciliation", "reconciliation.id = reconciliation_id")
    ),
    "claim": Wall(regions=PLACES),
    "clearing": Wall(parent=("claim", "claim.clearing_id = clearing.id")),
    "notice": Wall(regions=("party_place", "counter_place")),
    "confirmation": Wall(parent=("claim", "claim.id = claim_id")),
    "confirmed_line": Wall(parent=("confirmation", "confirmation.id = confirmation_id")),
    "contest": Wall(regions=PLACES),
    "carried": Wall(parent=("claim", "claim.id = claim_id")),
    "bank_confirmation": Wall(regions=("payer", "payee")),
    "reassignment": Wall(parent=("bank_confirmation", "bank_confirmation.id = payment_id")),
    "account": Wall(regions=PLACES, parties=("institution",)),
    "posting": Wall(parent=("account", "account.id IN (debit_account, credit_account)")),
    "entry": Wall(parent=("posting", "posting.entry_id = entry.id")),
    "declaration": Wall(regions=("place", "region"), parties=("institution",)),
    "deduction": Wall(regions=(*SIDES, *PLACES), parties=("institution",)),
    "review": Wall(regions=("place",)),
    "review_line": Wall(
        parties=("institution",),
        parent=("review", "review.id = review_id"),
        kept_with_parent=True,
    ),
    "review_alert": Wall(regions=("place",)),
    "institution_payment": Wall(regions=("place", "region"), parties=("institution",)),
    "advance_quota": Wall(regions=PLACES),
    "advance_run": Wall(parent=("advance_quota", "advance_quota.run_id = advance_run.id")),
    "advance_change": Wall(regions=PLACES),
    "advance_transfer": Wall(regions=PLACES),
    "account_guard": Wall(regions=PLACES),
    "advance_crossing": Wall(regions=(*PLACES, "addressee")),
    "advance_hold": Wall(regions=PLACES, parent=("visit", "visit.id = visit_id")),
    "seal": Wall(parties=("participant",), further=(IN_SEALS,)),
    "proposal": Wall(),
    "message": Wall(parties=("party",), further=(OF_THE_AGENCY,)),
    "audit_trail": Wall(parties=("party",), kept_with_parent=True),
    "announcement": Wall(further=(TOLD,), kept_with_parent=True),
    "session": Wall(parties=("party",)),
    "file": Wall(parties=("party",)),
    "confirmed_page": Wall(parties=("party",)),
}

# `within` keeps the name for the transaction alone. Without a transaction it stays with the
# connection until the next one is named, which is the first thing whoever takes it does.
AS = """
CREATE FUNCTION hub_as(kind text, party text, prefix text, within boolean)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM set_config('hub.party', $2, $4), set_config('hub.prefix', coalesce('=' || $3, ''), $4),
            set_config('hub.whole', CASE $1 WHEN 'operator' THEN 'on' ELSE '' END, $4),
            set_config('hub.institution', CASE $1 WHEN 'institution' THEN 'on' ELSE '' END, $4),
            set_config('hub.worker', '', $4), set_config('hub.purpose', '', $4);
END $$
"""
# A client without a row never had a token of the hub's: it is the hub itself that plays a part.
ENTER = """
CREATE FUNCTION hub_enter(
    client text, issued_at timestamptz, now timestamptz,
    kind text, party text, prefix text, within boolean
)
RETURNS text LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM hub_as($4, $5, $6, $7);
    RETURN nullif(client_stands($1, $2, $3), 'unknown');
END $$
"""
# Open one worker's file, found by certificate or number, for a purpose the policies know.
STEP = """
CREATE FUNCTION hub_step(purpose text, certificate text, number text, within boolean)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found bigint;
BEGIN
    IF $1 NOT IN ('identify', 'admit', 'register', 'file') THEN
        RAISE EXCEPTION 'no such purpose' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF coalesce(current_setting('hub.party', true), '') = '' THEN
        RAISE EXCEPTION 'nobody asks' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT w.id INTO found FROM worker w
     WHERE w.number = $3
        OR w.id = (SELECT i.worker_id FROM worker_identity i WHERE i.certificate_number = $2);
    PERFORM set_config('hub.purpose', $1, $4),
            set_config('hub.worker', coalesce(found::text, ''), $4);
END $$
"""
# A worker is known to who insures, treats or files for them: in this order, for it is the cheaper.
SEEN = """
CREATE FUNCTION worker_seen(worker bigint)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    party CONSTANT text := nullif(current_setting('hub.party', true), '');
    prefix CONSTANT text := substr(nullif(current_setting('hub.prefix', true), ''), 2);
BEGIN
    RETURN EXISTS (SELECT FROM worker w WHERE w.id = $1 AND starts_with(w.insured_region, prefix))
        OR EXISTS (SELECT FROM filing f WHERE f.worker_id = $1
                      AND (starts_with(f.treatment_region, prefix) OR f.submitted_by = party))
        OR EXISTS (SELECT FROM visit v WHERE v.worker_id = $1
                      AND (v.institution = party::bpchar
                           OR starts_with(v.treatment_region, prefix)));
END $$
"""
USED = """
CREATE FUNCTION filing_used(filing bigint)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM visit v WHERE v.filing_id = $1
                      AND v.institution = nullif(current_setting('hub.party', true), '')::bpchar);
END $$
"""
# What two visits of a transfer tell of one another, wherever they were: a number and an instant.
VISIT_NUMBER = """
CREATE FUNCTION visit_number(visit bigint)
RETURNS text LANGUAGE sql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT v.number FROM visit v WHERE v.id = $1
$$
"""
CONTINUED_AT = """
CREATE FUNCTION visit_continued_at(visit bigint)
RETURNS timestamptz LANGUAGE sql STABLE STRICT SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT v.admitted_at FROM visit v WHERE v.transfer_from = $1 AND v.state <> 'cancelled'
$$
"""
# When devices were fitted at the fund's cost, wherever: days and item codes, nothing of the bill.
FITTED = """
CREATE FUNCTION fitted_before(worker bigint, codes text[])
RETURNS TABLE (item_code text, day date) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT paid.item_code, max(paid.day)
      FROM (SELECT l.item_code, max(l.service_day) FILTER (WHERE l.refund_of IS NULL) AS day
              FROM settlement s JOIN settlement_line l ON l.settlement_id = s.id
             WHERE s.worker_id = $1 AND s.kind = 'settlement' AND s.cancelled_by IS NULL
               AND s.cost_kind = 'device' AND l.category = 'device' AND l.item_code = ANY ($2)
             GROUP BY s.id, l.item_code
            HAVING sum(l.fund_fen) > 0) AS paid
     GROUP BY paid.item_code
$$
"""
# What the other end of a posting is called; neither its balance nor its history.
ACCOUNT_NAME = """
CREATE FUNCTION account_name(account bigint)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT a.name FROM account a WHERE a.id = $1
$$
"""
# Whether the bank's own reference was used before, by whomever.
BANK_LINES = """
CREATE FUNCTION bank_lines(bank_references text[])
RETURNS SETOF bank_confirmation LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT b.* FROM bank_confirmation b WHERE b.bank_reference = ANY ($1)
$$
"""
FUNCTIONS: Mapping[str, str] = {
    "hub_as(text, text, text, boolean)": AS,
    "hub_enter(text, timestamptz, timestamptz, text, text, text, boolean)": ENTER,
    "hub_step(text, text, text, boolean)": STEP,
    "worker_seen(bigint)": SEEN,
    "filing_used(bigint)": USED,
    "visit_number(bigint)": VISIT_NUMBER,
    "visit_continued_at(bigint)": CONTINUED_AT,
    "fitted_before(bigint, text[])": FITTED,
    "account_name(bigint)": ACCOUNT_NAME,
    "bank_lines(text[])": BANK_LINES,
}
# What is said once. The triggers' own conditions let everything else pass untouched.
SAID_ONCE: Mapping[str, tuple[str, ...]] = {
    "settlement": ("cancelled_by",),
    "determination": ("withdrawn_at", "withdrawal_reason"),
    "filing": ("decided_at", "decided_by", "ended_on", "replaced_by"),
    "clearing": ("noticed_at",),
    "claim": ("noticed_at",),
    "notice": ("alerted_at",),
    "confirmation": ("confirmed_at", "withdrawn_at", "withdrawn_by"),
    "contest": ("replied_at", "replied_by", "agreed_fen", "month"),
    "review": ("uploaded_at", "uploaded_by", "request", "requested_at", "requested_by"),
    "deduction": ("appealed_at", "appealed_by", "decided_at", "decided_by", "final_at"),
    "reassignment": ("decided_at", "decided_by"),
    "advance_run": ("closed_at", "closed_by"),
    "advance_change": ("closed_at", "closed_by"),
    "advance_transfer": ("paid_at", "paid_by", "received_at", "received_by"),
    "advance_crossing": ("acknowledged_at", "acknowledged_by"),
    "advance_hold": ("decided_at", "decided_by"),
    "client_secret": ("retired_at",),
    "client_key": ("retired_at",),
}
REFUSE = """
CREATE FUNCTION said_once() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'what % says of this was said once', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""
REFUSING = """
CREATE TRIGGER said_once BEFORE UPDATE OF {columns} ON {table}
FOR EACH ROW WHEN ({broken}) EXECUTE FUNCTION said_once()
"""
# A refused message may be tried again. One that is being worked on gets its answer. An answered one
# may be reversed, and is otherwise what it was for ever; so is one reversed or fenced.
KEPT = "fingerprint, action, client, at, status, body, deed, subject"
MESSAGE = f"""
CREATE TRIGGER said_once BEFORE UPDATE ON message FOR EACH ROW WHEN (NOT (
    OLD.state = 'refused'
    OR (OLD.state = 'applied' AND OLD.status IS NULL AND NEW.state = 'applied')
    OR (OLD.state = 'applied' AND NEW.state = 'reversed' AND NEW.reversed_by IS NOT NULL
        AND ({", ".join(f"NEW.{name}" for name in KEPT.split(", "))})
            IS NOT DISTINCT FROM ({", ".join(f"OLD.{name}" for name in KEPT.split(", "))}))
)) EXECUTE FUNCTION said_once()
"""


def upgrade() -> None:
    """Build the walls, the few doors in them, and hold what is said once."""
    for function in FUNCTIONS.values():
        op.execute(function)
    for signature in FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO hub_app")
    for table, wall in WALLS.items():
        check = " WITH CHECK (true)" if wall.kept_with_parent else ""
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY wall ON {table} TO hub_app USING ({wall.condition()}){check}")
    op.execute(REFUSE)
    for table, columns in SAID_ONCE.items():
        broken = " OR ".join(
            f"OLD.{name} IS NOT NULL AND NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns
        )
        op.execute(REFUSING.format(table=table, columns=", ".join(columns), broken=broken))
    op.execute(MESSAGE)


def downgrade() -> None:
    """Tear them down; no row is touched."""
    for table in ("message", *SAID_ONCE):
        op.execute(f"DROP TRIGGER said_once ON {table}")
    op.execute("DROP FUNCTION said_once()")
    for table in WALLS:
        op.execute(f"DROP POLICY wall ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
