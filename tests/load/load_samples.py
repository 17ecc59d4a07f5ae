"""Samples in a few words."""

from __future__ import annotations

from typing import Any

from ozwell_harness.load.samples import Sample

MS = 1_000_000
S = 1_000_000_000


def answered(due_s: float = 0.0, took_ms: float = 10.0, **more: Any) -> Sample:
    """A plain answer: due at ``due_s``, sent at once, last byte after ``took_ms``."""
    due = round(due_s * S)
    took = round(took_ms * MS)
    fields = {"sent": due, "first": took, "last": took, "closed": took, "status": 200} | more
    return Sample(scenario="chat", step="chat", due=due, **fields)


def streamed(due_s: float = 0.0, *tokens_ms: float, **more: Any) -> Sample:
    """A stream whose token-bearing events came at ``tokens_ms`` after sending."""
    due = round(due_s * S)
    tokens = tuple(round(at * MS) for at in tokens_ms)
    last = tokens[-1] if tokens else 1
    fields = {"sent": due, "tokens": tokens, "last": last, "closed": last, "streamed": True, "status": 200} | more
    return Sample(scenario="chat_stream", step="chat_stream", due=due, **fields)


def failed(due_s: float = 0.0, error: str = "reset", **more: Any) -> Sample:
    due = round(due_s * S)
    return Sample(scenario="chat", step="chat", due=due, error=error, **({"sent": due, "closed": MS} | more))
