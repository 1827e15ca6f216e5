"""One call names an institution and reads what it may know of the worker who stands before it.

Why: an identification was seven statements, and what a statement costs beside its work was most of
an identification.
Safe because: a function is added and nothing else changes. Its owner sees behind the walls, so it
asks itself for whose sake: it names the caller first, tells nothing to a client that no longer
stands, and opens the file of no other worker than the one whose certificate was shown, no further
than an opened file was readable before.

Revision ID: 0029
"""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SIGNATURE = "identify_look(text, timestamptz, timestamptz, text, text, text, bytea)"
# One row always: nulls for a worker nobody knows, and for an institution that is none.
LOOK = """
CREATE FUNCTION identify_look(
    client text, issued_at timestamptz, now timestamptz,
    kind text, party text, prefix text, certificate bytea
) RETURNS TABLE (
    refused text, region text, id bigint, number text, insured_region text, employer text,
    registered_by text, created_at timestamptz, updated_at timestamptz, certificate_kind text,
    certificate_number bytea, name bytea, card_number bytea, electronic_card bytea, phone bytea,
    sex text, birth_date bytea, lost_on date, determinations json, filings json
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    IF coalesce($5, '') = '' THEN
        RAISE EXCEPTION 'nobody asks' USING ERRCODE = 'insufficient_privilege';
    END IF;
    refused := hub_enter($1, $2, $3, $4, $5, $6, false);
    IF refused IS NOT NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT NULL::text, (SELECT h.region::text FROM institution h WHERE h.code = $5::bpchar),
           w.id, w.number, w.insured_region::text, w.employer, w.registered_by, w.created_at,
           w.updated_at, i.certificate_kind, i.certificate_number, i.name, i.card_number,
           i.electronic_card, i.phone, i.sex, i.birth_date, loss.lost_on,
           (SELECT json_agg(d ORDER BY d.decided_on, d.id)
              FROM determination d WHERE d.worker_id = w.id),
           (SELECT json_agg(f ORDER BY f.id)
              FROM (SELECT filing.*, replaced.number AS replaces_number,
                           replacing.number AS replaced_by_number
                      FROM filing
                      LEFT JOIN filing replaced ON replaced.id = filing.replaces
                      LEFT JOIN filing replacing ON replacing.id = filing.replaced_by
                     WHERE filing.worker_id = w.id) AS f)
      FROM (SELECT) AS one
      LEFT JOIN worker_identity i ON i.certificate_number_index = $7
      LEFT JOIN worker w ON w.id = i.worker_id
      LEFT JOIN entitlement_loss loss ON loss.worker_id = w.id;
END $$
"""


def upgrade() -> None:
    """Create the function, for the service alone."""
    op.execute(LOOK)
    op.execute(f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO hub_app")


def downgrade() -> None:
    """Drop it: the hub before reads by statements of its own."""
    op.execute(f"DROP FUNCTION {SIGNATURE}")
