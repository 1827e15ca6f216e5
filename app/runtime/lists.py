"""Lists that do not scan: of each, one statement for every kind of caller and choice of filters.

One condition that holds for everybody ("the operator, or an agency of these regions, or …") can use
no index. Here the caller's kind chooses the statement, so each has the index of its own rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel.parties import PartyKind
from app.runtime.auth import Scope, filled_up, within
from app.runtime.db import Conn
from app.runtime.paging import PageAsked

_PARTY = sa.bindparam("scope_party", type_=sa.Text)
_ONE = sa.literal_column("1", sa.Integer)
_AFTER = sa.bindparam("after", type_=sa.BigInteger)
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)
_Filters = Mapping[str, sa.ColumnElement[bool]]


def visible_to(
    kind: PartyKind,
    *,
    regions: tuple[sa.ColumnElement[str], ...] = (),
    institution: sa.ColumnElement[str] | None = None,
    channel: sa.ColumnElement[str] | None = None,
) -> sa.ColumnElement[bool]:
    """Build what `auth.visible` comes to for one kind of caller."""
    if kind is PartyKind.OPERATOR:
        return sa.true()
    if kind is PartyKind.AGENCY:
        return sa.or_(sa.false(), *(within(region) for region in regions))
    own = institution if kind is PartyKind.INSTITUTION else channel
    return sa.false() if own is None else own == sa.cast(_PARTY, own.type)


def id_of(table: sa.Table, name: str) -> sa.ScalarSelect[int]:
    """Select the internal id of the row whose public number is asked for as `name`."""
    number = table.c.number == sa.bindparam(name, type_=sa.Text)
    return sa.select(table.c.id).where(number).correlate(None).scalar_subquery()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Listing:
    """A list in the order of a table's internal ids, and whose each of its rows is.

    `filters` are conditions on that table alone, by the name of the parameter each compares with;
    only those asked for are in the statement. An agency sees a row for one of its `regions`. The
    tables `rows` joins to it hide no row: whoever sees a row here sees what it rests on.
    """

    rows: sa.Select[Any]
    of: sa.Table
    regions: tuple[str, ...] = ()
    institution: str | None = None
    channel: str | None = None
    filters: _Filters = field(default_factory=dict)
    _built: dict[tuple[PartyKind, frozenset[str]], sa.Select[Any]] = field(default_factory=dict)

    async def read(
        self, conn: Conn, scope: Scope, page: PageAsked, asked: Mapping[str, object] | None = None
    ) -> Sequence[sa.Row[Any]]:
        """Read a page of the rows the scope may see, and one more."""
        given = {name: value for name, value in (asked or {}).items() if value is not None}
        binds = {"after": page.after_id, "rows": page.rows + 1, **given, **scope.binds()}
        found = await conn.execute(self.statement(scope.kind, given), binds)
        return list(found)

    def statement(self, kind: PartyKind, given: Collection[str]) -> sa.Select[Any]:
        """Return the statement for a kind of caller and the filters given, built once."""
        wanted = kind, frozenset(given)
        if wanted not in self._built:
            self._built[wanted] = self._build(*wanted)
        return self._built[wanted]

    def _build(self, kind: PartyKind, given: frozenset[str]) -> sa.Select[Any]:
        key = self.of.c.id
        asked = [condition for name, condition in self.filters.items() if name in given]
        assert given <= self.filters.keys(), "a filter nobody has described"
        found = self._of_regions(asked) if kind is PartyKind.AGENCY else self._own(kind, asked)
        page = found.order_by(found.selected_columns.id).limit(_ROWS).scalar_subquery()
        # As an array the ids are found first, whatever the planner thinks of what is joined.
        ids = sa.func.array(page, type_=ARRAY(sa.BigInteger))
        return self.rows.where(key == sa.any_(ids)).order_by(key)

    def _own(self, kind: PartyKind, asked: list[sa.ColumnElement[bool]]) -> sa.Select[Any]:
        """Select the ids of everything (the operator's), or of what bears the caller's code."""
        institution, channel = self._column(self.institution), self._column(self.channel)
        seen = visible_to(kind, institution=institution, channel=channel)
        rows = sa.select(self.of.c.id).where(seen, self.of.c.id > _AFTER, *asked)
        return rows.correlate(None)

    def _column(self, name: str | None) -> sa.Column[Any] | None:
        return None if name is None else self.of.c[name]

    def _of_regions(self, asked: list[sa.ColumnElement[bool]]) -> sa.Select[Any]:
        """Select the ids an agency's page is among.

        Of each place the agency's rows name, on either side, the next page is taken from the index
        of that place; the page is the least of those ids. A row of both sides counts once.
        """
        if not self.regions:
            return sa.select(self.of.c.id).where(sa.false()).correlate(None)
        sides = [self._of_region(name, asked) for name in self.regions]
        found = sa.union(*sides).subquery("found")
        return sa.select(found.c.id)

    def _of_region(self, name: str, asked: list[sa.ColumnElement[bool]]) -> sa.Select[Any]:
        places = _places(self.of.c[name])
        following = (
            sa.select(self.of.c.id)
            .where(self.of.c[name] == places.c.code, self.of.c.id > _AFTER, *asked)
            .order_by(self.of.c.id)
            .limit(_ROWS)
            .correlate(places)
            .lateral(f"following_{name}")
        )
        return sa.select(following.c.id).select_from(places.join(following, sa.true()))


def _places(column: sa.Column[Any]) -> sa.CTE:
    """Select the agency's places that a column names: one step in its index to each of them."""
    first = (
        sa.select(column).where(within(column)).order_by(column).limit(_ONE).correlate(None)
    ).scalar_subquery()
    places = sa.select(first.label("code")).cte(f"places_{column.name}", recursive=True)
    after = (
        sa.select(column)
        .where(column > places.c.code, column <= filled_up(column, 9))
        .order_by(column)
        .limit(_ONE)
        .correlate(places)
    ).scalar_subquery()
    return places.union_all(sa.select(after).where(places.c.code.is_not(None)))
