"""Persons of agencies, invited by two; a withdrawal that takes two persons is asked for first.

Why: what an agency does by two is done by two people and not by two machines; they are proposed
and approved by others, who must not learn what the new person signs in with.
Safe because: the operator's persons stay the operator's, and a default that is dropped again fills
the new columns without a rewrite; the party they need is made where a hub was never seeded. A
release before goes on beside it, but can enrol nobody and propose nothing: it names no party.

Revision ID: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# As 0021 has it, but a person falls with their party, too.
STANDS = """
CREATE OR REPLACE FUNCTION client_stands(client text, issued_at timestamptz, now timestamptz)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT nullif(
        CASE
        WHEN starts_with($1, 'person:') THEN coalesce((
            SELECT CASE
                   {of_a_person}WHEN it.state <> 'active' THEN 'disabled'
                   WHEN $2 <= it.sessions_valid_from THEN 'revoked'
                   ELSE ''
                   END
              FROM public.person it{with_party}
             WHERE it.id = substr($1, 8)), 'unknown')
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
             WHERE it.id = $1), 'unknown')
        END, '')
$$
"""
OF_A_PERSON = "WHEN owner.state <> 'active' THEN 'party_disabled'\n                   "
WITH_PARTY = " JOIN public.party owner ON owner.code = it.party"
# Nobody's persons were kept before the parties were: what they belong to is made if need be.
OPERATOR = """
INSERT INTO party (code, kind, name, state, source)
SELECT 'operator', 'operator', '部级经办机构', 'active', 'hub-default'
 WHERE EXISTS (SELECT FROM person)
ON CONFLICT (code) DO NOTHING
"""
WHOLE = "(SELECT current_setting('hub.whole', true) = 'on')"
PARTY = "(SELECT nullif(current_setting('hub.party', true), ''))"
ONCE = """
CREATE TRIGGER said_once BEFORE UPDATE OF {columns} ON confirmation
FOR EACH ROW WHEN ({broken}) EXECUTE FUNCTION said_once()
"""
SAID = ("confirmed_at", "withdrawn_at", "withdrawn_by")


def upgrade() -> None:
    """Give persons and proposals a party, invitations a place, and a withdrawal its first half."""
    op.execute(OPERATOR)
    for table in ("person", "proposal"):
        op.add_column(table, sa.Column("party", sa.Text, nullable=False, server_default="operator"))
        op.create_foreign_key(f"fk_{table}_party_party", table, "party", ["party"], ["code"])
        op.alter_column(table, "party", server_default=None)
    # GET /v1/persons, and how many persons a party has
    op.create_index("ix_person_party", "person", ["party"])
    op.add_column("person", sa.Column("invited_until", sa.DateTime(timezone=True)))
    op.drop_constraint(op.f("ck_person_state"), "person")
    op.create_check_constraint(
        op.f("ck_person_state"), "person", "state IN ('invited', 'active', 'disabled')"
    )
    op.create_check_constraint(
        op.f("ck_person_invited"), "person", "state <> 'invited' OR invited_until IS NOT NULL"
    )
    op.execute("GRANT UPDATE (invited_until) ON person TO hub_app")
    op.add_column("proposal", sa.Column("invitation", sa.LargeBinary))
    op.execute("DROP POLICY wall ON proposal")
    op.execute(f"CREATE POLICY wall ON proposal TO hub_app USING ({WHOLE} OR party = {PARTY})")
    op.execute(STANDS.format(of_a_person=OF_A_PERSON, with_party=WITH_PARTY))
    op.add_column("confirmation", sa.Column("withdrawal_asked_by", sa.Text))
    op.create_check_constraint(
        op.f("ck_confirmation_asker"), "confirmation", "withdrawn_by <> withdrawal_asked_by"
    )
    op.execute("GRANT UPDATE (withdrawal_asked_by) ON confirmation TO hub_app")
    _say_once((*SAID, "withdrawal_asked_by"))


def _say_once(columns: tuple[str, ...]) -> None:
    op.execute("DROP TRIGGER said_once ON confirmation")
    broken = " OR ".join(
        f"OLD.{name} IS NOT NULL AND NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns
    )
    op.execute(ONCE.format(columns=", ".join(columns), broken=broken))


def downgrade() -> None:
    """Drop what is new; persons of agencies and what they said of their own go with it."""
    _say_once(SAID)
    op.drop_column("confirmation", "withdrawal_asked_by")
    op.execute(STANDS.format(of_a_person="", with_party=""))
    op.execute("DROP POLICY wall ON proposal")
    op.execute("DELETE FROM proposal WHERE party <> 'operator'")
    op.execute("DELETE FROM proposal WHERE starts_with(act, 'person.')")
    op.execute(f"CREATE POLICY wall ON proposal TO hub_app USING ({WHOLE})")
    op.drop_column("proposal", "invitation")
    op.execute("DELETE FROM person WHERE party <> 'operator'")
    # Who was invited has no password yet: another person recovers them.
    op.execute("UPDATE person SET state = 'disabled' WHERE state = 'invited'")
    op.drop_constraint(op.f("ck_person_invited"), "person")
    op.drop_constraint(op.f("ck_person_state"), "person")
    op.create_check_constraint(op.f("ck_person_state"), "person", "state IN ('active', 'disabled')")
    op.drop_column("person", "invited_until")
    op.drop_index("ix_person_party", "person")
    for table in ("person", "proposal"):
        op.drop_column(table, "party")
