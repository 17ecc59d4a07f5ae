"""What faults break in a dialect, and which of them have anything to do with it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ozwell_harness.content import read_yaml
from ozwell_harness.mock.faults import Fault, Kind
from ozwell_harness.profile import load_profile
from ozwell_harness.requirements import Catalogue

_METHODS = frozenset({"get", "put", "post", "delete", "patch"})


@cache
def differing() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return profile → fault → what it breaks there instead of what it declares (``spec/breaks.yaml``)."""
    document = read_yaml("spec", "breaks.yaml") or {}
    return {profile: {fault: tuple(ids) for fault, ids in faults.items()} for profile, faults in document.items()}


def breaks_in(fault: Fault, profile: str) -> tuple[str, ...]:
    """Return the ids that a run by the profile must report under a fault, as far as the profile owes them."""
    if not _acts_in(fault, profile):
        return ()
    return differing().get(profile, {}).get(fault.name, fault.breaks)


def touches(fault: Fault, profile: str, owed: Catalogue) -> bool:
    """Tell whether a fault breaks what the dialect owes, or a legal variation changes what it has."""
    if fault.kind is Kind.FAULT:
        return any(name in owed for name in breaks_in(fault, profile))
    return _acts_in(fault, profile) and fault.name not in differing().get(profile, {})


def _acts_in(fault: Fault, profile: str) -> bool:
    return not fault.operations or bool(fault.operations & operations_of(profile))


@cache
def operations_of(profile: str) -> frozenset[str]:
    """Return the names of the operations that a dialect has."""
    items = load_profile(profile).specification["paths"].values()
    return frozenset(item[method]["operationId"] for item in items for method in _METHODS & item.keys())
