"""The command line as an operator meets it: another process, its answers and its exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from tests.seeds.short_notice import NOTICE
from tests.support import at_hand
from tests.support.world import DATA_KEY, INDEX_KEY

KEY = "a key that only signs the tokens of tests"
STARTS_SECONDS_MAX = 240
# Several commands in one process, since starting Python anew is most of what they take.
ONE_AFTER_ANOTHER = """
import contextlib, io, json, sys
from app.cli import main
done = []
for words in sys.argv[1:]:
    sys.argv = ["hub", *words.split()]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    done.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(done))
"""
READY_MADE = {
    "operator", "110000", "370000", "370100", "H37010000001", "A37010000001", "national-platform",
}  # fmt: skip


def surroundings(home: Path, database: str | None = None, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HUB_", "DATABASE_URL"))}
    keys = {"HUB_DATA_KEYS": DATA_KEY, "HUB_INDEX_KEY": INDEX_KEY}
    given = {} if database is None else {"DATABASE_URL": database, **keys}
    return {**kept, "HUB_HOME": str(home), "PYTHONWARNINGS": "error", **given, **more}


def hub(
    *words: str, home: Path, database: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a process of its own that found the hub loaded."""
    code, out, err = at_hand.command(words, surroundings(home, database, **more))
    return subprocess.CompletedProcess(["hub", *words], code, out, err)


