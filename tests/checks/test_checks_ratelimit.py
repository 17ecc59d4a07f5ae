from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal, request, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import errors, ratelimit, spending
from ozwell_harness.envelope import NESTED
from ozwell_harness.model import Exchange
from ozwell_harness.profile import load_profile

LIMITED = load_profile("ozwell").expect.errors["rate_limited"]
NOW = 1_763_683_200
DATE = "Fri, 21 Nov 2025 00:00:00 GMT"
LATER = "Fri, 21 Nov 2025 00:00:30 GMT"
_NAMES = {"limit": ratelimit.LIMIT, "remaining": ratelimit.REMAINING, "reset": ratelimit.RESET, "retry": "Retry-After"}


def headers(**told: Any) -> dict[str, str]:
    """Header lines by short names; None leaves one out."""
    return {"Date": DATE} | {_NAMES[name]: str(value) for name, value in told.items() if value is not None}


def success(*, started: float = NOW, **told: Any) -> Exchange:
    told = {"limit": 3, "remaining": 1, "reset": NOW + 30} | told
    return exchange(json={}, headers=headers(**told), started=started, elapsed=0.1)


def throttled(*, type: Any = "rate_limit_error", code: Any = "rate_limit_exceeded", **told: Any) -> Exchange:  # noqa: A002
    told = {"limit": 3, "remaining": 0, "reset": NOW + 30, "retry": 30} | told
    return refusal(429, type=type, code=code, headers=headers(**told), started=NOW)


def spend(*remaining: int, reset: int = NOW + 30, limit: int | None = 3) -> list[Exchange]:
    return [success(remaining=left, reset=reset, limit=limit) for left in remaining]


def chat(tokens: int, at: float = NOW) -> Exchange:
    return exchange(
        json={"usage": {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}}, started=at
    )


SPENT = [*spend(2, 1, 0), throttled()]
SILENT = [success(limit=None, remaining=None, reset=None) for _ in range(spending.MOST_REQUESTS)]
SLOW = [success(limit=None, remaining=None, reset=None, started=NOW + n) for n in range(spending.MOST_REQUESTS)]
BARE = exchange(json={}, started=NOW)
MAIN = success(limit=1000, remaining=900)


def present(name: str, short: str) -> Case:
    return Case(
        ratelimit.has_header,
        {"there": throttled(), "no integer": throttled(**{short: "soon"})},
        {"missing": throttled(**{short: None})},
        {"nothing": unanswered()},
        more=(name,),
    )


def integer(name: str, short: str) -> Case:
    return Case(
        ratelimit.is_integer,
        {"integer": success(), "spaces around it": success(**{short: " 7 "}), "negative": success(**{short: -1})},
        {
            "fraction": success(**{short: "1.5"}),
            "text": success(**{short: "many"}),
            "empty": success(**{short: ""}),
            "other digits": success(**{short: "१"}),
        },
        {"absent": BARE},
        more=(name,),
    )


