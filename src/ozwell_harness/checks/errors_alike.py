"""Judgements on errors across operations: those of one kind look alike wherever they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from ozwell_harness.checks.base import shown
from ozwell_harness.checks.errors import api_error_told
from ozwell_harness.checks.operations import operation_of
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.profile import Profile

#: What errors may have in common (``members`` of a status, ``type`` of a code) → what it is.
TraitKey = tuple[str, str]
Traits = Mapping[TraitKey, tuple[str, ...]]


def common_traits(exchanges: Iterable[Exchange], profile: Profile) -> Traits:
    """Return what most errors have in common, as far as at least two operations show it; see ``_traits``."""
    seen: dict[TraitKey, Counter[tuple[str, ...]]] = {}
    operations: dict[TraitKey, set[str]] = {}
    for exchange in exchanges:
        try:
            traits = _traits(exchange, profile)
        except Unjudgeable:
            continue
        for key, trait in traits.items():
            seen.setdefault(key, Counter())[trait] += 1
            operations.setdefault(key, set()).add(str(operation_of(exchange.request, profile)))
    return {key: traits.most_common(1)[0][0] for key, traits in seen.items() if len(operations[key]) > 1}


def has_common_shape(exchange: Exchange, profile: Profile, common: Traits) -> Deviation | None:
    """An error looks as errors of its kind do on the other operations."""
    traits = {key: trait for key, trait in _traits(exchange, profile).items() if key in common}
    if not traits:
        raise Unjudgeable("no other operation was refused like this")
    where = operation_of(exchange.request, profile)
    for key, trait in traits.items():
        if trait != common[key]:
            return Deviation(
                f"a {exchange.status} of {where} looks unlike that of other operations",
                f"{key[0]} {', '.join(common[key]) or 'none'}",
                f"{key[0]} {', '.join(trait) or 'none'}",
            )
    return None


def _traits(exchange: Exchange, profile: Profile) -> dict[TraitKey, tuple[str, ...]]:
    """Return the members of an error, by its status, and the type of a 401, by its code.

    ``param`` is optional, a server may add members, and other statuses have many causes: none of this counts.
    """
    error = api_error_told(exchange, profile)
    status = exchange.status or 0
    members = tuple(name for name in ("message", "type", "code") if name in error)
    traits: dict[TraitKey, tuple[str, ...]] = {("members", str(status)): members}
    if status == 401 and isinstance(error.get("code"), str):
        traits["type", error["code"]] = (shown(error.get("type")),)
    return traits
