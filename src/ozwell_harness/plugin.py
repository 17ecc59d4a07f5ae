"""pytest glue: options, selection and order, the gate before each test, a finding after it, the verdict at the end."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from ozwell_harness.baseline import BaselineError
from ozwell_harness.client import Client
from ozwell_harness.gate import Closed, shows_absence
from ozwell_harness.model import Delivery, Finding, Level, Requirement, Status, Unjudgeable
from ozwell_harness.profile import Profile, ProfileError
from ozwell_harness.reporting.curl import curl
from ozwell_harness.reporting.text import visible
from ozwell_harness.requirements import Catalogue, CatalogueError
from ozwell_harness.session import Session
from ozwell_harness.settings import CONFIGURATION_FILE, ConfigurationError, FileSettings, read_file, resolve
from ozwell_harness.suite import Judge, ModelDependentError, NonconformanceError
from ozwell_harness.target import Target, how_to_supply
from ozwell_harness.verdict import exit_status
from ozwell_harness.webhooks.receiver import Receiver

SESSION = "ozwell-harness-session"
_session = pytest.StashKey[Session]()
_judge = pytest.StashKey[Judge]()
_finding = pytest.StashKey[Finding]()

_SHOWN = {
    Status.PASSED: ("passed", ".", "PASSED"),
    Status.FAILED: ("failed", "F", "FAILED"),
    Status.WARNED: ("warned", "w", ("WARNED", {"yellow": True})),
    Status.NOT_APPLICABLE: ("not applicable", "-", "NOT APPLICABLE"),
    Status.NOT_TESTABLE: ("not testable", "s", "NOT TESTABLE"),
    Status.ERROR: ("error", "E", "ERROR"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run of the suites by pytest alone."""
    group = parser.getgroup("ozwell", "conformance of an endpoint")
    group.addoption("--target", metavar="URL", help="base URL of the endpoint, with /v1 (or OZWELL_BASE_URL)")
    group.addoption("--profile", metavar="NAME", help="dialect to judge by: ozwell (default), openai, openwebui")
    group.addoption("--api-version", metavar="VERSION", help="version to ask for instead of the one in the URL")
    group.addoption("--model", metavar="ID", help="chat model (or OZWELL_MODEL)")
    group.addoption("--embedding-model", metavar="ID", help="embedding model (or OZWELL_EMBEDDING_MODEL)")
    group.addoption(
        "--deployable-model",
        metavar="ID",
        help="model that may be configured and deployed (or OZWELL_DEPLOYABLE_MODEL)",
    )
    group.addoption("--area", action="append", default=[], metavar="AREA", help="judge this area only; repeatable")
    group.addoption(
        "--requirement", action="append", default=[], metavar="GLOB", help="judge these ids only; repeatable"
    )
    group.addoption(
        "--without", action="append", default=[], metavar="CAPABILITY", help="capability that the target lacks"
    )
    group.addoption("--baseline", metavar="FILE", help="known deviations that do not fail the run")
    group.addoption("--max-requests", type=int, metavar="N", help="send no more than N requests")
    group.addoption("--seed", type=int, metavar="N", help="seed of everything random (default 0)")
    group.addoption("--no-property", action="store_true", help="leave the generated requests out")
    group.addoption("--property-examples", type=int, metavar="N", help="random requests for each operation")
    group.addoption("--property-requests", type=int, metavar="N", help="send no more than N generated requests")
    group.addoption("--webhook-listen", metavar="HOST:PORT", help="receive the target's webhooks here")
    group.addoption("--webhook-secret-env", metavar="NAME", help="variable with the secret that signs them")
    group.addoption("--webhook-wait", type=float, metavar="S", help="await them for no longer than S seconds")
    group.addoption("--property-time", type=float, metavar="S", help="generate for no more than S seconds")


def pytest_configure(config: pytest.Config) -> None:
    """Take the session that the command line prepared, or make one from the options."""
    config.addinivalue_line("markers", "requirement(id): the one requirement that the test judges")
    session = config.pluginmanager.get_plugin(SESSION)
    if session is None:
        try:
            session = _session_of(config)
        except (BaselineError, ConfigurationError, ProfileError, CatalogueError) as error:
            raise pytest.UsageError(str(error)) from None
    hand_over(config, session)
    config.pluginmanager.register(_Interruption(session))


def _session_of(config: pytest.Config) -> Session:
    settings = _settings(config)
    if settings.webhooks is None:
        return Session(settings)
    receiver = Receiver(settings.webhooks)
    config.add_cleanup(receiver.close)
    return Session(settings, receiver=receiver)


def hand_over(config: pytest.Config, session: Session) -> None:
    """Let the tests judge for ``session`` from now on."""
    config.stash[_session] = session


