from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from load_samples import answered, failed, streamed

from ozwell_harness.load.nonces import Nonces
from ozwell_harness.load.prompts import PromptError, bundled_prompts, read_prompts
from ozwell_harness.load.samples import End, Nonconformity, Start, Tail, Tick, decode, encode

RECORDS = [
    Start(1, 1.5, 0, "kernel"),
    streamed(0, 1.5, 2.5, completion_tokens=2, finish="stop", broken=("chat.x",)),
    answered(),
    failed(detail="no\nnewline \u2028 breaks it"),
    Tick(5, 0.25, 3),
    Nonconformity("chat.x", "message", "GET /models\n200"),
    End(9, True),
]


def test_records_survive_their_lines() -> None:
    lines = encode(RECORDS).splitlines(keepends=True)
    assert [decode(line) for line in lines] == RECORDS


def test_a_line_that_is_no_record_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(b'{"type": "unheard-of"}')


@given(st.lists(st.integers(0, 400), max_size=8))
def test_a_growing_file_is_read_whole_whatever_the_cuts(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    data = encode(RECORDS)
    path = tmp_path_factory.mktemp("tail") / "samples"
    tail, read = Tail(path), []
    bounds = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(bounds):
        with path.open("ab") as stream:
            stream.write(data[start:end])
        read += list(tail.read())
    assert read == RECORDS
    assert list(tail.read()) == []


def test_a_missing_file_has_no_records(tmp_path: Path) -> None:
    assert list(Tail(tmp_path / "absent").read()) == []


def test_nonces_differ_and_only_another_requests_is_foreign() -> None:
    mine, theirs = Nonces("run", 0), Nonces("run", 1)
    own, other = mine.make(), mine.make()
    elsewhere = theirs.make()
    assert len({own, other, elsewhere}) == 3
    assert mine.foreign(f"Here is {own}.", own) is None
    assert mine.foreign(f"Here is {own}, and {other}.", own) == other
    assert mine.foreign(f"Of another worker: {elsewhere}", own) == elsewhere
    assert mine.foreign(f"x{other}y", None) == other


def test_a_garbled_or_foreign_runs_nonce_is_no_crossing() -> None:
    nonces = Nonces("run")
    own, other = nonces.make(), nonces.make()
    garbled = other[:-1] + ("0" if other[-1] != "0" else "1")
    assert nonces.foreign(garbled, own) is None
    assert nonces.foreign(Nonces("another run").make(), own) is None
    assert nonces.foreign("ozn and nothing else", own) is None


def test_bundled_prompts_can_be_used() -> None:
    assert len(bundled_prompts("chat")) >= 20
    assert all(prompt.max_tokens for prompt in bundled_prompts("chat"))
    assert len(bundled_prompts("embeddings")) >= 10


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no prompt"),
        ("\n\n", "holds no prompt"),
        ('{"text": "a"}\nnot json', "Line 2"),
        ('{"txt": "a"}', "Line 1"),
        ('{"text": "  "}', "needs a text"),
        ('{"text": "a", "max_tokens": 0}', "max_tokens"),
    ],
)
def test_refuses_a_bad_prompt_file(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text(text)
    with pytest.raises(PromptError, match=told):
        read_prompts(path)
    with pytest.raises(PromptError, match="cannot be read"):
        read_prompts(tmp_path / "absent")
