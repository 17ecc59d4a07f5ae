"""Exchanges that several areas judge. Each is made once in a run, when the first test asks for it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ozwell_harness.client import Client, json_call, user
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.shelf import Listing, Sent, Shelf, Upload, read_on
from ozwell_harness.target import KeyName, Target


@pytest.fixture(scope="session")
def model_list(client: Client) -> Exchange:
    return client.get("/models", "list models")


@pytest.fixture(scope="session")
def chat_plain(client: Client) -> Exchange:
    return client.chat("a plain chat completion")


@pytest.fixture(scope="session")
def without_key(client: Client) -> Exchange:
    return client.get("/models", "list models without a key", key=KeyName.NONE)


@pytest.fixture(scope="session")
def lower_case_scheme(client: Client, target: Target) -> Exchange:
    """A chat with an unknown model: that it gets as far as the model shows that the key was accepted."""
    key = target.keys.get(KeyName.MAIN)
    authorization = (("Authorization", f"bearer {key.reveal()}"),) if key else ()
    call = json_call("/chat/completions", unknown_model_chat(), "chat with an unknown model, key under bearer")
    return client.send(replace(call, headers=(*call.headers, *authorization)))


@pytest.fixture(scope="session")
def shelf(client: Client) -> Iterator[Shelf]:
    """The run's own files; what is left of them at the end is deleted, also when the run is interrupted."""
    own = Shelf(client)
    yield own
    own.clear()


@pytest.fixture(scope="session")
def note(shelf: Shelf) -> Upload:
    """A small text file that says what no other file says."""
    name = f"Quellmoor{secrets.token_hex(3)}"
    text = f"A note on {name}.\r\nThe lighthouse of {name} was painted turquoise.\r\n"
    return shelf.upload("upload a note", Sent("note.txt", text.encode(), topic=name))


@pytest.fixture(scope="session")
def note_retrieved(client: Client, note: Upload) -> Exchange:
    return client.get(note.path, "retrieve the note at once")


@pytest.fixture(scope="session")
def stock(shelf: Shelf) -> tuple[Upload, ...]:
    """Files of two purposes, uploaded at the same time."""
    line = b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}\n'
    files = [
        Sent("first.txt", b"The first of four."),
        Sent("second.jsonl", line, "fine-tune"),
        Sent("third.jsonl", line * 2, "fine-tune"),
        Sent("fourth.txt", b"The fourth of four."),
    ]
    return shelf.upload_together("upload at the same time", files)


@pytest.fixture(scope="session")
def hundred(client: Client, note: Upload, stock: tuple[Upload, ...]) -> Exchange:  # noqa: ARG001 - are there
    """The list with the note and the stock in it, a hundred at most."""
    return client.get("/files", "list a hundred files", query={"limit": 100})


@pytest.fixture(scope="session")
def listing(client: Client, hundred: Exchange, profile: Profile) -> Listing:
    """The whole list as far as it is reasonable to read it; the first page only where the limit is refused."""
    if hundred.status != 200:
        return Listing((client.get("/files", "list files"),), profile.expect.list_limits.default, {})
    asked = {"limit": 100}
    return Listing((hundred, *read_on(client, hundred, "list files", asked, 100)), 100, asked)


def unknown_model_chat() -> dict[str, object]:
    return {"model": "no-such-model-7f3c", "messages": [user("Say hello.")], "max_tokens": 16}
