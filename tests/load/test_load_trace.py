"""Traces from files, and arrivals as the command line writes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.load.arrivals import (
    ArrivalsError,
    Burst,
    Constant,
    Poisson,
    Ramp,
    Schedule,
    Spacing,
    Spike,
    Steps,
    Trace,
    kind_of,
)
from ozwell_harness.load.distribution import Distribution, Exponential, Fixed, LogNormal, Normal, Uniform
from ozwell_harness.load.spelling import TIME, TOKENS, parse_arrivals, parse_distribution
from ozwell_harness.load.timetable import Size, Timetable
from ozwell_harness.load.trace import read_trace, timetable

S = 1_000_000_000
OURS = '{"at_s": 0.5, "prompt_tokens": 10, "answer_tokens": 5}\n\n{"at_s": 2}\n{"at_s": 2, "answer_tokens": 7}\n'
MOONCAKE = (
    '{"timestamp": 1000, "input_length": 100, "output_length": 20, "hash_ids": [1]}\n'
    '{"timestamp": 2500, "input_length": 200, "output_length": 30}\n'
)
AZURE = (
    "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319600,3180,8\n"
)


def traced(folder: Path, text: str) -> Timetable:
    path = folder / "trace"
    path.write_bytes(text.encode())
    return read_trace(path)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_traces_of_three_dialects_are_read(tmp_path: Path, newline: str) -> None:
    ours = traced(tmp_path, OURS.replace("\n", newline))
    assert [at / S for at in ours.times] == [0.5, 2, 2]
    assert ours.sizes == (Size(10, 5), Size(None, None), Size(None, 7))
    mooncake = traced(tmp_path, MOONCAKE.replace("\n", newline))
    assert ([at / S for at in mooncake.times], mooncake.sizes) == ([0, 1.5], (Size(100, 20), Size(200, 30)))
    azure = traced(tmp_path, AZURE.replace("\n", newline))
    assert [at / S for at in azure.times] == pytest.approx([0, 0.052], abs=1e-5)
    assert azure.sizes == (Size(4808, 10), Size(3180, 8))
    table = traced(tmp_path, f"at_s,prompt_tokens{newline}0,5{newline}1.25,{newline}")
    assert (list(table.times), table.sizes) == ([0, 1.25 * S], (Size(5, None), Size(None, None)))


def test_a_trace_without_lengths_has_none(tmp_path: Path) -> None:
    assert traced(tmp_path, "at_s\n0\n1\n").sizes == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no arrival"),
        ("at_s\n", "holds no arrival"),
        ('{"at_s": 0}\n{"at_s": ', "Line 2 .* is not JSON"),
        ('{"at_s": 0}\n[1]\n', "Line 2 .* no JSON object"),
        ('{"at": 0}\n', "Line 1 .* has no time"),
        ('{"at_s": 0, "prompt_token": 3}\n', "Line 1 .* field 'prompt_token'"),
        ('{"at_s": true}\n', "Line 1 .* time True"),
        ('{"at_s": 1}\n{"at_s": 0.5}\n', "Line 2 .* goes back"),
        ('{"at_s": -1}\n', "Line 1 .* before the start"),
        ('{"at_s": 1e400}\n', "Line 1 .* before the start or in no year"),
        ('{"at_s": 0, "answer_tokens": 0}\n', "Line 1 .* answer_tokens 0"),
        ('{"at_s": 0, "answer_tokens": 1.5}\n', "Line 1 .* answer_tokens 1.5"),
        ('{"at_s": 0, "answer_tokens": "many"}\n', "Line 1 .* answer_tokens 'many'"),
        ('{"at_s": 0}\n{"timestamp": 0}\n', "Line 2 .* field 'timestamp'"),
        ("at_s,prompt_tokens\n0\n", "Line 2 .* not as many cells"),
        ("at_s\nsoon\n", "Line 2 .* no at_s that is a time"),
        ("TIMESTAMP\nyesterday\n", "Line 2 .* no TIMESTAMP"),
    ],
)
def test_a_trace_that_makes_no_sense_is_refused_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ArrivalsError, match=told) as caught:
        traced(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_trace_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArrivalsError, match="cannot be read"):
        read_trace(tmp_path / "absent")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ArrivalsError, match="UTF-8"):
        read_trace(tmp_path / "binary")


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=30).map(sorted), st.floats(0.001, 1000))
def test_what_is_due_is_in_the_trace(tmp_path_factory: pytest.TempPathFactory, times: list[float], end: float) -> None:
    path = tmp_path_factory.mktemp("traces") / "trace.jsonl"
    path.write_text("".join(json.dumps({"at_s": at}) + "\n" for at in times))
    table = timetable(Trace(str(path)), 0.0, end, 0)
    assert list(table.times) == [round(at * S) for at in times if round(at * S) < round(end * S)]


@pytest.mark.parametrize(
    ("text", "rate", "arrivals"),
    [
        ("poisson", 20.0, Poisson(20.0)),
        ("constant", 2.5, Constant(2.5)),
        ("constant(3)", None, Constant(3.0)),
        ("burst(10, 5)", None, Burst(10.0, 5)),
        ("burst(5)", 10.0, Burst(10.0, 5)),
        (" ramp( 1 ,50 ) ", None, Ramp(1.0, 50.0)),
        ("ramp(1, 50, constant)", None, Ramp(1.0, 50.0, Spacing.CONSTANT)),
        ("steps(5, 10, 20)", None, Steps((5.0, 10.0, 20.0))),
        ("steps(5, constant)", None, Steps((5.0,), Spacing.CONSTANT)),
        ("spike(5, 50)", None, Spike(5.0, 50.0)),
        ("spike(5, 50, 500ms, constant)", None, Spike(5.0, 50.0, 0.5, Spacing.CONSTANT)),
        ("trace(/a, b/c (d).jsonl)", None, Trace("/a, b/c (d).jsonl")),
    ],
)
def test_arrivals_are_read(text: str, rate: float | None, arrivals: Schedule) -> None:
    assert parse_arrivals(text, rate) == arrivals


@pytest.mark.parametrize(
    "arrivals",
    [Poisson(2.5), Constant(3), Burst(10, 5), Ramp(1, 50), Steps((5, 10)), Spike(5, 50, 0.5), Trace("/x/y.csv")],
    ids=kind_of,
)
def test_arrivals_are_written_as_they_are_read(arrivals: Schedule) -> None:
    assert parse_arrivals(str(arrivals), None) == arrivals


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("", None), ("nonsense", 1.0), ("poisson", None), ("poisson(1)", 2.0), ("ramp(1, 2)", 3.0), ("ramp(1)", None),
        ("ramp(1, 2, 3)", None), ("ramp(a, b)", None), ("burst(1, 2.5)", None), ("spike(1)", None), ("trace()", None),
        ("spike(1, 2, x)", None), ("spike(1, 2, 3s, 4s)", None), ("closed(3)", None), ("steps(1, poisson, 2)", None),
        ("ramp(1, 2) and more", None),
    ],
)  # fmt: skip
def test_arrivals_that_are_none_are_refused_with_advice(text: str, rate: float | None) -> None:
    with pytest.raises(ArrivalsError, match=r"Write constant|leave out --rate") as caught:
        parse_arrivals(text, rate)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("500ms", Fixed(0.5)),
        ("fixed(2s)", Fixed(2.0)),
        ("uniform(1s, 3s)", Uniform(1.0, 3.0)),
        ("normal(2s, 500ms)", Normal(2.0, 0.5)),
        ("lognormal(2m, 0.5)", LogNormal(120.0, 0.5)),
        ("exponential(.25)", Exponential(0.25)),
    ],
)
def test_distributions_of_time_are_read(text: str, found: Distribution) -> None:
    assert parse_distribution(text, TIME) == found


@pytest.mark.parametrize("text", ["", "x", "-1", "1 2", "normal(1)", "normal(1, 2, 3)", "weird(1, 2)", "normal(1, x)"])
def test_what_is_no_distribution_is_refused(text: str) -> None:
    for unit in (TIME, TOKENS):
        with pytest.raises(ValueError, match=f"no {unit.name}"):
            parse_distribution(text, unit)


def test_tokens_have_no_unit_of_time() -> None:
    assert parse_distribution("normal(200, 50)", TOKENS) == Normal(200.0, 50.0)
    with pytest.raises(ValueError, match="no number of tokens"):
        parse_distribution("200ms", TOKENS)
