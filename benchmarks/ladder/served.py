"""The hub as it is served, or the same with nobody at its gate: what the gate costs is measured."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from datetime import datetime
from unittest.mock import patch

from app import main as application
from app.cli import serving
from app.kernel.parties import PartyKind
from app.runtime.auth import Caller, Signer
from app.runtime.settings import Settings
from app.runtime.standalone import open_home
from app.runtime.telemetry import configure_logging

REGION = slice(1, 7)  # of an institution's code


class Believing(Signer):
    """Takes a caller's word for who it is: its token is its institution's code."""

    def read(self, token: str, now: datetime) -> Caller:
        """Return the institution that says it calls."""
        del now  # a word does not expire
        region = token[REGION]
        return Caller(kind=PartyKind.INSTITUTION, party=token, region=region, client=f"{token}-1")


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--unguarded", action="store_true")
    asked = parser.parse_args()
    settings = Settings()
    configure_logging(settings)
    gate = patch.object(application, "Signer", Believing) if asked.unguarded else nullcontext()
    with (
        serving.ending_cleanly(),
        serving.listening("127.0.0.1", asked.port) as taken,
        open_home(settings) as home,
        gate,
    ):
        serving.serve(application.create_app(home.settings, url=home.url), taken)


if __name__ == "__main__":
    main()
