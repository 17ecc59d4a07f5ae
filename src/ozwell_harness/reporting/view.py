"""A run in the terms of the HTML report: everything computed, cut and made visible; the template only places it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ozwell_harness.model import Exchange, Finding, Requirement, Response, Run
from ozwell_harness.reporting.curl import curl
from ozwell_harness.reporting.indent import indent
from ozwell_harness.reporting.summary import NOTABLE, ORDER
from ozwell_harness.reporting.text import Body, body, count, seconds, visible

#: Bytes of a body that are shown, links to evidence in one finding, exchanges in one report.
LONGEST_BODY = 4096
MOST_EVIDENCE = 8
MOST_EXCHANGES = 400
#: Findings that need attention stand open while they are few; many are easier to survey folded.
MOST_OPEN = 25
_MOST_HEADERS = 60
_LONGEST_HEADER = 1000
_LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """One exchange: what was sent and what came, as visible text, bodies cut."""

    id: int
    title: str
    outcome: str
    label: str
    elapsed: str
    failure: str
    request_line: str
    request_headers: str
    request_body: Body
    status_line: str
    response_headers: str
    response_body: Body
    stream: str
    curl: str


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A pointer from a finding to an exchange; ``shown`` tells whether the report holds it."""

    id: int
    title: str
    shown: bool


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding with the sentence and source of its requirement."""

    finding: Finding
    text: str
    source: str
    message: str
    expected: str
    actual: str
    evidence: tuple[EvidenceView, ...]
    more_evidence: int
    reproduce: str
    open: bool


@dataclass(frozen=True, slots=True)
class AreaView:
    """The findings of one area, gravest first."""

    name: str
    findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class Views:
    """The parts of the report below its first screen."""

    areas: tuple[AreaView, ...]
    exchanges: tuple[ExchangeView, ...]
    left_out: int


def views(run: Run, requirements: Iterable[Requirement]) -> Views:
    """Return the findings by area, and the exchanges that are evidence, those of deviations before others."""
    known = {requirement.id: requirement for requirement in requirements}
    by_id = {exchange.id: exchange for exchange in run.exchanges}
    wanted = [number for number in _evidence(run) if number in by_id]
    shown = dict.fromkeys(sorted(wanted[:MOST_EXCHANGES]))
    notable = [finding.requirement for finding in run.findings if finding.status in NOTABLE]
    unfolded = frozenset(notable if len(notable) <= MOST_OPEN else ())
    areas = []
    for area in dict.fromkeys(finding.area for finding in run.findings):
        found = [finding for finding in run.findings if finding.area == area]
        found.sort(key=lambda finding: ORDER.index(finding.status))
        viewed = [
            replace(_finding(f, known.get(f.requirement), by_id, shown), open=f.requirement in unfolded) for f in found
        ]
        areas.append(AreaView(area, tuple(viewed)))
    exchanges = tuple(_exchange(by_id[number]) for number in shown)
    return Views(tuple(areas), exchanges, len(run.exchanges) - len(exchanges))


def _evidence(run: Run) -> Iterable[int]:
    ordered = sorted(run.findings, key=lambda finding: finding.status not in NOTABLE)
    return dict.fromkeys(number for finding in ordered for number in finding.exchanges[:MOST_EVIDENCE])


def _finding(
    finding: Finding, requirement: Requirement | None, by_id: Mapping[int, Exchange], shown: Mapping[int, None]
) -> FindingView:
    evidence = [
        EvidenceView(number, _title(by_id[number]), number in shown)
        for number in finding.exchanges[:MOST_EVIDENCE]
        if number in by_id
    ]
    return FindingView(
        finding=finding,
        text=requirement.text if requirement else "",
        source=str(requirement.source) if requirement else "",
        message=visible(finding.message),
        expected=_text(finding.expected),
        actual=_text(finding.actual),
        evidence=tuple(evidence),
        more_evidence=len(finding.exchanges) - len(evidence),
        reproduce=visible(finding.reproduce or ""),
        open=False,
    )


def _text(text: str) -> str:
    cut = f"\n... cut, {len(text)} characters in results.json" if len(text) > _LONGEST_TEXT else ""
    return visible(text[:_LONGEST_TEXT]) + cut


def _title(exchange: Exchange) -> str:
    return f"{_asked(exchange)} → {_outcome(exchange)} in {seconds(exchange.elapsed)}"


def _asked(exchange: Exchange) -> str:
    """Return method and path; the path is taken from the URL, from which every key has been removed."""
    request = exchange.request
    path = "/" + "".join(request.url.split("/", 3)[3:])
    return visible(f"{request.method} {path[:120]}")


def _outcome(exchange: Exchange) -> str:
    said = [str(exchange.status)] if exchange.response else []
    return ", ".join(said + ([exchange.failure.kind.value] if exchange.failure else [])) or "no answer"


def _exchange(exchange: Exchange) -> ExchangeView:
    request, response = exchange.request, exchange.response
    return ExchangeView(
        id=exchange.id,
        title=_asked(exchange),
        outcome=_outcome(exchange),
        label=visible(exchange.label),
        elapsed=seconds(exchange.elapsed),
        failure=visible(f"{exchange.failure.kind}: {exchange.failure.message}") if exchange.failure else "",
        request_line=visible(f"{request.method} {request.url}"),
        request_headers=_headers(request.headers),
        request_body=_body(request.body),
        status_line=f"{visible(response.http_version)} {response.status}" if response else "",
        response_headers=_headers(response.headers) if response else "",
        response_body=_body(response.body) if response else Body(""),
        stream=_stream(response) if response else "",
        curl=visible(curl(request)),
    )


def _body(data: bytes) -> Body:
    """Return a body to show; JSON gets line breaks."""
    shown = body(data, LONGEST_BODY)
    text = indent(shown.text)
    if text == shown.text:
        return shown
    return Body(text, "; ".join(note for note in (shown.note, "line breaks added") if note))


def _headers(headers: Iterable[tuple[str, str]]) -> str:
    fields = list(headers)
    lines = [f"{name}: {value[:_LONGEST_HEADER]}" for name, value in fields[:_MOST_HEADERS]]
    if len(fields) > _MOST_HEADERS:
        lines.append(f"... and {len(fields) - _MOST_HEADERS} more")
    return visible("\n".join(line.replace("\n", "\\n") for line in lines))


def _stream(response: Response) -> str:
    """Say how an event stream arrived; empty for any other answer."""
    if response.media_type != "text/event-stream":
        return ""
    stream = response.stream
    said = f"{count(len(stream.events), 'event')} in {count(len(response.arrivals), 'read')}"
    if stream.events and response.arrivals:
        first = seconds(response.arrived_at(stream.events[0].end))
        last = seconds(response.arrived_at(stream.events[-1].end))
        said += f", first after {first}, last after {last}"
    if stream.comments:
        said += f", {count(stream.comments, 'comment')}"
    return said + ("" if stream.unfinished is None else ", the last event not finished")
