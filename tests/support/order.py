"""In which order test files are run, and which of them tell what of the hub is tested.

Parallel workers take whole files in this order. The long ones come first of their kind and end
beside many short ones; begun last, one of them would keep a single worker busy to the end.
"""

from __future__ import annotations

from collections.abc import Iterable

# What these play at random, at once, broken off, from outside or once more has been said in plain
# words by the tests before them. They are not measured: it would double what they cost, and a line
# that only chance comes by is not a tested one.
UNMEASURED = (
    "tests/books/",
    "tests/client/",
    "tests/faults/",
    "tests/fuzz/",
    "tests/house/",
    "tests/platform/test_personal_data.py",
    "tests/races/",
    "tests/walls/",
)
LONGEST = (
    "tests/cli/test_commands.py",
    "tests/sandbox/test_play.py",
    "tests/platform/test_bench.py",
    "tests/sandbox/test_personas.py",
    "tests/platform/test_personal_data.py",
    "tests/sandbox/test_demo.py",
    "tests/sandbox/test_play_year.py",
    "tests/platform/test_embedded.py",
    "tests/sandbox/test_clock.py",
    "tests/conformance/test_kit.py",
    "tests/flows/test_lane.py",
    "tests/cli/test_keys.py",
    "tests/flows/test_docs_page.py",
    "tests/platform/test_personal_data_keys.py",
    "tests/flows/test_examples.py",
    "tests/conformance/test_calendar.py",
    "tests/conformance/test_his_late_twice.py",
    "tests/cli/test_credentials.py",
    "tests/sandbox/test_faults.py",
    "tests/conformance/test_his.py",
    "tests/flows/test_reconciliation.py",
    "tests/platform/test_migrate.py",
    "tests/flows/test_events_log.py",
    "tests/cli/test_proof.py",
    # and of those that are not measured
    "tests/fuzz/test_operations.py",
    "tests/fuzz/test_edges.py",
    "tests/faults/test_boundaries.py",
    "tests/faults/test_kills_under_load.py",
    "tests/faults/test_killed.py",
    "tests/faults/test_awaits.py",
    "tests/fuzz/test_stolen.py",
    "tests/walls/test_matrix.py",
    "tests/races/test_lane.py",
    "tests/books/test_road_machine.py",
    "tests/fuzz/test_texts.py",
    "tests/house/test_benchmarks.py",
    "tests/faults/test_outages.py",
    "tests/races/test_events.py",
    "tests/walls/test_persons.py",
    "tests/walls/test_fallen.py",
    "tests/client/test_sequences.py",
)
_PLACES = {path: place for place, path in enumerate(LONGEST)}


def is_measured(file: str) -> bool:
    """Say whether a file's tests count for what of the hub is tested."""
    return not file.startswith(UNMEASURED)


def place_of(file: str) -> tuple[bool, int]:
    """Say where a file comes: what is measured first, and of each kind what takes longest."""
    return not is_measured(file), _PLACES.get(file, len(LONGEST))


def gone(files: Iterable[str]) -> list[str]:
    """Name what is listed here and is no longer there."""
    there = set(files)
    folders = {f"{file.rpartition('/')[0]}/" for file in there}
    return [*sorted(set(LONGEST) - there), *sorted(set(UNMEASURED) - folders - there)]
