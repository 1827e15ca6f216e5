"""In production, what a client without a row brings opens nothing.

Why: a token outlives its client where the row went, by a restored backup or by hand, and then
nobody could revoke it.
Safe because: only two functions change, and only what is answered for a client without a row. In a
database that is not marked for production the answer stays: there a hub plays its parties itself.

Revision ID: 0030
"""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

# In PL/pgSQL, so that it is not written into the plan of who asks: the mark is looked at for nobody
# but a client without a row.
WITHOUT_ROW = """
CREATE FUNCTION client_without_row() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN EXISTS (SELECT FROM public.database_mark WHERE mode = 'production')
                THEN 'gone' ELSE 'unknown' END;
END $$
"""
# As 0026 has it, but for the answer for those without a row.
STANDS = """
CREATE OR REPLACE FUNCTION client_stands(client text, issued_at timestamptz, now timestamptz)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT nullif(
        CASE
        WHEN starts_with($1, 'person:') THEN coalesce((
            SELECT CASE
                   WHEN owner.state <> 'active' THEN 'party_disabled'
                   WHEN it.state <> 'active' THEN 'disabled'
                   WHEN $2 <= it.sessions_valid_from THEN 'revoked'
                   ELSE ''
                   END
              FROM public.person it JOIN public.party owner ON owner.code = it.party
             WHERE it.id = substr($1, 8)), {without_row})
        WHEN strpos($1, ':') > 0 THEN ''
        ELSE coalesce((
            SELECT CASE
                   WHEN owner.state <> 'active' THEN 'party_disabled'
                   WHEN it.state <> 'active' THEN 'disabled'
                   WHEN it.expires_at <= $3 THEN 'expired'
                   WHEN $2 <= it.tokens_valid_from THEN 'revoked'
                   ELSE ''
                   END
              FROM public.client it JOIN public.party owner ON owner.code = it.party
             WHERE it.id = $1), {without_row})
        END, '')
$$
"""


def upgrade() -> None:
    """Ask what the database is for before a client without a row is let pass."""
    op.execute(WITHOUT_ROW)
    op.execute("REVOKE ALL ON FUNCTION client_without_row() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION client_without_row() TO hub_app")
    op.execute(STANDS.format(without_row="public.client_without_row()"))


def downgrade() -> None:
    """Let whoever has no row pass again, wherever."""
    op.execute(STANDS.format(without_row="'unknown'"))
    op.execute("DROP FUNCTION client_without_row()")
