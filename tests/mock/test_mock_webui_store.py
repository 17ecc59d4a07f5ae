"""What the Open WebUI dialect keeps. Written against the interface, so that every place to keep state can be tried."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from ozwell_harness.mock.store import StoreFullError
from ozwell_harness.mock.webui.records import (
    ModelConfig,
    Passage,
    StoredChat,
    StoredDeployment,
    StoredDocument,
    StoredMessage,
)
from ozwell_harness.mock.webui.store import MemoryWebUiStore, WebUiStore
from ozwell_harness.mock.webui.words import words_of

_T = TypeVar("_T")


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    return asyncio.run(coroutine)


@pytest.fixture
def store() -> WebUiStore:
    return MemoryWebUiStore(chat_bytes=100_000, document_bytes=100_000)


def chat(name: str, text: str = "Hello") -> StoredChat:
    return StoredChat(name, "gpt-4", "v1", 1.5, (StoredMessage("user", text), StoredMessage("assistant", "Hi")))


def document(name: str, *chunks: str, collection: str | None = None) -> StoredDocument:
    return StoredDocument(name, f"{name}.txt", collection, "v1", 1.5, chunks)


def found(
    store: WebUiStore, text: str, collection: str | None = None, *, tenant: str = "a", most: int = 9
) -> list[str]:
    passages = run(store.find_passages(tenant, collection, frozenset(words_of(text)), most))
    return [f"{p.document_id}/{p.position}" for p in passages]


def test_a_chat_comes_back_to_its_tenant_only(store: WebUiStore) -> None:
    run(store.put_chat("a", chat("one")))
    assert run(store.get_chat("a", "one")) == chat("one")
    assert run(store.get_chat("b", "one")) is None
    assert run(store.get_chat("a", "two")) is None


def test_chats_are_bounded_and_the_oldest_give_way() -> None:
    store = MemoryWebUiStore(chat_bytes=5_000, document_bytes=0)
    for number in range(6):
        run(store.put_chat("a", chat(f"c{number}", "x" * 1_000)))
    kept = [n for n in range(6) if run(store.get_chat("a", f"c{n}"))]
    assert kept == [4, 5]


def test_a_chat_kept_twice_costs_once() -> None:
    store = MemoryWebUiStore(chat_bytes=5_000, document_bytes=0)
    run(store.put_chat("a", chat("first", "x" * 1_000)))
    for _ in range(9):
        run(store.put_chat("a", chat("again", "x" * 1_000)))
    assert run(store.get_chat("a", "first")) is not None


def test_passages_are_found_by_their_words(store: WebUiStore) -> None:
    run(store.put_document("a", document("birds", "Herons wade.", "Owls hunt herons at night.")))
    run(store.put_document("a", document("fish", "Pike hunt.", "Eels wade at night.")))
    assert found(store, "HERONS at night") == ["birds/1", "fish/1", "birds/0"]
    assert found(store, "herons at night", most=1) == ["birds/1"]
    assert found(store, "kraken") == []
    assert found(store, "") == []
    assert run(store.find_passages("a", None, frozenset({"pike"}), 5)) == [Passage("fish", 0, "Pike hunt.")]


def test_collections_and_tenants_are_apart(store: WebUiStore) -> None:
    run(store.put_document("a", document("plain", "otter")))
    run(store.put_document("a", document("filed", "otter", collection="zoo")))
    run(store.put_document("b", document("foreign", "otter", collection="zoo2")))
    assert found(store, "otter") == ["filed/0", "plain/0"]
    assert found(store, "otter", "zoo") == ["filed/0"]
    assert found(store, "otter", "zoo2") == []
    assert found(store, "otter", tenant="c") == []
    assert run(store.has_collection("a", "zoo"))
    assert not run(store.has_collection("a", "zoo2"))
    assert not run(store.has_collection("c", "zoo"))


def test_documents_are_bounded_and_the_oldest_give_way() -> None:
    store = MemoryWebUiStore(chat_bytes=0, document_bytes=4_000)
    for number in range(9):
        run(store.put_document("a", document(f"d{number}", f"word {number} " + "x" * 500, collection=f"c{number}")))
    names = found(store, "word")
    assert "d8/0" in names
    assert 1 < len(names) < 9
    assert "d0/0" not in names
    assert not run(store.has_collection("a", "c0"))
    with pytest.raises(StoreFullError):
        run(store.put_document("a", document("large", "x" * 5_000)))
    assert found(store, "word") == names


def test_a_configuration_is_changed_field_by_field(store: WebUiStore) -> None:
    assert run(store.get_config("a", "m")) == ModelConfig()
    run(store.update_config("a", "m", ModelConfig(temperature=0.0, max_tokens=5)))
    changed = run(store.update_config("a", "m", ModelConfig(max_tokens=7)))
    assert changed == ModelConfig(temperature=0.0, max_tokens=7) == run(store.get_config("a", "m"))
    assert run(store.get_config("b", "m")) == run(store.get_config("a", "n")) == ModelConfig()


def test_a_deployment_is_kept_by_model(store: WebUiStore) -> None:
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
