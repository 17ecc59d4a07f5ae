"""What a shell may complete: names of profiles, areas, requirements, faults, scenarios, and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from ozwell_harness.profile import Profile, ProfileError, load_profile, profile_names
from ozwell_harness.requirements import Catalogue, load_catalogue

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _of(names: Callable[[click.Context], Iterable[str]]) -> Completer:
    """Return a completer for names; one that fails completes nothing, because a prompt is no place for a traceback."""

    def complete(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(name) for name in names(ctx) if name.startswith(incomplete)]

    return complete


def _profile(ctx: click.Context) -> Profile:
    try:
        return load_profile(ctx.params.get("profile") or "ozwell")
    except ProfileError:
        return load_profile("ozwell")


def _catalogue(ctx: click.Context) -> Catalogue:
    return _profile(ctx).select(load_catalogue())


def _faults(_: click.Context) -> Iterable[str]:
    from ozwell_harness.mock.faults import catalogue

    return catalogue()


def _scenarios(_: click.Context) -> Iterable[str]:
    from ozwell_harness.load.scenario_file import load_scenarios

    return load_scenarios()


profiles = _of(lambda _: profile_names())
areas = _of(lambda ctx: _catalogue(ctx).areas)
requirements = _of(lambda ctx: _catalogue(ctx).by_id)
capabilities = _of(lambda ctx: _profile(ctx).capabilities)
faults = _of(_faults)
scenarios = _of(_scenarios)


def files(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete a file's name."""
    return [CompletionItem(incomplete, type="file")]
