"""Judgements on what a sequence of requests with one key shows of its limits.

Source: the documents' sections on rate limits: requests in a window and, in some dialects, tokens by plan. Whether
windows are fixed, sliding or refill little by little is the target's choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from ozwell_harness.checks.base import answers, outcome
from ozwell_harness.checks.clock import clocks
from ozwell_harness.checks.ratelimit import LIMIT, REMAINING, RESET, read, value_of, window_ends
from ozwell_harness.checks.usage import count_of
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.rates import PER_MINUTE, Rates

#: No more requests than this are spent to meet a limit; above the largest documented one, 100.
MOST_REQUESTS = 130

#: No more tokens than this are spent to meet a budget of tokens.
MOST_TOKENS = 16_000

#: Requests that are no further apart than this, in seconds, fall into one window of a minute nearly always.
_AT_ONCE_S = 1.0

#: So many answers of one window show how what remains develops.
_TELLING = 3

#: Requests a minute of the documented plans with a fixed budget → tokens a minute.
TOKENS_OF_PLAN = {20: 10_000, 100: 100_000}


def is_enough(spent: Sequence[Exchange], rates: Rates = PER_MINUTE) -> bool:
    """Tell whether a sequence of requests with one key need not go on: it met the limit, or never will."""
    if not spent or spent[-1].status not in rates.served:
        return bool(spent)
    limit = _limit(spent[-1])
    most = MOST_REQUESTS if limit is None else min(MOST_REQUESTS, 2 * limit + 1)
    return len(spent) >= most or _duration_s(spent) > rates.window_s or _is_exceeded(spent, rates)


def is_short(spent: Sequence[Exchange]) -> bool:
    """Tell whether the key was in use before, so that the sequence met the limit before it could show much."""
    limit = read(spent[-1], LIMIT)
    return spent[-1].status == 429 and limit is not None and len(spent) <= min(limit, _TELLING)


def exceeding_is_refused(spent: Sequence[Exchange], rates: Rates = PER_MINUTE) -> Deviation | None:
    """More requests than the limit allows end in a 429.

    Raises:
        Unjudgeable: the limit could not be exceeded.
    """
    last = spent[-1]
    if last.status == 429:
        return None
    if last.status not in rates.served or last.failure is not None:
        raise Unjudgeable(f"the limited key was answered {outcome(last)}")
    limit = _limit(last)
    unlimited = limit is None and len(spent) >= MOST_REQUESTS and _duration_s(spent) <= rates.window_s
    if not unlimited and not _is_exceeded(spent, rates):
        told = "is not told" if limit is None else f"is {limit}"
        raise Unjudgeable(f"{len(spent)} requests in {_duration_s(spent):.0f} s did not exceed the limit, which {told}")
    told = f"of which {limit} are allowed" if limit is not None else f"more than the {max(TOKENS_OF_PLAN)} of a plan"
    return Deviation(
        "the rate limit is not enforced",
        "a 429 once the limit is exceeded",
        f"{len(spent)} requests within {_duration_s(spent):.0f} s were all answered, {told}",
    )


def remaining_falls(spent: Sequence[Exchange], rates: Rates = PER_MINUTE) -> Deviation | None:
    """What remains falls as requests are spent, and never rises within a window.

    Two answers are enough to see it fall; that it does not fall takes three.

    Raises:
        Unjudgeable: no three answers of one window say what remains.
    """
    windows = _windows(spent, rates)
    runs = [run for run in windows if len(run) >= _TELLING]
    if not runs and any(len(run) > 1 and run[-1] < run[0] for run in windows):
        return None
    if not runs:
        raise Unjudgeable("no three answers of one window say what remains")
    for run in runs:
        rises = any(later > earlier for earlier, later in pairwise(run))
        if rises or run[-1] >= run[0]:
            return Deviation("what remains does not fall as requests are spent", "falling numbers", f"{run}")
    return None


def last_is_announced(spent: Sequence[Exchange], rates: Rates = PER_MINUTE) -> Deviation | None:
    """The last success before a 429 of the same window says that nothing remains.

    Raises:
        Unjudgeable: there is no such pair of answers.
    """
    if len(spent) < 2 or spent[-1].status != 429 or spent[-2].status not in rates.served:
        raise Unjudgeable("the limit was not met")
    before, refusal = spent[-2:]
    if value_of(before, RESET) != value_of(refusal, RESET):
        raise Unjudgeable("the window changed in between")
    found = value_of(before, REMAINING)
    if found == 0:
        return None
    return Deviation(
        "a request is refused although some remained", f"{REMAINING}: 0 before the 429", f"{REMAINING}: {found}"
    )


def limit_is_constant(spent: Sequence[Exchange]) -> Deviation | None:
    """One key has one limit."""
    found = {limit for exchange in spent if (limit := read(exchange, LIMIT)) is not None}
    if not found:
        raise Unjudgeable(f"no answer has {LIMIT}")
    if len(found) == 1:
        return None
    return Deviation("the limit changes between requests", "one limit for a key", f"{LIMIT}: {sorted(found)}")


def tells_freedom(meanwhile: Sequence[Exchange], rates: Rates = PER_MINUTE) -> bool:
    """Tell whether answers to a key show that it is limited, or that it is not."""
    return any(exchange.status in {*rates.served, 429} for exchange in meanwhile)


def other_key_is_free(
    meanwhile: Sequence[Exchange], before: Exchange | None, rates: Rates = PER_MINUTE
) -> Deviation | None:
    """While one key is limited, another is not.

    ``meanwhile`` are answers to the other key, ``before`` is an earlier one, which tells what it had left.

    Raises:
        Unjudgeable: the other key may have spent its own limit.
    """
    after = next((exchange for exchange in meanwhile if exchange.status == 429), None)
    if after is None:
        return None if tells_freedom(meanwhile, rates) else answers(meanwhile[-1])
    left = read(before, REMAINING) if before is not None else None
    ends = window_ends(before, rates) if before is not None else ()
    if left is None or left < len(meanwhile) or not ends or min(ends) <= after.started:
        raise Unjudgeable("the other key may be limited on its own account")
    told = f"200: of its own limit {left} requests remained until {min(ends):.0f}"
    return Deviation("another key is limited, too", told, outcome(after))


def spares_limited(before: Exchange | None, first: Exchange, rates: Rates = PER_MINUTE) -> bool:
    """Tell whether the first request of a key found its window full although another had just been answered ``before``.

    A window that ended between the two would look the same, so they have to follow closely.
    """
    if before is None or read(before, REMAINING) is None or not _found_full(first, rates):
        return False
    return first.started - before.started - before.elapsed < _AT_ONCE_S


def other_key_costs_nothing(
    spent: Sequence[Exchange], place: int, before: Exchange | None = None, rates: Rates = PER_MINUTE
) -> Deviation | None:
    """A request with another key does not lower what remains of this key.

    It was answered right ``before`` the first one, or else made before the one at ``place``. In a window that was full,
    the first request, too, shows what one costs.

    Raises:
        Unjudgeable: what remains is not told, does not fall one by one, or the window changed.
    """
    if spares_limited(before, spent[0], rates):
        return None
    served = [exchange for exchange in spent if exchange.status in rates.served]
    told = [(read(exchange, RESET), read(exchange, REMAINING)) for exchange in served]
    falls = [
        (earlier[1] - later[1])
        for earlier, later in pairwise(told)
        if earlier[1] is not None and later[1] is not None and earlier[0] == later[0]
    ]
    if len(falls) < len(told) - 1 or len(falls) + _found_full(spent[0], rates) < _TELLING - 1:
        raise Unjudgeable("no three answers of one window say what remains")
    between = falls.pop(place - 1)
    if any(fall != 1 for fall in falls):
        raise Unjudgeable("what remains does not fall one by one")
    if between <= 1:
        return None
    return Deviation(
        "requests with another key are counted, too", f"{REMAINING} lower by 1", f"{REMAINING} lower by {between}"
    )


def waiting_helps(attempts: Sequence[Exchange], rates: Rates = PER_MINUTE) -> Deviation | None:
    """After the wait that a 429 asks for, the request succeeds.

    ``attempts`` begin with the 429; each other was made after the wait that the one before asked for.

    Raises:
        Unjudgeable: the wait was too long to be made.
    """
    if len(attempts) < 2 or attempts[0].status != 429:
        raise Unjudgeable("the target asks for a longer wait than this run makes, or was not limiting any more")
    second = attempts[1]
    if second.status != 429:
        return None if second.failure is None and second.status in rates.served else answers(second)
    return Deviation("a request is refused again after the wait", "status 200 after Retry-After", outcome(second))


def chats_to_try(limit: int | None, tokens: int) -> int:
    """Return how many chats of ``tokens`` tokens may show the tokens budget of a key: 0 where it would cost too much.

    ``limit`` is the key's requests a minute, which tells its plan; of other plans the budget may be anything.
    """
    if limit is None:
        return 0
    budget = TOKENS_OF_PLAN.get(limit)
    # One goes beyond the budget, and the next one must be refused.
    wanted = budget // tokens + 2 if budget is not None else 3
    return wanted if wanted * tokens <= MOST_TOKENS and wanted <= limit else 0


def tokens_are_limited(chats: Sequence[Exchange], limit: int | None, rates: Rates = PER_MINUTE) -> Deviation | None:
    """Spending more tokens than the plan allows ends in a 429, although requests remain.

    ``chats`` are the first requests of a window; ``limit`` is how many it allows.

    Raises:
        Unjudgeable: the tokens of the plan are not known, were not exceeded, or would cost too much.
    """
    if not chats or limit is None:
        raise Unjudgeable("it would cost too many tokens or requests to exceed the budget of this key's plan")
    last = chats[-1]
    if last.status == 429:
        if len(chats) <= limit:
            return None
        raise Unjudgeable("the requests were used up before the tokens")
    if last.status != 200:
        raise Unjudgeable(f"a long chat was answered {outcome(last)}")
    budget = TOKENS_OF_PLAN.get(limit)
    spent = sum(count_of(exchange, "total_tokens") for exchange in chats[:-1])
    if budget is None or spent <= budget or _duration_s(chats) > rates.window_s:
        allowed = "not known" if budget is None else f"{budget}"
        raise Unjudgeable(
            f"{spent} tokens in {_duration_s(chats):.0f} s met no limit; what the plan allows is {allowed}"
        )
    return Deviation(
        "the tokens of a plan are not limited", f"a 429 after {budget} tokens in a minute", f"200 after {spent} tokens"
    )


def last_of_key(exchanges: Sequence[Exchange], key: str) -> Exchange | None:
    """Return the last answer to the key of this name that says what remains; None when there is none."""
    return next(
        (
            exchange
            for exchange in reversed(exchanges)
            if exchange.request.headers.get("authorization") == f"Bearer ${key}"
            and read(exchange, REMAINING) is not None
        ),
        None,
    )


def _found_full(first: Exchange, rates: Rates) -> bool:
    """Tell whether nothing had been spent before a request: one less than the limit remains."""
    limit = _limit(first)
    return first.status in rates.served and limit is not None and read(first, REMAINING) == limit - 1


def _limit(exchange: Exchange) -> int | None:
    """Return the limit that an answer tells; None also for one that cannot be meant."""
    limit = read(exchange, LIMIT)
    return limit if limit is not None and limit > 0 else None


def _duration_s(spent: Sequence[Exchange]) -> float:
    return spent[-1].started + spent[-1].elapsed - spent[0].started


def _is_exceeded(spent: Sequence[Exchange], rates: Rates) -> bool:
    """Tell whether more was answered than any kind of window allows.

    In one window, by its reset, that is one more than the limit. Where every answer has a reset of its own, as windows
    that slide or refill may have it, twice the limit until the first one's reset.
    """
    limit, reset = _limit(spent[-1]), read(spent[-1], RESET)
    if limit is None or spent[-1].status not in rates.served:
        return False
    alike = [exchange for exchange in spent if reset is not None and read(exchange, RESET) == reset]
    return _holds_more(alike, limit, rates) or _holds_more(spent, 2 * limit, rates)


def _holds_more(spent: Sequence[Exchange], most: int, rates: Rates) -> bool:
    """Tell whether there are more than ``most`` requests, all of them before the first one's reset."""
    return len(spent) > most and _duration_s(spent) <= _window_s(spent[0], rates)


def _window_s(first: Exchange, rates: Rates) -> float:
    """Seconds until the reset that the first answer told; a whole window where it told none."""
    ends = window_ends(first, rates)
    return min(rates.window_s, min(ends) - max(clocks(first))) if ends else rates.window_s


def _windows(spent: Sequence[Exchange], rates: Rates) -> list[list[int]]:
    told = [
        (reset, remaining)
        for exchange in spent
        if exchange.status in rates.served
        and (reset := read(exchange, RESET)) is not None
        and (remaining := read(exchange, REMAINING)) is not None
    ]
    return [[remaining for _, remaining in run] for _, run in groupby(told, key=lambda pair: pair[0])]
