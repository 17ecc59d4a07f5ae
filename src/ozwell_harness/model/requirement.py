"""Requirements: what a target owes, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How binding a requirement is (RFC 2119): a broken MUST fails a run, a broken SHOULD warns, a MAY informs."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a requirement comes from: ``kind`` (``ozwell``, ``openai``, ``rfc9110`` …) and the section in it."""

    kind: str
    section: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.section}"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a target owes.

    Attributes:
        id: slug, ``area.what-is-owed``; stable, used in reports, baselines and links.
        requires: requirements that must hold before this one can be judged.
        capability: the optional feature it belongs to, or None.
        needs: what the owner must supply for it to be judged (``limited_key`` …).
    """

    id: str
    area: str
    level: Level
    text: str
    source: Source
    capability: str | None = None
    requires: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
