"""Models: what is listed can be retrieved, and is the same both ways."""

from __future__ import annotations

from typing import Any

import pytest

from ozwell_harness.checks import base, models
from ozwell_harness.client import Client, segment
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import Target


@pytest.fixture(scope="session")
def retrieved(client: Client, target: Target) -> Exchange:
    return client.get(f"/models/{segment(target.model)}", "retrieve the model")


@pytest.fixture(scope="session")
def unknown(client: Client) -> Exchange:
    return client.get("/models/no-such-model-7f3c", "retrieve an unknown model")


@each(
    {
        "models.list-answers": base.answers,
        "models.not-empty": models.has_a_model,
        "models.ids-unique": models.ids_are_unique,
    }
)
def test_list(check: Check, model_list: Exchange, judge: Judge) -> None:
    judge(check, model_list)


@requirement("models.list-schema")
def test_list_schema(model_list: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.matches_schema, model_list, profile, "ModelList")


@requirement("models.configured-listed")
def test_configured_model_is_listed(model_list: Exchange, target: Target, judge: Judge) -> None:
    judge(models.lists, model_list, target.model)


@each(
    {
        "models.retrieve-answers": (base.answers,),
        "models.retrieve-id": (models.returns_id, "model"),
    }
)
def test_retrieve(check: tuple[Any, ...], retrieved: Exchange, target: Target, judge: Judge) -> None:
    judge(check[0], retrieved, *(getattr(target, name) for name in check[1:]))


@requirement("models.retrieve-schema")
def test_retrieve_schema(retrieved: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.matches_schema, retrieved, profile, "Model")


@requirement("models.retrieve-equals-entry")
def test_retrieve_equals_list(retrieved: Exchange, model_list: Exchange, judge: Judge) -> None:
    judge(models.equals_entry, retrieved, model_list)


@requirement("models.unknown-refused")
def test_unknown_model(unknown: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.refused, unknown, profile.expect.errors["unknown_model"])
