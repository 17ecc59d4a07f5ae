"""The catalogue of requirements as one page of Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ozwell_harness.model import Requirement

_HEAD = """# What is judged

Every requirement of the catalogue, area by area. A broken MUST fails a run, a broken SHOULD warns, a MAY informs.
`ozwell-harness requirements show ID` shows one with its prerequisites, `ozwell-harness requirements coverage` the
faults that show that its check works.

This page is written by `ozwell-harness requirements page`: change `spec/requirements/` and write it again.
"""


def catalogue_page(requirements: Iterable[Requirement], profiles: Mapping[str, frozenset[str]]) -> str:
    """Return the page; ``profiles`` are the ids of the requirements that each profile owes."""
    by_area: dict[str, list[Requirement]] = {}
    for requirement in requirements:
        by_area.setdefault(requirement.area, []).append(requirement)
    return "\n".join((_HEAD, *_overview(by_area, profiles), *_areas(by_area, profiles))) + "\n"


def _overview(by_area: Mapping[str, list[Requirement]], profiles: Mapping[str, frozenset[str]]) -> Iterator[str]:
    yield f"| area | requirements | {' | '.join(profiles)} |"
    yield f"|:--|--:|{'--:|' * len(profiles)}"
    for area, found in by_area.items():
        owed = [str(sum(requirement.id in ids for requirement in found)) for ids in profiles.values()]
        yield f"| [{area}](#{area}) | {len(found)} | {' | '.join(owed)} |"


def _areas(by_area: Mapping[str, list[Requirement]], profiles: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for area, found in by_area.items():
        yield f"\n## {area}\n"
        yield "| requirement | level | what is owed | source | profiles |"
        yield "|:--|:--|:--|:--|:--|"
        for requirement in found:
            owing = ", ".join(name for name, ids in profiles.items() if requirement.id in ids)
            cells = (f"`{requirement.id}`", requirement.level, requirement.text, str(requirement.source), owing or "-")
            yield f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    """Return a text as a cell of a table: on one line, no bar, no HTML."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
