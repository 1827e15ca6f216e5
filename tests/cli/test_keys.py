"""`hub keys`: a new key for the embedded hub, and everything encrypted anew under the newest."""

from __future__ import annotations

import json
import secrets
import stat
import subprocess
import sys
from pathlib import Path

from app.runtime.vault import Vault
from tests.cli.test_commands import KEY, ONE_AFTER_ANOTHER, hub, says_one_sentence, surroundings
from tests.support.entitlement import registered
from tests.support.parties import seeded
from tests.support.world import DATA_KEY, INDEX_KEY, World

NEWER = "a newer key for people who do not exist"
OLD_ID, NEW_ID = (Vault.from_texts((it,), INDEX_KEY).newest.hex() for it in (DATA_KEY, NEWER))


def test_a_key_is_made_for_the_embedded_hub_and_encrypts_from_the_next_start(
    embedded_home: Path,
) -> None:
    commands = ("migrate", "keys list", "keys add", "migrate", "keys list", "keys rotate")
    done = subprocess.run(  # noqa: S603 -- the hub itself
        [sys.executable, "-c", ONE_AFTER_ANOTHER, *commands, "keys list"],
        env=surroundings(embedded_home),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert not done.returncode, done.stderr
    answers = json.loads(done.stdout)
    assert [code for code, _, _ in answers] == [0] * 7, answers
    before, after, retired = (answers[at][1].splitlines() for at in (1, 4, 6))
    assert "A new key encrypts from the next start on" in answers[2][1]
    assert len(after) == len(before) + 1
    (first,) = [it.split()[0] for it in before if "encryption" in it]
    assert answers[5][1] == f"0 workers encrypted anew; no longer needed: {first}.\n"
    assert [it.split()[0] for it in retired if "retired" in it] == [first]
    kept = embedded_home / "keys" / "data.keys"
    assert len(kept.read_text("utf-8").split()) == 2
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_keys_that_are_not_kept_in_the_home_are_not_made_there(
    tmp_path: Path, database_url: str
) -> None:
    refused = hub("keys", "add", home=tmp_path, database=database_url, HUB_TOKEN_KEY=KEY)
    says_one_sentence(refused, "openssl rand -hex 32", "HUB_DATA_KEYS")
    assert not (tmp_path / "keys").exists()


async def test_rotating_encrypts_every_worker_anew_and_again_changes_nothing(
    world: World, tmp_path: Path, database_url: str
) -> None:
    await seeded(world)
    await registered(world, "110000")
    adopted = hub("policy", "adopt", home=tmp_path, database=database_url, HUB_TOKEN_KEY=KEY)
    assert adopted.returncode == 0, adopted.stderr
    before = hub("tick", home=tmp_path, database=database_url, HUB_TOKEN_KEY=KEY)
    assert before.returncode == 0, before.stderr
    both = {"HUB_TOKEN_KEY": secrets.token_hex(32), "HUB_DATA_KEYS": f"{NEWER},{DATA_KEY}"}
    done = hub("keys", "rotate", "--rows", "1", home=tmp_path, database=database_url, **both)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"1 workers encrypted anew; no longer needed: {OLD_ID}.\n"
    again = hub("keys", "rotate", home=tmp_path, database=database_url, **both)
    assert again.stdout == "0 workers encrypted anew.\n"
    listed = hub("keys", "list", home=tmp_path, database=database_url, **both).stdout
    told = {line.split()[0]: "retired" in line for line in listed.splitlines()}
    assert (told[OLD_ID], told[NEW_ID]) == (True, False)
    # The old key alone opens nothing any more, and says so instead of serving.
    alone = hub("tick", home=tmp_path, database=database_url, HUB_TOKEN_KEY=KEY)
    says_one_sentence(alone, NEW_ID, "HUB_DATA_KEYS")
