"""What Postgres tells in JSON is read as the language's own reader reads it."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from tests.support.world import World

TOLD = (
    '{"name": "赵例甲甲", "rare": "\\ud840\\udc00", "none": null, "yes": true, "no": false}',
    '{"deep": ' + "[" * 64 + "]" * 64 + "}",
    "[0.1, 5e-324, 1.7976931348623157e308, 1E5, 100000000000000000000.5, 3.14159265358979323846]",
    "[0, 9007199254740993, 123456789012345678901234567890]",
    '["", "a\\"b\\\\c\\n", "\\u2028"]',
)


@pytest.mark.parametrize("kind", ["json", "jsonb"])
@pytest.mark.parametrize("told", TOLD)
async def test_json_is_read_alike(world: World, told: str, kind: str) -> None:
    statement = sa.text(f"SELECT CAST(:told AS {kind}) AS it, CAST(:told AS {kind})::text AS text")
    async with world.hub.reading_engine.connect() as connection:
        row = (await connection.execute(statement, {"told": told})).one()
    assert repr(row.it) == repr(json.loads(row.text))
