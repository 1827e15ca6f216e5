"""At the command line two of the operator's people invite one of an agency's, and one does not."""

from __future__ import annotations

import json

import pytest

from tests.cli.test_persons import PASSWORD, code, enrolled, hub, production

__all__ = ["production"]  # a fixture, used by its name


def told(output: str) -> dict[str, str]:
    """Read the document a command ends with."""
    found: dict[str, str] = json.loads(output[output.index("{") :])
    return found


@pytest.mark.usefixtures("production")
def test_two_of_the_operators_people_invite_one_of_an_agencys() -> None:
    chen, wang = enrolled("chen"), enrolled("wang")
    invite = ("persons", "create", "li", "--name", "Li", "--party", "370000")
    alone = hub(*invite, "--as", "chen")
    assert alone.exit_code == 1
    assert "two persons" in str(alone.exception)
    made = hub(
        *invite, "--as", "chen", "--approved-by", "wang",
        typed=(PASSWORD, code(chen), PASSWORD, code(wang)),
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    shown = told(made.stdout)
    assert (shown["person"], shown["party"]) == ("li", "370000")
    first, second = shown["invitation"].split(".")
    assert first != second
    assert hub("persons", "list", "--party", "370000").stdout == "li\tLi\tinvited\t370000\n"
    recovered = hub(
        "persons", "recover", "li", "--vouched-by", "chen",
        typed=(PASSWORD, PASSWORD, PASSWORD, code(chen, 1)),
    )  # fmt: skip
    assert recovered.exit_code == 0, recovered.output
    assert "li\tLi\tactive\t370000" in hub("persons", "list").stdout
    li = told(recovered.stdout)["authenticator"]
    foreign = hub(
        "persons", "create", "sun", "--name", "Sun", "--vouched-by", "li",
        typed=(PASSWORD, PASSWORD, PASSWORD, code(li)),
    )  # fmt: skip
    assert (foreign.exit_code, type(foreign.exception).__name__) == (1, "VouchingNeeded")
    assert hub("persons", "disable", "li").exit_code == 0
    assert hub("persons", "list", "--party", "370000").stdout == "li\tLi\tdisabled\t370000\n"
