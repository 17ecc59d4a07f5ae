"""Security: what a target must not give away, and that it outlives the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ozwell_harness.checks import security
from ozwell_harness.checks.passive import PassiveCheck, passive_of
from ozwell_harness.client import Client, segment
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.shelf import Shelf
from ozwell_harness.suite import Judge, each, provoke, requirement
from ozwell_harness.target import KeyName

#: A harmless file that is on most servers.
CLIMBING = segment("../../../../../../etc/hostname")


@pytest.fixture(scope="session")
def climbing(client: Client) -> Exchange:
    return client.get(f"/files/{CLIMBING}/content", "download a file whose id climbs out of its folder")


@requirement("security.trace-refused")
def test_trace(client: Client, judge: Judge) -> None:
    # Without the key: a server that honours TRACE sends every header back.
    judge(security.trace_is_refused, client.send(Call("TRACE", "/models", "TRACE", key=KeyName.NONE)))


@requirement("security.traversal-harmless")
def test_traversal(climbing: Exchange, judge: Judge) -> None:
    judge(security.traversal_is_harmless, climbing)


@pytest.fixture(scope="session")
def provoked(request: pytest.FixtureRequest) -> None:
    provoke(request, "climbing")


@each(passive_of("security"))
@pytest.mark.usefixtures("provoked")
def test_every_exchange(
    check: PassiveCheck, exchanges: Callable[[], tuple[Exchange, ...]], profile: Profile, judge: Judge
) -> None:
    judge.every(check, exchanges(), profile)


@requirement("security.survives-the-run")
def test_survives(client: Client, shelf: Shelf, judge: Judge) -> None:
    last = shelf.clear()
    # A file that cannot be deleted may never have been there: only a refusal to list the models tells of the target.
    if last is None or last.status != 200:
        call = Call("GET", "/models", "list models once more, at the end of the run", despite_silence=True)
        last = client.send(call)
    judge(security.still_answers, last)
