"""What somebody at a shell is told in one sentence who meets what a hub did not leave there."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.cli.test_commands import hub, says_one_sentence, started

CLIENT = {"client_id": "somebody", "client_secret": "kept elsewhere"}
KEPT = {"clients": {"110000": CLIENT}, "token_path": "/oauth/token"}


def token(home: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return hub("token", "110000", *more, home=home)


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Serve one answer to whatever is posted; lend the address."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"clients": {"110000": {}}}'])
def test_credentials_that_cannot_be_read_are_named(tmp_path: Path, kept: str) -> None:
    (tmp_path / "credentials.json").write_text(kept)
    says_one_sentence(token(tmp_path), "credentials.json cannot be read")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>", "no token"),
        (200, b"{}", "no token"),
        (200, b"[]", "no token"),
        (501, b"", "answered 501"),
    ],
)
def test_who_answers_without_a_token_is_no_hub(
    tmp_path: Path, status: int, body: bytes, said: str
) -> None:
    (tmp_path / "credentials.json").write_text(json.dumps(KEPT))
    with answering(status, body) as address:
        done = token(tmp_path, "--base-url", address)
    says_one_sentence(done, address, said)
    assert CLIENT["client_secret"] not in done.stderr


@pytest.mark.parametrize("address", ["nonsense", "http://127.0.0.1:1", "http://[", "http://h:x"])
def test_an_address_where_nobody_answers_is_named(tmp_path: Path, address: str) -> None:
    (tmp_path / "credentials.json").write_text(json.dumps(KEPT))
    says_one_sentence(token(tmp_path, "--base-url", address), f"No token from {address}")


def test_a_hub_without_its_assertions_does_not_start(tmp_path: Path) -> None:
    """Some of what is written is written in an assertion, and under `-O` would not be."""
    done = started("problems", home=tmp_path, PYTHONOPTIMIZE="1")
    says_one_sentence(done, "without -O")
