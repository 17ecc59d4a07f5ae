"""A run in the terms of the HTML report: everything computed, cut and made visible; the template only places it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ozwell_harness.gate import PREREQUISITE
from ozwell_harness.model import Exchange, Finding, Requirement, Run
from ozwell_harness.reporting.exchange_view import ExchangeView, exchange_view, title
from ozwell_harness.reporting.summary import LABELS, NOTABLE, ORDER
from ozwell_harness.reporting.text import visible

#: Links to evidence in one finding, exchanges in one report.
MOST_EVIDENCE = 8
MOST_EXCHANGES = 400
#: Findings that need attention stand open while they are few; many are easier to survey folded.
MOST_OPEN = 25
_LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A pointer from a finding to an exchange.

    Attributes:
        shown: the report holds it.
        marked: what the finding speaks of is marked in it.
    """

    id: int
    title: str
    shown: bool
    marked: bool


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding with the sentence and source of its requirement.

    Attributes:
        cause: id of the finding because of which it was not judged, where the report holds it; else empty.
    """

    finding: Finding
    text: str
    source: str
    message: str
    expected: str
    actual: str
    evidence: tuple[EvidenceView, ...]
    more_evidence: int
    reproduce: str
    cause: str
    open: bool


@dataclass(frozen=True, slots=True)
class AreaView:
    """The findings of one area, gravest first."""

    name: str
    findings: tuple[FindingView, ...]

    @property
    def summary(self) -> str:
        """How many of them have which status."""
        counts = Counter(view.finding.status for view in self.findings)
        return ", ".join(f"{counts[status]:,} {LABELS[status]}" for status in ORDER if counts[status])


@dataclass(frozen=True, slots=True)
class Views:
    """The parts of the report below its first screen."""

    areas: tuple[AreaView, ...]
    exchanges: tuple[ExchangeView, ...]
    left_out: int

    @property
    def names(self) -> frozenset[str]:
        """The ids of all findings."""
        return frozenset(view.finding.requirement for area in self.areas for view in area.findings)


def views(run: Run, requirements: Iterable[Requirement]) -> Views:
    """Return the findings by area, and the exchanges that are evidence, those of deviations before others."""
    exchanges = _exchanges(run)
    view = _FindingViews(run, {requirement.id: requirement for requirement in requirements}, exchanges)
    areas = tuple(
        AreaView(area, tuple(view.of(finding) for finding in sorted(found, key=_gravity)))
        for area, found in _by_area(run.findings).items()
    )
    return Views(areas, tuple(exchanges.values()), len(run.exchanges) - len(exchanges))


def _by_area(findings: Iterable[Finding]) -> Mapping[str, Sequence[Finding]]:
    areas: dict[str, list[Finding]] = {}
    for finding in findings:
        areas.setdefault(finding.area, []).append(finding)
    return areas


def _gravity(finding: Finding) -> int:
    return ORDER.index(finding.status)


def _exchanges(run: Run) -> Mapping[int, ExchangeView]:
    """Return the exchanges that the report holds, by id, ascending."""
    resting: dict[int, list[Finding]] = {}
    for finding in sorted(run.findings, key=lambda finding: finding.status not in NOTABLE):
        for number in dict.fromkeys(finding.exchanges[:MOST_EVIDENCE]):
            resting.setdefault(number, []).append(finding)
    by_id = {exchange.id: exchange for exchange in run.exchanges}
    shown = sorted([number for number in resting if number in by_id][:MOST_EXCHANGES])
    return {
        number: exchange_view(by_id[number], [f for f in resting[number] if f.status in NOTABLE]) for number in shown
    }


class _FindingViews:
    """Makes views of the findings of one run."""

    def __init__(self, run: Run, known: Mapping[str, Requirement], shown: Mapping[int, ExchangeView]) -> None:
        self._by_id = {exchange.id: exchange for exchange in run.exchanges}
        self._known = known
        self._shown = shown
        notable = [finding.requirement for finding in run.findings if finding.status in NOTABLE]
        self._found = frozenset(finding.requirement for finding in run.findings)
        self._open = frozenset(notable if len(notable) <= MOST_OPEN else ())

    def of(self, finding: Finding) -> FindingView:
        """Return one finding to show."""
        requirement = self._known.get(finding.requirement)
        evidence = [
            self._evidence(finding, self._by_id[number])
            for number in dict.fromkeys(finding.exchanges[:MOST_EVIDENCE])
            if number in self._by_id
        ]
        return FindingView(
            finding=finding,
            text=requirement.text if requirement else "",
            source=str(requirement.source) if requirement else "",
            message=visible(finding.message),
            expected=_text(finding.expected),
            actual=_text(finding.actual),
            evidence=tuple(evidence),
            more_evidence=len(set(finding.exchanges)) - len(evidence),
            reproduce=visible(finding.reproduce or ""),
            cause=self._cause(finding.message),
            open=finding.requirement in self._open,
        )

    def _cause(self, message: str) -> str:
        name = message.removeprefix(PREREQUISITE).partition(" ")[0] if message.startswith(PREREQUISITE) else ""
        return name if name in self._found else ""

    def _evidence(self, finding: Finding, exchange: Exchange) -> EvidenceView:
        shown = self._shown.get(exchange.id)
        marked = shown is not None and finding.requirement in shown.marked
        return EvidenceView(exchange.id, title(exchange), shown is not None, marked)


def _text(text: str) -> str:
    cut = f"\n... cut, {len(text)} characters in results.json" if len(text) > _LONGEST_TEXT else ""
    return visible(text[:_LONGEST_TEXT]) + cut
