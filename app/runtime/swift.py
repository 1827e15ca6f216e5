"""The swift way through a route: its few kinds of dependency, called without being solved anew.

What a route depends on is the same at every request, so it is looked at once. Whatever a request
brings that is not plain goes the framework's own way, which says what is wrong with it. The routes
declare what they always did; nothing here decides anything.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.params import Body
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.runtime import http
from app.runtime.at_hand import MARK, PagesAtHand
from app.runtime.auth import Caller, PartyKind
from app.runtime.paging import page_asked

Handler = Callable[[Request], Awaitable[Response]]
JSON_TYPES = ("application/json", "application/json; charset=utf-8")
_MISSING = object()


class _NotPlainError(Exception):
    """Something about the request is for the framework to tell."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One value a request brings, by name: where it may stand, and how it is read."""

    name: str
    alias: str
    field: Any  # the framework's own description, which has no public type

    def read(self, sent: object) -> object:
        """Read a value as the framework would."""
        if sent is _MISSING:
            if self.field.field_info.is_required():
                raise _NotPlainError
            return self.field.get_default()
        value, errors = self.field.validate(sent, {}, loc=())
        if errors:
            raise _NotPlainError
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What a route depends on."""

    call: Callable[..., Awaitable[Response]]
    kinds: tuple[tuple[PartyKind, ...], ...]  # one after another, the caller has to be of
    path: tuple[_Asked, ...]
    query: tuple[_Asked, ...]
    page: tuple[_Asked, ...]  # what the page is made of
    body: _Asked | None
    # Under which name the function takes it; empty: it does not.
    request_as: str
    caller_as: str
    reading_as: str
    arrival_as: str
    door_as: str
    page_as: str
    same_while: sa.Executable | None  # the statement that enters and tells the list's revision

    async def answer(self, request: Request) -> Response:
        """Carry out a plain request."""
        sent = _MISSING if self.body is None else await _json(request)
        caller = await http.caller_of(request, request.headers.get("authorization"))
        request.scope["hub.admitted"] = True  # whichever way it goes on
        for kinds in self.kinds:
            caller.require(*kinds)
        if self.same_while is not None:
            return await self._from_hand(request, caller, self.same_while)
        return await self._call(request, caller, await self._given(request, sent))

    async def _given(self, request: Request, sent: object) -> dict[str, Any]:
        given = self._read(request)
        if self.page_as:
            asked = {each.name: given.pop(each.name) for each in self.page}
            given[self.page_as] = await page_asked(request, **asked)
        if self.body is not None:
            given[self.body.name] = self.body.read(sent)
        return given

    def _read(self, request: Request) -> dict[str, Any]:
        sent: Mapping[str, str] = request.query_params
        if len(request.query_params.multi_items()) != len(sent):
            raise _NotPlainError
        given = {each.name: each.read(request.path_params[each.alias]) for each in self.path}
        for each in (*self.query, *self.page):
            given[each.name] = each.read(sent.get(each.alias, _MISSING))
        return given

    async def _call(self, request: Request, caller: Caller, given: dict[str, Any]) -> Response:
        if self.request_as:
            given[self.request_as] = request
        if self.caller_as:
            given[self.caller_as] = caller
        if self.door_as:
            key = request.headers.get("idempotency-key")
            given[self.door_as] = await http.open_door(request, caller, key)
        elif self.body is not None:
            await http.check_nesting(request)
        if self.arrival_as:
            async with http.lent_arrival(request, caller) as given[self.arrival_as]:
                return await self.call(**given)
        if not self.reading_as:
            return await self.call(**given)
        async with http.lent_reading(request, caller) as given[self.reading_as]:
            return await self.call(**given)

    async def _from_hand(self, request: Request, caller: Caller, enter: sa.Executable) -> Response:
        """Answer as before if the list is as before; else read, and keep the answer at hand."""
        pages: PagesAtHand = request.app.state.pages
        asked = request.scope["path"], request.scope["query_string"]
        async with http.lent_arrival(request, caller) as arrival:
            reading, row = await arrival.enter(enter, {})
            revision = row.revision, reading.today
            kept = pages.find(asked, revision)
            answer = None if kept is None else kept.answer(request)
            if answer is not None:
                return answer
            given = await self._given(request, _MISSING)
            given[self.reading_as] = reading
            if self.request_as:
                given[self.request_as] = request
            answer = await self.call(**given)
        pages.keep(asked, revision, answer)
        return answer


async def _json(request: Request) -> object:
    """Read a body that is plainly JSON."""
    if request.headers.get("content-type", "").lower() not in JSON_TYPES:
        raise _NotPlainError
    try:
        content = await request.body()
    except ClientDisconnect as error:
        raise HTTPException(400) from error
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise _NotPlainError from None


def swiftly(route: APIRoute) -> Handler | None:
    """Return the swift way through a route; None where it depends on what is not known here."""
    plan = _plan_of(route) if type(route) is APIRoute else None  # another has ways of its own
    if plan is None:
        return None
    usual = route.get_route_handler()

    async def handle(request: Request) -> Response:
        try:
            return await plan.answer(request)
        except _NotPlainError:
            return await usual(request)

    return handle


def _plan_of(route: APIRoute) -> _Plan | None:
    of = route.dependant
    call = of.call
    assert call is not None, "a route has a function"
    names = {_known_as(each): each.name or "" for each in of.dependencies}
    told = call.__annotations__.get("return") in {"Response", Response}
    if not told or None in names or not _is_known(of):
        return None
    if not names.keys() - {"page"}:
        return None  # open to everybody: nobody is asked for a token
    body = _asked(of.body_params)
    page = [each for each in of.dependencies if each.call is page_asked]
    return _Plan(
        call=call,
        kinds=tuple(_kinds_of(each) for each in of.dependencies if _kinds_of(each)),
        path=_asked(of.path_params),
        query=_asked(of.query_params),
        page=_asked(page[0].query_params) if page else (),
        body=body[0] if body else None,
        request_as=of.request_param_name or "",
        caller_as=names.get("caller", ""),
        reading_as=names.get("reading", ""),
        arrival_as=names.get("arrival", ""),
        door_as=names.get("door", ""),
        page_as=names.get("page", ""),
        same_while=getattr(call, MARK, None),
    )


def _kinds_of(of: Dependant) -> tuple[PartyKind, ...]:
    kinds: tuple[PartyKind, ...] = getattr(of.call, "only_kinds", ())
    return kinds


def _known_as(of: Dependant) -> str | None:
    if _kinds_of(of):
        return "kinds"
    known: Mapping[object, str] = {
        http.caller_of: "caller",
        http.open_reading: "reading",
        http.open_arrival: "arrival",
        http.open_door: "door",
        page_asked: "page",
    }
    return known.get(of.call)


def _is_known(of: Dependant) -> bool:
    """Say whether a route takes nothing but what is read here, one value of each name."""
    others = (
        of.header_params,
        of.cookie_params,
        of.response_param_name,
        of.background_tasks_param_name,
        of.websocket_param_name,
        of.http_connection_param_name,
        of.security_scopes_param_name,
    )
    return (
        not any(others)
        and len(of.body_params) <= 1
        and all(
            type(each.field_info) is Body and not each.field_info.embed for each in of.body_params
        )
    )


def _asked(fields: list[Any]) -> tuple[_Asked, ...]:
    return tuple(_Asked(each.name, each.validation_alias or each.alias, each) for each in fields)
