"""Reports: for people at a terminal, for programs, for build servers, and a page with evidence."""

from __future__ import annotations

import html
import json
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from app.conformance.evidence import Exchanged, Result, Verdict

MARKS = {
    Verdict.PASSED: "[green]passed 通过[/]",
    Verdict.FAILED: "[red]failed 不符[/]",
    Verdict.ERROR: "[red]error 中断[/]",
    Verdict.SKIPPED: "[yellow]skipped 跳过[/]",
}


def counts(results: Sequence[Result]) -> dict[str, int]:
    """Count the verdicts."""
    found = Counter(result.verdict.value for result in results)
    return {verdict.value: found[verdict.value] for verdict in Verdict}


def to_terminal(results: Sequence[Result], console: Console) -> None:
    """Print a table, and why each case that did not pass did not."""
    table = Table(title="Conformance 符合性测试", title_justify="left")
    for column in ("family", "case", "face", "expects", "verdict"):
        table.add_column(column, overflow="fold")
    for it in results:
        expects = f"{it.says}\n{it.says_zh}"
        table.add_row(it.family, it.name, it.face, expects, MARKS[it.verdict])
    console.print(table)
    for it in results:
        if it.verdict is not Verdict.PASSED:
            console.print(f"{it.family}/{it.name} ({it.face}): {it.why}", markup=False)
    told = "  ".join(f"{name} {count}" for name, count in counts(results).items())
    console.print(f"{len(results)} played: {told}", markup=False)


def to_json(results: Sequence[Result]) -> str:
    """Write everything, evidence included, as one JSON document."""
    document = {
        "played": len(results),
        **counts(results),
        "cases": [asdict(result) for result in results],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def to_junit(results: Sequence[Result]) -> bytes:
    """Write the JUnit XML that build servers read."""
    told = counts(results)
    suite = ET.Element(
        "testsuite",
        name="hub conformance",
        tests=str(len(results)),
        failures=str(told["failed"]),
        errors=str(told["error"]),
        skipped=str(told["skipped"]),
        time=f"{sum(it.seconds for it in results):.3f}",
    )
    tags = {Verdict.FAILED: "failure", Verdict.ERROR: "error", Verdict.SKIPPED: "skipped"}
    for it in results:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=f"{it.face}.{it.family}",
            name=it.name,
            time=f"{it.seconds:.3f}",
        )
        if it.verdict in tags:
            ET.SubElement(case, tags[it.verdict], message=it.why).text = it.says
        evidence = "\n".join(_line(each) for each in it.exchanges)
        ET.SubElement(case, "system-out").text = _printable(evidence)
    written: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return written


def _line(it: Exchanged) -> str:
    return f"{it.party} {it.request} {it.message} → {it.status}\n  {it.sent}\n  {it.received}"


def _printable(text: str) -> str:
    """Leave out what XML cannot hold."""
    return "".join(each for each in text if each in "\t\n" or each >= " ")


STYLE = """
body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:2rem auto;max-width:70rem;
padding:0 1rem;color:#1b1f24}summary{cursor:pointer;padding:.4rem 0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f5f6f8;padding:.6rem;font-size:12px}
.passed{color:#0a6b2d}.failed,.error{color:#b3261e}.skipped{color:#8a6100}
details{border-bottom:1px solid #dde1e6}small{color:#57606a}
"""


def to_html(results: Sequence[Result]) -> str:
    """Write one page that needs nothing else, every case with its evidence."""
    told = "，".join(f"{name} {count}" for name, count in counts(results).items())
    cases = "\n".join(_case(result) for result in results)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Conformance 符合性测试</title><style>{STYLE}</style>"
        f"<h1>Conformance 符合性测试</h1><p>{len(results)} played: {told}</p>\n{cases}</html>\n"
    )


def _case(it: Result) -> str:
    said = html.escape
    why = f"<p>{said(it.why)}</p>" if it.why else ""
    exchanges = "\n".join(_exchange(each) for each in it.exchanges)
    return (
        f"<details{'' if it.verdict is Verdict.PASSED else ' open'}><summary>"
        f'<b class="{it.verdict.value}">{it.verdict.value}</b> {said(it.family)}/{said(it.name)}'
        f" ({said(it.face)}) — {said(it.says)} <span lang=zh>{said(it.says_zh)}</span></summary>"
        f"{why}{exchanges}</details>"
    )


def _exchange(it: Exchanged) -> str:
    said = html.escape
    return (
        f"<p><small>{said(it.party)} · {said(it.request)} · {said(it.message)} · "
        f"{it.status} · {it.seconds * 1000:.0f} ms</small></p>"
        f"<pre>{said(it.sent)}</pre><pre>{said(it.received)}</pre>"
    )
