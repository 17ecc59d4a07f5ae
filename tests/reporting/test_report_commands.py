from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest
import sample_capacity
import sample_run
from click.testing import CliRunner

from ozwell_harness.cli import cli
from ozwell_harness.model import Run
from ozwell_harness.reporting.commands import again

_URL = "http://127.0.0.1:8000/v1"
_LOAD = f"{_URL} --profile ozwell --seed 7 --scenario mixed"
_SEARCH = "--scenario chat --slo 'e2e_p99<3s, error_rate<1%' --budget 300s --width 0.15 --confidence 0.95"
_TIMES = "--duration 30s --warmup 5s"


def _run(command: str, **load: Any) -> Run:
    return replace(sample_run.green_run(), command=command, load=sample_run.load_block() | {"slo": None} | load)


def _open(arrivals: str, shape: str) -> dict[str, Any]:
    return {"users": None, "rate": 12.5, "arrivals": arrivals, "shape": shape}


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (replace(_run("check"), load=None), f"check {_URL} --profile ozwell --seed 7"),
        (_run("run"), f"run {_LOAD} --users 8 {_TIMES}"),
        (
            _run("load", **_open("poisson", "poisson(12.5)"), slo={"expression": "ttft_p99<1s, goodput>2/s"}),
            f"load {_LOAD} --rate 12.5 --arrivals poisson {_TIMES} --slo 'ttft_p99<1s, goodput>2/s'",
        ),
        (
            _run("load", **_open("ramp", "ramp(1, 24, poisson)")),
            f"load {_LOAD} --arrivals 'ramp(1, 24, poisson)' {_TIMES}",
        ),
        (
            replace(_run("capacity"), load=None, capacity=sample_capacity.block() | {"scenario": "chat"}),
            f"capacity {_URL} --profile ozwell --seed 7 {_SEARCH}",
        ),
        (replace(_run("run"), load=None), f"check {_URL} --profile ozwell --seed 7"),
        (replace(_run("check"), load=None, facts={"bundled_mock": "yes"}, seed=0), "check --profile ozwell"),
    ],
)
def test_a_run_can_be_done_again(run: Run, words: str) -> None:
    assert again(run) == f"ozwell-harness {words}"


def test_one_requirement_is_judged_by_check() -> None:
    assert again(_run("run"), "chat.x") == f"ozwell-harness check {_URL} --profile ozwell --seed 7 --requirement chat.x"


@pytest.mark.parametrize("run", [_run("run"), _run("load"), _run("load", **_open("constant", "constant(12.5)"))])
def test_the_command_line_knows_every_option(run: Run) -> None:
    words = shlex.split(again(run))
    options = {word for word in words if word.startswith("--")}
    shown = CliRunner().invoke(cli, [words[1], "--help"]).output
    assert {option for option in options if f"{option} " not in shown} == set()


def test_a_mix_of_ones_own_is_repeated_as_a_mix() -> None:
    block = sample_run.load_block(5) | {"scenario": "chat=3, files=0.5"}
    line = again(sample_run.run_of((), load=block, command="load"))
    assert "--mix chat=3,files=0.5 " in line
    assert "--scenario" not in line
