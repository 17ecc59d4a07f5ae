"""Prompt sets: what load requests say. One JSON object a line: ``{"text": …, "max_tokens": …}``."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ozwell_harness.content import content_path


class PromptError(ValueError):
    """A prompt file cannot be used. The message is one plain sentence that names the file and the line."""


class Prompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One prompt; ``max_tokens`` bounds the answer where it is given."""

    text: str
    max_tokens: int | None = None


def read_prompts(path: Path) -> tuple[Prompt, ...]:
    """Read a prompt file.

    Raises:
        PromptError: it cannot be read, a line is no prompt, or there is none.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise PromptError(f"The prompt file {path} cannot be read: {error.strerror}.") from None
    prompts = tuple(_prompt(path, number, line) for number, line in enumerate(lines, 1) if line.strip())
    if not prompts:
        raise PromptError(f"The prompt file {path} holds no prompt: write one JSON object with a text a line.")
    return prompts


def bundled_prompts(name: str) -> tuple[Prompt, ...]:
    """Return the prompt set ``fixtures/prompts/<name>.jsonl``.

    Raises:
        FileNotFoundError: the installation lacks it.
    """
    return read_prompts(content_path("fixtures", "prompts", f"{name}.jsonl"))


def _prompt(path: Path, number: int, line: bytes) -> Prompt:
    try:
        prompt = msgspec.json.decode(line, type=Prompt)
    except msgspec.DecodeError as error:
        raise PromptError(f"Line {number} of the prompt file {path} is no prompt: {error}.") from None
    if not prompt.text.strip() or (prompt.max_tokens is not None and prompt.max_tokens < 1):
        raise PromptError(f"Line {number} of the prompt file {path} needs a text, and max_tokens of at least 1.")
    return prompt
