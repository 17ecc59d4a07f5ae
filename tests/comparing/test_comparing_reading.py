"""Two runs from their folders, damaged ones included."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from comparing_runs import S, run, streams

from ozwell_harness.comparing.held import compare_runs
from ozwell_harness.comparing.measuring import Source
from ozwell_harness.comparing.ratios import Judgement, Rule
from ozwell_harness.load.arrivals import Constant
from ozwell_harness.load.collection import Collection
from ozwell_harness.load.plan import LoadPlan
from ozwell_harness.load.result import result_of
from ozwell_harness.load.samples import End, Start, encode
from ozwell_harness.reporting.results import ResultsError, write


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Two run folders of the same load: TTFT 100 ms, then 120 ms."""
    for name, ttft in (("before", 0.1), ("after", 0.12)):
        folder = tmp_path / name
        folder.mkdir()
        records = [Start(0, 1e9), *streams(lambda _rng, _at, t=ttft: t, rate=20), End(22 * S, finished=True)]
        (folder / "samples").write_bytes(encode(records))
        plan = LoadPlan("http://127.0.0.1:1/v1", "m", arrivals=Constant(20), duration_s=18.0, warmup_s=2.0)
        load = result_of(plan, Collection.of(records), interrupted=False).to_document()
        write(run(load=load), folder / "results.json")
    return tmp_path / "before", tmp_path / "after"


def test_samples_beside_the_results_are_used(runs: tuple[Path, Path]) -> None:
    for paths in (runs, tuple(path / "results.json" for path in runs)):
        found = compare_runs(*paths, Rule())
        assert found.speed.source is Source.SAMPLES
        worse = {figure.words: figure.change for figure in found.judged(Judgement.WORSE)}
        assert worse["chat_stream TTFT p50"].before == pytest.approx(0.1, rel=0.001)
        assert worse["chat_stream TTFT p50"].change == pytest.approx(0.2, abs=0.002)


def test_only_what_was_due_in_the_window_counts(runs: tuple[Path, Path]) -> None:
    found = compare_runs(runs[0], runs[0], Rule())
    assert found.speed.source is Source.SAMPLES  # it would be refused if the count were another than in the results


def test_results_alone_are_compared_by_their_seconds(runs: tuple[Path, Path], tmp_path: Path) -> None:
    copies = []
    for path in runs:
        copies.append(tmp_path / "elsewhere" / path.name / "results.json")
        copies[-1].parent.mkdir(parents=True)
        shutil.copyfile(path / "results.json", copies[-1])
    found = compare_runs(*copies, Rule())
    assert found.speed.source is Source.SECONDS
    assert "TTFT p50" in {figure.words for figure in found.judged(Judgement.WORSE)}
    assert any("there are no samples" in note for note in found.notes)


def another_run(samples: Path) -> None:
    lines = samples.read_bytes().splitlines(keepends=True)
    samples.write_bytes(b"".join(lines[:100]))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda samples: samples.write_bytes(b"\x00\xff\n"), "cannot be read"),
        (lambda samples: samples.write_bytes(b""), "cannot be read"),
        (another_run, "the results 360"),
    ],
)
def test_samples_that_are_no_good_are_told_and_not_used(runs: tuple[Path, Path], damage: object, words: str) -> None:
    damage(runs[1] / "samples")
    found = compare_runs(*runs, Rule())
    assert found.speed.source is Source.SECONDS
    assert words in " ".join(found.notes)


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), ("{", "is not JSON"), (json.dumps({"schema": "other"}), "has the schema 'other'")],
)
def test_what_is_no_run_is_told(tmp_path: Path, runs: tuple[Path, Path], content: str | None, words: str) -> None:
    path = tmp_path / "odd.json"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(ResultsError, match=words):
        compare_runs(runs[0], path, Rule())
