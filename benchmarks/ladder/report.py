"""What a run says: ratios first, then medians with their least and most, then everything."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict
from pathlib import Path

from benchmarks.ladder import plots
from benchmarks.ladder.climb import Climb
from benchmarks.ladder.goals import held, rate, ratio
from benchmarks.ladder.manner import CEILING, LOW, NAMES, ROUTE
from benchmarks.ladder.scores import Score, middle

RATIOS = (
    ("L4", "L1"),
    ("L4", "L1a"),
    ("L4", "L3"),
    ("L3", "L1"),
    ("L2", "L1"),
    ("L1b", "L1"),
    ("L5", "L4b"),
    ("L6", "L4b"),
    ("L6", "L5"),
    ("L7", "L4"),
    ("lines", "copy"),
)
FACTS_FIRST = ("fsync", "synchronous_commit", "load_average_before", "load_average_after")


def summary(done: Climb) -> dict[str, object]:
    """Return everything for a machine, what is looked at first on top."""
    ratios = {f"{one}/{other}": ratio(done, one, other) for one, other in RATIOS}
    return {
        f"{ROUTE}/{CEILING}": _short(ratio(done, ROUTE, CEILING), 4),
        CEILING: _short(rate(done, CEILING), 1),
        ROUTE: _short(rate(done, ROUTE), 1),
        "p99_ms": _short(rate(done, "L4c", "p99_ms") or rate(done, ROUTE, "p99_ms"), 2),
        "valid": not done.wrong,
        "void": done.wrong,
        "ratios": {name: _short(each, 4) for name, each in ratios.items() if each is not None},
        "goals": [asdict(each) for each in held(done)],
        "medians": {
            rung: {
                "rate": _short(middle(scores, "rate"), 1),
                "least": _short(min(each.rate for each in scores), 1),
                "most": _short(max(each.rate for each in scores), 1),
                "p50_ms": _short(middle(scores, "p50_ms"), 2),
                "p99_ms": _short(middle(scores, "p99_ms"), 2),
            }
            for rung, scores in done.scores.items()
        },
        "open_loop_at_half": None if done.open_loop is None else asdict(done.open_loop),
        "figures": done.figures,
        "facts": {name: done.facts.get(name) for name in FACTS_FIRST} | done.facts,
        "manner": asdict(done.manner),
        "scores": {name: [asdict(each) for each in all_] for name, all_ in done.scores.items()},
    }


def text(done: Climb) -> str:
    """Return everything for people, as Markdown."""
    parts = [
        "# The ladder",
        "VOID, this run does not count: " + "; ".join(done.wrong)
        if done.wrong
        else "Valid: accepted = journalled = told = booked = read back, on every database.",
        "## Ratios",
        _ratios(done),
        "## Goals",
        _goals(done),
        "## Rungs",
        _rungs(
            done, [rung for rung in NAMES if rung in LOW or rung[:2] in {"L4", "L5", "L6", "L7"}]
        ),
    ]
    if others := _others(done):
        parts += ["## Beside the ladder", _rungs(done, others)]
    if done.open_loop is not None:
        at = done.open_loop
        parts.append(
            f"Open loop at {at.rate:,.0f}/s, half of the maximum: p50 {at.p50_ms:.1f} ms, p99 "
            f"{at.p99_ms:.1f} ms, worst {at.worst_ms:.1f} ms from the due moment; "
            f"{at.refused} refused."
        )
    parts += [*_crash(done), "## Under which circumstances", _circumstances(done)]
    return "\n\n".join(part for part in parts if part) + "\n"


def write(done: Climb, folder: Path) -> None:
    """Keep the results: for machines, for people, and to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    said = json.dumps(summary(done), indent=2, ensure_ascii=False)
    (folder / "ladder.json").write_text(said + "\n", "utf-8")
    drawn = {
        "ladder-rates.svg": plots.bars("Settlements a second", _bars(done, "rate")),
        "ladder-p99.svg": plots.bars("p99, milliseconds", _bars(done, "p99_ms")),
    }
    for name, picture in drawn.items():
        (folder / name).write_text(picture, "utf-8")
    pictures = "\n".join(f"![{name.removesuffix('.svg')}]({name})" for name in drawn)
    (folder / "ladder.md").write_text(f"{text(done)}\n{pictures}\n", "utf-8")


