"""What the Open WebUI dialect keeps. Written against the interface, so that every place to keep state can be tried."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from redis_server import RedisServer

from ozwell_harness.mock import MockSettings
from ozwell_harness.mock.settings import Bounds
from ozwell_harness.mock.states import State, state_of
from ozwell_harness.mock.store import StoreFullError
from ozwell_harness.mock.webui.records import (
    ModelConfig,
    Passage,
    StoredChat,
    StoredDeployment,
    StoredDocument,
    StoredMessage,
)
from ozwell_harness.mock.webui.store import WebUiStore
from ozwell_harness.mock.webui.words import words_of

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Opened = Callable[..., WebUiStore]


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs one thing after another in one event loop, to which connections belong."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(params=["memory", "redis"])
def opened(request: pytest.FixtureRequest, run: Run) -> Iterator[Opened]:
    """Opens stores of the given bounds, empty, in each kind of place."""
    url = "memory" if request.param == "memory" else request.getfixturevalue("redis").url()
    states: list[State] = []

    def open_store(chat_bytes: int = 100_000, document_bytes: int = 100_000) -> WebUiStore:
        states.append(state_of(MockSettings(state=url, bounds=Bounds(chats=chat_bytes, documents=document_bytes))))
        run(states[-1].open())
        return states[-1].webui

    yield open_store
    for state in states:
        run(state.close())


@pytest.fixture
def store(opened: Opened) -> WebUiStore:
    return opened()


def chat(name: str, text: str = "Hello") -> StoredChat:
    return StoredChat(name, "gpt-4", "v1", 1.5, (StoredMessage("user", text), StoredMessage("assistant", "Hi")))


def document(name: str, *chunks: str, collection: str | None = None) -> StoredDocument:
    return StoredDocument(name, f"{name}.txt", collection, "v1", 1.5, chunks)


def found(
    run: Run, store: WebUiStore, text: str, collection: str | None = None, *, tenant: str = "a", most: int = 9
) -> list[str]:
    passages = run(store.find_passages(tenant, collection, frozenset(words_of(text)), most))
    return [f"{p.document_id}/{p.position}" for p in passages]


def test_a_chat_comes_back_to_its_tenant_only(run: Run, store: WebUiStore) -> None:
    run(store.put_chat("a", chat("one")))
    assert run(store.get_chat("a", "one")) == chat("one")
    assert run(store.get_chat("b", "one")) is None
    assert run(store.get_chat("a", "two")) is None


def test_chats_are_bounded_and_the_oldest_give_way(run: Run, opened: Opened) -> None:
    store = opened(chat_bytes=5_000, document_bytes=0)
    for number in range(6):
        run(store.put_chat("a", chat(f"c{number}", "x" * 1_000)))
    kept = [n for n in range(6) if run(store.get_chat("a", f"c{n}"))]
    assert kept == [4, 5]


def test_a_chat_kept_twice_costs_once(run: Run, opened: Opened) -> None:
    store = opened(chat_bytes=5_000, document_bytes=0)
    run(store.put_chat("a", chat("first", "x" * 1_000)))
    for _ in range(9):
        run(store.put_chat("a", chat("again", "x" * 1_000)))
    assert run(store.get_chat("a", "first")) is not None


def test_passages_are_found_by_their_words(run: Run, store: WebUiStore) -> None:
    run(store.put_document("a", document("birds", "Herons wade.", "Owls hunt herons at night.")))
    run(store.put_document("a", document("fish", "Pike hunt.", "Eels wade at night.")))
    assert found(run, store, "HERONS at night") == ["birds/1", "fish/1", "birds/0"]
    assert found(run, store, "herons at night", most=1) == ["birds/1"]
    assert found(run, store, "kraken") == []
    assert found(run, store, "") == []
    assert run(store.find_passages("a", None, frozenset({"pike"}), 5)) == [Passage("fish", 0, "Pike hunt.")]


def test_collections_and_tenants_are_apart(run: Run, store: WebUiStore) -> None:
    run(store.put_document("a", document("plain", "otter")))
    run(store.put_document("a", document("filed", "otter", collection="zoo")))
    run(store.put_document("b", document("foreign", "otter", collection="zoo2")))
    assert found(run, store, "otter") == ["filed/0", "plain/0"]
    assert found(run, store, "otter", "zoo") == ["filed/0"]
    assert found(run, store, "otter", "zoo2") == []
    assert found(run, store, "otter", tenant="c") == []
    assert run(store.has_collection("a", "zoo"))
    assert not run(store.has_collection("a", "zoo2"))
    assert not run(store.has_collection("c", "zoo"))


def test_documents_are_bounded_and_the_oldest_give_way(run: Run, opened: Opened) -> None:
    store = opened(chat_bytes=0, document_bytes=4_000)
    for number in range(9):
        run(store.put_document("a", document(f"d{number}", f"word {number} " + "x" * 500, collection=f"c{number}")))
    names = found(run, store, "word")
    assert "d8/0" in names
    assert 1 < len(names) < 9
    assert "d0/0" not in names
    assert not run(store.has_collection("a", "c0"))
    with pytest.raises(StoreFullError):
        run(store.put_document("a", document("large", "x" * 5_000)))
    assert found(run, store, "word") == names


@pytest.mark.parametrize("name", ["a:b", "é\u2028", 'quote"\\', "*", "\x1f", "x" * 256])
def test_any_text_names_a_collection(run: Run, store: WebUiStore, name: str) -> None:
    run(store.put_document("a", document("odd", "naïve otter_1 ß", collection=name)))
    assert run(store.has_collection("a", name))
    assert found(run, store, "NAÏVE", name) == found(run, store, "ss otter_1") == ["odd/0"]


def test_a_query_may_have_any_number_of_words(run: Run, store: WebUiStore) -> None:
    run(store.put_document("a", document("few", "w7 w12000", "w3")))
    assert found(run, store, " ".join(f"w{number}" for number in range(12_001))) == ["few/0", "few/1"]


def test_redis_forgets_all_of_a_document_that_gives_way(run: Run, redis: RedisServer) -> None:
    settings = MockSettings(state=redis.url(prefix="index"), bounds=Bounds(documents=9_000))
    state = state_of(settings)
    run(state.open())
    for number in range(12):
        chunks = [f"own{number} common {part}" for part in range(number % 3 + 1)]
        run(state.webui.put_document("ab"[number % 2], document(f"d{number}", *chunks, collection=f"c{number % 4}")))
    with redis.client as client:
        kept = [json.loads(each) for each in client.lrange("index:webui:documents", 0, -1)]
        assert 1 < len(kept) < 12
        assert int(client.get("index:webui:used:documents")) == sum(int(each["cost"]) for each in kept) <= 9_000
        words = {name.split(":")[-1] for name in client.scan_iter("index:webui:word:*") if ":own" in name}
        assert len(words) == len(kept)
        run(state.webui.put_document("c", document("last", *(f"x{number}" for number in range(24)))))
        names = {name.removeprefix("index:webui:") for name in client.scan_iter("index:*")}
        expected = {"arrivals", "used:documents", "documents", "chunks:c", "words:c"}
        assert names == expected | {f"word:c:x{number}" for number in range(24)}
    run(state.close())


def test_a_configuration_is_changed_field_by_field(run: Run, store: WebUiStore) -> None:
    assert run(store.get_config("a", "m")) == ModelConfig()
    run(store.update_config("a", "m", ModelConfig(temperature=0.0, max_tokens=5)))
    changed = run(store.update_config("a", "m", ModelConfig(max_tokens=7)))
    assert changed == ModelConfig(temperature=0.0, max_tokens=7) == run(store.get_config("a", "m"))
    assert run(store.get_config("b", "m")) == run(store.get_config("a", "n")) == ModelConfig()


def test_a_deployment_is_kept_by_model(run: Run, store: WebUiStore) -> None:
    deployment = StoredDeployment("dep-1", "m", "deployed", "small", 1, False, 1.5)
    assert run(store.get_deployment("a", "m")) is None
    run(store.put_deployment("a", deployment))
    assert run(store.get_deployment("a", "m")) == deployment
    assert run(store.get_deployment("b", "m")) is None
    run(store.put_deployment("a", StoredDeployment("dep-1", "m", "deployed", "small", 3, True, 1.5)))
    kept = run(store.get_deployment("a", "m"))
    assert kept is not None
    assert kept.replicas == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [("Straße, ÉTÉ!", ["strasse", "été"]), ("e\u0301te\u0301", ["été"]), ("", []), ("zx-9 q_1", ["zx", "9", "q_1"])],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words
