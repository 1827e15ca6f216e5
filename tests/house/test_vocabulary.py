"""One word per thing: every name the world can see is in the glossary, and no banned word is."""

from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

import app
from app.runtime.db import METADATA
from tests.support.world import World

GLOSSARY = tomllib.loads(Path(app.__file__).with_name("glossary.toml").read_text("utf-8"))
BANNED = {word: term for term, it in GLOSSARY.items() for word in it["not"]}
# Words of English, of HTTP and of the clock that name nothing of the subject.
PLAIN = frozenset(
    re.findall(
        r"\w+",
        """a and as at after before by for from has in is last first next no not of off on one only
        or per since state status than the this through to under until with within without above all
        any code count id ids key kind label line lines list max min name names new number numbers
        old order page row rows sum text total type types value values version day days date month
        months year years period time moment started created updated changed sent received known
        import live ready health metrics problem recomputation""",
    )
)


def _words(name: str) -> set[str]:
    return {w for w in re.split(r"[^a-z]+", name.lower()) if w}


def _singular(word: str) -> str:
    for ending, start in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss"):
            return word[: -len(ending)] + start
    return word


KNOWN = PLAIN | {w for term in GLOSSARY for w in _words(term)}


def _tables() -> set[str]:
    for found in pkgutil.walk_packages(app.__path__, "app."):
        if found.name.endswith(".tables"):
            importlib.import_module(found.name)
    return set(METADATA.tables)


def _names(hub: FastAPI) -> dict[str, str]:
    """Every public name and where it stands."""
    names = {t: f"table {t}" for t in _tables()}
    for table in METADATA.tables.values():
        names |= {column.name: f"column {table.name}.{column.name}" for column in table.columns}
    for route in iter_route_contexts(hub.routes):
        path = route.path or ""
        if path.startswith("/v1"):
            names |= dict.fromkeys(re.findall(r"[a-z-]+", path), f"path {path}")
    for shape, schema in hub.openapi()["components"]["schemas"].items():
        names |= {field: f"{shape}.{field}" for field in schema.get("properties", {})}
    return names


def test_no_public_name_uses_a_word_the_glossary_bans(world: World) -> None:
    used = {
        f"{where}: {word!r} (say {BANNED[word]!r})"
        for name, where in _names(world.app).items()
        for word in _words(name) | {name.replace("_", " ").replace("-", " ")}
        if word in BANNED
    }
    assert not used, "\n".join(sorted(used))


def test_every_table_and_path_is_named_by_words_of_the_glossary(world: World) -> None:
    paths = {
        part: f"path {path}"
        for path in (route.path or "" for route in iter_route_contexts(world.app.routes))
        if path.startswith("/v1")
        for part in re.findall(r"(?<=/)[a-z-]+", path)
        if part != "v"
    }
    names = {t: f"table {t}" for t in _tables()} | paths
    unknown = {
        f"{where}: {word!r}"
        for name, where in names.items()
        for word in _words(name)
        if word not in KNOWN and _singular(word) not in KNOWN
    }
    assert not unknown, "\n".join(sorted(unknown))


@pytest.mark.parametrize("term", sorted(GLOSSARY))
def test_every_term_says_what_it_means_in_both_languages(term: str) -> None:
    it = GLOSSARY[term]
    assert it["means"].endswith((".", "。"))
    assert re.search(r"[一-鿿]", it["zh"] + it["label"])
