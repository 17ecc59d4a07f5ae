"""Findings: what a check said about a target."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ozwell_harness.model.requirement import Level


class Status(StrEnum):
    """What became of one requirement in a run.

    ``not_applicable``: the target does not claim the capability, or the owner declared it absent.
    ``not_testable``: a prerequisite is missing; shown beside the score, never green.
    ``error``: the harness failed; never the target's fault.
    """

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    NOT_APPLICABLE = "not_applicable"
    NOT_TESTABLE = "not_testable"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Deviation:
    """How an exchange departs from a requirement: one plain sentence, what was expected, what was seen."""

    message: str
    expected: str
    actual: str


class Unjudgeable(Exception):  # noqa: N818 - a state of the evidence, not an error of the program
    """The exchange cannot bear this judgement (wrong status, no JSON …); the finding is *not_testable*."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one requirement.

    Attributes:
        exchanges: ids of the exchanges that are the evidence, in the order they were judged.
        reproduce: a curl line with the key as ``$OZWELL_API_KEY``, or None.
    """

    requirement: str
    area: str
    level: Level
    status: Status
    message: str = ""
    expected: str = ""
    actual: str = ""
    exchanges: tuple[int, ...] = ()
    reproduce: str | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run spent at the target.

    Attributes:
        requests: HTTP requests sent, retries included.
        prompt_tokens, completion_tokens: sums of the ``usage`` the target reported.
        throttled: answers 429, or 503 with a time to come back, that were waited out and tried again.
        retried: requests sent again after a 502, 503 or 504, or without a connection.
        waited_s: seconds spent waiting for rate limits.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    throttled: int = 0
    waited_s: float = 0.0
    retried: int = 0