def _bars(done: Climb, of: str) -> list[plots.Bar]:
    found = []
    for rung, scores in done.scores.items():
        values = [float(getattr(each, of)) for each in scores]
        if rung[0] == "L" and rung != "L0":
            found.append(
                plots.Bar(f"{rung} {NAMES[rung]}", middle(scores, of), min(values), max(values))
            )
    return found


def _others(done: Climb) -> list[str]:
    return [rung for rung in done.scores if rung[0] != "L"]


def _ratios(done: Climb) -> str:
    found = [(f"{one} / {other}", ratio(done, one, other)) for one, other in RATIOS]
    rows = [f"| {name} | {each:.3f} |" for name, each in found if each is not None]
    return "\n".join(["| ratio | |", "|---|---:|", *rows]) if rows else ""


def _goals(done: Climb) -> str:
    rows = [
        f"| {each.said} | {each.found} | {'reached' if each.reached else ''} | "
        f"{'' if each.reached else f'not reached, by {each.missed_by}'} |"
        for each in held(done)
    ]
    head = ["| goal | measured | reached | not reached |", "|---|---:|---|---|"]
    return "\n".join([*head, *rows]) if rows else ""


def _rungs(done: Climb, rungs: list[str]) -> str:
    head = (
        "| rung | what | of L1 | a second: median (least–most) | p50 ms | p99 ms | worst ms | "
        "µs of the hub | µs of Postgres | refused |"
    )
    rows = [head, "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for rung in rungs:
        if scores := done.scores.get(rung):
            rates = [score.rate for score in scores]
            of_ceiling = ratio(done, rung, CEILING) if rung[0] == "L" else None
            rows.append(
                f"| {rung} | {NAMES[rung]} | {'' if of_ceiling is None else f'{of_ceiling:.3f}'} | "
                f"{middle(scores, 'rate'):,.0f} ({min(rates):,.0f}–{max(rates):,.0f}) | "
                f"{middle(scores, 'p50_ms'):.2f} | {middle(scores, 'p99_ms'):.2f} | "
                f"{middle(scores, 'worst_ms'):.1f} | {_cost(scores, 'hub_cpu_us')} | "
                f"{_cost(scores, 'postgres_cpu_us')} | {sum(score.refused for score in scores)} |"
            )
    return "\n".join(rows)


def _crash(done: Climb) -> list[str]:
    found, figures = [], done.figures
    if (scores := done.scores.get("L7")) and not done.wrong:
        found.append(
            f"L7: nothing acknowledged was lost and nothing happened twice; "
            f"{sum(score.resent for score in scores)} messages were sent again under their ids. "
            f"The hub was gone for {figures['hub_gone_seconds']:.1f} s and Postgres for "
            f"{figures['postgres_gone_seconds']:.1f} s (medians), the start of new processes "
            f"included; the longest time without an answer was "
            f"{max(score.pause_seconds for score in scores):.1f} s."
        )
    if "months_closed" in figures:
        found.append(
            f"L6: {figures['months_closed']:,.0f} months of places closed and "
            f"{figures['quarters_cleared']:,.0f} quarters cleared meanwhile."
        )
    return found


def _circumstances(done: Climb) -> str:
    manner = done.manner
    rounds = max(map(len, done.scores.values()), default=0)
    played = (
        f"- {rounds} rounds of {manner.seconds:g} s, {manner.clients} clients of the "
        f"database, {manner.senders} senders of settlements, "
        f"{manner.shape.workers} process(es) of the hub with {manner.shape.pool} connections each, "
        f"{manner.visits:,} visits, a history of {manner.settlements:,} settlements."
    )
    lines = [played, *(f"- {name}: {each:g}" for name, each in done.figures.items())]
    facts = {name: done.facts.get(name) for name in FACTS_FIRST} | done.facts
    return "\n".join([*lines, *(f"- {name}: {each}" for name, each in facts.items())])


def _cost(scores: list[Score], of: str) -> str:
    costs = [cost for score in scores if (cost := getattr(score, of)) is not None]
    return f"{statistics.median(costs):,.0f}" if costs else ""


def _short(each: float | None, digits: int) -> float | None:
    return None if each is None else round(each, digits)
