"""An instance of a JSON schema, filled with words of the prompt where a value is free.

Broken or unsatisfiable schemas give the best guess: the filler never fails and never grows beyond its bounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ozwell_harness.mock.generation.hints import Hints
from ozwell_harness.mock.generation.patterns import matching
from ozwell_harness.mock.generation.schema_reading import (
    DEEPEST,
    SchemaReader,
    bound_at,
    kind_of,
    limits_of,
    mapping,
    number_at,
    sequence,
)

OPTIONAL_DOWN_TO = 5
ITEMS_AT_MOST = 64
LENGTH_AT_MOST = 10_000
CHARACTERS_AT_MOST = 200_000
EXACT_INTEGERS = 2**53

_FORMATS = {
    "date": "2024-05-17",
    "date-time": "2024-05-17T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "PT30M",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "/example",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
}


def fill(schema: Any, hints: Hints) -> Any:
    """An instance of `schema`; `hints` says what to prefer."""
    return _Filler(schema, hints).value(schema, "", 0, 0)


class _Filler:
    def __init__(self, root: Any, hints: Hints) -> None:
        self._reader = SchemaReader(root)
        self._hints = hints
        self._room = CHARACTERS_AT_MOST
        self._makers: dict[str, Callable[[Mapping[str, Any], str, int, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "integer": self._integer,
            "number": self._number,
            "string": self._string,
            "boolean": lambda *_: True,
        }

    def value(self, schema: Any, name: str, depth: int, position: int) -> Any:
        if depth > DEEPEST or self._reader.is_exhausted:
            return None
        schema = self._reader.resolved(schema)
        if "const" in schema:
            return schema["const"]
        choices = sequence(schema.get("enum"))
        if choices:
            return self._hints.choose(choices, position)
        maker = self._makers.get(kind_of(schema))
        return maker(schema, name, depth, position) if maker else None

    def _object(self, schema: Mapping[str, Any], _: str, depth: int, __: int) -> dict[str, Any]:
        properties = mapping(schema.get("properties"))
        required = [name for name in sequence(schema.get("required")) if isinstance(name, str)]
        optional = [] if depth >= OPTIONAL_DOWN_TO else [name for name in properties if properties[name] is not False]
        wanted = list(dict.fromkeys([*required, *optional]))[: bound_at(schema, "maxProperties", LENGTH_AT_MOST)]
        order = [name for name in properties if name in wanted] + [name for name in wanted if name not in properties]
        extra = schema.get("additionalProperties", True)
        result = {name: self.value(properties.get(name, extra), name, depth + 1, 0) for name in order}
        for number in range(1, min(bound_at(schema, "minProperties", 0), ITEMS_AT_MOST) - len(result) + 1):
            result[f"key{number}"] = self.value(extra, f"key{number}", depth + 1, 0)
        return result

    def _array(self, schema: Mapping[str, Any], name: str, depth: int, _: int) -> list[Any]:
        prefix = sequence(schema.get("prefixItems"))
        items = schema.get("items", {})
        least = bound_at(schema, "minItems", 0)
        wish = least if depth >= OPTIONAL_DOWN_TO else max(least, len(prefix), 1)
        count = min(wish, bound_at(schema, "maxItems", ITEMS_AT_MOST), ITEMS_AT_MOST)
        if items is False:
            count = min(count, len(prefix))
        schemas = [*prefix, *[items] * max(0, count - len(prefix))][:count]
        return [self.value(part, name, depth + 1, position) for position, part in enumerate(schemas)]

    def _integer(self, schema: Mapping[str, Any], _: str, __: int, position: int) -> int:
        return int(self._amount(schema, position, integral=True))

    def _number(self, schema: Mapping[str, Any], _: str, __: int, position: int) -> int | float:
        value = self._amount(schema, position, integral=False)
        return int(value) if float(value).is_integer() and abs(value) < EXACT_INTEGERS else value

    def _amount(self, schema: Mapping[str, Any], position: int, *, integral: bool) -> float:
        low, high = limits_of(schema, integral=integral)
        wish = self._hints.number(position, low, high, integral=integral)
        value = min(max(1 + position, low), high) if wish is None else wish
        step = number_at(schema, "multipleOf")
        if step is None or step <= 0:
            return value if math.isfinite(value) else 1
        upward = math.ceil(value / step - 1e-9) * step
        return upward if upward <= high else math.floor(high / step) * step

    def _string(self, schema: Mapping[str, Any], name: str, _: int, position: int) -> str:
        text = self._free_text(schema, name, position)
        least = min(bound_at(schema, "minLength", 0), LENGTH_AT_MOST, self._room)
        if len(text) < least:
            text += (text[-1:] or "x") * (least - len(text))
        text = text[: bound_at(schema, "maxLength", LENGTH_AT_MOST)]
        self._room = max(0, self._room - len(text))
        return text

    def _free_text(self, schema: Mapping[str, Any], name: str, position: int) -> str:
        pattern, form = schema.get("pattern"), schema.get("format")
        if isinstance(pattern, str):
            return self._hints.matching_word(pattern) or matching(pattern)
        if isinstance(form, str) and form in _FORMATS:
            return self._hints.formatted(form) or _FORMATS[form]
        return self._hints.word(name, position)
