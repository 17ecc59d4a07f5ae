"""What requests say and how long they are, as typed values."""

from __future__ import annotations

import msgspec

from ozwell_harness.load.distribution import Distribution, Uniform, check_distribution
from ozwell_harness.load.texts import MOST_TOKENS

_MOST_TURNS = 100
_MOST_FILE_BYTES = 32 * 1024 * 1024


class WorkloadError(ValueError):
    """A workload is asked for that makes no sense. The message is one plain sentence."""


class Workload(msgspec.Struct, frozen=True):
    """What requests say.

    Attributes:
        prompt_file: prompts to send, one JSON object a line; None for the bundled ones.
        prompt_tokens: length of made-up prompts instead.
        answer_tokens: length of answers, asked for as ``max_tokens``; None for what each prompt says.
        prefix_tokens: length of a system message that all chat requests have in common, so that a target can serve it
            from its cache; 0 for none, so that no two requests begin alike.
        turns: how many questions a conversation has.
        file_bytes: size of uploaded files.
    """

    prompt_file: str | None = None
    prompt_tokens: Distribution | None = None
    answer_tokens: Distribution | None = None
    prefix_tokens: int = 0
    turns: int = 3
    file_bytes: Distribution = Uniform(1024, 16 * 1024)


def check_workload(workload: Workload) -> None:
    """Make sure that a workload makes sense.

    Raises:
        WorkloadError: it does not.
    """
    if workload.prompt_file is not None and workload.prompt_tokens is not None:
        raise WorkloadError("Choose one: prompts from a file, or made-up prompts of a length.")
    if not 0 <= workload.prefix_tokens <= MOST_TOKENS:
        raise WorkloadError(f"The common prefix must have between 0 and {MOST_TOKENS:,} tokens.")
    if not 1 <= workload.turns <= _MOST_TURNS:
        raise WorkloadError(f"A conversation must have between 1 and {_MOST_TURNS} turns, not {workload.turns}.")
    try:
        for what, length in (
            ("length of prompts", workload.prompt_tokens),
            ("length of answers", workload.answer_tokens),
        ):
            if length is not None:
                check_distribution(length, what, least=1, most=MOST_TOKENS)
        check_distribution(workload.file_bytes, "size of files", least=0, most=_MOST_FILE_BYTES)
    except ValueError as error:
        raise WorkloadError(str(error)) from None
