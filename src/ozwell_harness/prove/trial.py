"""What the findings of one trial say of the fault, or the legal variation, that was tried."""

from __future__ import annotations

from collections.abc import Iterable

from ozwell_harness.mock.faults import Kind as FaultKind
from ozwell_harness.mock.faults import catalogue
from ozwell_harness.model import Finding, Level
from ozwell_harness.profile import Claim, load_profile
from ozwell_harness.prove.breaks import breaks_in
from ozwell_harness.prove.matrix import CLEAN, Kind, Trial, errors_in, judged_in, reported_by, unjudged_in


def trial_of(faults: tuple[str, ...], findings: Iterable[Finding], profile: str, seconds: float) -> Trial:
    """Hold the findings of one run against what its fault declares; without a fault, nothing must be found."""
    findings = tuple(findings)
    reported = reported_by(findings)
    declared = _declared(faults, profile)
    kind = _kind(faults)
    echoes = _on_demand(findings, profile) if kind is Kind.FAULT else frozenset()
    return Trial(
        name=_name(faults),
        kind=kind,
        expected=(declared & _telling(findings, reported, profile)) | (reported & echoes),
        reported=reported,
        judged=judged_in(findings),
        dependants=unjudged_in(findings),
        errors=errors_in(findings),
        seconds=seconds,
        declared=declared,
        description=_description(faults),
    )


def lost_trial(faults: tuple[str, ...], reason: str, profile: str) -> Trial:
    """Return a trial that came to no end."""
    declared = _declared(faults, profile)
    return Trial(
        name=_name(faults),
        kind=_kind(faults),
        expected=declared,
        reported=frozenset(),
        errors=(reason,),
        declared=declared,
        description=_description(faults),
    )


def _name(faults: tuple[str, ...]) -> str:
    return "+".join(faults) or CLEAN


def _description(faults: tuple[str, ...]) -> str:
    return " ".join(catalogue()[name].description for name in faults)


def _declared(faults: tuple[str, ...], profile: str) -> frozenset[str]:
    return frozenset(requirement for name in faults for requirement in breaks_in(catalogue()[name], profile))


def _kind(faults: tuple[str, ...]) -> Kind:
    breaks = any(catalogue()[name].kind is FaultKind.FAULT for name in faults)
    return Kind.FAULT if breaks else Kind.CONTROL


def _telling(findings: Iterable[Finding], reported: frozenset[str], profile: str) -> frozenset[str]:
    """Return the ids that a run by this profile can report at all.

    A broken MAY is no report, and a probed capability whose root is broken counts as absent.
    """
    capabilities = load_profile(profile).capabilities.values()
    roots = {capability.root for capability in capabilities if capability.claim is Claim.PROBED}
    ids = {finding.requirement for finding in findings if finding.level is not Level.MAY}
    return frozenset(ids - (roots - reported))


def _on_demand(findings: Iterable[Finding], profile: str) -> frozenset[str]:
    """Return the ids of areas that are judged on demand only.

    They judge once more what other areas judge, so that what they report of a fault is a consequence of it, which the
    fault does not declare.
    """
    opt_in = load_profile(profile).opt_in
    return frozenset(finding.requirement for finding in findings if finding.area in opt_in)
