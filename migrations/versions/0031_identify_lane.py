"""Identifications that wait together: one call looks at all of them, one keeps their traces.

Why: of an identification nearly everything was what two statements and a commit cost beside their
work. Through these two functions many share them.
Safe because: two functions are added and nothing else changes. Their owner sees behind the walls,
so the look asks for the institution itself: it tells nothing to one that is none or whose client no
longer stands, and of no other worker than the one whose certificate was shown, just what
identify_look tells. The other writes to the trail and reads nothing.

Revision ID: 0031
"""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

# Whoever is not plain (a client that fell, no institution, a certificate nobody has) is left out:
# they ask by identify_look, which says so.
LOOK = """
CREATE FUNCTION desk_look(
    parties text[], clients text[], issued_at timestamptz[], certificates bytea[], now timestamptz
) RETURNS TABLE (
    n int, region text, id bigint, number text, insured_region text, employer text,
    registered_by text, created_at timestamptz, updated_at timestamptz, certificate_kind text,
    certificate_number bytea, name bytea, card_number bytea, electronic_card bytea, phone bytea,
    sex text, birth_date bytea, lost_on date, determinations json, filings json
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT a.n::int, h.region::text,
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
      FROM unnest(parties, clients, issued_at, certificates) WITH ORDINALITY
           AS a(party, client, issued_at, certificate, n)
      JOIN institution h ON h.code = a.party::bpchar
      JOIN worker_identity i ON i.certificate_number_index = a.certificate
      JOIN worker w ON w.id = i.worker_id
      LEFT JOIN entitlement_loss loss ON loss.worker_id = w.id
     WHERE nullif(client_stands(a.client, a.issued_at, desk_look.now), 'unknown') IS NULL;
END $$
"""
# Together on record, in the order in which they were asked, or not at all.
KEEP = """
CREATE FUNCTION desk_keep(
    at timestamptz, action text, facts text,
    parties text[], clients text[], requests text[], subjects text[]
) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    IF '' = ANY (parties) OR array_position(parties, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'nobody asks' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO audit_trail (at, party, client, request, action, subject, facts)
    SELECT desk_keep.at, a.party, a.client, a.request, desk_keep.action, a.subject,
           desk_keep.facts::jsonb
      FROM unnest(parties, clients, requests, subjects) WITH ORDINALITY
           AS a(party, client, request, subject, n)
     ORDER BY a.n;
END $$
"""
FUNCTIONS = {
    "desk_look(text[], text[], timestamptz[], bytea[], timestamptz)": LOOK,
    "desk_keep(timestamptz, text, text, text[], text[], text[], text[])": KEEP,
}


def upgrade() -> None:
    """Create the functions, for the service alone."""
    for signature, function in FUNCTIONS.items():
        op.execute(function)
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO hub_app")


def downgrade() -> None:
    """Drop them: the hub before looks at one after the other."""
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
