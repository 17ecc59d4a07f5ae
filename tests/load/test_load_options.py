"""The options that Locust gets, without Locust: as its command line and its web page give them."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import pytest

from ozwell_harness.load.arrivals import Closed
from ozwell_harness.load.distribution import Exponential, Fixed, Normal
from ozwell_harness.load.engine.options import add_options, plan_of
from ozwell_harness.load.plan import LoadPlan, PlanError
from ozwell_harness.load.prompts import PromptError
from ozwell_harness.load.workload import Workload


def plan(*words: str) -> LoadPlan:
    parser = ArgumentParser()
    add_options(parser, ["chat", "mixed"])
    return plan_of(parser.parse_args(words), "http://127.0.0.1:9/v1", "m", None)


def test_without_options_everything_is_as_usual() -> None:
    assert plan() == LoadPlan("http://127.0.0.1:9/v1", "m", arrivals=Closed(1, Fixed(0.0)))


def test_options_become_a_plan(tmp_path: Path) -> None:
    found = plan("--scenario", "chat", "--think", "exponential(100ms)", "--prompt-tokens", "normal(100, 10)",
                 "--answer-tokens", "20", "--turns", "2", "--prefix-tokens", "50")  # fmt: skip
    assert (found.scenario, found.arrivals) == ("chat", Closed(1, Exponential(0.1)))
    assert found.workload == Workload(
        prompt_tokens=Normal(100.0, 10.0), answer_tokens=Fixed(20.0), prefix_tokens=50, turns=2
    )
    assert plan("--mix", "chat=3,files=1").mix == (("chat", 3.0), ("files", 1.0))
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text('{"text": "Say something."}\n')
    assert plan("--prompt-file", str(prompts)).workload.prompt_file == str(prompts)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--turns", "x"), "--turns must be a whole number"),
        (("--turns", "0"), "between 1 and"),
        (("--mix", "chat"), "is no mix"),
        (("--think", "soon"), "is no time"),
        (("--file-bytes", "big"), "is no number of bytes"),
        (("--prompt-tokens", "9", "--prompt-file", "absent"), "cannot be read"),
    ],
)
def test_options_that_make_no_sense_are_refused(words: tuple[str, ...], told: str) -> None:
    with pytest.raises((PlanError, PromptError), match=told):
        plan(*words)
