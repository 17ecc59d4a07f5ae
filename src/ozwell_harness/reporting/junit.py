"""JUnit XML: a suite an area, a test a requirement. What continuous integration shows of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from ozwell_harness.model import Finding, Requirement, Run, Status, Verdict
from ozwell_harness.reporting import figures
from ozwell_harness.reporting.summary import score_words, verdict_sentence
from ozwell_harness.reporting.text import instant, visible

_SKIPPED = {Status.NOT_TESTABLE: "not testable", Status.NOT_APPLICABLE: "not applicable"}


def junit(run: Run, requirements: Iterable[Requirement] = ()) -> str:
    """Return the run as JUnit XML, well-formed whatever the target sent.

    A warning passes and says so in ``system-out``. An inconclusive run gets a test of its own that is an error, because
    an empty or all-skipped file would read as success.
    """
    known = {requirement.id: requirement for requirement in requirements}
    root = ET.Element("testsuites", name="ozwell-harness", time=f"{run.duration_s:.3f}")
    for area in dict.fromkeys(finding.area for finding in run.findings):
        found = [finding for finding in run.findings if finding.area == area]
        _suite(root, run, area, [_case(finding, known.get(finding.requirement)) for finding in found])
    terms = figures.slo_outcomes(run.load or {})
    if terms and run.command == "load":
        _suite(root, run, "slo", [_term(outcome) for outcome in terms])
    if run.verdict is Verdict.INCONCLUSIVE:
        _suite(root, run, "run", [_inconclusive(run)])
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, run: Run, name: str, cases: list[ET.Element]) -> None:
    suite = ET.SubElement(root, "testsuite", name=visible(name), timestamp=instant(run.started))
    held = Counter(outcome.tag for case in cases for outcome in case)
    suite.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(held[tag]))
    properties = ET.SubElement(suite, "properties")
    for key, value in (("target", run.target), ("profile", run.profile), ("seed", str(run.seed))):
        ET.SubElement(properties, "property", name=key, value=visible(value))
    suite.extend(cases)


def _case(finding: Finding, requirement: Requirement | None) -> ET.Element:
    case = ET.Element("testcase", name=visible(finding.requirement), classname=visible(finding.area))
    message = visible(finding.message)
    match finding.status:
        case Status.FAILED:
            _outcome(case, "failure", message, finding.level, _evidence(finding, requirement))
        case Status.ERROR:
            _outcome(case, "error", message, "error of the harness", _evidence(finding, requirement))
        case Status.NOT_TESTABLE | Status.NOT_APPLICABLE:
            ET.SubElement(case, "skipped", message=f"{_SKIPPED[finding.status]}: {message}")
        case Status.WARNED:
            ET.SubElement(case, "system-out").text = f"WARNING {message}\n{_evidence(finding, requirement)}"
        case Status.PASSED:
            pass
    return case


def _term(outcome: figures.TermRow) -> ET.Element:
    case = ET.Element("testcase", name=visible(outcome.term), classname="slo")
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
    case = ET.Element("testcase", name="run.conclusive", classname="run")
    body = "\n".join([*run.notes, score_words(run)])
    _outcome(case, "error", visible(verdict_sentence(run)), "inconclusive", visible(body))
    return case
