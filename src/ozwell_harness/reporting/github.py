"""A run as workflow commands of GitHub Actions: annotations that stand above the log. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

from ozwell_harness.model import Finding, Requirement, Run, Status, Verdict
from ozwell_harness.reporting import figures
from ozwell_harness.reporting.summary import Pointer, look_first, score_words, stamp, verdict_sentence
from ozwell_harness.reporting.text import clip, one_line, visible

#: GitHub shows so many annotations of a kind for each step, and drops the rest without a word.
SHOWN = 10
_LONGEST = 300
_KINDS = {Status.FAILED: "error", Status.ERROR: "error", Status.WARNED: "warning"}


def command(kind: str, title: str, text: str) -> str:
    """Return a workflow command: ``::error title=…::…``, on one line whatever ``text`` holds."""
    # Controls would end the line for some readers; those that GitHub takes are escaped as it says.
    return f"::{kind} title={_property(visible(title))}::{_data(visible(text))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def workflow_commands(run: Run, requirements: Iterable[Requirement] = ()) -> tuple[str, ...]:
    """Return a run as annotations: the verdict, what to look at first, and what was accepted by the baseline.

    Findings that say the same are one annotation. No kind has more than ``SHOWN``: the last one counts the rest.
    """
    told = list(_findings(run, tuple(requirements)))
    lines = [_verdict(run), *_terms(run)]
    for kind in ("error", "warning", "notice"):
        room = SHOWN - sum(line.startswith(f"::{kind} ") for line in lines)
        lines += _bounded(kind, [line for line in told if line.startswith(f"::{kind} ")], room)
    return tuple(lines)


def _bounded(kind: str, lines: list[str], room: int) -> list[str]:
    if len(lines) <= room:
        return lines
    rest = len(lines) - (room - 1)
    return [*lines[: room - 1], command(kind, f"and {rest} more", "The job summary and the report name them all.")]


def _verdict(run: Run) -> str:
    kind = "notice" if run.verdict is Verdict.CONFORMANT else "error"
    lines = [verdict_sentence(run)]
    if run.findings:
        words = score_words(run)
        lines.append(f"{words[:1].upper()}{words[1:]}.")
    lines += [str(reason) for reason in (run.load or {}).get("reasons", ())]
    lines += [one_line(note, _LONGEST) for note in run.notes]
    return command(kind, f"{stamp(run).upper()} {run.target} (profile {run.profile})", "\n".join(lines))


def _terms(run: Run) -> Iterator[str]:
    kind = "error" if run.command == "load" else "warning"
    for term in figures.slo_outcomes(run.load or {}):
        if term.met is False:
            yield command(kind, f"SLO not met: {term.term}", term.measured)


def _findings(run: Run, requirements: tuple[Requirement, ...]) -> Iterator[str]:
    for pointer in look_first(_but(run, run.baseline.expected), requirements, most=len(run.findings)):
        finding = pointer.finding
        title = f"{finding.requirement} ({finding.level})"
        yield command(_KINDS[finding.status], title, "\n".join(_evidence(finding, pointer)))
    for finding in run.findings:
        if finding.requirement in run.baseline.expected:
            yield command("notice", f"known: {finding.requirement} ({finding.level})", finding.message)


def _but(run: Run, known: Container[str]) -> Run:
    """Return the run without known deviations: one of them must not stand for a new one that says the same."""
    return replace(run, findings=tuple(finding for finding in run.findings if finding.requirement not in known))


def _evidence(finding: Finding, pointer: Pointer) -> Iterator[str]:
    yield finding.message
    for name, value in (("expected", finding.expected), ("actual", finding.actual)):
        if value:
            yield f"{name}: {clip(value, _LONGEST)}"
    if pointer.weight:
        yield pointer.weight
    if finding.reproduce:
        yield f"reproduce: {clip(finding.reproduce, _LONGEST)}"
