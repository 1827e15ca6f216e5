"""A month in seconds: business of a whole month on the test clock, held to the fen at its end."""

from app.sandbox.play.ground import Ground, own_database
from app.sandbox.play.month import Asked, play
from app.sandbox.play.report import Report

__all__ = ["Asked", "Ground", "Report", "own_database", "play"]
