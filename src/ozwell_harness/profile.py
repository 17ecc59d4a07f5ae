"""Profiles: a dialect as data — its specification, its requirements, and what it expects where dialects differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache, cached_property
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator

from ozwell_harness.content import content_path, read_yaml
from ozwell_harness.envelope import NESTED, Envelope
from ozwell_harness.model import Level, Requirement, Source, without_surrogates
from ozwell_harness.rates import Rates
from ozwell_harness.requirements import Catalogue


class ProfileError(ValueError):
    """There is no such profile, or its file is not valid."""


class Claim(StrEnum):
    """How a profile treats a capability: owed by every target, or judged only where a first probe finds it."""

    REQUIRED = "required"
    PROBED = "probed"


@dataclass(frozen=True, slots=True)
class Capability:
    """A capability: its claim, and the requirement (``root``) whose failure shows a probed one to be absent."""

    claim: Claim
    root: str


@dataclass(frozen=True, slots=True)
class ErrorExpectation:
    """What an error must look like: any of these statuses, types and codes; None means that any value will do.

    ``envelope`` says where the answer keeps them.
    """

    statuses: frozenset[int]
    types: frozenset[str] | None = None
    codes: frozenset[str | None] | None = None
    envelope: Envelope = NESTED


@dataclass(frozen=True, slots=True)
class ListLimits:
    """Bounds and default of the ``limit`` parameter of lists."""

    minimum: int
    maximum: int
    default: int


@dataclass(frozen=True, slots=True)
class Expectations:
    """Where dialects differ, as data.

    ``errors`` is keyed by the situation (``bad_key``, ``bad_request`` …), ``codes`` by statuses that settle the code.
    """

    errors: Mapping[str, ErrorExpectation]
    list_limits: ListLimits
    rates: Rates
    envelope: Envelope = NESTED
    codes: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Knock:
    """A GET that every key may make and that costs no tokens: it shows whether the target is there.

    Attributes:
        path: with its query, below the base URL.
        label: what it asks for, in a few words.
        statuses: of the answers to a key that is let in.
        lists_models: a success is a list of models, from which those are taken that nobody named.
    """

    path: str
    label: str
    statuses: frozenset[int]
    lists_models: bool


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One violation: where in the document (JSON pointer) and what is wrong."""

    pointer: str
    message: str


@dataclass(frozen=True)
class Profile:
    """A dialect. ``patch`` (RFC 7396) turns the OpenAPI document in ``specification_file`` into its own.

    ``versions`` are those of its API, as they stand at the end of a base URL.
    It owes the requirements that match ``include`` (all where it is empty) and not ``exclude``. ``opt_in`` names the
    areas that a run leaves out unless they are asked for.
    """

    name: str
    title: str
    specification_file: str
    patch: Mapping[str, Any]
    capabilities: Mapping[str, Capability]
    expect: Expectations
    knock: Knock
    default_model: str
    default_embedding_model: str
    versions: tuple[str, ...]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    overrides: Mapping[str, Mapping[str, Any]] | None = None
    opt_in: frozenset[str] = frozenset()

    def select(self, catalogue: Catalogue) -> Catalogue:
        """Return the catalogue as this profile owes it: what it includes, exclusions gone, overrides applied."""
        kept = {r.id: self._override(r) for r in catalogue if self._owes(r.id)}
        return Catalogue({r.id: replace(r, requires=self._prerequisites(r, kept)) for r in kept.values()})

    def _owes(self, requirement_id: str) -> bool:
        included = not self.include or any(fnmatchcase(requirement_id, pattern) for pattern in self.include)
        return included and not any(fnmatchcase(requirement_id, pattern) for pattern in self.exclude)

    def _prerequisites(self, requirement: Requirement, kept: Mapping[str, Requirement]) -> tuple[str, ...]:
        """Return what is required and still in the profile; the capability's root is always required."""
        capability = self.capabilities.get(requirement.capability or "")
        root = (capability.root,) if capability and capability.root != requirement.id else ()
        return tuple(dict.fromkeys(p for p in (*root, *requirement.requires) if p in kept))

    def _override(self, requirement: Requirement) -> Requirement:
        changes: dict[str, Any] = {}
        for pattern, change in (self.overrides or {}).items():
            if fnmatchcase(requirement.id, pattern):
                changes |= change
        if "level" in changes:
            changes["level"] = Level(changes["level"])
        if "source" in changes:
            ((kind, section),) = changes["source"].items()
            changes["source"] = Source(kind, section)
        return replace(requirement, **changes)

    @cached_property
    def specification(self) -> Mapping[str, Any]:
        """The dialect's OpenAPI document."""
        document: Mapping[str, Any] = merge_patch(read_yaml("spec", self.specification_file), self.patch)
        return document

    def fields_of(self, schema: str) -> frozenset[str]:
        """Return the names of the fields that the component schema of an object has."""
        return frozenset(self.specification["components"]["schemas"][schema].get("properties", {}))

    @cached_property
    def _validators(self) -> dict[str, jsonschema_rs.Draft202012Validator]:
        return {}

    def schema_errors(self, schema: str, instance: Any) -> list[SchemaError]:
        """Judge ``instance`` by the component schema named ``schema``; at most 20 violations, in document order."""
        if schema not in self._validators:
            root = {"$ref": f"#/components/schemas/{schema}", "components": self.specification["components"]}
            self._validators[schema] = jsonschema_rs.Draft202012Validator(root)
        try:
            return _violations(self._validators[schema], instance)
        except UnicodeEncodeError:
            return _violations(self._validators[schema], without_surrogates(instance))


