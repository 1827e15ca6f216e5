"""The hub as it is served, or the same with nobody at its gate: what the gate costs is measured."""

from __future__ import annotations

import argparse

from fastapi import Request

from app.cli import serving
from app.kernel.parties import PartyKind
from app.main import create_app
from app.runtime.auth import Caller
from app.runtime.http import caller_of
from app.runtime.settings import Settings
from app.runtime.standalone import open_home
from app.runtime.telemetry import configure_logging


async def believed(request: Request) -> Caller:
    """Take the caller's word for who it is."""
    code = request.headers["x-institution"]
    return Caller(kind=PartyKind.INSTITUTION, party=code, region=code[1:7], client=f"{code}-1")


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--unguarded", action="store_true")
    asked = parser.parse_args()
    settings = Settings()
    configure_logging(settings)
    with (
        serving.ending_cleanly(),
        serving.listening("127.0.0.1", asked.port) as taken,
        open_home(settings) as home,
    ):
        app = create_app(home.settings, url=home.url)
        if asked.unguarded:
            app.dependency_overrides[caller_of] = believed
        serving.serve(app, taken)


if __name__ == "__main__":
    main()
