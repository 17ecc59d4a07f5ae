"""One run of the suites: what was asked, what is known of the target, and the findings as they come."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from ozwell_harness.baseline import Baseline, annotate, compare, read_baseline
from ozwell_harness.contract.plan import AREA as GENERATED
from ozwell_harness.exchange import Recorder
from ozwell_harness.gate import RATE_LIMIT_AREA, Closed, gate
from ozwell_harness.model import Delivery, Finding, Requirement, Run, Status, Verdict
from ozwell_harness.observer import Observer, Silent
from ozwell_harness.preflight import prepare, target_of
from ozwell_harness.profile import Claim, Profile, load_profile
from ozwell_harness.requirements import Catalogue, load_catalogue
from ozwell_harness.settings import ConfigurationError, Selection, Settings
from ozwell_harness.target import Target
from ozwell_harness.timing import MACHINE, Timing
from ozwell_harness.verdict import decide, doubted, gravest, tally
from ozwell_harness.webhooks.inbound import Answer, Inbound
from ozwell_harness.webhooks.reading import delivery_of
from ozwell_harness.webhooks.receiver import Receiver


class Session:
    """State of one run. The pytest plugin feeds it; ``result`` reads it at any time, also half-way."""

    def __init__(
        self,
        settings: Settings,
        observer: Observer | None = None,
        timing: Timing = MACHINE,
        receiver: Receiver | None = None,
    ) -> None:
        """Load the profile and the catalogue; nothing is sent yet.

        Args:
            settings: what the run is told.
            observer: is told of the findings as they come.
            timing: the clock.
            receiver: of webhooks; it is started when the target is looked at, and closed by whoever made it.

        Raises:
            ConfigurationError: no target, or the selection matches nothing.
            ProfileError: there is no such profile.
            CatalogueError: the catalogue is damaged.
            BaselineError: the baseline cannot be read.
        """
        self.settings = settings
        self.observer = observer or Silent()
        self.profile: Profile = load_profile(settings.profile)
        self.whole_catalogue: Catalogue = load_catalogue()
        self.catalogue: Catalogue = self.profile.select(self.whole_catalogue)
        judged = self.catalogue if settings.property_plan else _without(self.catalogue, GENERATED)
        self.wanted = _wanted(judged, settings.selection, self.profile.opt_in)
        _check_capabilities(self.profile, settings.absent)
        self.baseline = read_baseline(settings.baseline) if settings.baseline else Baseline({})
        _check_baseline(self.baseline, self.whole_catalogue)
        self.target: Target = target_of(settings, self.profile)
        self.recorder = Recorder(self.target, waiting=self.observer.waiting, timing=timing)
        self.receiver = receiver
        self.unreachable: str | None = None
        self.doubt: str | None = None
        self.interrupted = False
        self._started = time.time()
        self._begin = time.monotonic()
        self._findings: dict[str, Finding] = {}
        self._remarks: list[str] = []

    def prepare(self) -> None:
        """Look at the target and complete what is known of it.

        Raises:
            ConfigurationError: no model is named and none is listed.
        """
        if self.receiver is not None:
            self.receiver.start(self._record_delivery)
        ready = prepare(self.settings, self.profile, self.recorder)
        self.target, self.unreachable, self.doubt = ready.target, ready.unreachable, ready.doubt

    @property
    def findings(self) -> Mapping[str, Finding]:
        """What has been judged so far, one finding a requirement."""
        return self._findings

    def gate(self, requirement: Requirement) -> Closed | None:
        """Return why ``requirement`` cannot be judged now, or None."""
        if self.unreachable:
            return Closed(Status.NOT_TESTABLE, "The target could not be reached.")
        return gate(requirement, self.target, self.findings)

    def add(self, finding: Finding) -> None:
        """Keep a finding and tell the observer."""
        finding = self.recorder.redactor.clean_finding(finding)
        before = self._findings.get(finding.requirement)
        self._findings[finding.requirement] = gravest([before, finding]) if before else finding
        self.observer.judged(finding)

    def remark(self, sentence: str) -> None:
        """Note something about the run as a whole."""
        self._remarks.append(sentence)

    def result(self) -> Run:
        """Return the run as far as it has come, findings in catalogue order."""
        known = self.findings
        findings = tuple(known[r.id] for r in self.catalogue if r.id in known)
        comparison = compare(findings, self.baseline, datetime.now(tz=UTC).date())
        findings = tuple(annotate(finding, self.baseline, comparison) for finding in findings)
        verdict = Verdict.INCONCLUSIVE if self.interrupted else decide(findings, comparison)
        undecided = self.recorder.blind or self._lacks_a_root(findings)
        return Run(
            target=self.recorder.redactor.clean(self.target.base_url),
            profile=self.profile.name,
            seed=self.settings.seed,
            started=self._started,
            duration_s=time.monotonic() - self._begin,
            verdict=doubted(verdict) if undecided else verdict,
            tally=tally(findings),
            findings=findings,
            cost=self.recorder.cost,
            exchanges=self.recorder.evidence,
            notes=(*self._notes(), *comparison.notes()),
            interrupted=self.interrupted,
            undecided=undecided,
            facts=self._facts(),
            baseline=comparison,
        )

    def _record_delivery(self, inbound: Inbound, answer: Answer, at: float) -> Delivery:
        if self.receiver is None:
            raise RuntimeError("a webhook needs a receiver")
        made = delivery_of(inbound, answer, at, self.receiver.listening, self.recorder.redactor)
        return self.recorder.keep_delivery(made)

    def _lacks_a_root(self, findings: Iterable[Finding]) -> bool:
        """Whether what the target owes was asked for, and the answer could not be judged: a 429 to the end, say.

        A key that is missing is another matter: nothing was asked then. And rates are only asked for.
        """
        owed = [c for c in self.profile.capabilities.values() if c.claim is Claim.REQUIRED]
        roots = {c.root for c in owed if self.catalogue[c.root].area != RATE_LIMIT_AREA}
        return any(f.requirement in roots and f.status is Status.NOT_TESTABLE and f.exchanges for f in findings)

    def _facts(self) -> dict[str, str]:
        facts = {"model": self.target.model, "embedding_model": self.target.embedding_model or ""}
        return facts | {"bundled_mock": "yes"} if self.settings.bundled_mock else facts

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self.unreachable:
            notes.append(f"Unreachable: {self.unreachable}")
        if self.doubt:
            notes.append(self.doubt)
        if self.interrupted:
            notes.append("Interrupted: this report holds what was judged until then.")
        cost = self.recorder.cost
        if cost.throttled:
            notes.append(f"Rate limits that were waited out: {cost.throttled}, {cost.waited_s:.0f} s in all.")
        if cost.retried:
            notes.append(
                f"Requests sent again after a 502, 503 or 504, or without a connection: {cost.retried}."
                " What came first is judged all the same."
            )
        strays = self.receiver.notes if self.receiver else ()
        return (*notes, *self._remarks, *self.recorder.notes, *strays)


def _without(catalogue: Catalogue, area: str) -> Catalogue:
    return Catalogue({r.id: r for r in catalogue if r.area != area})


def _wanted(catalogue: Catalogue, selection: Selection, opt_in: frozenset[str]) -> frozenset[str]:
    """Return the ids to judge, prerequisites included; areas of ``opt_in`` only where areas or ids are asked for.

    Raises:
        ConfigurationError: an area is unknown or nothing matches.
    """
    for area in selection.areas:
        if area not in catalogue.areas:
            raise ConfigurationError(f"There is no area {area!r}. Areas: {', '.join(catalogue.areas)}.")
    chosen = [
        r.id
        for r in catalogue
        if (r.area not in opt_in or selection.areas or selection.patterns)
        and (not selection.areas or r.area in selection.areas)
        and (not selection.levels or r.level in selection.levels)
        and (not selection.patterns or any(fnmatchcase(r.id, pattern) for pattern in selection.patterns))
    ]
    if not chosen:
        raise ConfigurationError("The selection matches no requirement; see: ozwell-harness requirements list.")
    return frozenset(catalogue.with_prerequisites(chosen))


def _check_capabilities(profile: Profile, absent: frozenset[str]) -> None:
    for name in sorted(absent - profile.capabilities.keys()):
        raise ConfigurationError(
            f"Profile {profile.name} has no capability {name!r}. Capabilities: {', '.join(profile.capabilities)}."
        )


def _check_baseline(baseline: Baseline, catalogue: Catalogue) -> None:
    for name in baseline.entries:
        if name not in catalogue:
            raise ConfigurationError(f"The baseline names {name}, which is no requirement of the catalogue.")