CASES = {
    "ratelimit.success-has-limit": present(ratelimit.LIMIT, "limit"),
    "ratelimit.success-has-remaining": present(ratelimit.REMAINING, "remaining"),
    "ratelimit.success-has-reset": present(ratelimit.RESET, "reset"),
    "ratelimit.429-has-limit": present(ratelimit.LIMIT, "limit"),
    "ratelimit.429-has-remaining": present(ratelimit.REMAINING, "remaining"),
    "ratelimit.429-has-reset": present(ratelimit.RESET, "reset"),
    "ratelimit.retry-after-present": present(ratelimit.RETRY_AFTER, "retry"),
    "ratelimit.exceeding-gives-429": Case(
        spending.exceeding_is_refused,
        {"429": SPENT, "429 at once": [throttled()], "429 after two windows met": [*spend(1, 0, 2, 1, 0), throttled()]},
        {
            "one more in a window": spend(2, 1, 0, 0),
            "one more in the second window": [*spend(0, reset=NOW + 1), *spend(2, 1, 0, 0)],
            "more than two windows": spend(*[0] * 7, reset=NOW + 5),
            "never, and each with a reset of its own": [success(reset=NOW + 60 + n) for n in range(7)],
            "never, and nothing told": SILENT,
        },
        {
            "the key is refused": [refusal(401)],
            "several short windows met": [
                *spend(1, 0, reset=NOW + 1),
                *spend(2, 1, reset=NOW + 3),
                *spend(2, reset=NOW + 5),
            ],
            "short windows, slowly": [success(reset=NOW + n + 2, started=NOW + n) for n in range(7)],
            "a limit too high": spend(*range(999, 869, -1), limit=1000),
            "too slow to exceed it": SLOW,
            "no answer": [*spend(2, 1), unanswered()],
        },
    ),
    "ratelimit.429-in-envelope": Case(
        errors.in_envelope,
        {"envelope": throttled()},
        {"text": exchange(429, body=b"Too many"), "flat": exchange(429, json={"error": "x"})},
        more=(NESTED,),
    ),
    "ratelimit.429-type": Case(
        errors.has_type, {"documented": throttled()}, {"another": throttled(type="requests")}, more=(LIMITED,)
    ),
    "ratelimit.429-code": Case(
        errors.has_code,
        {"documented": throttled()},
        {"another": throttled(code="too_many"), "null": throttled(code=None)},
        more=(LIMITED,),
    ),
    "ratelimit.429-nothing-remains": Case(
        ratelimit.nothing_remains,
        {"0": throttled()},
        {"1": throttled(remaining=1), "-1": throttled(remaining=-1)},
        {"absent": throttled(remaining=None), "no 429": success()},
    ),
    "ratelimit.retry-after-readable": Case(
        ratelimit.asks_to_wait,
        {"seconds": throttled(), "0": throttled(retry=0), "a date": throttled(retry=LATER)},
        {
            "negative": throttled(retry=-1),
            "a fraction": throttled(retry="0.5"),
            "a unit": throttled(retry="30s"),
            "empty": throttled(retry=""),
        },
        {"absent": throttled(retry=None), "no 429": success()},
    ),
    "ratelimit.retry-after-fits-reset": Case(
        ratelimit.wait_fits_reset,
        {
            "the same": throttled(),
            "rounded up": throttled(retry=31),
            "a date": throttled(retry=LATER),
            "a target whose clock is ahead": throttled(reset=NOW + 32),
        },
        {
            "later": throttled(retry=60),
            "at once": throttled(retry=0),
            "reset in ms": throttled(reset=(NOW + 30) * 1000),
            "reset in seconds from now": throttled(reset=30),
        },
        {
            "no reset": throttled(reset=None),
            "no Retry-After": throttled(retry=None),
            "garbage": throttled(retry="soon"),
        },
    ),
    "ratelimit.remaining-falls": Case(
        spending.remaining_falls,
        {
            "one by one": SPENT,
            "refilled a little": spend(9, 8, 8, 7),
            "by two": spend(9, 7, 5),
            "a new window": [*spend(2, 1, 0), *spend(2, 1, 0, reset=NOW + 60)],
            "two that fall": spend(2, 0),
        },
        {"never": spend(2, 2, 2), "rising": spend(0, 1, 2), "rising once": spend(9, 5, 6, 4)},
        {"too few to see that it does not": spend(2, 2), "one": spend(2), "nothing told": SILENT},
    ),
    "ratelimit.429-announced": Case(
        spending.last_is_announced,
        {"0 before": SPENT},
        {"1 before": [*spend(3, 2, 1), throttled()]},
        {"another window": [*spend(1, reset=NOW + 1), throttled()], "no 429": spend(2, 1), "only a 429": [throttled()]},
    ),
    "ratelimit.limit-constant": Case(
        spending.limit_is_constant, {"one": SPENT}, {"two": [*SPENT, success(limit=4)]}, {"nothing told": SILENT}
    ),
    "ratelimit.per-key": Case(
        spending.other_key_is_free,
        {
            "200": ([success()], MAIN),
            "200, nothing told": ([BARE], None),
            "one of several": ([refusal(), success()], MAIN),
        },
        {
            "429 in spite of what remained": ([throttled()], MAIN),
            "429, then 200": ([throttled(), success()], success(remaining=2)),
            "500": ([exchange(500)], MAIN),
        },
        {
            "nothing was told": ([throttled()], None),
            "its own limit": ([throttled()], success(remaining=0)),
            "its own limit, met by the last": ([success(), throttled()], success(remaining=1)),
            "an old window": ([throttled()], success(remaining=9, reset=NOW - 5)),
        },
    ),
    "ratelimit.counted-per-key": Case(
        spending.other_key_costs_nothing,
        {"by one": SPENT, "not to the end": spend(9, 8, 7), "refilled meanwhile": spend(9, 9, 8)},
        {"by two after the other key's request": spend(9, 7, 6, 5), "by two in a full window": spend(2, 0)},
        {
            "by two always": spend(9, 7, 5),
            "refilled later": spend(9, 8, 8, 7),
            "too few": spend(1, 0),
            "a new window": [*spend(9), *spend(7, 6, reset=NOW + 60)],
            "nothing told": SILENT,
        },
        more=(1,),
    ),
    "ratelimit.waiting-helps": Case(
        spending.waiting_helps,
        {"200": [throttled(), success()]},
        {"429 again": [throttled(), throttled(), success()], "500": [throttled(), exchange(500)]},
        {"too long a wait": [throttled()], "not limited": [success()]},
    ),
    "ratelimit.tokens-limited": Case(
        spending.tokens_are_limited,
        {"429": ([chat(2500), throttled()], 2), "429 at once": ([throttled()], 20)},
        {"Free without a tokens limit": ([chat(2500) for _ in range(6)], 20)},
        {
            "requests used up": ([chat(10), throttled()], 1),
            "a custom plan": ([chat(2500) for _ in range(3)], 6),
            "within the plan": ([chat(2500) for _ in range(4)], 20),
            "too slow": ([chat(2500, at=NOW + 20 * n) for n in range(6)], 20),
            "refused": ([refusal()], 20),
            "not tried": ([], 100),
            "no limit told": ([throttled()], None),
            "no usage": ([BARE, BARE], 20),
        },
    ),
    "ratelimit.limit-is-integer": integer(ratelimit.LIMIT, "limit"),
    "ratelimit.remaining-is-integer": integer(ratelimit.REMAINING, "remaining"),
    "ratelimit.reset-is-integer": integer(ratelimit.RESET, "reset"),
    "ratelimit.limit-positive": Case(
        ratelimit.limit_is_positive,
        {"3": success()},
        {"0": success(limit=0), "-1": success(limit=-1)},
        {"absent": BARE},
    ),
    "ratelimit.remaining-in-range": Case(
        ratelimit.remaining_is_in_range,
        {"1 of 3": success(), "3 of 3": success(remaining=3), "no limit told": success(limit=None)},
        {"-1": success(remaining=-1), "4 of 3": success(remaining=4)},
        {"absent": BARE},
    ),
    "ratelimit.reset-ahead": Case(
        ratelimit.reset_is_ahead,
        {"in 30 s": success(), "now": success(reset=NOW), "rounded down": success(reset=NOW - 1)},
        {"-1": success(reset=-1), "seconds from now": success(reset=30), "stale": success(reset=NOW - 10)},
        {"absent": BARE},
    ),
    "ratelimit.reset-within-window": Case(
        ratelimit.reset_is_near,
        {"in 30 s": success(), "in a minute": success(reset=NOW + 60), "past": success(reset=30)},
        {"in two minutes": success(reset=NOW + 120), "ms": success(reset=(NOW + 30) * 1000)},
        {"absent": BARE},
    ),
}


