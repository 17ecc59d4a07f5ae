"""Judgements on the usage of a streamed answer (OpenAI API reference, Chat, Streaming, ``include_usage``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ozwell_harness.checks.base import is_integer, outcome, shown
from ozwell_harness.checks.stream_framing import whole_answer
from ozwell_harness.checks.usage import COUNTS, count_of
from ozwell_harness.model import Deviation, Exchange, Unjudgeable


def has_usage(exchange: Exchange) -> Deviation | None:
    """The usage that was asked for comes, as an object; a target must not refuse to tell it."""
    if exchange.status is not None and 400 <= exchange.status < 500:
        return Deviation("a stream with include_usage is refused", "status 200", outcome(exchange))
    if _last_usage(exchange) is not None:
        return None
    return Deviation(
        "include_usage brings no usage",
        f"a chunk whose usage has {', '.join(COUNTS)}",
        f"usages {shown([usage for _, usage in whole_answer(exchange).usages])}",
    )


def _last_usage(exchange: Exchange) -> Mapping[str, Any] | None:
    usages = [usage for _, usage in whole_answer(exchange).usages if isinstance(usage, Mapping)]
    return usages[-1] if usages else None


def usage_of(exchange: Exchange) -> Mapping[str, Any]:
    """Return the last usage of a stream.

    Raises:
        Unjudgeable: there is none, or one of its counts is not an integer.
    """
    usage = _last_usage(exchange)
    if usage is None or not all(is_integer(usage.get(name)) for name in COUNTS):
        raise Unjudgeable("the stream has no usage with three counts")
    return usage


def has_usage_chunk_last(exchange: Exchange) -> Deviation | None:
    """The usage comes in the last chunk before ``[DONE]``, whose choices are empty."""
    chunks = whole_answer(exchange).chunks
    last = chunks[-1].document if chunks else {}
    if isinstance(last.get("usage"), Mapping) and last.get("choices") == []:
        return None
    return Deviation(
        "the last chunk is not the usage chunk", "a last chunk with usage and an empty choices array", shown(last)
    )


def has_usage_once(exchange: Exchange) -> Deviation | None:
    """Only one chunk carries a usage; it is null or absent in the others."""
    count = len(whole_answer(exchange).usages)
    if count <= 1:
        return None
    return Deviation("more than one chunk carries a usage", "usage in the last chunk only", f"in {count} chunks")


def has_no_usage(exchange: Exchange) -> Deviation | None:
    """No usage comes where none was asked for; null is no usage."""
    usages = whole_answer(exchange).usages
    if not usages:
        return None
    return Deviation("a usage comes that was not asked for", "no usage", f"usage {shown(usages[0][1])}")


def usage_is_counted(exchange: Exchange) -> Deviation | None:
    """A prompt and an answer cost at least one token each, and no count is negative."""
    usage = usage_of(exchange)
    if all(usage[name] > 0 for name in COUNTS):
        return None
    return Deviation("a streamed answer costs nothing", "three counts above 0", f"usage {shown(dict(usage))}")


def usage_is_sum(exchange: Exchange) -> Deviation | None:
    """total_tokens is prompt_tokens plus completion_tokens."""
    prompt, completion, total = (usage_of(exchange)[name] for name in COUNTS)
    if total == prompt + completion:
        return None
    return Deviation("total_tokens is not the sum", f"{prompt} + {completion} = {prompt + completion}", f"{total}")


def prompt_costs_as_plain(exchange: Exchange, plain: Exchange) -> Deviation | None:
    """The same messages cost the same prompt tokens, streamed or plain."""
    found, wanted = usage_of(exchange)["prompt_tokens"], count_of(plain, "prompt_tokens")
    if found == wanted:
        return None
    return Deviation("the same prompt costs otherwise when streamed", f"prompt_tokens {wanted}", f"{found}")
