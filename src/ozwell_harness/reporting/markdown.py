"""A run as one page of Markdown (GitHub's dialect): the summary of a job, or a comment on a pull request. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ozwell_harness.model import Run, Status
from ozwell_harness.reporting import figures
from ozwell_harness.reporting.commands import again
from ozwell_harness.reporting.summary import LABELS, ORDER, area_rows, look_first, score_words, stamp, verdict_sentence
from ozwell_harness.reporting.text import count, one_line, seconds

FILE_NAME = "summary.md"
_LONGEST = 200
_MOST = 20
_SPECIAL = re.compile(r"[\\`*_{}\[\]()#+\-.!|~@<>&:]")


def markdown_of(run: Run) -> str:
    """Return the run on one page, with nothing in it that a target could make act."""
    return "\n".join(_lines(run)) + "\n"


def escaped(text: str, most: int = _LONGEST) -> str:
    """Return ``text`` on one line, so that it shows as it is: no markup, links, mentions or HTML."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match.group())};", one_line(text, most))


def _lines(run: Run) -> Iterator[str]:
    yield f"## {escaped(stamp(run)).upper()}: {escaped(run.target)} (profile {escaped(run.profile)})"
    yield ""
    yield verdict_sentence(run)
    if run.findings:
        words = score_words(run)
        yield f"{words[:1].upper()}{words[1:]}."
    tokens = count(run.cost.prompt_tokens + run.cost.completion_tokens, "token")
    yield f"Spent: {count(run.cost.requests, 'request')} in {seconds(round(run.duration_s, 1))}, {tokens}."
    for note in run.notes:
        yield f"\n> {escaped(note)}"
    yield from _load(run)
    yield from _first(run)
    yield from _areas(run)


def _load(run: Run) -> Iterator[str]:
    if run.load is None:
        return
    yield "\n### Load\n"
    for line in figures.headline(run.load):
        yield f"- {escaped(line.strip())}"


def _first(run: Run) -> Iterator[str]:
    pointers = look_first(run, most=len(run.findings))
    if not pointers:
        return
    yield "\n### Look at these first\n"
    for pointer in pointers[:_MOST]:
        finding = pointer.finding
        known = " (known)" if finding.requirement in run.baseline.expected else ""
        yield f"- **{LABELS[finding.status]}**{known} {escaped(finding.requirement)}: {escaped(finding.message)}"
        for name, value in (("expected", finding.expected), ("actual", finding.actual)):
            if value:
                yield f"  <br>{name}: {escaped(value)}"
        if pointer.weight:
            yield f"  <br>{pointer.weight}"
    if len(pointers) > _MOST:
        yield f"- and {len(pointers) - _MOST} more, in the report"
    yield f"\nJudge the first one again:\n\n```sh\n{one_line(again(run, pointers[0].finding.requirement), 500)}\n```"


def _areas(run: Run) -> Iterator[str]:
    if not run.findings:
        return
    shown = [s for s in ORDER if run.tally.counts.get(s, 0) or s in {Status.PASSED, Status.FAILED}]
    yield "\n### Areas\n"
    yield "| area | " + " | ".join(LABELS[status] for status in shown) + " |"
    yield "|:--|" + "--:|" * len(shown)
    for row in area_rows(run):
        yield f"| {escaped(row.area)} | " + " | ".join(str(row.counts[status] or "-") for status in shown) + " |"
