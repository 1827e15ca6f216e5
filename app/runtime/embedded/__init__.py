"""A real Postgres owned by this process: demo, development and tests, never production.

Owner's life: choose binaries → lock the home → repair what a crash left → initdb once → serve a
Unix socket → stop with the owner, however the owner ends.
"""

from app.runtime.embedded.errors import EmbeddedPostgresError
from app.runtime.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]
