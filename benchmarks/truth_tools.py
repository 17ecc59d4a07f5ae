"""The load generators that truth.py compares: how each is called, and what its report tells of every request."""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from truth_scoring import Told

HERE = Path(__file__).parent
MODEL = "gpt-4"


@dataclass(frozen=True, slots=True)
class Work:
    """What every tool does: ``streams`` streams at once, ``each`` requests in each, ``tokens`` tokens long."""

    streams: int
    each: int
    tokens: int

    @property
    def requests(self) -> int:
        """Requests in all."""
        return self.streams * self.each


@dataclass(frozen=True, slots=True)
class Tool:
    """A load generator.

    Attributes:
        key: which field of the truth log its records are found by.
        command: its command line, from (program, base URL with /v1, key, work, folder).
        prepare: writes what it needs into the folder.
        read: its report, from the folder.
        environment: variables that it needs beside the usual ones, from the folder.
    """

    name: str
    key: str
    command: Callable[[str, str, str, Work, Path], list[str]]
    read: Callable[[Path], Iterator[Told]]
    prepare: Callable[[Path, Work], None] = lambda _folder, _work: None
    environment: Callable[[Path], Mapping[str, str]] = lambda _folder: {}


def _prompts(work: Work) -> Iterator[str]:
    for number in range(work.requests):
        yield f"Reference {number:06d}. Tell me a story about a heron, please."


def _lines(path: Path, documents: Iterator[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(document) + "\n" for document in documents), "utf-8")


def _ours_command(_program: str, url: str, _key: str, work: Work, folder: Path) -> list[str]:
    numbers = [str(work.streams), str(work.each), str(work.tokens)]
    return [sys.executable, str(HERE / "truth_client.py"), url, *numbers, str(folder / "ours.jsonl")]


def _ours(folder: Path) -> Iterator[Told]:
    for text in (folder / "ours.jsonl").read_text("utf-8").splitlines():
        line = json.loads(text)
        stamps = line["tokens"]
        if line["error"] is None and stamps:
            gaps = tuple((b - a) / 1e6 for a, b in itertools.pairwise(stamps))
            yield Told(line["digest"], (stamps[0] - line["sent"]) / 1e6, gaps, tuple(stamps), line["merged"])


def _guidellm_command(program: str, url: str, key: str, work: Work, folder: Path) -> list[str]:
    backend = f"kind=openai_http,target={url.removesuffix('/v1')},model={MODEL},api_key={key}"
    command = [program, "run", "--backend", backend, "--profile", f"kind=concurrent,streams={work.streams}"]
    command += ["--constraint", f"kind=max_requests,count={work.requests}"]
    command += ["--data", f"kind=json_file,path={folder / 'prompts.jsonl'}"]
    return [*command, "--output", f"kind=json,path={folder / 'guidellm.json'}", "--disable-console"]


def _guidellm_prepare(folder: Path, work: Work) -> None:
    rows = ({"prompt": prompt, "output_tokens_count": work.tokens} for prompt in _prompts(work))
    _lines(folder / "prompts.jsonl", rows)


def _guidellm(folder: Path) -> Iterator[Told]:
    report = json.loads((folder / "guidellm.json").read_text("utf-8"))
    for request in report["benchmarks"][0]["requests"]["successful"]:
        # The mock names its answers after the requests.
        yield Told(re.sub("^chatcmpl-", "req_", request["response_id"]), request["time_to_first_token_ms"])


def _aiperf_command(program: str, url: str, key: str, work: Work, folder: Path) -> list[str]:
    command = [program, "profile", "-m", MODEL, "--url", url.removesuffix("/v1"), "--endpoint-type", "chat"]
    command += ["--streaming", "--tokenizer", "local/bytes", "--use-server-token-count", "--api-key", key]
    command += ["--concurrency", str(work.streams), "--request-count", str(work.requests)]
    command += ["--extra-inputs", f"max_completion_tokens:{work.tokens}", "--custom-dataset-type", "single_turn"]
    command += ["--input-file", str(folder / "prompts.jsonl"), "--export-level", "records"]
    return [*command, "--artifact-dir", str(folder / "aiperf"), "--ui", "none"]


def _aiperf_prepare(folder: Path, work: Work) -> None:
    _lines(folder / "prompts.jsonl", ({"text": prompt} for prompt in _prompts(work)))
    # It will not start without a tokenizer, which it would fetch: one of bytes is put where it keeps those it has.
    revision = "0" * 40
    home = folder / "huggingface" / "hub" / "models--local--bytes"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text(revision)
    snapshot = home / "snapshots" / revision
    snapshot.mkdir(parents=True)
    # The 256 symbols that stand for bytes in byte-level vocabularies.
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    symbols = [chr(code) for code in printable] + [chr(256 + n) for n in range(256 - len(printable))]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    model = {"type": "BPE", "vocab": {symbol: number for number, symbol in enumerate(symbols)}, "merges": []}
    tokenizer = {"version": "1.0", "added_tokens": [], "pre_tokenizer": byte_level, "decoder": byte_level}
    tokenizer |= {"normalizer": None, "post_processor": None, "truncation": None, "padding": None, "model": model}
    (snapshot / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "Z", "eos_token": "Z"}
    (snapshot / "tokenizer_config.json").write_text(json.dumps(kind), "utf-8")
    (snapshot / "config.json").write_text(json.dumps({"model_type": "gpt2"}), "utf-8")


def _aiperf(folder: Path) -> Iterator[Told]:
    for text in (folder / "aiperf" / "profile_export.jsonl").read_text("utf-8").splitlines():
        record = json.loads(text)
        metrics = record["metrics"]
        if "time_to_first_token" in metrics:
            gaps = tuple(metrics.get("inter_chunk_latency", {}).get("value", ()))
            yield Told(record["metadata"]["x_request_id"], metrics["time_to_first_token"]["value"], gaps)


TOOLS = (
    Tool("ozwell-harness", "digest", _ours_command, _ours),
    Tool("guidellm", "request_id", _guidellm_command, _guidellm, _guidellm_prepare),
    Tool(
        "aiperf",
        "client_id",
        _aiperf_command,
        _aiperf,
        _aiperf_prepare,
        lambda folder: {"HF_HOME": str(folder / "huggingface")},
    ),
)
