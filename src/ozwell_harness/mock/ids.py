"""Fresh ids."""

from __future__ import annotations

import random

_ids = random.Random(random.SystemRandom().getrandbits(256))  # noqa: S311 - unique, not secret


def new_id(prefix: str) -> str:
    """A new id, unique with overwhelming probability: the prefix and 28 hexadecimal digits."""
    return f"{prefix}{_ids.getrandbits(112):028x}"
