from ozwell_harness.model import Deviation, Exchange
from ozwell_harness.suite import Judge, requirement
from ozwell_harness.checks.base import outcome


def accepted(exchange):
    if exchange.status in (401, 403):
        return Deviation("the key is refused", "not 401 nor 403", outcome(exchange))


@requirement("auth.valid-key-accepted")
def test_valid(model_list: Exchange, judge: Judge) -> None:
    judge(accepted, model_list)
