"""The house keeps its own rules: what a machine can check is not a convention."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import app
from app.runtime.db import METADATA
from tests.support.order import LONGEST, gone

APP = Path(app.__file__).parent
FILES = sorted(APP.rglob("*.py"))
FILE_LINES_MAX, FUNCTION_LINES_MAX, TEST_LINES_MAX = 400, 60, 500
# A transaction begins at the door. The others work on databases, not in them: keys are rotated by
# the owner of the tables, since the service's role may not change who a worker is.
BEGINNERS = {"runtime/door.py", "runtime/data_keys.py"}
CLOCKS = {"runtime/hub.py"}  # the one place that reads the wall clock and hands it on
WRITES = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?([a-z_]+)", re.IGNORECASE
)
ROOT = APP.parent
EXCUSE = re.compile(r"# (?:noqa: [A-Z]+\d+(?:, [A-Z]+\d+)*|type: ignore\[[a-z, -]+\])")
REASON = re.compile(EXCUSE.pattern + r"(?: --?|  #) (?!noqa:|type:)\w")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b|raise NotImplementedError|pragma: no cover")
FORBIDDEN_NAMES = {"utils", "common", "helpers", "base", "manager", "handler", "misc"}


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def place(file: Path) -> str:
    return file.relative_to(APP).as_posix()


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_every_file_says_what_it_is_for_and_stays_short() -> None:
    for file in FILES:
        assert ast.get_docstring(parsed(file)), f"{place(file)} does not say what it is for"
        lines = file.read_text("utf-8").count("\n")
        assert lines <= FILE_LINES_MAX, f"{place(file)} has {lines} lines"


def test_every_function_fits_a_screen() -> None:
    for file in FILES:
        for function in functions(parsed(file)):
            lines = (function.end_lineno or 0) - function.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{place(file)}: {function.name} has {lines} lines"


def test_who_may_call_has_one_name_in_a_domain() -> None:
    """What several route modules say of their callers is said in one place."""
    for folder in sorted(APP.glob("*/routes")):
        said = [
            frozenset(map(ast.unparse, node.value.args))
            for file in sorted(folder.glob("*.py"))
            for node in parsed(file).body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.value.func) == "only"
        ]
        assert len(said) == len(set(said)), f"{place(folder)} names the same callers twice"


def test_test_files_stay_readable() -> None:
    for file in sorted(APP.parent.joinpath("tests").rglob("*.py")):
        lines = file.read_text("utf-8").count("\n")
        assert lines <= TEST_LINES_MAX, f"{file.name} has {lines} lines"


def test_the_order_of_the_test_files_names_none_that_is_gone() -> None:
    files = {file.relative_to(ROOT).as_posix() for file in (ROOT / "tests").rglob("test_*.py")}
    assert not gone(files)
    assert gone(files - {LONGEST[0]}) == [LONGEST[0]]


def test_no_room_is_called_after_nothing() -> None:
    assert not [place(f) for f in FILES if f.stem in FORBIDDEN_NAMES]


def test_only_the_door_begins_a_transaction() -> None:
    begins = {
        place(file)
        for file in FILES
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.AsyncWith | ast.With)
        for item in node.items
        if isinstance(item.context_expr, ast.Call)
        if isinstance(item.context_expr.func, ast.Attribute)
        if item.context_expr.func.attr in {"begin", "begin_nested", "transaction"}
    }
    assert begins == BEGINNERS


def test_nothing_happens_inside_an_assertion() -> None:
    """Who turns assertions off must not turn a write off."""
    for file in FILES:
        found = [n for n in ast.walk(parsed(file)) if isinstance(n, ast.Assert)]
        acting = [n.lineno for n in found if any(isinstance(it, ast.Await) for it in ast.walk(n))]
        assert not acting, f"{place(file)}: something is awaited in the assertion of {acting}"


def test_only_one_place_reads_the_wall_clock() -> None:
    reads = {
        place(file)
        for file in FILES
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"}
        if isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date"}
    }
    assert reads <= CLOCKS, f"{reads - CLOCKS} read the wall clock"


def _homes() -> dict[str, str]:
    """Each table and the folder that owns it."""
    homes: dict[str, str] = {}
    for package in pkgutil.iter_modules([str(APP)]):
        if (APP / package.name / "tables.py").exists():
            before = set(METADATA.tables)
            importlib.import_module(f"app.{package.name}.tables")
            for table in set(METADATA.tables) - before:
                homes[table] = package.name
    for file in APP.glob("*/tables.py"):
        for name in re.findall(r"sa\.Table\(\s*\"([a-z_]+)\"", file.read_text("utf-8")):
            homes[name] = file.parent.name
    return homes


def _written_tables(file: Path, tables: set[str]) -> set[str]:
    """The tables a file changes: by text, or by `table.insert()` and `sa.update(table)`."""
    tree = parsed(file)
    found = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for name in WRITES.findall(node.value)
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr not in {"insert", "update", "delete"}:
            continue
        targets = [node.func.value, *node.args[:1]]
        found |= {t.id for t in targets if isinstance(t, ast.Name)}
    return found & tables


def test_a_domain_changes_only_its_own_tables() -> None:
    homes = _homes()
    for file in sorted(APP.glob("*/*.py")):
        for table in _written_tables(file, set(homes)):
            assert homes[table] == file.parent.name, f"{place(file)} changes {table}"


def test_sql_text_is_never_built_from_values() -> None:
    """An f-string inside `text(...)` may only name what the code itself defines."""
    for file in sorted(APP.rglob("*.py")):
        for node in ast.walk(parsed(file)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr != "text" or not node.args:
                continue
            for part in ast.walk(node.args[0]):
                if isinstance(part, ast.FormattedValue):
                    name = ast.unparse(part.value)
                    assert re.fullmatch(r"_?[A-Z][A-Z_0-9]*", name), f"{place(file)}: {name}"


def test_every_money_column_is_whole_fen() -> None:
    for table in METADATA.tables.values():
        for column in table.columns:
            if column.name.endswith("fen"):
                assert str(column.type) == "BIGINT", f"{table.name}.{column.name}"


def written(*folders: str) -> list[tuple[str, str]]:
    """List every line of code with its place."""
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    return [
        (f"{file.relative_to(ROOT)}:{number}", line)
        for file in files
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
    ]


def test_every_excuse_from_a_check_says_why() -> None:
    lines = written("app", "benchmarks", "docs", "hub_client", "migrations", "tests")
    excused = [(at, line) for at, line in lines if EXCUSE.search(line)]
    assert excused
    assert not [at for at, line in excused if not REASON.search(line)]


def test_nothing_is_left_unfinished() -> None:
    found = written("app", "hub_client", "migrations")
    assert not [at for at, line in found if UNFINISHED.search(line)]
