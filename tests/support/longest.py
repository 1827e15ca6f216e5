"""The test files that take longest, longest first.

Parallel workers take whole files. Begun first, the long ones end beside many short ones; begun
last, one of them would keep a single worker busy while the others have nothing left to do.
"""

from __future__ import annotations

LONGEST = (
    "tests/platform/test_bench.py",
    "tests/cli/test_commands.py",
)