def _settings(config: pytest.Config) -> Any:
    option = config.option
    given = {
        "base_url": option.target,
        "profile": option.profile,
        "api_version": option.api_version,
        "model": option.model,
        "embedding_model": option.embedding_model,
        "deployable_model": option.deployable_model,
        "patterns": option.requirement,
        "areas": option.area,
        "absent": option.without,
        "max_requests": option.max_requests,
        "baseline": option.baseline,
        "seed": option.seed,
        "no_property": option.no_property,
        "property_examples": option.property_examples,
        "property_requests": option.property_requests,
        "property_time": option.property_time,
        "webhook_listen": option.webhook_listen,
        "webhook_secret_env": option.webhook_secret_env,
        "webhook_wait": option.webhook_wait,
    }
    path = Path(config.invocation_params.dir) / CONFIGURATION_FILE
    return resolve(given, os.environ, read_file(path) if path.is_file() else FileSettings())


def pytest_sessionstart(session: pytest.Session) -> None:
    """Look at the target, unless the command line did, or nothing is going to be run."""
    run = session.config.stash[_session]
    if session.config.pluginmanager.has_plugin(SESSION) or session.config.option.collectonly:
        return
    try:
        run.prepare()
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is judged, by which profile."""
    run = config.stash[_session]
    return [f"target: {run.target.base_url}, profile: {run.profile.name}"]


def requirement_id(item: pytest.Item) -> str | None:
    """Return the id that a test is marked with."""
    marker = item.get_closest_marker("requirement")
    return str(marker.args[0]) if marker and marker.args else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of the wanted requirements, prerequisites first."""
    run = config.stash[_session]
    for item in items:
        if requirement_id(item) not in run.whole_catalogue:
            raise pytest.UsageError(f"{item.nodeid} names no requirement of the catalogue: {requirement_id(item)}.")
    kept = [item for item in items if requirement_id(item) in run.wanted]
    config.hook.pytest_deselected(items=[item for item in items if requirement_id(item) not in run.wanted])
    rank = {name: number for number, name in enumerate(run_order(run.catalogue))}
    items[:] = sorted(kept, key=lambda item: rank[requirement_id(item) or ""])


def run_order(catalogue: Catalogue) -> tuple[str, ...]:
    """Return all ids so that prerequisites come first, and else in catalogue order."""
    position = {requirement.id: number for number, requirement in enumerate(catalogue)}
    sorter = TopologicalSorter({r.id: r.requires for r in catalogue})
    sorter.prepare()
    order: list[str] = []
    ready = sorted(sorter.get_ready(), key=position.__getitem__)
    while ready:
        name = ready.pop(0)
        order.append(name)
        sorter.done(name)
        ready = sorted([*ready, *sorter.get_ready()], key=position.__getitem__)
    return tuple(order)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Tell the observer how many requirements there are."""
    run = session.config.stash[_session]
    judged = [requirement_id(item) or "" for item in session.items]
    tests = Counter(run.catalogue[name].area for name in judged)
    run.observer.started(run.target.base_url, run.profile.name, len(set(judged)), tests)


class _ClosedError(Exception):
    def __init__(self, closed: Closed) -> None:
        super().__init__(closed.reason)
        self.closed = closed


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Stop a test whose requirement cannot be judged, before it costs a request."""
    run = item.config.stash[_session]
    requirement = run.catalogue[requirement_id(item) or ""]
    item.stash[_judge] = Judge(requirement.area)
    closed = run.gate(requirement)
    if closed:
        raise _ClosedError(closed)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make the finding, and let the report show its status."""
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, Unjudgeable | NonconformanceError | _ClosedError):
        # The finding says it all: to follow a traceback through the sources took most of a run's time.
        call.excinfo = _without_traceback(str(error))
    report = yield
    if call.excinfo is None and call.when != "call":
        return report
    if isinstance(error, KeyboardInterrupt):
        return report
    run = item.config.stash[_session]
    requirement = run.catalogue[requirement_id(item) or ""]
    finding = _judged(requirement, run.profile, item.stash[_judge], error)
    run.add(finding)
    item.stash[_finding] = finding
    _show(report, finding)
    return report


def _without_traceback(message: str) -> pytest.ExceptionInfo[BaseException]:
    try:
        pytest.fail(message, pytrace=False)
    except pytest.fail.Exception:
        return pytest.ExceptionInfo.from_current()


def _judged(requirement: Requirement, profile: Profile, judge: Judge, error: BaseException | None) -> Finding:
    match error:
        case None if judge.judged:
            return _finding_of(requirement, judge, Status.PASSED)
        case None:
            return _finding_of(requirement, judge, Status.ERROR, "The test made no judgement.")
        case _ClosedError():
            return _finding_of(requirement, judge, error.closed.status, error.closed.reason)
        case Unjudgeable():
            return _finding_of(requirement, judge, Status.NOT_TESTABLE, sentence(str(error)))
        case NonconformanceError():
            return _deviating(requirement, profile, judge, error)
        case _:
            message = f"The harness failed: {type(error).__name__}: {error}"
            return _finding_of(requirement, judge, Status.ERROR, message)


def _deviating(requirement: Requirement, profile: Profile, judge: Judge, error: NonconformanceError) -> Finding:
    deviation = error.deviation
    statuses = frozenset(exchange.status for exchange in judge.culprits.values())
    if shows_absence(requirement, profile, statuses):
        # What depends on it takes over the message, and not the evidence: that is told here, once.
        absent = _finding_of(
            requirement, judge, Status.NOT_APPLICABLE, f"The target does not offer {requirement.capability}."
        )
        return replace(absent, expected=deviation.expected, actual=deviation.actual)
    if requirement.level is Level.MAY:
        return _finding_of(requirement, judge, Status.NOT_APPLICABLE, sentence(deviation.message))
    grave = requirement.level is Level.MUST and not isinstance(error, ModelDependentError)
    culprits = list(judge.culprits.values()) or list(judge.evidence.values())
    # A webhook is the target's request: what brought it about is what can be sent again.
    sent = [exchange.request for exchange in culprits if not isinstance(exchange, Delivery)]
    return Finding(
        requirement=requirement.id,
        area=requirement.area,
        level=requirement.level,
        status=Status.FAILED if grave else Status.WARNED,
        message=sentence(deviation.message),
        expected=deviation.expected,
        actual=deviation.actual,
        exchanges=tuple(exchange.id for exchange in culprits),
        reproduce=curl(sent[-1]) if sent else None,
    )


def _finding_of(requirement: Requirement, judge: Judge, status: Status, message: str = "") -> Finding:
    return Finding(
        requirement.id, requirement.area, requirement.level, status, message, exchanges=tuple(judge.evidence)
    )


def sentence(text: str) -> str:
    """Return ``text`` as a sentence: a capital first, a full stop last."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _show(report: pytest.TestReport, finding: Finding) -> None:
    skipped = (Status.NOT_APPLICABLE, Status.NOT_TESTABLE)
    if finding.status in skipped:
        report.outcome = "skipped"
        report.longrepr = (str(report.location[0]), report.location[1] or 0, visible(finding.message))
    elif finding.status is Status.FAILED:
        report.outcome = "failed"
        report.longrepr = _words(finding)
    elif finding.status is Status.WARNED:
        report.outcome = "passed"
        report.longrepr = None
        report.sections.append(("warning", _words(finding)))
    elif finding.status is Status.ERROR:
        report.outcome = "failed"
        report.longrepr = visible(str(report.longrepr or finding.message))
    report.user_properties.append(("status", finding.status.value))