def _violations(validator: jsonschema_rs.Draft202012Validator, instance: Any) -> list[SchemaError]:
    found: list[SchemaError] = []
    for error in validator.iter_errors(instance):
        pointer = "".join(f"/{part}" for part in error.instance_path)
        found.append(SchemaError(pointer or "/", error.message))
        if len(found) == 20:
            break
    return found


def profile_names() -> tuple[str, ...]:
    """Names of the profiles that this installation carries."""
    return tuple(sorted(path.stem for path in content_path("spec", "profiles").glob("*.yaml")))


@cache
def load_profile(name: str) -> Profile:
    """Load a profile by name.

    Raises:
        ProfileError: it does not exist or is not valid.
    """
    if name not in profile_names():
        raise ProfileError(f"There is no profile {name!r}. Profiles: {', '.join(profile_names())}.")
    document = read_yaml("spec", "profiles", f"{name}.yaml")
    schema = read_yaml("spec", "profile.schema.json")
    for error in Draft202012Validator(schema).iter_errors(document):
        raise ProfileError(f"profiles/{name}.yaml: {error.json_path}: {error.message}")
    knock = _knock(document["knock"])
    return Profile(
        name=document["name"],
        title=document["title"],
        specification_file=document["specification"],
        patch=document.get("patch", {}),
        capabilities={k: Capability(Claim(v["claim"]), v["root"]) for k, v in document["capabilities"].items()},
        expect=_expectations(document["expect"], knock),
        knock=knock,
        default_model=document["default_models"]["chat"],
        default_embedding_model=document["default_models"]["embedding"],
        versions=tuple(document["versions"]),
        include=tuple(document.get("include", ())),
        exclude=tuple(document.get("exclude", ())),
        overrides=document.get("overrides", {}),
        opt_in=frozenset(document.get("opt_in", ())),
    )


def _knock(document: Mapping[str, Any]) -> Knock:
    lists_models = document.get("lists_models", False)
    return Knock(document["path"], document["label"], frozenset(document["status"]), lists_models)


def _expectations(document: Mapping[str, Any], knock: Knock) -> Expectations:
    envelope = Envelope(**document["envelope"]) if "envelope" in document else NESTED
    return Expectations(
        errors={name: _error_expectation(entry, envelope) for name, entry in document["errors"].items()},
        list_limits=ListLimits(**document["list_limits"]),
        rates=Rates(**document["rates"], served=knock.statuses),
        envelope=envelope,
        codes={int(status): code for status, code in document.get("codes", {}).items()},
    )


def _error_expectation(entry: Mapping[str, Any], envelope: Envelope) -> ErrorExpectation:
    return ErrorExpectation(
        statuses=frozenset(entry["status"]),
        types=frozenset(entry["type"]) if "type" in entry else None,
        codes=frozenset(entry["code"]) if "code" in entry else None,
        envelope=envelope,
    )


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a JSON Merge Patch (RFC 7396) and return the result; ``target`` is not changed."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result
