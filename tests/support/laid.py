"""A hub as its documentation page has it: seeded, and everything there that its examples name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.cli.credentials import ensure_credentials
from app.cli.examples import lay_examples
from app.cli.seeding import seed
from app.runtime.openapi import Example, show
from tests.support.world import World


async def laid_out(world: World, database_url: str, home: Path) -> Mapping[str, Example]:
    """Seed a world's hub and lay out its examples; return them, by operation."""
    await seed(world.hub, lambda _: None)
    await ensure_credentials(world.hub, home)
    laid = await lay_examples(world.app.state.settings, database_url, world.clock.now)
    show(world.app, laid)
    return laid
