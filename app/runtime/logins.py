"""What a login of the database could do besides the service's role: in production, nothing.

The role is one `SET ROLE NONE` away from the login, for whoever brings a statement in.
"""

from __future__ import annotations

from app.runtime.embedded.databases import in_own_loop, select_one_column
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
                                   WHERE d.datname = current_database()))
) AS it (found, is_so) WHERE is_so
"""


def besides(url: str, login: str | None = None) -> list[str]:
    """Tell what a login, the address's own unless one is named, is besides the service's role."""
    return [str(it) for it in in_own_loop(select_one_column(url, _BESIDES, login))]


def require_lesser(url: str, role: str) -> None:
    """Refuse to serve by a login that is more than a member of the service's role."""
    if found := besides(url):
        raise StandaloneError(
            f"In production the hub does not serve by a login that {', '.join(found)}: "
            f"CREATE ROLE hub_service LOGIN PASSWORD '…' IN ROLE {role}, name that one in "
            "DATABASE_URL, and keep this one for `hub migrate`."
        )
