"""Every way the hub, or the way to it, can say no: typed, so that nobody parses sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from hub_client.wire import Json

_KNOWN = frozenset(
    {"type", "title", "title_zh", "status", "code", "detail", "detail_zh", "instance", "also"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One refusal as the hub wrote it (RFC 9457)."""

    code: str
    status: int
    title: str
    title_zh: str
    detail: str
    detail_zh: str
    instance: str
    facts: Mapping[str, Json] = field(default_factory=dict)
    also: tuple[Problem, ...] = ()

    @classmethod
    def read(cls, told: Mapping[str, Json], status: int) -> Problem:
        """Read a problem document; missing texts stay empty."""

        def text(name: str) -> str:
            value = told.get(name)
            return value if isinstance(value, str) else ""

        also = told.get("also")
        others = also if isinstance(also, list) else []
        return cls(
            code=text("code"),
            status=status,
            title=text("title"),
            title_zh=text("title_zh"),
            detail=text("detail"),
            detail_zh=text("detail_zh"),
            instance=text("instance"),
            facts={k: v for k, v in told.items() if k not in _KNOWN},
            also=tuple(cls.read(other, status) for other in others if isinstance(other, dict)),
        )

    @property
    def all_codes(self) -> tuple[str, ...]:
        """Return this code and those found in the same look."""
        return (self.code, *(other.code for other in self.also))


class HubError(Exception):
    """Anything that kept a call from its result."""


class HubRefusedError(HubError):
    """The hub said no, and nothing was done."""

    def __init__(self, problem: Problem, message_id: str | None = None) -> None:
        super().__init__(f"{problem.code}: {problem.detail_zh or problem.title_zh}")
        self.problem = problem
        self.message_id = message_id

    @property
    def code(self) -> str:
        """Return the stable code."""
        return self.problem.code

    @property
    def facts(self) -> Mapping[str, Json]:
        """Return the typed facts."""
        return self.problem.facts

    @property
    def also(self) -> tuple[Problem, ...]:
        """Return the further reasons found in the same look."""
        return self.problem.also


class MalformedError(HubRefusedError):
    """The message could not be read: mend the program."""


class NotAllowedError(HubRefusedError):
    """No valid credentials, or not this party's right."""


class NotFoundError(HubRefusedError):
    """No such number, or not the caller's to know."""


class ConflictError(HubRefusedError):
    """The state has moved: read again, then decide."""


class RuleError(HubRefusedError):
    """Understood, and the rules say no: tell the clerk."""


class FencedError(HubError):
    """The message was shut out before it took effect: nothing was done, nothing will be."""

    def __init__(self, message_id: str) -> None:
        super().__init__(f"{message_id} was fenced: it has not happened and never will")
        self.message_id = message_id


class ReversedError(HubError):
    """The message had taken effect and was undone."""

    def __init__(self, message_id: str) -> None:
        super().__init__(f"{message_id} took effect and was reversed")
        self.message_id = message_id


class OutcomeUnknownError(HubError):
    """No answer, and the hub cannot be asked now: the journal knows, `recover()` will tell."""

    def __init__(self, message_id: str) -> None:
        super().__init__(f"the outcome of {message_id} is not known yet; recover() will tell")
        self.message_id = message_id


class UnreachableError(HubError):
    """A read went unanswered; nothing was at stake."""


class AnswerUnreadableError(HubError):
    """The hub's answer does not have the promised shape."""


class TotalsDifferError(HubError):
    """The hub's totals of a visit are not the institution's; nothing was settled."""

    def __init__(self, visit: str, *, ours: tuple[int, Decimal], hub: tuple[int, Decimal]) -> None:
        super().__init__(
            f"{visit}: ours {ours[0]} lines, {ours[1]} yuan; the hub's {hub[0]} lines, {hub[1]}"
        )
        self.visit = visit
        self.ours = ours
        self.hub = hub


class LinesMissingError(HubError):
    """Lines that were sent are not all with the hub; send the same lines again."""

    def __init__(self, visit: str, serials: tuple[str, ...]) -> None:
        super().__init__(f"{visit}: {len(serials)} lines are missing, from {serials[0]}")
        self.visit = visit
        self.serials = serials


_BY_STATUS: Mapping[int, type[HubRefusedError]] = {
    401: NotAllowedError,
    403: NotAllowedError,
    404: NotFoundError,
    409: ConflictError,
    422: RuleError,
}


def refused(problem: Problem, message_id: str | None = None) -> HubRefusedError:
    """Return the exception of a refusal."""
    return _BY_STATUS.get(problem.status, MalformedError)(problem, message_id)
