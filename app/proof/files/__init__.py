"""A journal as it leaves: JSON lines with the seal after each block, and the program that checks.

The lines go out byte for byte as they were digested; nothing of them is written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from app.proof.model.seals import Extract, Seal

FORMAT = "hub-journal/1"
JSON_LINES = "application/x-ndjson"
VERIFIER = "verify_journal.py"


def journal_lines(it: Extract) -> bytes:
    """Write an extract: a head, each block's lines and its seal, and an end."""
    return "".join(f"{line}\n" for line in _lines(it)).encode()


def verifier() -> bytes:
    """Return the program that checks an extract; it needs Python and nothing of the hub."""
    return Path(__file__).with_name(VERIFIER).read_bytes()


def _lines(it: Extract) -> Iterator[str]:
    yield _json(
        header={
            "format": FORMAT,
            "journal": it.journal.value,
            "participant": it.participant,
            "after": it.after,
            "previous": it.previous.hex(),
        }
    )
    for chapter in it.chapters:
        yield from chapter.lines
        yield _json(seal=_seal(chapter.seal))
    last = it.chapters[-1].seal if it.chapters else None
    yield _json(
        end={
            "blocks": len(it.chapters),
            "lines": sum(chapter.seal.lines for chapter in it.chapters),
            "number": it.after if last is None else last.number,
            "chain": it.previous.hex() if last is None else last.chain.hex(),
            "more": it.more,
        }
    )


def _seal(it: Seal) -> dict[str, object]:
    return {
        "number": it.number,
        "day": it.day.isoformat(),
        "lines": it.lines,
        "root": it.root.hex(),
        "previous": it.previous.hex(),
        "chain": it.chain.hex(),
        "sealed_at": it.sealed_at.isoformat(),
    }


def _json(**it: object) -> str:
    return json.dumps(it, ensure_ascii=False)
