"""Keys to personal data: what a wrong one is told, and how an old one is left behind."""

from __future__ import annotations

import secrets
import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy.exc import DBAPIError

from app.entitlement.service import rekey
from app.entitlement.tables import SEALED
from app.runtime import data_keys, migrate
from app.runtime.data_keys import KeyUse
from app.runtime.embedded.databases import administer
from app.runtime.migrate import DatabaseNotReadyError
from app.runtime.settings import Mode, Settings
from app.runtime.standalone import StandaloneError, open_home
from app.runtime.vault import KeyNotHeldError, Vault, VaultKeyError, vault_of
from tests.support.entitlement import registered, registration
from tests.support.parties import seeded
from tests.support.world import DATA_KEY, INDEX_KEY, TOKEN_KEY, World, open_world

NEW_KEY = "another key for people who do not exist"
OLD = Vault.from_texts((DATA_KEY,), INDEX_KEY)
BOTH = Vault.from_texts((NEW_KEY, DATA_KEY), INDEX_KEY)
NEW = Vault.from_texts((NEW_KEY,), INDEX_KEY)
OTHER_INDEX = Vault.from_texts((DATA_KEY,), "another index of people who do not exist")


def test_a_value_opens_in_its_own_row_and_column_alone() -> None:
    kept = OLD.encrypt("赵例甲甲", 7, "name")
    assert OLD.decrypt(kept, 7, "name") == "赵例甲甲"
    for row, column in ((8, "name"), (7, "phone")):
        with pytest.raises(InvalidTag):
            OLD.decrypt(kept, row, column)
    with pytest.raises(InvalidTag):
        OLD.decrypt(kept[:-1] + bytes([kept[-1] ^ 1]), 7, "name")
    assert OLD.encrypt("赵例甲甲", 7, "name") != kept


def test_an_older_key_decrypts_and_the_newest_encrypts() -> None:
    kept = OLD.encrypt("赵例甲甲", 7, "name")
    assert BOTH.decrypt(kept, 7, "name") == "赵例甲甲"
    anew = BOTH.encrypt("赵例甲甲", 7, "name")
    assert NEW.decrypt(anew, 7, "name") == "赵例甲甲"
    with pytest.raises(KeyNotHeldError, match=OLD.newest.hex()):
        NEW.decrypt(kept, 7, "name")


def test_the_index_tells_columns_apart_and_needs_its_key() -> None:
    indexed = OLD.index("A00000000", "card_number")
    assert indexed == NEW.index("A00000000", "card_number")
    assert indexed != OLD.index("A00000000", "electronic_card")
    assert indexed != OTHER_INDEX.index("A00000000", "card_number")


@pytest.mark.parametrize(
    "keys", [(), ("short",), (DATA_KEY, DATA_KEY), (INDEX_KEY,)], ids=lambda it: str(len(it))
)
def test_keys_are_long_and_each_is_for_one_thing(keys: tuple[str, ...]) -> None:
    with pytest.raises(VaultKeyError):
        Vault.from_texts(keys, INDEX_KEY)


def test_no_key_shows_in_what_is_printed_of_a_vault() -> None:
    assert OLD.index_key.hex() not in repr(OLD)
    assert repr(OLD.index_key) not in repr(OLD)
    assert DATA_KEY not in repr(Settings.model_validate({"data_keys": DATA_KEY}))


def test_a_hub_without_the_keys_of_its_database_does_not_start(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    data_keys.require(empty_database_url, OLD)
    data_keys.require(empty_database_url, OLD)
    with pytest.raises(DatabaseNotReadyError, match=f"{OLD.newest.hex()}, which HUB_DATA_KEYS"):
        data_keys.require(empty_database_url, NEW)
    with pytest.raises(DatabaseNotReadyError, match="HUB_INDEX_KEY"):
        data_keys.require(empty_database_url, OTHER_INDEX)
    data_keys.require(empty_database_url, BOTH)
    both = [OLD.newest.hex(), NEW.newest.hex()]
    assert data_keys.needed_by(empty_database_url, KeyUse.ENCRYPTION) == both
    with pytest.raises(DatabaseNotReadyError, match=NEW.newest.hex()):
        data_keys.require(empty_database_url, OLD)


def test_a_retired_key_that_encrypts_again_is_needed_again(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    data_keys.require(empty_database_url, OLD)
    data_keys.require(empty_database_url, BOTH)
    assert data_keys.retire(empty_database_url, BOTH) == [OLD.newest.hex()]
    data_keys.require(empty_database_url, NEW)
    data_keys.require(empty_database_url, Vault.from_texts((DATA_KEY, NEW_KEY), INDEX_KEY))
    assert len(data_keys.needed_by(empty_database_url, KeyUse.ENCRYPTION)) == 2


def _production(url: str, **given: str) -> Settings:
    return Settings.model_validate(
        {"database_url": url, "token_key": TOKEN_KEY, "mode": Mode.PRODUCTION, **given}
    )


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "HUB_DATA_KEYS and HUB_INDEX_KEY"),
        ({"data_keys": DATA_KEY}, "needs HUB_INDEX_KEY"),
        ({"index_key": INDEX_KEY}, "needs HUB_DATA_KEYS"),
        ({"data_keys": "short", "index_key": INDEX_KEY}, "at least 32"),
        ({"data_keys": INDEX_KEY, "index_key": INDEX_KEY}, "given twice"),
    ],
)
def test_a_production_hub_is_given_its_keys(
    database_url: str, given: dict[str, str], named: str
) -> None:
    with (
        pytest.raises(StandaloneError, match=named),
        open_home(_production(database_url, **given)),
    ):
        pass