def _words(finding: Finding) -> str:
    lines = [
        f"{finding.level} {finding.requirement}: {finding.message}",
        f"  expected: {finding.expected}",
        f"  actual:   {finding.actual}",
    ]
    if finding.reproduce:
        lines.append(f"  reproduce: {finding.reproduce}")
    return visible("\n".join(lines))


def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, Any] | None:
    """Show a finding's status where pytest would show the test's outcome."""
    properties = dict(getattr(report, "user_properties", ()))
    return _SHOWN[Status(properties["status"])] if "status" in properties else None


class _Interruption:
    """Tells Ctrl-C from a suite that could not be loaded: pytest gives both the same exit status."""

    def __init__(self, run: Session) -> None:
        self._run = run

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        if not isinstance(excinfo.value, pytest.Session.Interrupted):
            self._run.interrupted = True
            self._run.recorder.hurry()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
    """Turn findings into the exit status."""
    run = session.config.stash[_session]
    run.recorder.close()
    run.observer.finished()
    if exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}:
        session.exitstatus = exit_status(run.result().verdict)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say the verdict at the end of a run by pytest alone."""
    run = config.stash[_session].result()
    terminalreporter.section("conformance")
    for note in run.notes:
        terminalreporter.write_line(note)
    score = "nothing judged" if run.tally.score is None else f"{run.tally.score:.1%} of what was judged"
    coverage = "" if run.tally.coverage is None else f", which is {run.tally.coverage:.1%} of what applies"
    terminalreporter.write_line(f"{run.verdict}: {score}{coverage}; {run.cost.requests} requests")


@pytest.fixture
def judge(request: pytest.FixtureRequest) -> Judge:
    """Hands exchanges to checks."""
    judge: Judge = request.node.stash[_judge]
    return judge


@pytest.fixture(scope="session")
def run_session(pytestconfig: pytest.Config) -> Session:
    """The run that this test belongs to."""
    return pytestconfig.stash[_session]


@pytest.fixture(scope="session")
def target(run_session: Session) -> Target:
    """What is judged."""
    return run_session.target


@pytest.fixture(scope="session")
def profile(run_session: Session) -> Profile:
    """The dialect that it is judged by."""
    return run_session.profile


@pytest.fixture(scope="session")
def owed(run_session: Session) -> Catalogue:
    """All that the dialect owes, whether this run judges it or not."""
    return run_session.catalogue


@pytest.fixture(scope="session")
def client(run_session: Session) -> Client:
    """Sends calls; every answer is recorded."""
    return Client(run_session.recorder, run_session.target)


@pytest.fixture(scope="session")
def receiver(run_session: Session) -> Receiver:
    """Receives the target's webhooks."""
    if run_session.receiver is None:
        raise Unjudgeable(f"to receive webhooks, {how_to_supply('webhook_receiver')}")
    return run_session.receiver


@pytest.fixture(scope="session")
def exchanges(run_session: Session) -> Callable[[], tuple[Any, ...]]:
    """Gives every exchange of the run so far, for checks that hold of all of them."""
    return lambda: run_session.recorder.exchanges
