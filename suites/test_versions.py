"""Versions of the API: those that are supported answer alike and know the same, any other is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ozwell_harness.asked_histories import chat_id, history_call
from ozwell_harness.checks import base, errors, history, retrieval, security
from ozwell_harness.checks.history import Chat
from ozwell_harness.client import Client, json_call
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.papers import Filed
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Judge, requirement
from ozwell_harness.target import Target
from ozwell_harness.versions import version_of

#: No API has come that far.
UNSUPPORTED = "v97"


@pytest.fixture(scope="session")
def version(target: Target) -> str:
    """The version that the run judges."""
    found = version_of(target.base_url)
    if found is None:
        raise Unjudgeable("the base URL does not end in a version, so there is none to replace")
    return found


@pytest.fixture(scope="session")
def other(version: str, profile: Profile) -> str:
    """Another supported version."""
    others = [known for known in profile.versions if known != version]
    if not others:
        raise Unjudgeable(f"{version} is the only supported version")
    return others[0]


@pytest.fixture(scope="session")
def unsupported(
    client: Client,
    profile: Profile,
    version: str,  # noqa: ARG001 - there has to be one
    exchanges: Callable[[], tuple[Exchange, ...]],
) -> Exchange:
    """What is there under a supported version: for what is nowhere, any version is refused."""
    there = security.sign_of_life(profile.knock, exchanges()).path
    return client.send(Call("GET", there, "ask for an unsupported version", version=UNSUPPORTED))


@pytest.fixture(scope="session")
def found_there(client: Client, guide: Filed, other: str) -> Exchange:
    """A query of the other version for a document that was uploaded under this one."""
    call = json_call("/rag/query", {"query": guide.paper.sentence, "top_k": 5}, f"query documents under {other}")
    return client.send(replace(call, version=other))


@requirement("versions.unsupported-refused")
def test_unsupported(unsupported: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.refused, unsupported, profile.expect.errors["unsupported_version"])


@requirement("versions.unsupported-in-envelope")
def test_unsupported_in_envelope(unsupported: Exchange, profile: Profile, judge: Judge) -> None:
    judge(errors.in_envelope, unsupported, profile.expect.envelope)


@requirement("versions.all-answer")
def test_other(found_there: Exchange, judge: Judge) -> None:
    judge(base.answers, found_there)


@requirement("versions.history-kept")
def test_history(client: Client, chat: Chat, other: str, judge: Judge) -> None:
    call = history_call(chat_id(chat), f"read the history of a chat under {other}")
    exchange = client.send(replace(call, version=other))
    judge(history.is_there, exchange)
    judge(history.holds_all, exchange, chat)


@requirement("versions.documents-kept")
def test_documents(found_there: Exchange, guide: Filed, judge: Judge) -> None:
    judge(retrieval.finds, found_there, guide.known)
