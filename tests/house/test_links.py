"""Pages for people: every link and every path they name leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import app

ROOT = Path(app.__file__).parent.parent
FOLDERS = ("app", "benchmarks", "docs", "hub_client", "migrations", "tests")
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(it for folder in FOLDERS for it in (ROOT / folder).rglob("*.md")),
]
CODE_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
ELSEWHERE = re.compile(r"[a-z]+:")
PATH = re.compile(rf"`((?:{'|'.join(FOLDERS)}|requirements|\.ci)/[\w./-]*)`")
HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)


def prose(page: Path) -> str:
    return CODE_BLOCK.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """Name the headings of a page the way renderers of Markdown do."""
    plain = (re.sub(r"[^\w\- ]", "", it.lower()) for it in HEADING.findall(prose(page)))
    return {it.replace(" ", "-") for it in plain}


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for link in LINK.findall(prose(page)):
            if not ELSEWHERE.match(link):
                yield page, link


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def test_every_link_between_pages_leads_somewhere() -> None:
    found = list(links())
    assert found
    assert not [f"{page.name}: {link}" for page, link in found if not leads_somewhere(page, link)]


def test_a_link_to_nowhere_is_noticed() -> None:
    readme = ROOT / "README.md"
    assert not leads_somewhere(readme, "docs/no-such-page.md")
    assert not leads_somewhere(readme, "docs/http.md#no-such-heading")


def test_every_path_a_page_names_is_there() -> None:
    named = [(page, path) for page in PAGES for path in PATH.findall(prose(page))]
    assert named
    assert not [f"{page.name}: {path}" for page, path in named if not (ROOT / path).exists()]


def test_the_map_names_every_folder_of_the_hub() -> None:
    road = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    road = road.partition("## The road")[2].partition("\n## ")[0]
    folders = {it.parent.name for it in (ROOT / "app").glob("*/__init__.py")}
    assert sorted(it for it in folders if f"`{it}`" not in road) == []
