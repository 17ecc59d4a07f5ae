"""A whole run, from settings to a report folder: the suites, then, where asked, a load."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ozwell_harness.driver import judge, run_suites
from ozwell_harness.load.runner import LoadError
from ozwell_harness.model import Cost, Finding, Level, Requirement, Run, Status, Verdict
from ozwell_harness.observer import Observer
from ozwell_harness.requirements import Catalogue
from ozwell_harness.session import Session
from ozwell_harness.settings import Settings, keys_in, under_version
from ozwell_harness.target import KeyName
from ozwell_harness.verdict import decide, doubted, gravest, tally
from ozwell_harness.webhooks.receiver import Receiver
from ozwell_harness.webhooks.wiring import sent_to, with_receiver

#: Puts a load on a session's target, leaves its samples in the folder, returns the ``load`` block of results.json.
LoadPhase = Callable[[Session, Path], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run, the folder of its report, and the catalogue that it was judged by."""

    run: Run
    folder: Path
    catalogue: Catalogue


@contextlib.contextmanager
def with_target(settings: Settings, receiver: Receiver | None = None) -> Iterator[Settings]:
    """Yield settings that name a target: the bundled mock, for as long as the block lasts, when they name none.

    The mock sends its webhooks to ``receiver``.
    """
    if settings.base_url is not None:
        yield settings
        return
    from ozwell_harness.mock.server import running_mock
    from ozwell_harness.mock.settings import STOCK, MockSettings

    with running_mock(MockSettings(stock=STOCK, profile=settings.profile, webhooks=sent_to(receiver))) as mock:
        yield replace(
            settings,
            base_url=under_version(mock.base_url, settings.api_version),
            model=mock.env["OZWELL_MODEL"],
            embedding_model=mock.env["OZWELL_EMBEDDING_MODEL"],
            deployable_model=mock.env.get("OZWELL_DEPLOYABLE_MODEL"),
            keys=keys_in(mock.env),
            bundled_mock=True,
        )


def execute(
    settings: Settings,
    observer: Observer,
    make_folder: Callable[[], Path],
    load: LoadPhase | None = None,
    receiver: Receiver | None = None,
) -> Outcome:
    """Judge the target that ``settings`` name, and load it when ``load`` is given and there is something to load.

    The report folder is made only when it is sure that there will be something to report.

    Raises:
        ConfigurationError, ProfileError, CatalogueError: something is wrong with what was asked.
        HarnessError: the suites could not be run.
    """
    session = Session(settings, observer, receiver=receiver)
    try:
        session.prepare()
        folder = make_folder()
        folder.mkdir(parents=True, exist_ok=True)
        run = run_suites(session, folder)
    finally:
        session.recorder.close()
    if receiver is not None and settings.bundled_mock:
        # To tell of each chat would weigh on the load.
        receiver.dismiss()
    if load is not None and not run.interrupted and not session.unreachable:
        try:
            run = with_load(run, load(session, folder), session.catalogue)
        except LoadError as error:
            run = _without_load(run, str(error))
    return Outcome(run, folder, session.catalogue)


def forecast(settings: Settings) -> Cost:
    """Return what a run with these settings costs, measured against the bundled mock.

    Only the keys are used that the settings hold, so that what they do not open is not counted.

    Raises:
        ConfigurationError, ProfileError, CatalogueError, BaselineError: something is wrong with what was asked.
        HarnessError: the suites could not be run.
    """
    own = replace(settings, base_url=None, webhooks=None)
    with (
        with_receiver(own) as (awaiting, receiver),
        with_target(awaiting, receiver) as mock,
        Path(os.devnull).open("w", encoding="utf-8") as log,
    ):
        held = (settings.keys or {}).keys() | {KeyName.MAIN} if settings.base_url else (mock.keys or {}).keys()
        keys = {name: key for name, key in (mock.keys or {}).items() if name in held}
        session = Session(replace(mock, keys=keys), receiver=receiver)
        try:
            session.prepare()
            return judge(session, log).cost
        finally:
            session.recorder.close()


def _without_load(run: Run, reason: str) -> Run:
    """Return the run with a note: what the suites found stands, but a run that missed a part of itself is not green."""
    note = f"The load could not be run: {reason}"
    return replace(run, verdict=doubted(run.verdict), command="run", notes=(*run.notes, note))


def with_load(run: Run, block: Mapping[str, Any], catalogue: Catalogue) -> Run:
    """Return the run with its load figures, and what the load found added to the findings."""
    known = {finding.requirement: finding for finding in run.findings}
    for entry in block.get("nonconformities", ()):
        requirement = catalogue.by_id.get(entry["requirement"])
        if requirement is not None:
            before = [known[requirement.id]] if requirement.id in known else []
            known[requirement.id] = gravest([*before, under_load(requirement, entry)])
    findings = tuple(known[r.id] for r in catalogue if r.id in known)
    interrupted, answered = bool(block.get("interrupted")), block["requests"]["completed"] > 0
    verdict = decide(findings, run.baseline)
    if run.undecided or not answered:
        verdict = doubted(verdict)
    return replace(
        run,
        findings=findings,
        tally=tally(findings),
        verdict=Verdict.INCONCLUSIVE if interrupted else verdict,
        interrupted=interrupted,
        notes=(*run.notes, *_told_of_load(interrupted=interrupted, answered=answered)),
        load=block,
        command="run",
    )


def _told_of_load(*, interrupted: bool, answered: bool) -> Iterator[str]:
    if interrupted:
        yield "Interrupted during the load: its figures are partial."
    elif not answered:
        yield "Under load, not one request was answered as it should be, so nothing was measured."


def under_load(requirement: Requirement, entry: Mapping[str, Any]) -> Finding:
    """Return the finding that an entry of the load's ``nonconformities`` amounts to."""
    return Finding(
        requirement=requirement.id,
        area=requirement.area,
        level=requirement.level,
        status=Status.FAILED if requirement.level is Level.MUST else Status.WARNED,
        message=f"Under load, {_answers(entry['count'])}: {entry['message']}",
        expected=requirement.text,
        actual=str(entry.get("example") or entry["message"]),
    )


def _answers(amount: int) -> str:
    return "1 answer deviates" if amount == 1 else f"{amount:,} answers deviate"
