"""`make bench`: the whole ladder, a part of it, or what else is measured, by name."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

import uvloop

from benchmarks import budgets, clearing
from benchmarks.ladder import report
from benchmarks.ladder.climb import climb
from benchmarks.ladder.hubs import Shape
from benchmarks.ladder.manner import ALL, QUICK, QUICK_WITHIN_SECONDS, Manner, visits_for

RESULTS = Path(__file__).parent / "results"
VOID = 2  # the exit code of a run that does not count


def main() -> None:
    """Measure what is asked for and say how it stands."""
    asked = _arguments()
    if asked.what == "clearing":
        sizes, rounds = asked.sizes or clearing.SIZES, asked.rounds or clearing.ROUNDS
        clearing.tell(sizes, rounds, as_json=asked.json)
    elif asked.what == "budgets":
        budgets.tell(asked.rounds or 50, as_json=asked.json)
    else:
        sys.exit(_ladder(asked))


def _ladder(asked: argparse.Namespace) -> int:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        done = runner.run(climb(manner_of(asked), _tell))
    if asked.json:
        sys.stdout.write(json.dumps(report.summary(done), indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(report.text(done))
    if asked.write or not (asked.quick or asked.only):
        report.write(done, asked.results)
    if done.wrong:
        sys.stderr.write(f"void: {'; '.join(done.wrong)}\n")
        return VOID
    return 0


def manner_of(asked: argparse.Namespace) -> Manner:
    """Return what is asked for, with what a quick or a whole run takes where nothing is said."""
    quick = asked.quick
    rungs = tuple(asked.only) if asked.only else (QUICK if quick else ALL)
    rounds = asked.rounds or (3 if quick else 5)
    seconds = asked.seconds or (3.0 if quick else 10.0)
    return Manner(
        rungs=rungs,
        rounds=rounds,
        seconds=seconds,
        clients=asked.clients,
        senders=asked.senders,
        visits=asked.stock or visits_for(rungs, rounds, seconds),
        settlements=asked.settlements or (100_000 if quick else 5_000_000),
        cleared=(asked.sizes or [100_000 if quick else 1_000_000])[0],
        shape=Shape(workers=asked.workers, pool=asked.pool),
        within_seconds=QUICK_WITHIN_SECONDS if quick else None,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=("ladder", "budgets", "clearing"), default="ladder"
    )
    parser.add_argument("--quick", action="store_true", help="the ratios within five minutes")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--only", type=_rungs, help=f"some rungs of {','.join(ALL)}")
    parser.add_argument("--rounds", type=int, help="times each is measured")
    parser.add_argument("--seconds", type=float, help="how long each time")
    parser.add_argument("--clients", type=int, default=8, help="clients of the database at a time")
    parser.add_argument("--senders", type=int, default=32, help="senders of settlements at a time")
    parser.add_argument("--workers", type=int, default=1, help="processes of the hub")
    parser.add_argument("--pool", type=int, default=8, help="connections of each of them")
    parser.add_argument("--stock", type=int, help="visits laid in")
    parser.add_argument("--settlements", type=int, help="settlements of the history, L5 and L6")
    parser.add_argument("--sizes", type=int, nargs="+", help="settlements in a clearing")
    parser.add_argument("--write", action="store_true", help="keep the results of a part, too")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where results are kept")
    return parser.parse_args()


def _rungs(said: str) -> list[str]:
    wanted = said.split(",")
    if unknown := set(wanted) - set(ALL):
        raise argparse.ArgumentTypeError(f"no such rung: {', '.join(sorted(unknown))}")
    return [rung for rung in ALL if rung in wanted]


def _tell(said: str) -> None:
    sys.stderr.write(said + "\n")


if __name__ == "__main__":
    main()
