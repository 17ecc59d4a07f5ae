"""Readings: the specification narrowed or widened, so that what is generated from it is surely valid or surely not.

The two patches stand in the specification itself, under ``x-generation``. What is added here depends on the target
(its models, what it offers), on the profile (statuses, bounds), or spares the target: tokens, and files of others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ozwell_harness.content import read_yaml
from ozwell_harness.contract.plan import CHOICES, TOKENS
from ozwell_harness.profile import Profile, merge_patch

#: Ids that are generated begin so. A target that numbers its files would otherwise lose some to a generated DELETE.
UNKNOWN_FILE = "file-none-"
UNKNOWN_MODEL = "no-such-model-"
UNKNOWN_CHAT = "chat-none-"

_METHODS = frozenset({"get", "post", "put", "patch", "delete"})


class Kind(StrEnum):
    """What a generated request is."""

    VALID = "valid"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be asked of a target.

    Attributes:
        operations: ``operationId`` of every operation to generate for.
        tools, streaming: whether it calls tools, and streams.
        deployable_model: the one model that may be changed.
    """

    operations: frozenset[str]
    model: str
    embedding_model: str | None = None
    tools: bool = True
    streaming: bool = True
    deployable_model: str | None = None


def reading(profile: Profile, offer: Offer) -> dict[str, Any]:
    """Return the OpenAPI document to generate requests from.

    Whatever it admits, every conforming target accepts. Invalid requests are generated from it, too: all that is right
    with them is surely right, so that they are not refused for another reason than the one in question.
    """
    document = _plain(profile, Kind.VALID)
    for patch in (_models(offer), _THRIFTY, _HARMLESS, _deployable(offer), *_absences(offer)):
        document = merge_patch(document, _fitting(patch, document))
    document = _with_examples(document, offer)
    return _with_statuses(_only(document, offer.operations), profile)


