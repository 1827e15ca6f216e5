"""The clauses behind the rules: which document, which article, what it says in our own words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """One clause; `why` tells why the hub carries nothing out of an informative one."""

    document: str
    document_number: str
    article: str
    says: str
    says_zh: str
    issued: str
    in_force_from: date
    in_force_to: date | None = None
    informative: bool = False
    why: str = ""
    why_zh: str = ""

    def in_force(self, day: date) -> bool:
        """Say whether the clause holds on a day."""
        ended = self.in_force_to is not None and self.in_force_to < day
        return self.in_force_from <= day and not ended


@dataclass(frozen=True, slots=True)
class Provisions:
    """Every clause the hub knows of, by id."""

    clauses: Mapping[str, Provision]

    @classmethod
    def load(cls) -> Provisions:
        """Read the clauses packaged with the hub."""
        found = resources.files("app.policy").joinpath("provisions.toml").read_text("utf-8")
        return cls.parse(found)

    @classmethod
    def parse(cls, text: str) -> Provisions:
        """Read provisions.toml: documents, each with its clauses by article."""
        clauses = {
            f"{document}/{article}": Provision(**heading, **clause)
            for document, heading in tomllib.loads(text).items()
            for article, clause in heading.pop("clauses").items()
        }
        return cls(MappingProxyType(clauses))

    def says(self, clause: str) -> str:
        """Return what a clause says, in English."""
        return self.clauses[clause].says

    def says_zh(self, clause: str) -> str:
        """Return what a clause says, in Chinese."""
        return self.clauses[clause].says_zh
