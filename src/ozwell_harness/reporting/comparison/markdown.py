"""A comparison as Markdown (GitHub's dialect), to stand below the summary of the second run. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ozwell_harness.comparing.comparison import Comparison
from ozwell_harness.comparing.ratios import Judgement
from ozwell_harness.reporting.comparison import words
from ozwell_harness.reporting.markdown import escaped
from ozwell_harness.reporting.text import count

_MOST = 20
_LONGEST = 400


def comparison_markdown(comparison: Comparison) -> str:
    """Return the comparison on less than a page, with nothing in it that a target could make act."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    stamp = words.STAMPS[comparison.outcome].upper()
    yield f"### Against {escaped(comparison.before.name)}: {stamp}"
    yield ""
    yield escaped(words.sentence(comparison), _LONGEST)
    for gap in comparison.gaps:
        yield f"\n> {escaped(gap, _LONGEST)}"
    for section in words.sections(comparison):
        if section.change not in words.QUIET:
            yield from _section(section)
    yield from _figures(comparison)


def _section(section: words.Section) -> Iterator[str]:
    yield f"\n**{section.title}: {len(section.entries)}**\n"
    for entry in section.entries[:_MOST]:
        said = f": {escaped(entry.message)}" if entry.message else ""
        yield f"- {escaped(entry.requirement)} ({words.statuses(entry)}){said}"
    if len(section.entries) > _MOST:
        yield f"- and {count(len(section.entries) - _MOST, 'more requirement')}"


def _figures(comparison: Comparison) -> Iterator[str]:
    shown = [row for row in words.rows(comparison) if row.judgement is not Judgement.NOT_COMPARED]
    if not shown:
        return
    yield "\n| figure | before | now | change | interval | judged |"
    yield "|:--|--:|--:|--:|--:|:--|"
    for row in shown:
        cells = (escaped(row.name), row.before, row.after, row.change, row.interval, row.words)
        yield f"| {' | '.join(cells)} |"