def _fitting(patch: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a patch changes of the paths and components that a document has; it adds none."""
    fitting: dict[str, Any] = {}
    if "paths" in patch:
        fitting["paths"] = {path: item for path, item in patch["paths"].items() if path in document["paths"]}
    fitting["components"] = {
        kind: {name: change for name, change in changes.items() if name in document["components"].get(kind, {})}
        for kind, changes in patch.get("components", {}).items()
    }
    return fitting


def rules(profile: Profile) -> dict[str, Any]:
    """Return the OpenAPI document by which a request is invalid: every conforming target refuses what breaks it."""
    return _plain(profile, Kind.INVALID)


def costs_little(body: Any) -> bool:
    """Tell whether a body asks for few tokens and machines, should a lax target do what it says."""
    if not isinstance(body, Mapping):
        return True
    replicas = body.get("replicas", 1)
    if isinstance(replicas, int | float) and replicas > 1:
        return False
    if not body.get("messages"):
        return True
    cap, choices = body.get("max_tokens"), body.get("n")
    is_capped = isinstance(cap, int) and cap <= TOKENS[-1]
    return is_capped and not (isinstance(choices, int | float) and choices > CHOICES[-1])


def _plain(profile: Profile, kind: Kind) -> dict[str, Any]:
    base = read_yaml("spec", profile.specification_file)
    name = "positive" if kind is Kind.VALID else "negative"
    document = merge_patch(merge_patch(base, base["x-generation"][name]["patch"]), profile.patch)
    bounds = profile.expect.list_limits
    most = bounds.maximum if kind is Kind.INVALID else min(bounds.maximum, 100)
    limit = {"minimum": bounds.minimum, "maximum": most, "default": min(bounds.default, most)}
    patched: dict[str, Any] = merge_patch(
        document, _fitting({"components": {"schemas": {"ListLimit": limit}}}, document)
    )
    return patched


_REQUIRED = ["model", "messages", "max_tokens"]

#: What caps the cost of an answer.
_THRIFTY: Mapping[str, Any] = {
    "components": {
        "schemas": {
            "ChatCompletionRequest": {"required": _REQUIRED},
            "ResponseRequest": {"required": _REQUIRED},
            "MaxTokens": {"enum": list(TOKENS)},
            "ChoiceCount": {"enum": list(CHOICES)},
        }
    }
}

#: What keeps generated requests away from what is not ours.
_HARMLESS: Mapping[str, Any] = {
    # The first file of a list may be somebody's: it may be looked up, not downloaded.
    "paths": {"/files": {"get": {"responses": {"200": {"links": {"readListedFile": None}}}}}},
    "components": {
        "parameters": {
            "FileId": {
                "schema": {"pattern": f"^{UNKNOWN_FILE}[A-Za-z0-9_-]{{4,40}}$", "maxLength": None},
                "examples": None,
            },
            "ModelId": {
                "schema": {"pattern": f"^{UNKNOWN_MODEL}[A-Za-z0-9_.-]{{1,40}}$", "maxLength": None},
                "examples": None,
            },
            "ChatId": {
                "schema": {"pattern": f"^{UNKNOWN_CHAT}[A-Za-z0-9_.-]{{4,40}}$", "maxLength": None},
                "examples": None,
            },
        },
    },
}


def _models(offer: Offer) -> dict[str, Any]:
    chosen = {"ChatModel": {"enum": [offer.model]}, "EmbeddingModel": {"enum": [offer.embedding_model or ""]}}
    return {"components": {"schemas": chosen}}


def _deployable(offer: Offer) -> dict[str, Any]:
    """Return a patch that lets no other model be changed."""
    if offer.deployable_model is None:
        return {}
    schema = {"pattern": None, "minLength": None, "enum": [offer.deployable_model]}
    return {"components": {"parameters": {"ModelId": {"schema": schema}}}}


def _absences(offer: Offer) -> Iterator[dict[str, Any]]:
    """Yield patches that leave out the parameters of what the target does not offer."""
    absent = []
    if not offer.tools:
        absent += ["tools", "tool_choice"]
    if not offer.streaming:
        absent += ["stream", "stream_options"]
    for schema in ("ChatCompletionRequest", "ResponseRequest"):
        without = dict.fromkeys(absent)
        change = {"properties": without, "dependentRequired": without, "dependentSchemas": without}
        yield {"components": {"schemas": {schema: change}}}


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method in _METHODS & item.keys():
            yield path, method, item[method]


def linked_tags(document: Mapping[str, Any]) -> frozenset[str]:
    """Return the tags of the operations from which a link leads on."""
    operations = [operation for _, _, operation in _operations(document)]
    return frozenset(
        tag
        for operation in operations
        if any(answer.get("links") for answer in operation["responses"].values())
        for tag in operation["tags"]
    )


def _with_examples(document: dict[str, Any], offer: Offer) -> dict[str, Any]:
    """Let the examples of request bodies ask what the target has; those that ask for more are left out."""
    for path, method, operation in list(_operations(document)):
        content = operation.get("requestBody", {}).get("content", {})
        examples = content.get("application/json", {}).get("examples", {})
        fitted = {name: _fitted(example, offer, path) for name, example in examples.items()}
        body = {"content": {"application/json": {"examples": fitted}}} if fitted else {}
        document = merge_patch(document, {"paths": {path: {method: {"requestBody": body}}}}) if body else document
    return document


def _fitted(example: Mapping[str, Any], offer: Offer, path: str) -> dict[str, Any] | None:
    value = dict(example["value"])
    if ("tools" in value and not offer.tools) or ("stream" in value and not offer.streaming):
        return None
    if path == "/embeddings":
        return {"value": value | {"model": offer.embedding_model}}
    if "messages" not in value:
        return {"value": value}
    return {"value": {"max_tokens": TOKENS[-1]} | value | {"model": offer.model}}


def _only(document: dict[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """Leave out the other operations, and the links to them."""
    paths: dict[str, Any] = {}
    for path, method, operation in _operations(document):
        if operation["operationId"] not in kept:
            paths.setdefault(path, {})[method] = None
            continue
        links = operation["responses"]["200"].get("links", {})
        dead = {name: None for name, link in links.items() if link["operationId"] not in kept}
        if dead:
            paths.setdefault(path, {})[method] = {"responses": {"200": {"links": dead}}}
    result: dict[str, Any] = merge_patch(document, {"paths": paths})
    left = {path: item for path, item in result["paths"].items() if _METHODS & item.keys()}
    return result | {"paths": left}


def _with_statuses(document: dict[str, Any], profile: Profile) -> dict[str, Any]:
    """Document the statuses with which the dialect lets a request be refused (422, say)."""
    errors = profile.expect.errors
    allowed = {status for name in ("bad_request", "wrong_media_type", "too_large") for status in errors[name].statuses}
    paths: dict[str, Any] = {}
    for path, method, operation in _operations(document):
        more = {str(status) for status in allowed} - operation["responses"].keys()
        refusals = {status: {"$ref": "#/components/responses/BadRequest"} for status in sorted(more)}
        paths.setdefault(path, {})[method] = {"responses": refusals}
    result: dict[str, Any] = merge_patch(document, {"paths": paths})
    return result
