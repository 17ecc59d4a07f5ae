"""The envelope of errors as data: where a dialect's error answers keep their message, code and the rest. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a dialect wraps an error.

    Attributes:
        within: member of the answer that holds the error object; None where the answer itself is that object.
        members: what an error may tell (``message``, ``type``, ``code``, ``param``, ``status``) → the member that does.
    """

    within: str | None = "error"
    members: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({name: name for name in ("message", "type", "code", "param")})
    )

    def read(self, document: Any) -> dict[str, Any] | None:
        """Return what an error tells, by the keys of ``members``; None where ``document`` holds no such object.

        A flat error has at least one of its members, and none of them is an object or an array: that is another shape.
        """
        found = document.get(self.within) if self.within and isinstance(document, Mapping) else document
        if not isinstance(found, Mapping):
            return None
        told = {name: found[member] for name, member in self.members.items() if member in found}
        if self.within is None and (not told or any(isinstance(value, dict | list) for value in told.values())):
            return None
        return told

    def holds(self, name: str) -> bool:
        """Tell whether errors of this dialect have such a member at all."""
        return name in self.members

    def place(self, name: str) -> str:
        """Return where ``name`` stands, as a path: ``error.code``."""
        member = self.members.get(name, name)
        return f"{self.within}.{member}" if self.within else member

    @property
    def shape(self) -> str:
        """What an error answer looks like, for a person to read."""
        inside = ", ".join(f'"{member}": …' for member in self.members.values())
        return f'a body {{"{self.within}": {{…}}}}' if self.within else f"a body {{{inside}}}"


#: The envelope of the OpenAI API.
NESTED = Envelope()
