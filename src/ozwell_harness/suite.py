"""What a suite imports: how a test names its requirement, and how it hands evidence to a check.

A test names one requirement and makes at least one judgement::

    @requirement("chat.usage-total-is-sum")
    def test_usage_total(plain, judge):
        judge(chat.usage_total_is_sum, plain)

Many checks of one exchange are a table::

    @each({"chat.id-is-text": chat.id_is_text, "chat.role-is-assistant": chat.role_is_assistant})
    def test_plain_answer(check, plain, judge):
        judge(check, plain)
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pytest

from ozwell_harness.gate import RATE_LIMIT_AREA
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

Check = Callable[..., Deviation | None]
_Test = TypeVar("_Test", bound=Callable[..., Any])


class NonconformanceError(AssertionError):
    """A check found a deviation."""

    def __init__(self, deviation: Deviation) -> None:
        super().__init__(deviation.message)
        self.deviation = deviation


class ModelDependentError(NonconformanceError):
    """A deviation that another model, or another try, might not show: never more than a warning."""


def requirement(requirement_id: str) -> pytest.MarkDecorator:
    """Mark a test with the one requirement that it judges."""
    return pytest.mark.requirement(requirement_id)


def each(checks: Mapping[str, Any], *, argument: str = "check") -> Callable[[_Test], _Test]:
    """Run a test once per entry: requirement id → value passed as ``argument`` (a check, or data for one)."""
    cases = [pytest.param(value, id=key, marks=requirement(key)) for key, value in checks.items()]

    def decorate(test: _Test) -> _Test:
        decorated: _Test = pytest.mark.parametrize(argument, cases)(test)
        return decorated

    return decorate


def provoke(request: pytest.FixtureRequest, *fixtures: str) -> None:
    """Make the exchanges of ``fixtures``, where anything may still be sent: what is there is judged all the same."""
    for name in fixtures:
        with contextlib.suppress(Unjudgeable):
            request.getfixturevalue(name)


class Judge:
    """Hands exchanges to checks for one test, and remembers them as its evidence."""

    def __init__(self, area: str) -> None:
        self._area = area
        self.evidence: dict[int, Exchange] = {}
        self.culprits: dict[int, Exchange] = {}
        self.judged = 0

    def __call__(self, check: Check, *arguments: Any) -> None:
        """Apply ``check``.

        Raises:
            NonconformanceError: the check found a deviation.
            Unjudgeable: the evidence cannot bear the judgement.
        """
        shown = list(_exchanges(arguments))
        self.evidence |= {exchange.id: exchange for exchange in shown}
        if self._area != RATE_LIMIT_AREA:
            _refuse_throttled(shown)
        deviation = check(*arguments)
        self.judged += 1
        if deviation is not None:
            self.culprits |= {exchange.id: exchange for exchange in shown}
            raise NonconformanceError(deviation)

    def every(self, check: Check, exchanges: Iterable[Exchange], *arguments: Any) -> None:
        """Apply ``check`` to each exchange that it can judge; deviations of all of them make one finding.

        Raises:
            NonconformanceError: at least one exchange deviates; the first one's words, and how many others.
            Unjudgeable: no exchange could be judged.
        """
        found: list[Deviation] = []
        before = self.judged
        for exchange in exchanges:
            try:
                deviation = check(exchange, *arguments)
            except Unjudgeable:
                continue
            self.judged += 1
            if deviation is not None:
                found.append(deviation)
                self.culprits[exchange.id] = exchange
        if found:
            raise NonconformanceError(_summed(found))
        if self.judged == before:
            raise Unjudgeable("no exchange of this run could show it")

    def model_dependent(self, check: Check, provoke: Callable[[int], Any], *arguments: Any, tries: int = 3) -> None:
        """Provoke and judge up to ``tries`` times; one success is enough.

        Raises:
            ModelDependentError: every try deviates.
            Unjudgeable: the last try cannot bear the judgement.
        """
        for attempt in range(1, tries + 1):
            evidence = provoke(attempt)
            try:
                self(check, evidence, *arguments)
            except NonconformanceError as error:
                if attempt == tries:
                    d = error.deviation
                    raise ModelDependentError(
                        Deviation(f"{d.message} (model-dependent, tried {tries} times)", d.expected, d.actual)
                    ) from None
            else:
                self.culprits.clear()
                return


def _summed(found: Sequence[Deviation]) -> Deviation:
    first = found[0]
    others = len(found) - 1
    if not others:
        return first
    return Deviation(f"{first.message} ({others} more like it in this run)", first.expected, first.actual)


def _exchanges(arguments: Iterable[Any]) -> Iterable[Exchange]:
    for argument in arguments:
        if isinstance(argument, Exchange):
            yield argument
        elif isinstance(argument, list | tuple):
            yield from _exchanges(argument)


def _refuse_throttled(exchanges: Iterable[Exchange]) -> None:
    for exchange in exchanges:
        if exchange.status == 429:
            raise Unjudgeable("the target answered 429 (rate limited) to the end, so nothing was learned")
