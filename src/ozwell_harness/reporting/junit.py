"""JUnit XML: a suite an area, a test a requirement. What continuous integration shows of a run.

There is no standard. This is what Jenkins' xUnit plugin demands (its junit-10.xsd), with the attributes that Ant's
schema requires. GitLab takes classname and name for the identity of a test, so the profile is a part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from ozwell_harness.model import Finding, Requirement, Run, Status, Verdict
from ozwell_harness.reporting import figures
from ozwell_harness.reporting.summary import LABELS, score_words, verdict_sentence
from ozwell_harness.reporting.text import instant, visible


def junit(run: Run, requirements: Iterable[Requirement] = ()) -> str:
    """Return the run as JUnit XML, well-formed whatever the target sent.

    What the file shows agrees with the exit status: a warning passes and says so in ``system-out``, a deviation that
    the baseline knows is skipped, an entry of the baseline that is no longer true fails, and an inconclusive run gets a
    test of its own that is an error, because an empty or all-skipped file would read as success.
    """
    known = {requirement.id: requirement for requirement in requirements}
    spent = _seconds(run)
    root = ET.Element("testsuites", name="ozwell-harness", time=f"{run.duration_s:.3f}")
    for area in dict.fromkeys(finding.area for finding in run.findings):
        found = [finding for finding in run.findings if finding.area == area]
        cases = [_case(run, finding, known.get(finding.requirement)) for finding in found]
        for case, finding in zip(cases, found, strict=True):
            case.set("time", f"{spent[finding.requirement]:.3f}")
        _suite(root, run, area, cases)
    terms = figures.slo_outcomes(run.load or {})
    if terms and run.command == "load":
        _suite(root, run, "slo", [_term(outcome) for outcome in terms])
    if run.baseline.stale:
        _suite(root, run, "baseline", list(_stale(run)))
    if run.verdict is Verdict.INCONCLUSIVE:
        _suite(root, run, "run", [_inconclusive(run)])
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _seconds(run: Run) -> Mapping[str, float]:
    """Return the seconds of the exchanges of which each requirement was the first to be judged: sums stay true."""
    left = {exchange.id: exchange.elapsed for exchange in run.exchanges}
    return {f.requirement: sum(left.pop(number, 0.0) for number in f.exchanges) for f in run.findings}


def _suite(root: ET.Element, run: Run, name: str, cases: list[ET.Element]) -> None:
    number = str(len(root))
    suite = ET.SubElement(root, "testsuite", name=visible(name), id=number, package=visible(run.profile))
    suite.set("hostname", visible(urlsplit(run.target).hostname or run.target))
    # Without fraction and zone, as Ant's schema wants it: UTC.
    suite.set("timestamp", instant(run.started).partition(".")[0])
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
    held = Counter(outcome.tag for case in cases for outcome in case)
    suite.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(held[tag]))
    properties = ET.SubElement(suite, "properties")
    for key, value in (("target", run.target), ("profile", run.profile), ("seed", str(run.seed))):
        ET.SubElement(properties, "property", name=key, value=visible(value))
    for case in cases:
        case.set("classname", visible(f"{run.profile}.{name}"))
        # What is no requirement has no exchanges of its own.
        case.set("time", case.get("time", "0.000"))
        suite.append(case)


def _case(run: Run, finding: Finding, requirement: Requirement | None) -> ET.Element:
    case = ET.Element("testcase", name=visible(finding.requirement))
    message, evidence = visible(finding.message), _evidence(finding, requirement)
    match finding.status:
        case Status.FAILED if finding.requirement in run.baseline.expected:
            _skipped(case, f"known deviation: {message}", evidence)
        case Status.FAILED:
            _outcome(case, "failure", message, finding.level, evidence)
        case Status.ERROR:
            _outcome(case, "error", message, "error of the harness", evidence)
        case Status.NOT_TESTABLE | Status.NOT_APPLICABLE:
            _skipped(case, f"{LABELS[finding.status]}: {message}")
        case Status.WARNED:
            ET.SubElement(case, "system-out").text = f"WARNING {message}\n{evidence}"
        case Status.PASSED:
            pass
    return case


def _skipped(case: ET.Element, message: str, evidence: str = "") -> None:
    # GitLab shows the text, Jenkins the attribute.
    element = ET.SubElement(case, "skipped", message=" ".join(message.split()))
    element.text = f"{message}\n{evidence}".strip()


def _stale(run: Run) -> Iterator[ET.Element]:
    """Yield a failing test for each entry of the baseline that fails the run."""
    for names, reason in (
        (run.baseline.passing, "passes now: remove its entry from the baseline"),
        (run.baseline.expired, "the entry in the baseline has expired: mend or renew it"),
    ):
        for name in sorted(names):
            case = ET.Element("testcase", name=visible(name))
            _outcome(case, "failure", f"{visible(name)}: {reason}", "baseline", "")
            yield case


def _term(outcome: figures.TermRow) -> ET.Element:
    case = ET.Element("testcase", name=visible(outcome.term))
    if not outcome.met:
        _outcome(case, "failure", f"{visible(outcome.term)}: not met", "SLO", visible(outcome.measured))
    return case


def _outcome(case: ET.Element, tag: str, message: str, kind: str, body: str) -> None:
    ET.SubElement(case, tag, message=" ".join(message.split()), type=kind).text = f"{message}\n{body}"


def _evidence(finding: Finding, requirement: Requirement | None) -> str:
    lines = [f"requirement: {requirement.text}", f"source: {requirement.source}"] if requirement else []
    lines += [f"level: {finding.level}", f"expected: {finding.expected}", f"actual: {finding.actual}"]
    if finding.exchanges:
        lines.append("exchanges: " + ", ".join(str(number) for number in finding.exchanges))
    if finding.reproduce:
        lines.append(f"reproduce: {finding.reproduce}")
    return visible("\n".join(lines))


def _inconclusive(run: Run) -> ET.Element:
    case = ET.Element("testcase", name="run.conclusive")
    body = "\n".join([*run.notes, score_words(run)])
    _outcome(case, "error", visible(verdict_sentence(run)), "inconclusive", visible(body))
    return case
