"""A start that fails while its Postgres gets ready stops it, and says whose fault it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import running
from app.runtime.embedded import EmbeddedPostgres
from app.runtime.mistakes import StandaloneError

LOST = "/where/the/hub/was/provisions.toml"


@pytest.mark.parametrize("fault", [FileNotFoundError(2, "No such file", LOST), ImportError(LOST)])
def test_a_hub_that_cannot_be_loaded_stops_its_postgres_and_blames_no_database(
    embedded_home: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def load(_: str) -> None:
        raise fault

    monkeypatch.setenv("HUB_HOME", str(embedded_home))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(running, "load", load)
    told = StandaloneError if isinstance(fault, OSError) else ImportError
    with pytest.raises(told, match=LOST):
        running.run(port=0)
    assert not list(embedded_home.glob("postgres/**/postmaster.pid"))
    with EmbeddedPostgres(embedded_home) as again:
        assert not again.joined
