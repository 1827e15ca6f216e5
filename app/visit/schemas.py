"""Visits and fee lines as they look on the wire."""

from __future__ import annotations
