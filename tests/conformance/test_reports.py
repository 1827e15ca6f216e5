"""What the kit says: a hub that errs is caught, and every report tells the same."""

from __future__ import annotations

import itertools
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from app.cli.program import program
from app.conformance import reports
from app.conformance.evidence import Exchanged, Result, Verdict, shown
from app.conformance.runner import passed
from app.conformance.wire import Credential
from tests.conformance.test_kit import clients, played
from tests.support.world import World

__all__ = ["clients"]


class Forgetful(httpx.AsyncBaseTransport):
    """A hub that takes every message for a new one."""

    def __init__(self, hub: httpx.AsyncBaseTransport) -> None:
        self.hub = hub
        self.made = itertools.count()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if "idempotency-key" in request.headers:
            request.headers["idempotency-key"] = f"forgotten-{next(self.made)}"
        return await self.hub.handle_async_request(request)


async def test_a_hub_that_forgets_ids_is_caught(
    world: World, clients: tuple[Credential, ...]
) -> None:
    hub = Forgetful(httpx.ASGITransport(world.app, raise_app_exceptions=False))
    results = await played(world, clients, transport=hub, only="messages/", faces=("rest",))
    wrong = {it.name for it in results if it.verdict is Verdict.FAILED}
    assert {"repeated", "id-reused", "outcome-applied", "foreign-prefix"} <= wrong
    assert not passed(results)


async def test_a_case_without_its_client_is_skipped_and_the_run_does_not_pass(
    world: World, clients: tuple[Credential, ...]
) -> None:
    results = await played(world, clients[:2], only="outcome-is-private", faces=("rest",))
    assert [it.verdict for it in results] == [Verdict.SKIPPED]
    assert not passed(results)
    assert not passed([])


def result(verdict: Verdict, why: str = "") -> Result:
    exchange = Exchanged(
        party="H37010000001",
        request="POST /v1/visits",
        message="m-1",
        sent=shown('{"certificate_number":"110000196001010010","name":"赵例甲"}'.encode()),
        status=201,
        received=shown(b'{"number":"S1","note":"<b>&"}'),
        seconds=0.01,
    )
    return Result(
        family="messages",
        name="repeated",
        face="rest",
        says="Says & means",
        says_zh="重发",
        verdict=verdict,
        why=why,
        exchanges=[exchange],
    )


RESULTS = [
    result(Verdict.PASSED),
    result(Verdict.FAILED, "expected <one>"),
    result(Verdict.ERROR, "broke"),
    result(Verdict.SKIPPED, "needs a client"),
]


def test_evidence_shows_no_personal_number_and_no_name() -> None:
    sent = RESULTS[0].exchanges[0].sent
    assert "110000196001010010" not in sent
    assert "赵例甲" not in sent
    assert shown(b"\xff" * 9_000).endswith("(9000 characters)")


def test_json_junit_and_the_page_tell_the_same() -> None:
    told = json.loads(reports.to_json(RESULTS))
    assert (told["played"], told["passed"], told["failed"]) == (4, 1, 1)
    suite = ET.fromstring(reports.to_junit(RESULTS))  # noqa: S314 -- written by ourselves
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    assert [len(case.findall("failure")) for case in suite] == [0, 1, 0, 0]
    page = reports.to_html(RESULTS)
    assert "expected &lt;one&gt;" in page
    assert "&lt;b&gt;&amp;" in page
    assert page.count("<details") == 4


def test_the_terminal_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    reports.to_terminal(RESULTS, Console(width=160))
    said = capsys.readouterr().out
    assert "messages/repeated (rest): expected <one>" in said
    assert "4 played: passed 1  failed 1  error 1  skipped 1" in said


def test_a_run_that_cannot_begin_ends_with_2(tmp_path: Path) -> None:
    runner = CliRunner()
    nobody = ["conformance", "--base-url", "http://127.0.0.1:9", "--client", "a:b"]
    assert runner.invoke(program, nobody).exit_code == 2
    assert runner.invoke(program, ["conformance"]).exit_code == 2
    assert runner.invoke(program, ["conformance", "--client", "no-colon"]).exit_code == 2
    kept = {"clients": {"x": {"client_id": "a", "client_secret": "b"}}}
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps(kept))
    given = [*nobody[:3], "--credentials", str(file)]
    assert runner.invoke(program, given).exit_code == 2
    assert runner.invoke(program, [*given, "--set-clock"]).exit_code == 2, "no operator in it"
    assert runner.invoke(program, [*nobody, "--set-clock"]).exit_code == 2, "no file"
    assert runner.invoke(program, [*nobody, "--operator", "no-colon"]).exit_code == 2


def test_a_session_in_which_nothing_happened_does_not_pass(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    asked = ["conformance", "his", "--port", "0", "--seconds", "1", "--json"]
    done = CliRunner().invoke(program, [*asked, "--junit", str(report)])
    assert done.exit_code == 1
    assert ET.parse(report).getroot().get("skipped") == "39"  # noqa: S314 -- written by ourselves
