"""Every rule names its clause, and every clause in force names its rule."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import app.kernel
from app.kernel.basis import BASES
from app.policy.book import PolicyBook
from app.policy.provisions import Provisions

APP = Path(app.kernel.__file__).parents[1]
PROVISIONS, BOOK = Provisions.load(), PolicyBook.load()


def module_of(file: Path) -> str:
    parts = file.relative_to(APP.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def rule_files() -> list[Path]:
    files = {*APP.rglob("rules*.py"), *APP.rglob("rules/**/*.py")}
    return sorted(files, key=module_of)


def public_rules(file: Path) -> list[str]:
    tree = ast.parse(file.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [f"{module_of(file)}.{node.name}" for node in tree.body if isinstance(node, kinds)]
    return [name for name in found if not name.rpartition(".")[2].startswith("_")]


def known_bases() -> dict[str, tuple[str, ...]]:
    """Import every module that names a clause, so that all of them are registered."""
    for file in sorted(APP.rglob("*.py")):
        if "@basis(" in file.read_text("utf-8"):
            import_module(module_of(file))
    return {name: clauses for name, clauses in BASES.items() if name.startswith("app.")}


def named_by_parameters() -> set[str]:
    named: set[str] = set()
    for parameter in BOOK.parameters.values():
        named.update(parameter.carries)
        for series in (parameter.national, *parameter.provinces.values()):
            for dated in series:
                named.add(dated.clause)
                if parameter.unit == "clause" and isinstance(dated.value, dict):
                    named.update(dated.value.values())
    return named


def test_every_public_rule_names_at_least_one_clause() -> None:
    bases = known_bases()
    rules = [rule for file in rule_files() for rule in public_rules(file)]
    unfounded = [rule for rule in rules if rule not in bases]
    assert rules, "no rules were found at all: this test looks in the wrong place"
    assert not unfounded, "rules that name no clause:\n  " + "\n  ".join(unfounded)


def test_every_clause_a_rule_names_is_known_and_meant_to_be_carried_out() -> None:
    wrong = []
    for rule, clauses in known_bases().items():
        for clause in clauses:
            provision = PROVISIONS.clauses.get(clause)
            if provision is None:
                wrong.append(f"{rule}: {clause} is not in provisions.toml")
            elif provision.informative:
                wrong.append(f"{rule}: {clause} is marked informative, yet carried out here")
    assert not wrong, "\n  ".join(["clauses named in error:", *wrong])


def test_every_clause_in_force_is_named_by_a_rule_or_a_parameter() -> None:
    named = named_by_parameters().union(*known_bases().values())
    forgotten = [
        f"{clause}: {provision.says}"
        for clause, provision in PROVISIONS.clauses.items()
        if not provision.informative and clause not in named
    ]
    assert not forgotten, "\n  ".join([f"{len(forgotten)} clauses no rule names:", *forgotten])
