"""How requests are put in a dialect: only as far as it documents them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Manner:
    """What may be asked.

    Attributes:
        usage: streams may be asked for their usage.
        system: a conversation may begin with a system message.
    """

    usage: bool = True
    system: bool = True

    @property
    def streamed(self) -> Mapping[str, Any]:
        """The fields by which a stream is asked for."""
        return {"stream": True} | ({"stream_options": {"include_usage": True}} if self.usage else {})
