"""`hub problems`, `hub openapi` and `hub docs`: what the hub says of itself, without a database."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

import app
from app.main import create_app
from app.reference import refusals
from app.runtime.mistakes import StandaloneError
from app.runtime.settings import Settings


def problems() -> None:
    """List every refusal with its status."""
    for each in refusals.all_explanations():
        typer.echo(f"{each.status}  {each.code:<32}  {each.title}  {each.title_zh}")


def openapi() -> None:
    """Print the OpenAPI document."""
    key = SecretStr("the document does not depend on a key")
    shown = create_app(Settings(token_key=key), url="postgresql+asyncpg://nowhere").openapi()
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))


def docs(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only say which are stale")] = False,
) -> None:
    """Write the pages of docs/ that follow from the code (from a checkout)."""
    assert app.__file__ is not None
    script = Path(app.__file__).resolve().parents[1] / "docs" / "generate.py"
    if not script.exists():
        raise StandaloneError("The pages are written from a checkout; this is an installation.")
    sys.argv = [str(script), *(["--check"] if check else [])]
    runpy.run_path(str(script), run_name="__main__")
