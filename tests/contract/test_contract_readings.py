"""Readings: what may be generated for one target, by one profile."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest
from making import ALL, OFFER, document, profile

from ozwell_harness.contract.ground import offer_of
from ozwell_harness.contract.plan import MOST_TOKENS
from ozwell_harness.contract.readings import UNKNOWN_FILE, costs_little, rules
from ozwell_harness.model import Finding, Level, Status
from ozwell_harness.requirements import load_catalogue
from ozwell_harness.target import Target


def operations(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    items = [item for item in spec["paths"].values() for item in item.values() if isinstance(item, dict)]
    return {item["operationId"]: item for item in items}


def schema(spec: dict[str, Any], name: str) -> Any:
    return spec["components"]["schemas"][name]


def is_valid(spec: dict[str, Any], name: str, value: Any) -> bool:
    root = {"$ref": f"#/components/schemas/{name}", "components": spec["components"]}
    return jsonschema_rs.Draft202012Validator(root).is_valid(value)


def test_asks_for_the_targets_models_and_for_few_tokens() -> None:
    spec = document()
    assert schema(spec, "ChatModel")["enum"] == ["some-model"]
    assert schema(spec, "EmbeddingModel")["enum"] == ["some-embedder"]
    body = {"model": "some-model", "messages": [{"role": "user", "content": "Hi"}]}
    for name in ("ChatCompletionRequest", "ResponseRequest"):
        assert not is_valid(spec, name, body)
        assert is_valid(spec, name, body | {"max_tokens": 64})
        assert not is_valid(spec, name, body | {"max_tokens": 65})
    assert MOST_TOKENS <= 200


def test_examples_ask_for_the_targets_models_too() -> None:
    examples = [
        example["value"]
        for operation in operations(document()).values()
        for media, content in operation.get("requestBody", {}).get("content", {}).items()
        for example in content["examples"].values()
        if media == "application/json"
    ]
    assert len(examples) > 5
    assert {example["model"] for example in examples} == {"some-model", "some-embedder"}
    assert all(example["max_tokens"] <= 64 for example in examples if "messages" in example)


def test_generated_ids_are_nobodys_and_no_list_is_followed_into_a_download() -> None:
    spec = document()
    pattern = spec["components"]["parameters"]["FileId"]["schema"]["pattern"]
    assert re.match(pattern, f"{UNKNOWN_FILE}abcd")
    assert not re.match(pattern, "1")
    assert not re.match(pattern, "file-9c41b7e3")
    links = operations(spec)["listFiles"]["responses"]["200"]["links"]
    assert {link["operationId"] for link in links.values()} == {"retrieveFile"}


def test_absent_operations_are_gone_with_the_links_to_them() -> None:
    kept = ALL - {"deleteFile", "retrieveModel", "createResponse"}
    spec = document(offer=replace(OFFER, operations=kept))
    found = operations(spec)
    assert found.keys() == kept
    assert "/responses" not in spec["paths"]
    links = [link["operationId"] for o in found.values() for link in o["responses"]["200"].get("links", {}).values()]
    assert links
    assert set(links) <= kept


def test_absent_features_are_not_asked_for() -> None:
    spec = document(offer=replace(OFFER, tools=False, streaming=False))
    for name in ("ChatCompletionRequest", "ResponseRequest"):
        assert not {"tools", "tool_choice", "stream", "stream_options"} & schema(spec, name)["properties"].keys()
    examples = operations(spec)["createChatCompletion"]["requestBody"]["content"]["application/json"]["examples"]
    assert examples
    assert not any({"tools", "stream"} & example["value"].keys() for example in examples.values())


@pytest.mark.parametrize(("name", "most", "bad"), [("ozwell", 100, {"400"}), ("openai", 10000, {"400", "422"})])
def test_bounds_and_refusals_are_the_dialects(name: str, most: int, bad: set[str]) -> None:
    assert schema(rules(profile(name)), "ListLimit")["maximum"] == most
    assert schema(document(name), "ListLimit")["maximum"] == 100
    assert all(bad <= operation["responses"].keys() for operation in operations(document(name)).values())
    assert ("422" in operations(document())["listModels"]["responses"]) is False


def test_rules_do_not_know_the_targets_models() -> None:
    spec = rules(profile())
    body = {"model": "any", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4000, "n": 7}
    assert is_valid(spec, "ChatCompletionRequest", body)


def finding(requirement: str, status: Status) -> Finding:
    return Finding(requirement, requirement.partition(".")[0], Level.MUST, status)


TARGET = Target("http://target.invalid/v1", "m", "e")


def test_only_what_is_wanted_and_offered_is_asked() -> None:
    catalogue = profile().select(load_catalogue())
    findings = {
        "chat.completes": finding("chat.completes", Status.PASSED),
        "embeddings.answers": finding("embeddings.answers", Status.FAILED),
        "tools.accepted": finding("tools.accepted", Status.FAILED),
        "files.upload-answers": finding("files.upload-answers", Status.WARNED),
    }
    everything = [r.id for r in catalogue if r.area == "contract"]
    offer = offer_of(profile(), catalogue, everything, findings, TARGET)
    assert "createChatCompletion" in offer.operations
    assert "createEmbedding" not in offer.operations
    assert "deleteFile" in offer.operations
    # Demanded by the profile, and not looked at: owed.
    assert "listModels" in offer.operations
    assert (offer.tools, offer.streaming) == (False, True)
    files_only = offer_of(profile(), catalogue, ["contract.file-content-kept", "chat.completes"], findings, TARGET)
    assert files_only.operations == {o for o in ALL if "File" in o}
    absent = offer_of(profile(), catalogue, everything, findings, replace(TARGET, absent=frozenset({"chat"})))
    assert "createChatCompletion" not in absent.operations
    none = offer_of(profile(), catalogue, everything, {}, replace(TARGET, embedding_model=None))
    assert "createEmbedding" not in none.operations
    assert "createChatCompletion" in none.operations


def test_costly_bodies_are_told() -> None:
    body = {"messages": [{}], "max_tokens": 64}
    assert costs_little(body)
    assert costs_little(body | {"n": "many"})
    assert costs_little({"messages": []})
    assert costs_little(["messages"])
    for dear in ({"n": 9}, {"max_tokens": 65}, {"max_tokens": None}):
        assert not costs_little(body | dear)
