"""A badge: the verdict of a run as a small SVG, for a README. Pure."""

from __future__ import annotations

from xml.sax.saxutils import escape

from ozwell_harness.model import Run, Verdict
from ozwell_harness.reporting.summary import stamp
from ozwell_harness.reporting.text import percent

_LABEL = "ozwell-harness"
#: Dark enough for white text: a contrast of at least 4.5 (WCAG 2.2, success criterion 1.4.3).
_COLOURS = {Verdict.CONFORMANT: "#17702f", Verdict.NONCONFORMANT: "#b3261e", Verdict.INCONCLUSIVE: "#855400"}
#: Of a letter, in pixels at 11 px; ``textLength`` makes the text as wide as this whatever the font.
_LETTER = 6.3
_PADDING = 7


def badge(run: Run) -> str:
    """Return the badge of a run: its verdict, and the score where it has one."""
    scored = run.command in {"check", "run"} and run.tally.score is not None
    said = f"{stamp(run)} {percent(run.tally.score)}" if scored else stamp(run)
    left, right = _width(_LABEL), _width(said)
    title = escape(f"{_LABEL}: {said}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3d4a5c"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{_COLOURS[run.verdict]}"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(_LABEL, 0, left)}{_text(said, left, right)}</g></svg>\n"
    )


def _width(text: str) -> int:
    return round(len(text) * _LETTER) + 2 * _PADDING


def _text(text: str, start: int, width: int) -> str:
    length = width - 2 * _PADDING
    return f'<text x="{start + _PADDING}" y="14" textLength="{length}">{escape(text)}</text>'
