"""The words of the harness as frozen values. No I/O here."""

from ozwell_harness.model.delivery import Delivery, Signing
from ozwell_harness.model.document import read_json, without_surrogates
from ozwell_harness.model.exchange import Arrival, Exchange, Failure, FailureKind, Headers, Leak, Request, Response
from ozwell_harness.model.finding import Cost, Deviation, Finding, Status, Unjudgeable
from ozwell_harness.model.requirement import Level, Requirement, Source
from ozwell_harness.model.run import BaselineComparison, Run, Tally, Verdict

__all__ = [
    "Arrival",
    "BaselineComparison",
    "Cost",
    "Delivery",
    "Deviation",
    "Exchange",
    "Failure",
    "FailureKind",
    "Finding",
    "Headers",
    "Leak",
    "Level",
    "Request",
    "Requirement",
    "Response",
    "Run",
    "Signing",
    "Source",
    "Status",
    "Tally",
    "Unjudgeable",
    "Verdict",
    "read_json",
    "without_surrogates",
]
