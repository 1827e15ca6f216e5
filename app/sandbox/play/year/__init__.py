"""A year in seconds: months, quarters, money and two crashes, proven to the fen at its end."""

from app.sandbox.play.year.playing import YearAsked, play_year
from app.sandbox.play.year.report import YearReport

__all__ = ["YearAsked", "YearReport", "play_year"]
