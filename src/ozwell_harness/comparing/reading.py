"""Reads the two runs of a comparison: results, and samples where the run folders still hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ozwell_harness.comparing.comparison import Side
from ozwell_harness.comparing.measuring import Measured, from_samples, from_seconds
from ozwell_harness.comparing.speed import refusals
from ozwell_harness.load.metrics import Window
from ozwell_harness.load.samples import SampleFile, Start, Tail
from ozwell_harness.reporting.results import FILE_NAME, read

SAMPLES = "samples"
_NS = 1_000_000_000
#: A window read back from results may lie off by a microsecond, and so may a request at its edge.
_TOLERATED = 2


class SamplesError(Exception):
    """The samples of a run cannot be used. The message is part of a sentence that says why."""


def read_side(path: Path) -> Side:
    """Read one run, from its folder or its results.json.

    Raises:
        ResultsError: there is none, or it is not valid.
    """
    file = path / FILE_NAME if path.is_dir() else path
    run = read(file)
    version = str(json.loads(file.read_bytes())["tool"]["version"])
    return Side(str(path), run, version)


def measured(before: Side, after: Side, paths: tuple[Path, Path]) -> tuple[Side, Side]:
    """Return both sides with what is known of their speed: from samples where both have them, else from seconds."""
    loads = (before.run.load, after.run.load)
    if loads[0] is None or loads[1] is None or refusals(loads[0], loads[1]):
        return before, after
    try:
        found = [_from_samples(load, path) for load, path in zip(loads, paths, strict=True) if load is not None]
    except SamplesError as error:
        remark = f"Speed is compared by the figures of each second: {error}."
        return (
            replace(before, measured=from_seconds(loads[0])),
            replace(after, measured=from_seconds(loads[1]), remarks=(*after.remarks, remark)),
        )
    return replace(before, measured=found[0]), replace(after, measured=found[1])


def _from_samples(load: Mapping[str, Any], path: Path) -> Measured:
    """Measure the samples beside the results.

    Raises:
        SamplesError: there are none, or they are not those of these results.
    """
    file = (path if path.is_dir() else path.parent) / SAMPLES
    if not file.is_file():
        raise SamplesError(f"there are no samples beside {path}")
    try:
        window = _window(load, file)
        found = from_samples(SampleFile(file), window, open_loop=load.get("users") is None)
    except (OSError, ValueError) as error:
        raise SamplesError(f"{file} cannot be read ({str(error).splitlines()[0]})") from None
    counted = load["requests"]["completed"] + load["requests"]["failed"]
    read_ = found.failing.units if found.failing else 0
    if abs(read_ - counted) > _TOLERATED:
        raise SamplesError(f"{file} holds {read_:,} requests of the measured interval, the results {counted:,}")
    return found


def _window(load: Mapping[str, Any], file: Path) -> Window:
    """Return the measured interval on the clock of the samples.

    Raises:
        ValueError: it is not known.
    """
    start = next(iter(Tail(file).read()), None)
    started, ended = load["window"]["started"], load["window"]["ended"]
    if not isinstance(start, Start) or started is None or ended is None or ended <= started:
        raise ValueError("it does not tell when the measured interval began")
    begin = start.at + round((started - start.epoch) * _NS)
    return Window(begin, begin + round((ended - started) * _NS))
