"""Write the pages of docs/ that follow from the code; `--check` says which are stale instead.

Run by `make docs`. A page that is written by a machine is never edited by hand.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import app
from app.kernel.basis import BASES
from app.kernel.lifecycle import Lifecycle
from app.kernel.money import Money
from app.policy.book import PolicyBook
from app.policy.provisions import Provision, Provisions

HERE = Path(__file__).parent
ROOT = HERE.parent
HEAD = "<!-- Written by docs/generate.py; do not edit. -->\n\n"


def modules() -> Iterator[ModuleType]:
    """Import every module of the hub, so that rules, refusals and lifecycles register."""
    for found in pkgutil.walk_packages(app.__path__, "app."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def rules_page() -> str:
    """Clause → what it says → who carries it out → its tests; then what is not carried out."""
    provisions, book = Provisions.load(), PolicyBook.load()
    rules, values = _rules_by_clause(), _values_by_clause(book)
    tests = _tests_by_name()
    lines = ["# Rules", "", f"Policy book `{book.version}`. Clauses are told in our own words.", ""]
    for clause, it in provisions.clauses.items():
        if it.informative:
            continue
        lines += [f"## {clause}", "", _source(it), "", it.says, "", it.says_zh, ""]
        for rule in sorted(rules[clause]):
            name = rule.rsplit(".", 1)[1]
            shown = ", ".join(f"`{t}`" for t in sorted(tests[name])[:4]) or "through its callers"
            lines.append(f"- `{rule.removeprefix('app.')}` · tests: {shown}")
        lines += [f"- parameter `{name}`" for name in sorted(values[clause])]
        lines.append("")
    lines += ["# Clauses the hub does not carry out", ""]
    for clause, it in provisions.clauses.items():
        if it.informative:
            lines += [f"- **{clause}** ({_source(it)}): {it.says} *{it.why}* {it.why_zh}"]
    return "\n".join(lines) + "\n"


def _source(it: Provision) -> str:
    return f"{it.document} {it.document_number} {it.article}".strip()


def _rules_by_clause() -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for rule, clauses in BASES.items():
        for clause in clauses:
            found[clause].append(rule)
    return found


def _values_by_clause(book: PolicyBook) -> defaultdict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for it in book.parameters.values():
        for clause in it.carries:
            found[clause].add(it.name)
        for series in (it.national, *it.provinces.values()):
            for dated in series:
                found[dated.clause].add(it.name)
                if it.unit == "clause" and isinstance(dated.value, dict):
                    for clause in dated.value.values():
                        found[clause].add(it.name)
    return found


def _tests_by_name() -> defaultdict[str, set[str]]:
    """Which test files speak of a function's name."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for file in sorted(ROOT.joinpath("tests").rglob("test_*.py")):
        for name in set(re.findall(r"[a-z_]{4,}", file.read_text("utf-8"))):
            found[name].add(file.relative_to(ROOT).as_posix())
    return found


def problems_page() -> str:
    """Every refusal: code, status, titles, meaning, remedy."""
    from app.runtime.problems import STATUS, catalogue  # noqa: PLC0415 -- after all are imported

    lines = ["# Problems", "", "Every way the hub says no, by code. Live at `/v1/problems`.", ""]
    lines += ["| code | status | title | 中文 | meaning |", "|---|---|---|---|---|"]
    for it in catalogue():
        meaning = " ".join((inspect.getdoc(it) or "").split())
        remedy = f" {it.remedy} {it.remedy_zh}".rstrip()
        row = (f"`{it.code}`", STATUS[it.kind], it.title, it.title_zh, f"{meaning}{remedy}")
        lines.append("| " + " | ".join(map(str, row)) + " |")
    return "\n".join(lines) + "\n"


def lifecycles_page() -> str:
    """Every lifecycle as a diagram."""
    lines = ["# Lifecycles", "", "Drawn from the tables in `model.py`; nothing else moves a state."]
    drawn: set[str] = set()
    for module in modules():
        for value in vars(module).values():
            if isinstance(value, Lifecycle) and value.name not in drawn:
                drawn.add(value.name)
                lines += ["", f"## {value.name}", "", "```mermaid", value.mermaid(), "```"]
    return "\n".join(lines) + "\n"


def ledger_page() -> str:
    """Which entries each business event makes: shown by calling the functions with samples."""
    entries = importlib.import_module("app.ledger.entries")
    lines = [
        "# Ledger",
        "",
        "A posting is (debit account, credit account, fen > 0). Balance = debits − credits;",
        "the sum of all balances is zero. I is the insured place, T the treatment place.",
        "",
        "| event | debit | credit | meaning |",
        "|---|---|---|---|",
    ]
    for name, function in inspect.getmembers(entries, inspect.isfunction):
        if name.startswith("_") or function.__module__ != entries.__name__:
            continue
        entry = function(**_samples(function))
        debit = "<br>".join(_account(p.debit) for p in entry.postings)
        credit = "<br>".join(_account(p.credit) for p in entry.postings)
        meaning = (inspect.getdoc(function) or "").split("\n")[0]
        lines.append(f"| `{entry.event}` | {debit} | {credit} | {meaning} |")
    return "\n".join(lines) + "\n"


SAMPLES: dict[str, object] = {
    "insured_place": "110000",
    "treatment_place": "370000",
    "institution": "H37010000001",
}


def _samples(function: Callable[..., object]) -> dict[str, object]:
    entries = importlib.import_module("app.ledger.entries")
    booked = entries.settlement_booked(
        "A…", date(2025, 9, 1), "110000", "370000", SAMPLES["institution"], Money(100)
    )
    by_type: dict[str, object] = {
        "Money": Money(100),
        "date": date(2025, 9, 1),
        "Entry": booked,
    }
    return {
        name: SAMPLES.get(name, by_type.get(str(it.annotation), "A…"))
        for name, it in inspect.signature(function).parameters.items()
    }


def _account(account: object) -> str:
    kind = str(getattr(account, "kind", ""))
    insured, institution = (
        getattr(account, "insured_place", None),
        getattr(account, "institution", ""),
    )
    place = "I→T" if insured else "T→institution" if institution else "T"
    return f"{kind} {place}"


def glossary_page() -> str:
    """The vocabulary, English and official Chinese."""
    words = tomllib.loads((ROOT / "app" / "glossary.toml").read_text("utf-8"))
    lines = ["# Glossary", "", "One word per thing, in tables, code, JSON and docs.", ""]
    lines += ["| term | 中文 | meaning | source | not |", "|---|---|---|---|---|"]
    for term, it in _terms(words):
        avoid = ", ".join(it.get("not", []))
        lines.append(f"| {term} | {it['zh']} | {it['means']} | {it.get('source', '')} | {avoid} |")
    return "\n".join(lines) + "\n"


def _terms(words: dict[str, dict[str, object]]) -> Iterator[tuple[str, dict[str, object]]]:
    for term, it in words.items():
        if isinstance(it, dict) and "zh" in it:
            yield term.replace("_", " "), it


PAGES: dict[str, Callable[[], str]] = {
    "rules.md": rules_page,
    "problems.md": problems_page,
    "lifecycles.md": lifecycles_page,
    "ledger.md": ledger_page,
    "glossary.md": glossary_page,
}


def main() -> int:
    """Write the pages, or say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    list(modules())
    stale = []
    for name, write in PAGES.items():
        page, text = HERE / name, HEAD + write()
        if not page.exists() or page.read_text("utf-8") != text:
            stale.append(name)
            if not check:
                page.write_text(text, "utf-8")
    if check and stale:
        sys.stderr.write(f"stale: {', '.join(stale)}; run `make docs`\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
