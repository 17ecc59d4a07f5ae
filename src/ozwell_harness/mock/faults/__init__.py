"""Faults and legal variations: one file per area, each a small function.

A new file in this package is found by itself if it defines `AREA`; several areas go into `AREAS`.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ozwell_harness.mock.errors import MockSettingsError
from ozwell_harness.mock.faults.base import NO_FAULTS, Area, Fault, FaultSet, Hook, Kind

__all__ = ["NO_FAULTS", "Area", "Fault", "FaultSet", "Hook", "Kind", "UnknownFaultError", "catalogue", "find_faults"]


class UnknownFaultError(MockSettingsError):
    """A fault was asked for that does not exist."""

    def __init__(self, name: str, near: list[str]) -> None:
        hint = f" Did you mean {' or '.join(near)}?" if near else " GET /_mock/faults lists the known ones."
        super().__init__(f"There is no fault named '{name[:80]}'.{hint}")
        self.name = name


@functools.cache
def catalogue() -> Mapping[str, Fault]:
    """All faults by name, sorted.

    Raises:
        ValueError: two faults share a name.
    """
    found: dict[str, Fault] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for area in getattr(module, "AREAS", ()) or filter(None, (getattr(module, "AREA", None),)):
            for fault in area.faults:
                if fault.name in found:
                    raise ValueError(f"Two faults are named '{fault.name}'.")
                found[fault.name] = fault
    return MappingProxyType(dict(sorted(found.items())))


def find_faults(names: Iterable[str]) -> tuple[Fault, ...]:
    """The faults of these names, in the given order.

    Raises:
        UnknownFaultError: one of them does not exist.
    """
    known = catalogue()
    found = []
    for name in names:
        if name not in known:
            raise UnknownFaultError(name, difflib.get_close_matches(name, known, n=2))
        found.append(known[name])
    return tuple(found)
