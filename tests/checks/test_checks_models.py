from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal

from ozwell_harness.checks import models
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

STARTED = 1_763_683_200
ONE: dict[str, Any] = {"id": "gpt-4", "object": "model", "created": 1_687_882_411, "owned_by": "openai"}


def listing(*entries: dict[str, Any]) -> Exchange:
    return exchange(json={"object": "list", "data": list(entries)}, started=float(STARTED))


def named(*ids: Any) -> Exchange:
    return listing(*(ONE | {"id": name} for name in ids))


def test_a_model_is_listed_once() -> None:
    assert models.has_a_model(listing(ONE)) is None
    assert models.ids_are_unique(named("a", "b")) is None
    assert isinstance(models.has_a_model(listing()), Deviation)
    assert isinstance(models.ids_are_unique(named("a", "b", "a")), Deviation)


def test_the_configured_model_is_listed() -> None:
    assert models.lists(named("a", "gpt-4"), "gpt-4") is None
    assert isinstance(models.lists(named("a"), "gpt-4"), Deviation)


@pytest.mark.parametrize("created", [0, 1_687_882_411, STARTED, STARTED + 3600, "soon", None])
def test_models_were_created(created: Any) -> None:
    assert models.were_created(listing(ONE, ONE | {"created": created})) is None


@pytest.mark.parametrize("created", [1_687_882_411_000, STARTED + 2 * 86_400, 10**400])
def test_a_model_of_the_future_is_told(created: int) -> None:
    assert isinstance(models.were_created(listing(ONE, ONE | {"created": created})), Deviation)


@pytest.mark.parametrize(
    ("ids", "oddest"),
    [
        (("gpt-4", "a.b", "a:b", "a/b", "c/d"), "a/b"),
        (("gpt-4", "a.b", "a:b"), "a:b"),
        (("gpt-4", "gpt-3.5-turbo"), "gpt-3.5-turbo"),
        (("gpt-4", 7, None), None),
        ((), None),
    ],
)
def test_the_oddest_id(ids: tuple[Any, ...], oddest: str | None) -> None:
    assert models.oddest_id(named(*ids)) == oddest


def test_no_list_has_no_odd_id() -> None:
    assert models.oddest_id(refusal(404)) is None
    assert models.oddest_id(exchange(json={"data": ["a/b"]})) is None


def test_a_retrieved_model_is_the_listed_one() -> None:
    found = exchange(json=ONE | {"root": "gpt-4"})

    assert models.returns_id(found, "gpt-4") is None
    assert isinstance(models.returns_id(found, "gpt-3.5-turbo"), Deviation)
    assert models.equals_entry(found, listing(ONE | {"parent": None})) is None
    assert models.equals_entry(found, named("another")) is None
    assert isinstance(models.equals_entry(found, listing(ONE | {"created": 1})), Deviation)
    with pytest.raises(Unjudgeable):
        models.equals_entry(refusal(404), listing(ONE))
