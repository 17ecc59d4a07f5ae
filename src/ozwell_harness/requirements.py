"""Loads and validates the catalogue of requirements (``spec/requirements/*.yaml``, one file per area)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from ozwell_harness.content import content_path, parse_yaml, read_yaml
from ozwell_harness.model import Level, Requirement, Source


class CatalogueError(ValueError):
    """The catalogue is not valid; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Requirements by id, in the order of their files."""

    by_id: Mapping[str, Requirement]

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self.by_id.values())

    def __len__(self) -> int:
        return len(self.by_id)

    def __contains__(self, requirement_id: object) -> bool:
        return requirement_id in self.by_id

    def __getitem__(self, requirement_id: str) -> Requirement:
        return self.by_id[requirement_id]

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas, in catalogue order."""
        return tuple(dict.fromkeys(requirement.area for requirement in self))

    def matching(self, patterns: Iterable[str]) -> tuple[Requirement, ...]:
        """Return the requirements whose id matches any of the shell-style ``patterns``."""
        wanted = tuple(patterns)
        return tuple(r for r in self if any(fnmatchcase(r.id, pattern) for pattern in wanted))

    def with_prerequisites(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Return ``ids`` and everything they require, prerequisites first.

        Raises:
            KeyError: an id is not in the catalogue.
        """
        ordered: dict[str, None] = {}

        def visit(requirement_id: str) -> None:
            if requirement_id not in ordered:
                for prerequisite in self[requirement_id].requires:
                    visit(prerequisite)
                ordered[requirement_id] = None

        for requirement_id in ids:
            visit(requirement_id)
        return tuple(ordered)


@cache
def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Read and validate every file of the catalogue.

    Raises:
        CatalogueError: a file does not match the schema, an id is used twice, or a prerequisite is unknown or circular.
    """
    folder = folder or content_path("spec", "requirements")
    schema = read_yaml("spec", "requirements.schema.json")
    validator = Draft202012Validator(schema)
    by_id: dict[str, Requirement] = {}
    documents = [(path.name, _valid(path, validator)) for path in sorted(folder.glob("*.yaml"))]
    # ``auth`` comes before what depends on it, whatever the file names are.
    for name, document in sorted(documents, key=lambda entry: (entry[1]["order"], entry[0])):
        for requirement in _requirements(document):
            if requirement.id in by_id:
                raise CatalogueError(f"{name}: {requirement.id} is defined twice.")
            by_id[requirement.id] = requirement
    _check_prerequisites(by_id)
    return Catalogue(by_id)


def _valid(path: Path, validator: Draft202012Validator) -> Mapping[str, Any]:
    try:
        document: Mapping[str, Any] = parse_yaml(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CatalogueError(f"{path.name} cannot be read as YAML: {error}") from None
    for problem in validator.iter_errors(document):
        raise CatalogueError(f"{path.name}: {problem.json_path}: {problem.message}")
    return document


def _requirements(document: Mapping[str, Any]) -> Iterator[Requirement]:
    area = document["area"]
    for entry in document["requirements"]:
        if not entry["id"].startswith(f"{area}."):
            raise CatalogueError(f"{entry['id']}: an id starts with its area, {area!r}.")
        ((kind, section),) = entry["source"].items()
        yield Requirement(
            id=entry["id"],
            area=area,
            level=Level(entry["level"]),
            text=entry["text"],
            source=Source(kind, section),
            capability=entry.get("capability", document.get("capability")),
            requires=tuple(entry.get("requires", ())),
            needs=tuple(entry.get("needs", ())),
        )


def _check_prerequisites(by_id: Mapping[str, Requirement]) -> None:
    for requirement in by_id.values():
        for prerequisite in requirement.requires:
            if prerequisite not in by_id:
                raise CatalogueError(f"{requirement.id} requires {prerequisite}, which is not in the catalogue.")
    try:
        TopologicalSorter({r.id: r.requires for r in by_id.values()}).prepare()
    except CycleError as error:
        raise CatalogueError(f"Requirements depend on each other in a circle: {' → '.join(error.args[1])}.") from None
