"""Security: what a target must not give away, and that it outlives the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ozwell_harness.checks import security
from ozwell_harness.checks.operations import find_operation
from ozwell_harness.checks.passive import PassiveCheck, passive_of
from ozwell_harness.client import Client, segment
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.shelf import Shelf
from ozwell_harness.suite import Judge, each, provoke, requirement
from ozwell_harness.target import KeyName, Target

#: A harmless file that is on most servers.
CLIMBING = segment("../../../../../../etc/hostname")


#: What is read by an id, with the id to fill in; the first that the dialect has.
READ_BY_ID = {
    "/files/{}/content": "download a file whose id climbs out of its folder",
    "/chat/history?chat_id={}": "read the history of a chat whose id climbs out of its folder",
}


@pytest.fixture(scope="session")
def climbing(client: Client, profile: Profile) -> Exchange:
    path, label = next(found for found in READ_BY_ID.items() if find_operation("GET", found[0], profile))
    return client.get(path.format(CLIMBING), label)


@requirement("security.trace-refused")
def test_trace(client: Client, target: Target, judge: Judge) -> None:
    # Without the key: a server that honours TRACE sends every header back.
    path = target.knock.partition("?")[0]
    judge(security.trace_is_refused, client.send(Call("TRACE", path, "TRACE", key=KeyName.NONE)))


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
def test_survives(
    client: Client, shelf: Shelf, profile: Profile, exchanges: Callable[[], tuple[Exchange, ...]], judge: Judge
) -> None:
    last, knock = shelf.clear(), security.sign_of_life(profile.knock, exchanges())
    # A file that cannot be deleted may never have been there: only a refusal to knock tells of the target.
    if last is None or last.status != 200:
        label = f"{knock.label} once more, at the end of the run"
        last = client.send(Call("GET", knock.path, label, despite_silence=True))
    judge(security.still_answers, last, knock.statuses)
