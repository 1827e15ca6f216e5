"""The container files are well-formed and keep their promises, as far as that shows without one."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from ruamel.yaml import YAML

CHECKOUT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent


def passes(program: str, *arguments: str) -> None:
    """Run a linter of the development environment over a file of the checkout."""
    path = PROGRAMS / program
    if not path.exists():
        pytest.skip(f"{program} is not installed in this environment (make setup installs it)")
    done = subprocess.run(  # noqa: S603 - a linter from our own lock
        [path, *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_has_nothing_a_linter_would_say() -> None:
    passes("hadolint", "--failure-threshold", "info", "Dockerfile")


def test_the_compose_file_follows_the_schema_of_compose_files() -> None:
    passes("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


def test_the_image_runs_as_nobody_in_particular_and_installs_by_hash() -> None:
    text = (CHECKOUT / "Dockerfile").read_text("utf-8")
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE)
    assert "--require-hashes -r requirements/hub.lock" in text
    assert "HEALTHCHECK" in text
    assert "embedded" not in (CHECKOUT / "requirements" / "hub.lock").read_text("utf-8")


def test_no_password_has_a_default() -> None:
    text = (CHECKOUT / "docker-compose.yml").read_text("utf-8")
    secrets = re.findall(r"\$\{(\w*(?:PASSWORD|KEY)\w*)(:[?-])", text)
    assert {name for name, _ in secrets} == {
        "POSTGRES_PASSWORD",
        "HUB_SERVICE_PASSWORD",
        "HUB_TOKEN_KEY",
        "HUB_DATA_KEYS",
        "HUB_INDEX_KEY",
    }
    assert {mark for _, mark in secrets} == {":?"}


def test_the_owners_password_is_with_the_database_and_the_steps_before_serving_alone() -> None:
    services = YAML(typ="safe").load(CHECKOUT / "docker-compose.yml")["services"]
    holders = {name for name, it in services.items() if "${POSTGRES_PASSWORD" in str(it)}
    assert holders == {"postgres", "migrate", "login"}
    assert "//hub_service:${HUB_SERVICE_PASSWORD" in services["hub"]["environment"]["DATABASE_URL"]
    assert services["login"]["environment"]["HUB_SERVICE_LOGIN"] == "hub_service"
    for volume in services["login"]["volumes"]:
        assert (CHECKOUT / volume.partition(":")[0]).is_file()
    before = ["hub", "login", "migrate"]
    for later, earlier in pairwise(before):
        waits = services[later]["depends_on"][earlier]["condition"]
        assert waits == "service_completed_successfully"


def test_every_file_the_image_copies_is_let_through() -> None:
    text = (CHECKOUT / "Dockerfile").read_text("utf-8")
    let_through = set(
        re.findall(r"^!(.+)$", (CHECKOUT / ".dockerignore").read_text(), re.MULTILINE)
    )
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert copied == let_through
    assert all((CHECKOUT / each).exists() for each in copied)
