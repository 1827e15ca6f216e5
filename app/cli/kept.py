"""Where an embedded hub keeps its ready-made clients, for its owner alone."""

from __future__ import annotations

FILE = "credentials.json"
