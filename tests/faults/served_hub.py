"""A hub served in a process of its own, with the clock and the keys of the tests, to be killed."""

from __future__ import annotations

import sys

from pydantic import SecretStr

from app.cli import serving
from app.main import create_app
from app.runtime.settings import Settings
from app.runtime.telemetry import configure_logging
from tests.support.world import DATA_KEY, INDEX_KEY, TOKEN_KEY, Clock


def main(port: int, url: str) -> None:
    """Serve until killed."""
    settings = Settings(
        token_key=SecretStr(TOKEN_KEY),
        data_keys=SecretStr(DATA_KEY),
        index_key=SecretStr(INDEX_KEY),
        log_level="CRITICAL",
    )
    configure_logging(settings)
    with serving.listening("127.0.0.1", port) as taken:
        serving.serve(create_app(settings, url=url, clock=Clock()), taken)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
