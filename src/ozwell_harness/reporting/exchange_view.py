"""Exchanges in the terms of the HTML report: visible text, bodies cut, what findings speak of marked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ozwell_harness.model import Exchange, Finding, Response
from ozwell_harness.reporting.bodies import Piece, ShownBody, shown_answer, shown_body
from ozwell_harness.reporting.curl import curl
from ozwell_harness.reporting.marking import Segment, Span, header_marked, segments, spans, status_marked
from ozwell_harness.reporting.text import count, seconds, visible

_MOST_HEADERS = 60
_LONGEST_HEADER = 1000
Segments = tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class BodyView:
    """A body, cut where marks begin and end; ``note`` says what was left out or changed."""

    segments: Segments = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """One exchange: what was sent and what came.

    Attributes:
        findings: ids of the findings to act on that rest on it.
        marked: those of them that speak of a part that is marked.
    """

    id: int
    title: str
    outcome: str
    label: str
    elapsed: str
    failure: str
    request_line: str
    request_headers: str
    request_body: BodyView
    status_line: Segments
    response_headers: Segments
    response_body: BodyView
    stream: str
    curl: str
    findings: tuple[str, ...]

    @property
    def marked(self) -> frozenset[str]:
        """The findings that speak of a part that is marked."""
        parts = (*self.status_line, *self.response_headers, *self.response_body.segments)
        return frozenset(name for part in parts for name in part.findings)


def exchange_view(exchange: Exchange, findings: Sequence[Finding] = ()) -> ExchangeView:
    """Return an exchange to show, with what ``findings`` speak of marked in its answer."""
    request, response = exchange.request, exchange.response
    return ExchangeView(
        id=exchange.id,
        title=asked(exchange),
        outcome=outcome(exchange),
        label=visible(exchange.label),
        elapsed=seconds(exchange.elapsed),
        failure=visible(f"{exchange.failure.kind}: {exchange.failure.message}") if exchange.failure else "",
        request_line=visible(f"{request.method} {request.url}"),
        request_headers=_text(_lines(request.headers)),
        request_body=_plain(shown_body(request.body)),
        status_line=_status(response, findings) if response else (),
        response_headers=_headers(response, findings) if response else (),
        response_body=_body(response, findings) if response else BodyView(),
        stream=_stream(response) if response else "",
        curl=visible(curl(request)),
        findings=tuple(finding.requirement for finding in findings),
    )


def title(exchange: Exchange) -> str:
    """Say what was asked and how it ended."""
    return f"{asked(exchange)} → {outcome(exchange)} in {seconds(exchange.elapsed)}"


def asked(exchange: Exchange) -> str:
    """Return method and path; the path is taken from the URL, from which every key has been removed."""
    request = exchange.request
    path = "/" + "".join(request.url.split("/", 3)[3:])
    return visible(f"{request.method} {path[:120]}")


def outcome(exchange: Exchange) -> str:
    """Return the status, the kind of failure, or both."""
    said = [str(exchange.status)] if exchange.response else []
    return ", ".join(said + ([exchange.failure.kind.value] if exchange.failure else [])) or "no answer"


def _plain(shown: ShownBody) -> BodyView:
    return BodyView(tuple(Segment(piece.text) for piece in shown.pieces), shown.note)


def _status(response: Response, findings: Iterable[Finding]) -> Segments:
    version, status = visible(response.http_version), str(response.status)
    speaking = tuple(f.requirement for f in findings if status_marked(f, response.status))
    return (Segment(f"{version} "), Segment(status, speaking))


def _lines(headers: Iterable[tuple[str, str]]) -> list[str]:
    fields = list(headers)
    lines = [
        visible(f"{name}: {value[:_LONGEST_HEADER]}".replace("\n", "\\n")) for name, value in fields[:_MOST_HEADERS]
    ]
    return lines + ([f"... and {len(fields) - _MOST_HEADERS} more"] if len(fields) > _MOST_HEADERS else [])


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _headers(response: Response, findings: Sequence[Finding]) -> Segments:
    lines, made = _lines(response.headers), []
    fields = list(response.headers)
    for number, line in enumerate(lines):
        field = fields[number] if number < _MOST_HEADERS else ("", "")
        speaking = tuple(f.requirement for f in findings if header_marked(f, *field))
        made += [Segment(line, speaking), Segment("\n" if number + 1 < len(lines) else "")]
    return tuple(made)


def _body(response: Response, findings: Sequence[Finding]) -> BodyView:
    shown = shown_answer(response)
    last = next((piece for piece in reversed(shown.pieces) if piece.event is not None), None)
    marked: set[tuple[str, str]] = set()
    made: list[Segment] = []
    for piece in shown.pieces:
        marks = list(_fresh(_marks(piece, findings, is_last=piece is last), piece, marked))
        made += segments(piece.text, marks)
    return BodyView(tuple(made), shown.note)


def _marks(piece: Piece, findings: Iterable[Finding], *, is_last: bool) -> Iterator[tuple[str, Span]]:
    for finding in findings:
        for span in spans(finding, piece, is_last=is_last):
            yield finding.requirement, span


def _fresh(marks: Iterable[tuple[str, Span]], piece: Piece, marked: set[tuple[str, str]]) -> Iterator[tuple[str, Span]]:
    """Leave out what a finding was shown to speak of in an earlier event: a stream repeats itself."""
    for name, (start, end) in marks:
        words = (name, piece.text[start:end])
        if piece.event is None or words not in marked:
            marked.add(words)
            yield name, (start, end)


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
