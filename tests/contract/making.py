"""Exchanges and readings made by hand, for the tests of the property phase."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ozwell_harness.contract.readings import Offer, reading
from ozwell_harness.contract.subjects import SUBJECTS
from ozwell_harness.model import Exchange, Failure, FailureKind, Headers, Request, Response
from ozwell_harness.profile import Profile, load_profile
from ozwell_harness.requirements import load_catalogue


def owed(name: str = "ozwell") -> frozenset[str]:
    """Ids of what a dialect owes."""
    return frozenset(profile(name).select(load_catalogue()).by_id)


def exchange(
    method: str,
    path: str,
    status: int | None = 200,
    *,
    sent: Any = None,
    answer: Any = None,
    body: bytes | None = None,
    media_type: str = "application/json",
    failure: FailureKind | None = None,
) -> Exchange:
    """An exchange; ``sent`` and ``answer`` as JSON, ``body`` as the bytes of the answer."""
    asked = b"" if sent is None else json.dumps(sent).encode()
    told = json.dumps(answer).encode() if body is None else body
    fields = Headers((("Content-Type", media_type),))
    return Exchange(
        0,
        "made by hand",
        Request(method, path, f"http://target.invalid/v1{path}", fields if asked else Headers(), asked),
        None if status is None else Response(status, fields, told),
        Failure(failure, "it failed") if failure else None,
    )


@cache
def profile(name: str = "ozwell") -> Profile:
    return load_profile(name)


#: The operations of the Ozwell dialect.
ALL = frozenset(subject.operation for subject in SUBJECTS if subject.capability in profile().capabilities)
OFFER = Offer(ALL, "some-model", "some-embedder")


@cache
def document(name: str = "ozwell", offer: Offer = OFFER) -> dict[str, Any]:
    """A reading; not to be changed."""
    return reading(profile(name), offer)
