"""Which methods a path takes: what `Allow` says of a request with another method."""

from __future__ import annotations

from collections import defaultdict

from fastapi import Request
from fastapi.routing import iter_route_contexts


def methods_at(request: Request) -> str:
    """Name every method of the path; the framework names those of its first route alone.

    Where several paths fit, the one that is written out furthest is meant.
    """
    fitting: dict[str, set[str]] = defaultdict(set)
    for context in iter_route_contexts(request.app.routes):
        pattern = getattr(context, "path_regex", None)
        if pattern is not None and pattern.match(request.scope["path"]):
            fitting[str(context.path_format)] |= set(context.methods or ())
    meant = min(fitting, key=lambda path: (path.count("{"), -len(path)), default="")
    return ", ".join(sorted(fitting[meant]))
