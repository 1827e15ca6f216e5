"""`hub tick` as cron meets it: what it did, as text or JSON, and an exit code."""

from __future__ import annotations

import json
from pathlib import Path

from app.deadlines.model import Act
from app.runtime.embedded.databases import administer
from tests.cli.test_commands import KEY, hub


def test_tick_does_what_is_due_once_and_says_so(tmp_path: Path, database_url: str) -> None:
    adopted = hub("policy", "adopt", home=tmp_path, database=database_url, HUB_TOKEN_KEY=KEY)
    assert adopted.returncode == 0, adopted.stderr
    first = hub("tick", "--json", home=tmp_path, database=database_url, HUB_TOKEN_KEY=KEY)
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert [(it["act"], it["day"]) for it in told["done"]] == [(act, told["day"]) for act in Act]
    assert (told["failed"], told["elsewhere"]) == ([], False)

    again = hub("tick", home=tmp_path, database=database_url, HUB_TOKEN_KEY=KEY)
    assert (again.returncode, again.stdout) == (0, "Nothing is due 无到期事项.\n")
    former = hub("expire", home=tmp_path, database=database_url, HUB_TOKEN_KEY=KEY)
    assert (former.returncode, former.stdout) == (2, "")


def test_a_tick_in_which_something_failed_ends_with_status_1(
    tmp_path: Path, database_url: str
) -> None:
    administer(database_url, "DELETE FROM due_act WHERE act <> 'close_years'")
    administer(database_url, "DELETE FROM message WHERE party = 'hub'")
    administer(database_url, "ALTER TABLE advance_crossing RENAME TO mislaid")
    done = hub("tick", home=tmp_path, database=database_url, HUB_TOKEN_KEY=KEY)
    administer(database_url, "ALTER TABLE mislaid RENAME TO advance_crossing")
    assert done.returncode == 1
    assert "expire_filings" in done.stdout
    assert "repeat_alerts     failed; the next tick tries again" in done.stderr
    assert "Traceback" not in done.stderr
