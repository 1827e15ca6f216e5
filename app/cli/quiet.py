"""How commands that show something keep the log out of it."""

from __future__ import annotations

from app.runtime.settings import Settings


def quiet(settings: Settings) -> Settings:
    """Leave the log to what went wrong, unless somebody asked for more."""
    asked = "log_level" in settings.model_fields_set
    return settings if asked else settings.model_copy(update={"log_level": "ERROR"})
