"""The embedded Postgres lives, dies and comes back as its owner needs."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.runtime.embedded import EmbeddedPostgres, EmbeddedPostgresError
from app.runtime.embedded.account import Account
from app.runtime.embedded.databases import administer, in_own_loop, select_one_column
from app.runtime.embedded.orphan import running

CHECKOUT = Path(__file__).parents[2]
OWNER = """
import sys, time
from pathlib import Path
from app.runtime.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), shared=bool(sys.argv[2])) as server:
    print(server.url(), flush=True)
    time.sleep(600)
"""


def reachable_folder() -> Iterator[Path]:
    """Make a folder the server's user can walk to, unlike pytest's own temporary folders."""
    folder = Path(tempfile.mkdtemp(prefix="hub-home-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def home() -> Iterator[Path]:
    for folder in reachable_folder():
        yield folder / "hub"


@pytest.fixture(scope="module")
def pristine() -> Iterator[Path]:
    for folder in reachable_folder():
        with EmbeddedPostgres(folder / "hub") as server:
            table = "CREATE TABLE kept AS SELECT 'kept' AS word"
            administer(server.url(), table)
        yield folder / "hub"


@pytest.fixture
def made(home: Path, pristine: Path) -> Path:
    """A home that was served once and stopped cleanly, with a row in it."""
    subprocess.run(["/bin/cp", "-a", str(pristine), str(home)], check=True)  # noqa: S603 - our paths
    return home


def words(server: EmbeddedPostgres) -> list[object]:
    return in_own_loop(select_one_column(server.url(), "SELECT word FROM kept"))


def shown(server: EmbeddedPostgres, setting: str) -> object:
    return in_own_loop(select_one_column(server.url(), f"SHOW {setting}"))[0]


def server_pid(home: Path) -> int:
    noted = running(home / "postgres" / "data")
    assert noted is not None
    return noted.pid


def is_gone(pid: int, *, pauses: int = 400) -> bool:
    """Whether the process has ended, after a bounded wait; a zombie has."""
    for _ in range(pauses):
        try:
            os.kill(pid, 0)
            if not Path(f"/proc/{pid}/cmdline").read_bytes():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def start_process(home: Path, *, shared: bool = False) -> subprocess.Popen[str]:
    """Start another process that wants the home."""
    return subprocess.Popen(  # noqa: S603 - this interpreter, a program of our own
        [sys.executable, "-c", OWNER, str(home), "shared" * shared],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )


def address_of(owner: subprocess.Popen[str]) -> str:
    """Wait until it serves."""
    assert owner.stdout is not None
    address = owner.stdout.readline().strip()
    assert address.startswith("postgresql+asyncpg://")
    return address


def start_owner(home: Path) -> subprocess.Popen[str]:
    """Start another process that owns the home, and wait until it serves."""
    owner = start_process(home)
    address_of(owner)
    return owner


@pytest.fixture
def owner(made: Path) -> Iterator[subprocess.Popen[str]]:
    process = start_owner(made)
    server = server_pid(made)
    with process:
        yield process
        process.kill()
    assert is_gone(server)


def test_rows_survive_a_restart(made: Path) -> None:
    with EmbeddedPostgres(made) as server:
        assert words(server) == ["kept"]


def test_the_server_is_durable_checked_and_only_reachable_by_socket(made: Path) -> None:
    with EmbeddedPostgres(made) as server:
        assert shown(server, "fsync") == "on"
        assert shown(server, "data_checksums") == "on"
        assert shown(server, "listen_addresses") == ""
        assert shown(server, "timezone") == "UTC"
        assert int(server.version.split(".")[0]) >= 15


def test_letters_of_chinese_words_are_letters(made: Path) -> None:
    with EmbeddedPostgres(made) as server:
        administer(server.url(), "CREATE EXTENSION pg_trgm")
        alike = "SELECT similarity('山东省立医院', '山东省立医院东院') > 0.4"
        assert in_own_loop(select_one_column(server.url(), alike)) == [True]


def test_a_stop_leaves_no_socket_and_frees_the_home(made: Path) -> None:
    left = {each.name for each in (made / "postgres").iterdir()}
    assert {name for name in left if not name.startswith("binaries-")} == {"data", "lock"}
    assert not (made / "postgres" / "data" / "postmaster.pid").exists()


def test_starting_and_stopping_twice_is_harmless(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.stop()
    server.start()
    server.start()
    server.stop()
    server.stop()
    with pytest.raises(EmbeddedPostgresError, match=r"call start\(\) first"):
        server.url()


def test_a_server_of_a_hub_in_the_background_hears_that_it_is_to_stop(made: Path) -> None:
    """Shells have what they start with `&` ignore SIGINT; the start fails before it listens."""

    def fail() -> None:
        raise ImportError

    interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(ImportError):
            EmbeddedPostgres(made, meanwhile=fail).start()
    finally:
        signal.signal(signal.SIGINT, interrupted)
    assert "immediate shutdown" not in (made / "log" / "postgres.log").read_text("utf-8")


def test_a_database_is_created_once(made: Path) -> None:
    with EmbeddedPostgres(made) as server:
        server.ensure_database("another one")
        server.ensure_database("another one")
        address = server.url("another one")
        assert in_own_loop(select_one_column(address, "SELECT current_database()")) == [
            "another one"
        ]


def test_rows_survive_the_kill_of_the_server(made: Path) -> None:
    with EmbeddedPostgres(made) as server:
        os.kill(server_pid(made), signal.SIGKILL)
        server.stop()
        server.start()
        assert words(server) == ["kept"]


def test_the_server_dies_with_its_owner_and_the_next_owner_waits_for_it(
    made: Path, owner: subprocess.Popen[str]
) -> None:
    pid = server_pid(made)
    owner.kill()
    owner.wait()
    with EmbeddedPostgres(made) as server:
        assert words(server) == ["kept"]
        assert server_pid(made) != pid
    assert is_gone(pid)


def test_a_second_starter_is_told_who_has_the_home(
    made: Path, owner: subprocess.Popen[str]
) -> None:
    with pytest.raises(EmbeddedPostgresError, match=f"in use by process {owner.pid}"):
        EmbeddedPostgres(made).start()
    with EmbeddedPostgres(made, shared=True) as guest:
        assert guest.joined
        assert guest.version == shown(guest, "server_version")
        assert words(guest) == ["kept"]
    assert not is_gone(server_pid(made), pauses=1), "a guest must not stop what it does not own"


def test_starters_that_share_a_new_home_at_once_all_get_the_one_server(home: Path) -> None:
    with contextlib.ExitStack() as stack:
        starters = [stack.enter_context(start_process(home, shared=True)) for _ in range(3)]
        for starter in starters:
            stack.callback(starter.kill)
        assert len({address_of(starter) for starter in starters}) == 1
        server = server_pid(home)
    assert is_gone(server)


def test_a_guest_in_an_empty_house_becomes_its_owner(made: Path) -> None:
    with EmbeddedPostgres(made, shared=True) as server:
        assert not server.joined
        assert words(server) == ["kept"]


def test_a_data_directory_that_was_being_made_is_made_anew(home: Path) -> None:
    half = home / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    (home / "postgres" / "data").mkdir()
    with EmbeddedPostgres(home):
        assert not half.exists()


@pytest.mark.parametrize("missing", ["PG_VERSION", "global/pg_control"])
def test_a_data_directory_that_lost_a_vital_file_is_explained_and_kept(
    made: Path, missing: str
) -> None:
    data = made / "postgres" / "data"
    (data / missing).unlink()
    with pytest.raises(EmbeddedPostgresError, match=f"{missing} is missing"):
        EmbeddedPostgres(made).start()
    assert (data / "base").is_dir()


@pytest.mark.parametrize("note", ["{pid}\n{data}\n", "no number\n", "", "999999999\n"])
def test_a_stale_note_of_a_server_does_not_stop_the_next(made: Path, note: str) -> None:
    data = made / "postgres" / "data"
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        (data / "postmaster.pid").write_text(note.format(pid=stranger.pid, data=data))
        with EmbeddedPostgres(made) as server:
            assert words(server) == ["kept"]
        assert stranger.poll() is None, "another program that got the number is left alone"
    finally:
        stranger.kill()
        stranger.wait()


def test_a_stale_lock_file_holds_nobody_up(made: Path) -> None:
    (made / "postgres" / "lock").write_text("1\n")
    with EmbeddedPostgres(made) as server:
        assert words(server) == ["kept"]


@pytest.mark.parametrize("name", ["a" * 120, "with space", "省级,平台"])
def test_a_path_no_socket_can_have_gets_a_short_one_that_is_removed(home: Path, name: str) -> None:
    with EmbeddedPostgres(home / name) as server:
        folder = Path(server.url().partition("host=")[2].partition("&")[0])
        assert folder.is_dir()
        assert len(str(folder)) < 40
    assert not folder.exists()


def test_a_socket_folder_that_a_crash_left_is_removed_by_the_next_start(home: Path) -> None:
    far = home / ("b" * 120)
    owner = start_owner(far)
    left = Path((far / "postgres" / "socket-folder").read_text().strip())
    with owner:
        owner.kill()
    with EmbeddedPostgres(far):
        assert not left.exists()


def test_data_of_another_major_is_not_opened(made: Path) -> None:
    (made / "postgres" / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedPostgresError, match="made by Postgres 12, but only"):
        EmbeddedPostgres(made).start()


def test_a_named_folder_without_postgres_is_explained(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_PG_BIN", "/nowhere/bin")
    with pytest.raises(EmbeddedPostgresError, match="HUB_PG_BIN names /nowhere/bin"):
        EmbeddedPostgres(home).start()


def test_a_named_postgres_is_the_one_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = Path("/usr/lib/postgresql/15/bin")
    if not (system / "postgres").exists():
        pytest.skip("no system Postgres 15 on this machine (Debian: postgresql-15)")
    monkeypatch.setenv("HUB_PG_BIN", str(system))
    with EmbeddedPostgres(home) as server:
        assert server.version.startswith("15.")
        assert shown(server, "shared_preload_libraries") == "pg_stat_statements"


def test_a_server_that_cannot_start_says_why(made: Path) -> None:
    (made / "postgres" / "data" / "postgresql.auto.conf").write_text("shared_buffers = 'many'\n")
    (made / "postgres" / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresError, match=r"did not start: .*postgres\.log\.$"):
        EmbeddedPostgres(made).start()
    (made / "postgres" / "lock").unlink()  # and the home was freed


def test_a_home_that_cannot_be_made_is_explained(home: Path) -> None:
    home.write_text("a file where the home should be")
    with pytest.raises(EmbeddedPostgresError, match="cannot use"):
        EmbeddedPostgres(home).start()


def test_the_log_is_kept_and_turned_over(made: Path) -> None:
    log = made / "log" / "postgres.log"
    log.write_bytes(b"x" * (11 * 1024 * 1024))
    with EmbeddedPostgres(made):
        assert log.stat().st_size < 1024 * 1024
    assert log.with_suffix(".log.1").exists()


root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


@root_only
def test_as_root_the_server_runs_as_somebody_else(made: Path) -> None:
    with EmbeddedPostgres(made):
        assert Path(f"/proc/{server_pid(made)}").stat().st_uid != 0


@root_only
def test_as_root_a_closed_home_keeps_its_data_where_the_server_can_reach_it(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(parents=True)
    closed.chmod(0o700)
    try:
        with EmbeddedPostgres(closed) as server:
            administer(server.url(), "CREATE TABLE kept AS SELECT 'kept' AS word")
        with EmbeddedPostgres(closed) as server:
            assert words(server) == ["kept"]
        elsewhere = Path((closed / "postgres" / "elsewhere").read_text().strip())
        assert not elsewhere.is_relative_to(closed)
    finally:
        shutil.rmtree(elsewhere)
    with pytest.raises(EmbeddedPostgresError, match="which is gone"):
        EmbeddedPostgres(closed).start()


@root_only
def test_as_root_binaries_the_server_cannot_reach_are_copied(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Account, "reaches", lambda _self, path: path.name != "postgres")
    with EmbeddedPostgres(home) as server:
        assert shown(server, "server_version") == server.version
        copied = home / "postgres" / f"binaries-{server.version}"
        assert Path(f"/proc/{server_pid(home)}/exe").resolve().is_relative_to(copied)


@root_only
def test_as_root_data_of_an_ordinary_user_stay_that_users(made: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    for path in (made / "postgres", *(made / "postgres").rglob("*"), made / "log" / "postgres.log"):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    with EmbeddedPostgres(made) as server:
        assert words(server) == ["kept"]
        assert Path(f"/proc/{server_pid(made)}").stat().st_uid == nobody.pw_uid