def test_an_embedded_hub_makes_its_keys_once_for_its_owner_alone(embedded_home: Path) -> None:
    settings = Settings(home=embedded_home)
    with open_home(settings) as home:
        first = Vault.of(home.settings)
    for name in ("data.keys", "index.key"):
        mode = (embedded_home / "keys" / name).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
    with open_home(settings) as home:
        assert Vault.of(home.settings).newest == first.newest
    (embedded_home / "keys" / "index.key").write_text(secrets.token_hex(32))
    with pytest.raises(DatabaseNotReadyError, match=r"keys/index\.key"), open_home(settings):
        pass


async def _prefixes(world: World) -> set[bytes]:
    columns = ", ".join(f"substring({it} FOR 4)" for it in SEALED)
    async with world.tx() as tx:
        rows = await tx.exec_driver_sql(f"SELECT {columns} FROM worker_identity")  # noqa: S608 -- ours
        return {each for row in rows for each in row if each is not None}


async def test_a_rotation_broken_off_goes_on_and_everybody_is_known_all_along(
    empty_database_url: str,
) -> None:
    migrate.upgrade(empty_database_url)
    async with open_world(empty_database_url) as before:
        await seeded(before)
        known = [await registered(before) for _ in range(5)]
    told: list[int] = []

    def break_off(moved: int) -> None:
        told.append(moved)
        raise KeyboardInterrupt

    async with (
        open_world(empty_database_url, data_keys=f"{NEW_KEY},{DATA_KEY}") as world,
        data_keys.as_owner(empty_database_url) as owner,
    ):
        vault = vault_of(world.hub.engine)
        with pytest.raises(KeyboardInterrupt):
            await rekey(owner, vault, 2, break_off)
        assert await _prefixes(world) == {OLD.newest, NEW.newest}
        for it in known:
            seen = await world.agency("110000").get(f"/v1/workers/{it.number}", purpose="review")
            assert seen.json()["certificate_number"] == it.person.number
        assert await rekey(owner, vault, 2, told.append) == 3
        assert told == [2, 2, 3]
        assert await rekey(owner, vault, 2, told.append) == 0
        assert await _prefixes(world) == {NEW.newest}
    async with open_world(empty_database_url, data_keys=NEW_KEY) as after:
        asked = registration(known[0].person)
        again = await after.agency("110000").post("/v1/workers", asked)
        assert again.json()["number"] == known[0].number


async def test_the_service_itself_may_not_encrypt_a_name_anew(world: World) -> None:
    await registered(world)
    with pytest.raises(DBAPIError, match="permission denied"):
        await rekey(world.service_tx, BOTH, 10, print)


async def test_a_database_takes_nothing_in_clear(world: World) -> None:
    await registered(world)
    for column in SEALED:
        with pytest.raises(DBAPIError, match=f"ck_worker_identity_{column}_sealed"):
            async with world.tx() as tx:
                await tx.exec_driver_sql(f"UPDATE worker_identity SET {column} = 'A00000000'")  # noqa: S608 -- ours


async def test_workers_kept_in_clear_are_not_migrated_in_silence(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url, "0023")
    administer(
        empty_database_url,
        "INSERT INTO worker (number, insured_region, employer, registered_by, created_at, "
        "updated_at) VALUES ('W1', '110000', '-', '110000', now(), now())",
        "INSERT INTO worker_identity (worker_id, certificate_kind, certificate_number, name, sex, "
        "birth_date) SELECT id, 'passport', 'E0', '-', 'male', '1980-01-01' FROM worker",
    )
    with pytest.raises(DatabaseNotReadyError, match=r"^The workers of this database are kept in c"):
        migrate.upgrade(empty_database_url)