@pytest.mark.parametrize(("requirement", "name", "expected", "check", "arguments"), rows(CASES))
def test_judgement(requirement: str, name: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected


def test_every_requirement_has_a_case() -> None:
    assert not areas_without_case("ratelimit", CASES)


@pytest.mark.parametrize(
    ("spent", "enough"),
    [
        ([], False),
        (spend(2, 1, 0), False),
        (SPENT, True),
        (spend(2, 1, 0, 0), True),
        ([refusal(401)], True),
        (SILENT[:-1], False),
        (SILENT, True),
        (SLOW[:70], True),
    ],
)
def test_spending_stops_when_more_would_show_nothing(spent: list[Exchange], enough: bool) -> None:
    assert spending.is_enough(spent) is enough


@pytest.mark.parametrize(
    ("spent", "short"),
    [([throttled()], True), ([*spend(1, 0), throttled()], True), (SPENT, False), (spend(2), False), (SILENT, False)],
)
def test_a_key_that_was_in_use_shows_little(spent: list[Exchange], short: bool) -> None:
    assert spending.is_short(spent) is short


@pytest.mark.parametrize(("limit", "chats"), [(None, 0), (20, 6), (100, 0), (6, 3), (3, 3), (2, 0)])
def test_tokens_are_spent_only_where_that_shows_something(limit: int | None, chats: int) -> None:
    assert spending.chats_to_try(limit, 2500) == chats


@pytest.mark.parametrize(
    ("before", "remaining", "spares"),
    [
        (success(started=NOW - 0.5), 2, True),
        (success(started=NOW - 3), 2, False),
        (success(started=NOW - 0.5), 1, False),
        (BARE, 2, False),
        (None, 2, False),
    ],
)
def test_a_full_window_right_after_another_key_shows_that_keys_are_counted_apart(
    before: Exchange | None, remaining: int, spares: bool
) -> None:
    spent = spend(remaining)
    assert spending.spares_limited(before, spent[0]) is spares
    assert verdict(spending.other_key_costs_nothing, spent, 1, before) == ("good" if spares else "silent")


def test_a_skewed_clock_is_not_blamed() -> None:
    """The target's Date tells that its clock, not its reset, is off."""
    for off in (-3600, 3600):
        answer = success()
        skewed = Exchange(1, "", answer.request, answer.response, started=NOW + off)
        assert verdict(ratelimit.reset_is_ahead, skewed) == "good"
        assert verdict(ratelimit.reset_is_near, skewed) == "good"


def test_seconds_left_are_no_less_than_none() -> None:
    """Where the reset may count down, a negative one is no moment ahead, however near."""
    rates = load_profile("openwebui").expect.rates
    for reset, told in ((0, "good"), (1, "good"), (-1, "bad")):
        assert verdict(ratelimit.reset_is_ahead, success(reset=reset), rates) == told


def test_the_last_answer_to_a_key_is_found() -> None:
    def by(key: str) -> Exchange:
        asked = request("GET", "/models", headers={"Authorization": f"Bearer ${key}"})
        return exchange(json={}, asked=asked, headers=headers(remaining=1))

    first, second, other = by("OZWELL_API_KEY"), by("OZWELL_API_KEY"), by("OZWELL_OTHER_API_KEY")
    assert spending.last_of_key([first, second, other, BARE], "OZWELL_API_KEY") is second
    assert spending.last_of_key([other], "OZWELL_API_KEY") is None
