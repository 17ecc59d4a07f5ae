"""What a JSON schema says, once references are followed and alternatives are settled. Broken parts say nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

DEEPEST = 12
NODES_AT_MOST = 4_000

_GUESSES = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "minProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
}


class SchemaReader:
    """Resolves the schemas below one root. Counts its steps, so that no schema keeps it busy for ever."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._steps = 0

    @property
    def is_exhausted(self) -> bool:
        """Whether as much has been read as is worth reading."""
        return self._steps > NODES_AT_MOST

    def resolved(self, schema: Any, depth: int = 0) -> Mapping[str, Any]:
        """The schema with references followed, `allOf` merged and the first useful alternative taken."""
        self._steps += 1
        if not isinstance(schema, Mapping) or depth > DEEPEST or self.is_exhausted:
            return {}
        merged: dict[str, Any] = dict(schema)
        for _ in range(DEEPEST):
            if isinstance(merged.get("$ref"), str):
                merged = _merge(self._pointed(merged.pop("$ref")), merged)
            elif isinstance(merged.get("allOf"), list):
                for part in merged.pop("allOf"):
                    merged = _merge(merged, self.resolved(part, depth + 1))
            else:
                keyword = next((word for word in ("anyOf", "oneOf") if word in merged), None)
                if keyword is None:
                    break
                merged = _merge(merged, _useful(merged.pop(keyword)))
        return merged

    def _pointed(self, reference: str) -> Mapping[str, Any]:
        """The target of a local JSON pointer (RFC 6901); other references are not followed."""
        node = self._root if reference.startswith("#") else None
        for part in filter(None, reference[1:].split("/")):
            name = part.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, Mapping) else None
        return mapping(node)


def kind_of(schema: Mapping[str, Any]) -> str:
    """The type of instance to make; a guess where the schema does not say."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    if isinstance(kind, str):
        return kind
    return next((guess for keyword, guess in _GUESSES.items() if keyword in schema), "string")


def limits_of(schema: Mapping[str, Any], *, integral: bool) -> tuple[float, float]:
    """Least and largest number allowed, both inclusive."""
    low, high = _least(schema, "minimum"), _most(schema, "maximum")
    above, below = _least(schema, "exclusiveMinimum"), _most(schema, "exclusiveMaximum")
    if integral:
        low, above = _ceil(low), math.floor(above) + 1 if math.isfinite(above) else above
        high, below = _floor(high), math.ceil(below) - 1 if math.isfinite(below) else below
    else:
        above, below = math.nextafter(above, math.inf), math.nextafter(below, -math.inf)
        above = above if math.isfinite(above) else -math.inf
        below = below if math.isfinite(below) else math.inf
    return max(low, above), min(high, below)


def number_at(schema: Mapping[str, Any], keyword: str) -> float | None:
    """A keyword's value if it is a number."""
    value = schema.get(keyword)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def bound_at(schema: Mapping[str, Any], keyword: str, default: int) -> int:
    """A keyword's value if it is a number of 0 or more, else the default."""
    value = number_at(schema, keyword)
    return default if value is None or value < 0 else int(value)


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: Any) -> Sequence[Any]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else ()


def _useful(alternatives: Any) -> Mapping[str, Any]:
    schemas = [part for part in sequence(alternatives) if isinstance(part, Mapping)]
    return next((part for part in schemas if part.get("type") != "null"), schemas[0] if schemas else {})


def _merge(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**left, **right}
    if "properties" in left and "properties" in right:
        merged["properties"] = {**mapping(left["properties"]), **mapping(right["properties"])}
    if "required" in left and "required" in right:
        names = [*sequence(left["required"]), *sequence(right["required"])]
        merged["required"] = list(dict.fromkeys(name for name in names if isinstance(name, str)))
    return merged


def _least(schema: Mapping[str, Any], keyword: str) -> float:
    value = number_at(schema, keyword)
    return -math.inf if value is None else value


def _most(schema: Mapping[str, Any], keyword: str) -> float:
    value = number_at(schema, keyword)
    return math.inf if value is None else value


def _ceil(value: float) -> float:
    return math.ceil(value) if math.isfinite(value) else value


def _floor(value: float) -> float:
    return math.floor(value) if math.isfinite(value) else value
