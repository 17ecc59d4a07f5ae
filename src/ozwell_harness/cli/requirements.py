"""``requirements``: what a run judges."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ozwell_harness.cli import completing
from ozwell_harness.cli.common import USER_ERRORS, UsageError, mistakes_told
from ozwell_harness.cli.help import HelpGroup, examples
from ozwell_harness.mock.faults import Fault
from ozwell_harness.mock.faults import catalogue as fault_catalogue
from ozwell_harness.model import Requirement
from ozwell_harness.profile import load_profile, profile_names
from ozwell_harness.prove.breaks import breaks_in
from ozwell_harness.prove.excuses import excuses
from ozwell_harness.prove.runner import untried
from ozwell_harness.reporting.atomic import write_text
from ozwell_harness.reporting.catalogue import catalogue_page
from ozwell_harness.requirements import Catalogue, load_catalogue


@click.group(
    name="requirements",
    cls=HelpGroup,
    epilog=examples("ozwell-harness requirements list --area chat", "ozwell-harness requirements coverage"),
)
def command() -> None:
    """Show what a run judges."""


_profile = click.option(
    "--profile", default="ozwell", metavar="NAME", help="Dialect; default ozwell.", shell_complete=completing.profiles
)


def _catalogue(profile: str) -> Catalogue:
    try:
        return load_profile(profile).select(load_catalogue())
    except USER_ERRORS as error:
        raise UsageError(str(error)) from None


@command.command(
    name="list",
    epilog=examples(
        "ozwell-harness requirements list",
        "ozwell-harness requirements list --profile openai --area files --json",
    ),
)
@_profile
@click.option(
    "--area",
    "areas",
    multiple=True,
    metavar="AREA",
    help="This area only; repeatable.",
    shell_complete=completing.areas,
)
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of lines.")
def list_requirements(profile: str, areas: tuple[str, ...], *, as_json: bool) -> None:
    """List requirements: level, id, sentence."""
    catalogue = _catalogue(profile)
    for area in areas:
        if area not in catalogue.areas:
            raise UsageError(f"There is no area {area!r}. Areas: {', '.join(catalogue.areas)}.")
    chosen = [r for r in catalogue if not areas or r.area in areas]
    if as_json:
        click.echo(json_module.dumps([_document(r) for r in chosen], indent=2, ensure_ascii=False))
        return
    width = max(len(r.id) for r in chosen)
    for requirement in chosen:
        click.echo(f"{requirement.level:<6} {requirement.id:<{width}}  {requirement.text}")
    click.echo(f"{len(chosen)} requirements in profile {profile}.", err=True)


@command.command(name="show", epilog=examples("ozwell-harness requirements show chat.usage-total-is-sum"))
@click.argument("requirement_id", metavar="ID", shell_complete=completing.requirements)
@_profile
def show_requirement(requirement_id: str, profile: str) -> None:
    """Show one requirement with its source and prerequisites."""
    catalogue = _catalogue(profile)
    if requirement_id not in catalogue:
        near = [r.id for r in catalogue if requirement_id.rpartition(".")[2] in r.id][:5]
        hint = f" Did you mean {', '.join(near)}?" if near else " See: ozwell-harness requirements list."
        raise UsageError(f"Profile {profile} has no requirement {requirement_id!r}.{hint}")
    document = _document(catalogue[requirement_id])
    width = max(map(len, document))
    for name, value in document.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name:<{width}}  {shown or '-'}")


@command.command(name="coverage", epilog=examples("ozwell-harness requirements coverage --json"))
@_profile
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def show_coverage(profile: str, *, as_json: bool) -> None:
    """Show for each requirement the faults that break it: the kill matrix seen from the catalogue.

    This is what the faults declare; ozwell-harness prove shows that it is so.
    """
    catalogue = _catalogue(profile)
    faults = breaking(fault_catalogue().values(), profile)
    excused = excuses()
    rows = {r.id: faults.get(r.id, ()) for r in catalogue}
    if as_json:
        document = {name: {"faults": list(names), "excused": excused.get(name)} for name, names in rows.items()}
        click.echo(json_module.dumps(document, indent=2, ensure_ascii=False))
        return
    width = max(map(len, rows))
    for name, names in rows.items():
        click.echo(f"{name:<{width}}  {', '.join(names) or excused.get(name, '-')}")
    left_out = untried(load_profile(profile))
    bare = [r.id for r in catalogue if not rows[r.id] and r.id not in excused and r.area not in left_out]
    click.echo(f"{len(rows)} requirements, {len(bare)} with neither a fault nor an excuse.", err=True)


@command.command(name="page", epilog=examples("ozwell-harness requirements page --out catalogue.md"))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it to FILE.")
def write_page(out: Path | None) -> None:
    """Write the whole catalogue as one page of Markdown: docs/catalogue.md is made of it."""
    with mistakes_told():
        catalogue = load_catalogue()
        profiles = {name: frozenset(load_profile(name).select(catalogue).by_id) for name in profile_names()}
        page = catalogue_page(catalogue, profiles)
        if out is None:
            click.echo(page, nl=False)
        else:
            write_text(out, page)


def breaking(faults: Iterable[Fault], profile: str) -> dict[str, tuple[str, ...]]:
    """Return requirement → names of the faults that are to break it in the dialect of a profile."""
    found: dict[str, tuple[str, ...]] = {}
    for fault in faults:
        for requirement in breaks_in(fault, profile):
            found[requirement] = (*found.get(requirement, ()), fault.name)
    return found


def _document(requirement: Requirement) -> dict[str, Any]:
    return {
        "id": requirement.id,
        "level": requirement.level.value,
        "area": requirement.area,
        "text": requirement.text,
        "source": str(requirement.source),
        "capability": requirement.capability,
        "requires": list(requirement.requires),
        "needs": list(requirement.needs),
    }
