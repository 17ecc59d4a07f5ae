"""From bytes to a typed request, or to a 400 that names the field. Nothing that a client sends may end in a 5xx."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from ozwell_harness.mock.errors import ApiError, invalid_value, missing_parameter

_T = TypeVar("_T")

_PLACE = re.compile(r" - at `\$([^`]*)`\Z")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_EXPECTED = re.compile(r"Expected `([^`]+)`(?:, got `([^`]+)`)?\Z")
_WORDS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "null": "null"}

_any = msgspec.json.Decoder()


class JsonReader:
    """Decodes bodies of one type strictly and turns every failure into a 400."""

    def __init__(self, type_: type[_T]) -> None:
        self._decoder = msgspec.json.Decoder(type_)

    def read(self, body: bytes) -> Any:
        """The typed request.

        Raises:
            ApiError: 400, with `param` where the place is known.
        """
        if not body:
            raise _malformed("The request body is empty; a JSON object is expected.")
        try:
            if not body.isascii():
                body.decode()
            return self._decoder.decode(body)
        except msgspec.ValidationError as error:
            raise explain(str(error)) from None
        except UnicodeDecodeError:
            raise _malformed("The request body is not valid UTF-8.") from None
        except RecursionError:
            raise _malformed("The request body is nested too deeply.") from None
        except msgspec.DecodeError as error:
            raise _malformed(f"The request body is not valid JSON: {error}.") from None


def read_any(body: bytes) -> Any:
    """Decode JSON without looking at its shape; None if it is not JSON."""
    try:
        return _any.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def explain(message: str) -> ApiError:
    """A 400 from msgspec's words: the kind of mistake, its place, and a readable sentence."""
    place = _PLACE.search(message)
    path = place[1].replace("[...]", "").lstrip(".") if place else ""
    text = _PLACE.sub("", message)
    missing = _MISSING.match(text)
    if missing:
        return missing_parameter(f"{path}.{missing[1]}" if path else missing[1])
    subject = f"'{path}'" if path else "The request body"
    expected = _EXPECTED.match(text)
    if expected:
        got = f", got {_words(expected[2])}" if expected[2] else ""
        sentence = f"{subject} must be of type {_words(expected[1])}{got}."
        return ApiError(400, "invalid_type", sentence, param=path or None)
    return invalid_value(path, f"{subject} is not acceptable: {_plain(text)}.") if path else _malformed(text + ".")


def whole(value: float | None, param: str, largest: int) -> int | None:
    """An integer from a JSON number; 1.0 is one, 1.5 is none.

    Raises:
        ApiError: 400 for a fraction or a value beyond `largest`.
    """
    if value is None:
        return None
    if isinstance(value, float):
        if not value.is_integer():
            raise ApiError(400, "invalid_type", f"'{param}' must be of type integer.", param=param)
        value = int(value)
    if not -largest - 1 <= value <= largest:
        raise invalid_value(param, f"'{param}' is too large.")
    return value


def _malformed(message: str) -> ApiError:
    return ApiError(400, "invalid_json", message)


def _words(types: str) -> str:
    names = [_WORDS.get(name, name) for name in types.split(" | ")]
    if "integer" in names and "number" in names:
        names.remove("number")
    names = [name for name in names if name != "null" or len(names) == 1]
    return " or ".join(names)


def _plain(text: str) -> str:
    return text[0].lower() + text[1:].replace("`", "'")
