"""Models: what is listed can be retrieved, and is the same both ways."""

from __future__ import annotations

import pytest

from ozwell_harness.checks import base, models
from ozwell_harness.client import Client, segment
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.profile import Profile
from ozwell_harness.suite import Check, Judge, each, requirement
from ozwell_harness.target import Target


@pytest.fixture(scope="session")
def odd(client: Client, model_list: Exchange) -> Exchange | None:
    """A listed model whose id a router may take for a path or a file name, if there is one."""
    name = models.oddest_id(model_list)
    return client.get(f"/models/{segment(name)}", "retrieve a model with an unusual id") if name else None


@pytest.fixture(scope="session")
def asked_for(odd: Exchange | None, model_list: Exchange, target: Target) -> str:
    """The id of the retrieved model."""
    name = models.oddest_id(model_list)
    return name if name and odd is not None and odd.status == 200 else target.model


@pytest.fixture(scope="session")
def retrieved(client: Client, odd: Exchange | None, asked_for: str) -> Exchange:
    """Only where an unusual id is no use it costs a request of its own."""
    if odd is not None and odd.status == 200:
        return odd
    return client.get(f"/models/{segment(asked_for)}", "retrieve the model")


@pytest.fixture(scope="session")
def unknown(client: Client) -> Exchange:
    return client.get("/models/no-such-model-7f3c", "retrieve an unknown model")


@each(
    {
        "models.list-answers": base.answers,
        "models.not-empty": models.has_a_model,
        "models.ids-unique": models.ids_are_unique,
        "models.created-in-past": models.were_created,
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


@requirement("models.retrieve-answers")
def test_retrieve(retrieved: Exchange, judge: Judge) -> None:
    judge(base.answers, retrieved)


@requirement("models.retrieve-id")
def test_retrieve_id(retrieved: Exchange, asked_for: str, judge: Judge) -> None:
    judge(models.returns_id, retrieved, asked_for)


@requirement("models.odd-ids-retrievable")
def test_odd_id(odd: Exchange | None, judge: Judge) -> None:
    if odd is None:
        raise Unjudgeable("no listed model has a slash, a colon or a dot in its id")
    judge(base.answers, odd)


@requirement("models.retrieve-schema")
def test_retrieve_schema(retrieved: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.matches_schema, retrieved, profile, "Model")


@requirement("models.retrieve-equals-entry")
def test_retrieve_equals_list(retrieved: Exchange, model_list: Exchange, judge: Judge) -> None:
    judge(models.equals_entry, retrieved, model_list)


@requirement("models.unknown-refused")
def test_unknown_model(unknown: Exchange, profile: Profile, judge: Judge) -> None:
    judge(base.refused, unknown, profile.expect.errors["unknown_model"])
