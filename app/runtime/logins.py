"""What a login of the database could do besides the service's role: in production, nothing.

The role is one `SET ROLE NONE` away from the login, for whoever brings a statement in.
"""

from __future__ import annotations

from app.runtime.embedded.databases import in_own_loop, quoted, select_one_column
from app.runtime.mistakes import StandaloneError

# Whatever it is itself, and whatever a role is that it may take.
_BESIDES = """
WITH within AS (SELECT * FROM pg_roles r
                 WHERE pg_has_role(coalesce($1::name, session_user), r.oid, 'MEMBER'))
SELECT found FROM (VALUES
    ('is a superuser', EXISTS (SELECT FROM within WHERE rolsuper)),
    ('may bypass row security', EXISTS (SELECT FROM within WHERE rolbypassrls)),
    ('may create roles', EXISTS (SELECT FROM within WHERE rolcreaterole)),
    ('owns the tables', EXISTS (SELECT FROM pg_class c JOIN within w ON w.oid = c.relowner
                                 WHERE c.relnamespace = 'public'::regnamespace)),
    ('owns the database', EXISTS (SELECT FROM pg_database d JOIN within w ON w.oid = d.datdba
                                   WHERE d.datname = current_database())),
    ('may replicate everything', EXISTS (SELECT FROM within WHERE rolreplication)),
    ('may read or write files of the server, or run programs there',
     EXISTS (SELECT FROM within WHERE rolname IN (
         'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program'))),
    ('has rights to tables that the role has not',
     EXISTS (SELECT FROM pg_class c, within w, unnest($3::text[]) kind
              WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
                AND NOT w.rolsuper AND c.relowner NOT IN (SELECT oid FROM within)
                AND has_table_privilege(w.oid, c.oid, kind)
                AND NOT has_table_privilege(to_regrole($2), c.oid, kind)))
) AS it (found, is_so) WHERE is_so
"""
_KINDS = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]


def besides(url: str, role: str, login: str | None = None) -> list[str]:
    """Tell what a login, the address's own unless one is named, is besides the service's role."""
    found = in_own_loop(select_one_column(url, _BESIDES, login, quoted(role), _KINDS))
    return [str(it) for it in found]


def require_lesser(url: str, role: str) -> None:
    """Refuse to serve by a login that is more than a member of the service's role."""
    if found := besides(url, role):
        raise StandaloneError(
            f"In production the hub does not serve by a login that {', '.join(found)}: "
            f"CREATE ROLE hub_service LOGIN PASSWORD '…' IN ROLE {role}, name that one in "
            "DATABASE_URL, and keep this one for `hub migrate`."
        )
