"""In production nothing serves by the login of whoever migrates."""

from __future__ import annotations

import pytest

from app.runtime.standalone import StandaloneError
from tests.cli.test_persons import hub, production

__all__ = ["production"]  # a fixture, used by its name


@pytest.mark.usefixtures("production")
def test_in_production_nothing_serves_by_a_login_that_is_more_than_the_services() -> None:
    assert hub("policy", "adopt").exit_code == 0
    for command in ("serve", "run"):
        refused = hub(command, "--port", "0")
        assert isinstance(refused.exception, StandaloneError), command
        assert "a login that is a superuser" in str(refused.exception)
    assert hub("tick").exit_code == 0
