"""What somebody who runs the hub can mend, said in one sentence."""

from __future__ import annotations


class StandaloneError(RuntimeError):
    """The hub cannot be opened as asked; the message is one sentence with a way out."""
