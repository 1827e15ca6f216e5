"""The switchboard: finds the route of a request without trying every route of every router twice.

The routes stay where they are declared, and each is taken the swift way where there is one. What is
not found here (no such path, another method, a slash too many) goes to the framework's own search,
which knows what to answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, _IncludedRouter, request_response
from starlette.routing import BaseRoute, Match

from app.runtime.swift import swiftly
from app.runtime.telemetry import App, Message, Receive, Send

_Shape = tuple[str, int, str]  # the method, how many segments, and the first two of them
_FIXED = 3  # "/v1/visits": every path of the hub begins with two segments that are no parameters


@dataclass(slots=True)
class Switchboard:
    """ASGI application in place of a router's own search; it learns the routes when first asked."""

    router: APIRouter
    search: App
    shapes: dict[_Shape, list[tuple[APIRoute, App]]] = field(default_factory=dict)
    learnt: bool = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        way = self.way_of(scope) if scope["type"] == "http" else self.search
        await way(scope, receive, send)

    def way_of(self, scope: Message) -> App:
        """Return the way through the first route declared that fits a request."""
        if not self.learnt:
            self._learn()
        for route, way in self.shapes.get(_shape(scope["method"], scope["path"]), ()):
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found, router=self.router)
                return way
        return self.search

    def _learn(self) -> None:
        self.learnt = True
        greedy: tuple[str, ...] = ()  # how paths begin whose last parameter takes slashes, too
        for route in declared(self.router):
            if not isinstance(route, APIRoute) or route.path.startswith(greedy):
                continue  # found by the search, as is what an earlier greedy one might take
            if ":path" in route.path:
                greedy += (route.path.partition("{")[0],)
                continue
            swift = swiftly(route)
            way: App = route.handle if swift is None else request_response(swift)
            for method in route.methods or ():
                self.shapes.setdefault(_shape(method, route.path), []).append((route, way))


def install(router: APIRouter) -> None:
    """Put a switchboard before a router's own search.

    A slash too many is no path: a redirect would lead to whatever host the sender named.
    """
    router.redirect_slashes = False
    router.middleware_stack = Switchboard(router, router.middleware_stack)


def take_in(app: FastAPI, *routers: APIRouter) -> None:
    """Let an application have the routes of routers as they are.

    Included by the framework, each would be built a second time: to be looked at once, and again
    to be described.
    """
    app.routes.extend(route for router in routers for route in declared(router))


def declared(router: APIRouter) -> Iterator[BaseRoute]:
    """Walk through the routes in the order declared.

    The framework's own walk builds every route a second time, which is most of what a hub's first
    request would cost.
    """
    for route in router.routes:
        if isinstance(route, _IncludedRouter):
            assert not route.include_context.prefix, "a router is included as it stands"
            yield from declared(route.original_router)
        else:
            yield route


def _shape(method: str, path: str) -> _Shape:
    segments = path.split("/")
    return method, len(segments), "/".join(segments[:_FIXED])
