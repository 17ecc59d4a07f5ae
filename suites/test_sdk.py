"""The official client: what its user gets from the target, beside what the other suites find in the raw answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ozwell_harness.checks import sdk, sdk_data
from ozwell_harness.client import Client
from ozwell_harness.model import Unjudgeable
from ozwell_harness.official import calls
from ozwell_harness.official.client import Attempt, OfficialClient
from ozwell_harness.profile import Profile
from ozwell_harness.shelf import Shelf, Upload, file_path
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import Target


@pytest.fixture(scope="session")
def official(client: Client, target: Target) -> OfficialClient:
    return OfficialClient(client.recorder, target)


@pytest.fixture(scope="session")
def streamed(official: OfficialClient) -> Attempt:
    return calls.chat_streamed(official)


@pytest.fixture(scope="session")
def two_choices(official: OfficialClient) -> Attempt:
    return calls.chat_two_choices(official)


@pytest.fixture(scope="session")
def tool_asked(official: OfficialClient) -> Attempt:
    return calls.tool_asked(official)


@pytest.fixture(scope="session")
def by_default(official: OfficialClient) -> Attempt:
    return calls.embeddings(official)


@pytest.fixture(scope="session")
def as_floats(official: OfficialClient) -> Attempt:
    return calls.embeddings(official, encoding="float")


@pytest.fixture(scope="session")
def created(official: OfficialClient, shelf: Shelf, client: Client) -> Iterator[Attempt]:
    """The client's own file; deleted at the end unless the client has done so."""
    attempt = calls.file_created(official)
    yield attempt
    for file_id in _ids(attempt):
        asked = ("DELETE", file_path(file_id), 200)
        if asked not in ((e.request.method, e.request.path, e.status) for e in client.recorder.exchanges):
            shelf.delete(file_id, "clean up")


@pytest.fixture(scope="session")
def file_id(created: Attempt) -> str:
    found = _ids(created)
    if not found:
        raise Unjudgeable("the upload gave the client no file id")
    return found[0]


@pytest.fixture(scope="session")
def refusals(official: OfficialClient) -> dict[str, Attempt]:
    return {
        "bad_key": calls.models_with_a_wrong_key(official),
        "unknown_model": calls.chat_with_an_unknown_model(official),
        "bad_request": calls.chat_with_a_bad_request(official),
    }


@requirement("sdk.models-listed")
def test_models(official: OfficialClient, judge: Judge) -> None:
    _judge(judge, sdk.lists_models, calls.models(official))


@requirement("sdk.chat-answered")
def test_chat(official: OfficialClient, judge: Judge) -> None:
    _judge(judge, sdk.gives_text, calls.chat(official))


@requirement("sdk.chat-choices")
def test_choices(two_choices: Attempt, judge: Judge) -> None:
    _judge(judge, sdk.gives_choices, two_choices, 2)


@requirement("sdk.chat-stopped")
def test_stop(two_choices: Attempt, judge: Judge) -> None:
    _judge(judge, sdk.leaves_out, two_choices, calls.STOP)


@requirement("sdk.chat-as-json")
def test_json_mode(official: OfficialClient, judge: Judge) -> None:
    _judge(judge, sdk.gives_json, calls.chat_as_json(official))


@each({"sdk.stream-read": sdk.streams_text, "sdk.stream-usage": sdk.streams_usage})
def test_stream(check: Check, streamed: Attempt, judge: Judge) -> None:
    _judge(judge, check, streamed)


@requirement("sdk.tool-call-usable")
def test_tool_call(tool_asked: Attempt, judge: Judge) -> None:
    _judge(judge, sdk.calls_parse, tool_asked)


@requirement("sdk.tool-round-trip")
def test_tool_round_trip(official: OfficialClient, tool_asked: Attempt, judge: Judge) -> None:
    _judge(judge, sdk.gives_text, calls.tool_answered(official, tool_asked.outcome))


@requirement("sdk.embeddings-by-default")
def test_embeddings_by_default(by_default: Attempt, judge: Judge) -> None:
    _judge(judge, sdk_data.gives_vectors, by_default, len(calls.TEXTS))


@requirement("sdk.embeddings-as-floats")
def test_embeddings_as_floats(as_floats: Attempt, judge: Judge) -> None:
    _judge(judge, sdk_data.gives_vectors, as_floats, len(calls.TEXTS))


@requirement("sdk.embeddings-agree")
def test_embeddings_agree(by_default: Attempt, as_floats: Attempt, judge: Judge) -> None:
    made = (*by_default.exchanges, *as_floats.exchanges)
    judge(sdk_data.vectors_agree, by_default.outcome, as_floats.outcome, made)


@requirement("sdk.file-created")
def test_file_created(created: Attempt, judge: Judge) -> None:
    name, content = calls.FILE
    _judge(judge, sdk_data.describes_file, created, name, len(content))


@requirement("sdk.files-paged")
@pytest.mark.usefixtures("file_id")
def test_files_paged(official: OfficialClient, note: Upload, judge: Judge) -> None:
    # With the note and the client's own file there are two, so that there is a second page.
    assert note.id
    _judge(judge, sdk_data.pages_on, calls.files_paged(official), calls.PAGES)


@requirement("sdk.file-retrieved")
def test_file_retrieved(official: OfficialClient, file_id: str, judge: Judge) -> None:
    _judge(judge, sdk_data.returns_file, calls.file_retrieved(official, file_id), file_id)


@requirement("sdk.file-downloaded")
def test_file_downloaded(official: OfficialClient, file_id: str, judge: Judge) -> None:
    _judge(judge, sdk_data.returns_bytes, calls.file_content(official, file_id), calls.FILE[1])


@requirement("sdk.file-deleted")
def test_file_deleted(official: OfficialClient, file_id: str, judge: Judge) -> None:
    _judge(judge, sdk_data.confirms_deletion, calls.file_deleted(official, file_id), file_id)


@each(
    {
        "sdk.wrong-key-raises": "bad_key",
        "sdk.unknown-model-raises": "unknown_model",
        "sdk.bad-request-raises": "bad_request",
    },
    argument="situation",
)
def test_refusals(situation: str, refusals: dict[str, Attempt], profile: Profile, judge: Judge) -> None:
    _judge(judge, sdk.raises_for, refusals[situation], profile.expect.errors[situation])


@requirement("sdk.errors-explained")
def test_refusals_are_explained(refusals: dict[str, Attempt], judge: Judge) -> None:
    made = tuple(exchange for attempt in refusals.values() for exchange in attempt.exchanges)
    judge(sdk.explains, [attempt.outcome for attempt in refusals.values()], made)


def _judge(judge: Judge, check: Check, attempt: Attempt, *more: object) -> None:
    judge(check, attempt.outcome, attempt.exchanges, *more)


def _ids(created: Attempt) -> list[str]:
    value = created.outcome.value
    found = value.get("id") if isinstance(value, dict) else None
    return [found] if isinstance(found, str) and found else []
