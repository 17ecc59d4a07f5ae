"""What a key may spend in this dialect (API Integration Documentation, Rate Limiting)."""

from __future__ import annotations

import sys
from dataclasses import replace

from ozwell_harness.mock.keys import Key


def by_requests_alone(key: Key) -> Key:
    """Return the key without a budget of tokens, which this API does not know."""
    return replace(key, budget=replace(key.budget, tokens=sys.maxsize))
