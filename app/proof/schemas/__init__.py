"""Proofs, seals, traces and the trail as they look on the wire."""