def started(*words: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, from the start of Python on."""
    return subprocess.run(  # noqa: S603 -- the hub itself
        [sys.executable, "-m", "app", *words],
        env=surroundings(home, **more),
        capture_output=True,
        text=True,
        timeout=STARTS_SECONDS_MAX,
        check=False,
    )


def says_one_sentence(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """Hold a failure to one sentence for people."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for part in parts:
        assert part in done.stderr


@contextmanager
def served(home: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`hub run` on an embedded database and a port that is free; give where it serves."""
    command = [sys.executable, "-m", "app", "run", "--port", "0"]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603 -- the hub itself
            command, env=surroundings(home), stdout=subprocess.DEVNULL, stderr=said
        ) as process,
    ):
        try:
            yield _ready(process, said), process
        finally:
            process.terminate()


def _ready(process: subprocess.Popen[bytes], said: IO[bytes]) -> str:
    """Wait until the hub has said where it serves, and is ready."""
    deadline = time.monotonic() + STARTS_SECONDS_MAX
    while time.monotonic() < deadline:
        told = os.pread(said.fileno(), 1_000_000, 0)
        assert process.poll() is None, told.decode()
        found = re.search(rb"serves (http://\S+)/docs", told)
        with suppress(httpx.TransportError):
            if found and ask("GET", found[1].decode() + "/v1/health/ready").is_success:
                return found[1].decode()
        time.sleep(0.1)
    raise AssertionError("the hub did not get ready")


def ask(method: str, url: str, **more: Any) -> httpx.Response:
    """Ask a hub of another process, with patience."""
    return httpx.request(method, url, timeout=STARTS_SECONDS_MAX, **more)


@pytest.fixture(scope="module")
def home(embedded_home: Path) -> Path:
    """A home on which `hub run` is tried, first fresh and then used."""
    return embedded_home


@pytest.fixture
def running(home: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with served(home) as found:
        yield found


def clients_in(home: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((home / "credentials.json").read_text())[
        "clients"
    ]
    return found


def token(base: str, client: dict[str, str]) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
    }
    return ask("POST", f"{base}/oauth/token", data=form)


def identify(base: str, client: dict[str, str]) -> httpx.Response:
    """Send an example of the documentation page as it stands."""
    path = "/v1/workers/identify"
    described = ask("GET", f"{base}/openapi.json").json()
    shown = described["paths"][path]["post"]
    body = shown["requestBody"]["content"]["application/json"]["example"]
    bearer = token(base, client).json()["access_token"]
    headers = {"Authorization": f"Bearer {bearer}"}
    return ask("POST", f"{base}{path}", json=body, headers=headers)


def test_run_serves_a_fresh_home_with_ready_made_clients_and_stops_cleanly(
    home: Path, running: tuple[str, subprocess.Popen[bytes]]
) -> None:
    base, process = running
    clients = clients_in(home)
    assert set(clients) == READY_MADE
    assert {token(base, client).status_code for client in clients.values()} == {200}
    for secret in (home / "credentials.json", home / "keys" / "token.key"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    answer = ask("GET", f"{base}/v1/health/live")
    assert "server" not in answer.headers
    identified = identify(base, clients["H37010000001"])
    assert identified.status_code == 200, identified.text
    process.send_signal(signal.SIGTERM)
    assert process.wait(STARTS_SECONDS_MAX) == 0


def test_a_second_run_keeps_data_and_clients_and_commands_join_it(
    home: Path, running: tuple[str, subprocess.Popen[bytes]]
) -> None:
    base, _ = running
    operator = clients_in(home)["operator"]
    assert token(base, operator).status_code == 200
    rotated = hub("clients", "rotate", operator["client_id"], home=home)
    assert rotated.returncode == 0, rotated.stderr
    assert token(base, operator).status_code == 401
    assert token(base, json.loads(rotated.stdout)).status_code == 200


def test_a_port_that_is_taken_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = started("run", "--port", port, home=tmp_path / "home")
    says_one_sentence(done, port, "--port")
    assert not (tmp_path / "home").exists()


def test_serve_needs_a_database_a_key_and_a_long_one(tmp_path: Path, database_url: str) -> None:
    says_one_sentence(hub("serve", home=tmp_path), "DATABASE_URL", "hub run")
    short = hub("serve", home=tmp_path, database=database_url, HUB_TOKEN_KEY="short")
    says_one_sentence(short, "HUB_TOKEN_KEY", "32")


@pytest.mark.parametrize("command", ["serve", "run"])
def test_a_database_that_is_not_migrated_is_refused_in_one_sentence(
    tmp_path: Path, empty_database_url: str, command: str
) -> None:
    done = hub(
        command, "--port", "0", home=tmp_path, database=empty_database_url, HUB_TOKEN_KEY=KEY
    )
    says_one_sentence(done, "hub migrate")


def test_a_database_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    away = "postgresql+asyncpg://hub:pass1234@127.0.0.1:1/hub"  # where nothing ever listens
    done = hub("run", "--port", "0", home=tmp_path, database=away)
    says_one_sentence(done, "127.0.0.1", "DATABASE_URL")
    assert "pass1234" not in done.stderr


@pytest.mark.parametrize("wrong", ["nonsense", "mysql://u:p@h/d"])
def test_an_address_that_is_no_postgres_is_refused(tmp_path: Path, wrong: str) -> None:
    says_one_sentence(hub("migrate", home=tmp_path, database=wrong), "postgresql+asyncpg://")


def test_a_setting_out_of_order_is_named(tmp_path: Path) -> None:
    done = hub("migrate", home=tmp_path, HUB_POOL_CONNECTIONS="many")
    says_one_sentence(done, "HUB_POOL_CONNECTIONS")


def test_a_database_is_migrated_seeded_and_given_clients(
    tmp_path: Path, empty_database_url: str
) -> None:
    commands = [
        "migrate", "clients create 370000", "seed", "seed",
        "clients create H37010000001 --id his-1", "clients create 370000 --id his-1",
        "clients disable his-1", "clients list", "verify", "tick",
    ]  # fmt: skip
    script = [sys.executable, "-c", ONE_AFTER_ANOTHER, *commands]
    done = subprocess.run(  # noqa: S603 -- the hub itself
        script,
        env=surroundings(tmp_path, empty_database_url, HUB_TOKEN_KEY=KEY, HUB_MODE="sandbox"),
        capture_output=True,
        text=True,
        timeout=STARTS_SECONDS_MAX,
        check=True,
    )
    codes, out, err = zip(*json.loads(done.stdout), strict=True)
    assert codes == (0, 1, 0, 0, 0, 1, 0, 0, 0, 0), err
    assert "370000" in err[1]
    assert "36 seeds loaded" in out[2]
    assert out[3] == "Every seed was loaded before.\n"
    made = json.loads(out[4])
    assert (made["client_id"], made["party"]) == ("his-1", "H37010000001")
    assert "his-1" in err[5]
    assert "山东中医药大学第二附属医院\tdisabled" in out[7]
    assert made["client_secret"] not in out[7]
    assert "balances sum to zero" in out[8]
    assert re.search(r"^\d{4}-\d\d-\d\d +expire_filings +0$", out[9], re.MULTILINE), out[9]
    assert not (tmp_path / "credentials.json").exists()


def test_a_notice_is_read_to_csv_and_an_unreadable_one_is_explained(tmp_path: Path) -> None:
    good, bad = tmp_path / "notice.txt", tmp_path / "bad.txt"
    good.write_text(NOTICE, "utf-8")
    bad.write_bytes(b"\xff\xfe\xff")
    read = hub("institutions", "read-notice", str(good), home=tmp_path)
    assert read.stdout.startswith("code,name,aliases,types,grade,region,")
    assert "\r" not in read.stdout
    says_one_sentence(hub("institutions", "read-notice", str(bad), home=tmp_path), "UTF-8")


def test_refusals_and_the_document_are_printed_without_a_database(tmp_path: Path) -> None:
    assert "message-id-missing" in started("problems", home=tmp_path).stdout
    document = json.loads(started("openapi", home=tmp_path).stdout)
    assert document["openapi"].startswith("3.1")
    assert not (tmp_path / "postgres").exists()
