"""Lets the workers of one machine begin at one moment: a schedule that is split must not drift apart."""

from __future__ import annotations

import time
from pathlib import Path

import gevent

_POLL_S = 0.005
_MARGIN_NS = 50_000_000


def common_zero(folder: Path, worker: int, workers: int, patience_s: float) -> int:
    """Return the moment that all workers take as their beginning, monotonic nanoseconds, a little in the future.

    Each says in ``folder`` that it is ready; the last one decides. A worker that does not come within the patience is
    not waited for: what it should have sent is accounted for as lost.
    """
    if workers == 1:
        return time.monotonic_ns()
    own = folder / f"ready.{worker}"
    draft = own.with_suffix(f".{worker}.draft")
    draft.write_text(str(time.monotonic_ns()))
    draft.replace(own)
    giving_up = time.monotonic() + patience_s
    while len(ready := _ready(folder)) < workers and time.monotonic() < giving_up:
        gevent.sleep(_POLL_S)
    # Everyone reads the same files once they are complete, and so comes to the same moment.
    return max(ready, default=time.monotonic_ns()) + _MARGIN_NS


def _ready(folder: Path) -> list[int]:
    return [int(path.read_text()) for path in folder.glob("ready.*") if path.suffix != ".draft"]
