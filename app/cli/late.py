"""Commands that are loaded when they are called: `hub --help` costs no more than its own text.

What importing makes lives as long as the process, so that the collector rests meanwhile.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand
from typer.main import get_command, get_group


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is defined, and what the list of commands says of it."""

    module: str
    name: str  # of a function, or of a program of further commands
    says: str


class LateCommand(TyperCommand):
    """Stands for a command in the list of commands, and gives way to it when it is called."""

    place: ClassVar[Place]

    def make_context(self, *args: Any, **more: Any) -> Any:  # noqa: ANN401 -- passed on as it comes
        """Let the command itself read what it was given."""
        return self.load().make_context(*args, **more)

    def load(self) -> Any:  # noqa: ANN401 -- a class of typer's own, which it does not show
        """Import the command."""
        found = getattr(load(self.place.module), self.place.name)
        if isinstance(found, typer.Typer):
            command: Any = get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command()(found)
            command = get_command(alone)
        command.name = self.name
        return command


def program_of(says: str, places: Mapping[str, Place]) -> typer.Typer:
    """Make a program of commands, none of which is loaded."""
    program = typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=says
    )
    for name, place in places.items():
        late = type("Late", (LateCommand,), {"place": place})
        program.command(name, cls=late, help=place.says)(_stand_in)
    return program


def load(module: str) -> ModuleType:
    """Import a module without looking for garbage, again and again, in what nobody will drop."""
    with resting_collector():
        return import_module(module)


@contextmanager
def resting_collector() -> Iterator[None]:
    """Let the collector rest, and from then on pass over what was made meanwhile."""
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_at_work:
            gc.enable()


def _stand_in() -> None:
    """Stand where the command will be."""
