"""`hub institutions`: read the institutions out of what was published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.institutions import notice
from app.runtime.mistakes import StandaloneError

program = typer.Typer(no_args_is_help=True, help="Agreement institutions 协议机构.")


@program.command("read-notice")
def read_notice(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The annex, as text")],
) -> None:
    """Read the institutions out of a published notice and print them as CSV."""
    try:
        typer.echo(notice.to_csv(file.read_text("utf-8")), nl=False)
    except UnicodeDecodeError:
        raise StandaloneError(f"{file} is not a text in UTF-8.") from None
    except notice.UnreadableNoticeError as error:
        raise StandaloneError(f"{file} cannot be read whole:\n{error}") from error
