"""The mapping is whole: what it names exists, and what exists is named."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

import app.gateway
from app.gateway.codes import codes, errors_of
from app.gateway.deeds import FETCHES, READS, WRITES
from app.gateway.mapping import Transaction, envelope, transactions
from app.kernel.lifecycle import NoSuchMove
from app.kernel.refusal import Refusal
from app.reference.value_sets import value_sets
from app.runtime.problems import catalogue
from app.visit.model import FaultCode
from tests.support.world import World

PROMISED = {
    *("9001", "9002", "1101", "1201", "1901", "2401", "2402", "2403", "2404", "2405", "2301"),
    *("2302", "2303", "2304", "2305", "2501", "2502", "2505", "2506", "5203", "5204", "5303"),
    *("2601", "3201", "3202", "9101", "9102", "3260", "3261", "3262"),
}
EVERY = [pytest.param(it, id=it.number) for it in transactions().values()]
FOLDER = Path(app.gateway.__file__).parent


def test_every_promised_transaction_is_there() -> None:
    assert set(transactions()) >= PROMISED


@pytest.mark.parametrize("it", EVERY)
def test_every_act_has_its_deed_and_the_service_it_names(it: Transaction) -> None:
    deeds = WRITES if it.writes else {*READS, *FETCHES}
    assert it.act in deeds
    module, _, name = it.service.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


def test_every_deed_is_of_some_transaction() -> None:
    assert {it.act for it in transactions().values()} == {*WRITES, *READS, *FETCHES}


@pytest.mark.parametrize("it", EVERY)
def test_every_twin_in_rest_is_a_route(world: World, it: Transaction) -> None:
    method, _, path = it.rest.partition(" ")
    assert not it.rest or method.lower() in world.app.openapi()["paths"].get(path, {})


@pytest.mark.parametrize("it", EVERY)
def test_every_value_set_named_is_there_and_every_text_has_a_length(it: Transaction) -> None:
    for node in it.inputs:
        for field in node.fields:
            assert not field.value_set or field.value_set in value_sets(), field.name
            if field.type in ("text", "code", "texts"):
                assert field.length, f"{it.number} {field.name} has no length"
    for shown in (field for node in it.outputs for field in node.fields):
        assert not shown.value_set or shown.value_set in value_sets(), shown.name
        assert (shown.constant is None) != (shown.fact == ""), shown.name


def test_every_refusal_has_a_code() -> None:
    for refusal in catalogue():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]{2,50}", codes().of(refusal.code)), refusal.code


def test_every_code_and_blame_is_of_a_refusal_there_is() -> None:
    known = {it.code for it in catalogue()}
    assert not set(codes().refusals) - known
    assert not set(codes().blames) - known
    assert set(codes().faults) == {fault.value for fault in FaultCode}


def test_the_errors_of_a_refusal_are_never_none() -> None:
    for refusal in catalogue():
        told = errors_of(_blank(refusal))
        code = "VISIT_STATE" if refusal is NoSuchMove else codes().of(refusal.code)
        assert told[0].brief.startswith(f"[{code}] ")
        assert len(told[0].brief) <= 200


def _blank(refusal: type[Refusal]) -> Refusal:
    return refusal()


def test_the_header_has_the_published_spelling() -> None:
    names = [it.name for it in envelope().fields]
    assert "mdtrtarea_admvs" in names
    assert "mdtrtarea_admdvs" not in names


def test_the_gateway_has_no_rules_and_uses_none() -> None:
    for file in FOLDER.rglob("*.py"):
        assert file.stem != "rules"
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom | ast.Import):
                named = [alias.name for alias in node.names]
                said = [getattr(node, "module", "") or "", *named]
                words = {word for name in said for word in name.split(".")}
                assert not words & {"rules", "basis"}, f"{file.name} imports {said}"
                assert not words & {"schemas"}, f"{file.name} imports {said}"
                foreign = [n for n in said if re.match(r"app\.(?!gateway)\w+\.store", n)]
                assert not foreign, f"{file.name} imports {foreign}"
