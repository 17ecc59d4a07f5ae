from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from build import exchange, refusal

from ozwell_harness.combined import Combined
from ozwell_harness.model import Exchange

PARTS = {"temperature": {"temperature": 0}, "n": {"n": 1}}


class Target:
    """Answers 200 unless a body has all the refused fields."""

    def __init__(self, *refused: str, status: int = 400) -> None:
        self.refused = set(refused)
        self.status = status
        self.sent: list[dict[str, Any]] = []

    def __call__(self, _label: str, fields: Mapping[str, Any]) -> Exchange:
        self.sent.append(dict(fields))
        refuses = self.refused and self.refused <= fields.keys()
        return refusal(self.status) if refuses else exchange(json={})


def test_what_is_accepted_together_costs_one_request() -> None:
    target = Target()
    combined = Combined(target, "bounds", PARTS)

    assert combined.shows("temperature") is combined.shows("n")
    assert target.sent == [{"temperature": 0, "n": 1}]


def test_nothing_is_sent_before_it_is_asked_for() -> None:
    target = Target()
    Combined(target, "bounds", PARTS)

    assert target.sent == []


def test_a_refused_whole_is_taken_apart_once() -> None:
    target = Target("n")
    combined = Combined(target, "bounds", PARTS)

    assert [combined.shows(part).status for part in ("temperature", "n", "n")] == [200, 400, 400]
    assert target.sent == [{"temperature": 0, "n": 1}, {"temperature": 0}, {"n": 1}]


def test_parts_that_are_only_refused_together_are_accepted() -> None:
    combined = Combined(Target("temperature", "n"), "bounds", PARTS)

    assert {combined.shows(part).status for part in PARTS} == {200}


def test_a_throttled_whole_is_not_taken_apart() -> None:
    target = Target("n", status=429)
    combined = Combined(target, "bounds", PARTS)

    assert combined.shows("temperature").status == 429
    assert len(target.sent) == 1


def test_the_whole_may_hold_more_and_is_what_is_repeated() -> None:
    target = Target()
    combined = Combined(target, "bounds", PARTS, whole={"temperature": 0, "n": 1, "max_tokens": 9})

    assert combined.repeat("n") is not combined.shows("n")
    assert target.sent == [{"temperature": 0, "n": 1, "max_tokens": 9}] * 2


def test_the_part_is_repeated_where_the_whole_is_refused() -> None:
    target = Target("temperature")
    combined = Combined(target, "bounds", PARTS)

    combined.shows("n")
    combined.repeat("n")
    assert target.sent[1:] == [{"n": 1}, {"n": 1}]


def test_a_whole_that_shows_nothing_is_taken_apart() -> None:
    target = Target()
    combined = Combined(target, "bounds", PARTS, shows_all=lambda _: False)

    assert {combined.shows(part).status for part in PARTS} == {200}
    assert target.sent[1:] == [{"temperature": 0}, {"n": 1}]


def within(target: Target) -> tuple[Combined, Combined]:
    whole = {"temperature": 0, "n": 1}
    larger = Combined(target, "bounds and more", {"bounds": whole, "more": {"stop": "5"}})
    return Combined(target, "bounds", PARTS, within=larger), larger


def test_what_is_shown_within_something_larger_costs_no_request_of_its_own() -> None:
    target = Target()
    bounds, larger = within(target)

    assert bounds.shows("n") is larger.shows("more")
    assert bounds.repeat("n") is not bounds.shows("n")
    assert target.sent == [{"temperature": 0, "n": 1, "stop": "5"}] * 2


def test_only_what_is_larger_is_given_up_where_that_is_refused() -> None:
    target = Target("stop")
    bounds, larger = within(target)

    assert (bounds.shows("n").status, larger.shows("more").status) == (200, 400)
    assert target.sent[1:] == [{"temperature": 0, "n": 1}, {"stop": "5"}]


def test_a_part_that_is_refused_within_something_larger_is_sent_alone() -> None:
    target = Target("n")
    bounds, larger = within(target)

    assert [bounds.shows("temperature").status, bounds.shows("n").status, larger.shows("more").status] == [
        200,
        400,
        200,
    ]
    assert target.sent[1:] == [{"temperature": 0, "n": 1}, {"temperature": 0}, {"n": 1}, {"stop": "5"}]
