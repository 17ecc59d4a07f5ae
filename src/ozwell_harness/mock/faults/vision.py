"""Content parts that are not read, images that cost nothing, and URLs that are followed."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.completion import Completion
from ozwell_harness.mock.dialogue import TOKENS_PER_IMAGE
from ozwell_harness.mock.errors import ApiError, invalid_value
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.tool_reading import messages_of
from ozwell_harness.mock.routing import Operation

AREA = Area("vision")
CHAT = Operation.CREATE_CHAT

_PARTS = "vision.text-parts-accepted"
_READ = "vision.text-parts-read"
_UNKNOWN = "vision.unknown-part-refused"
_IMAGE = "vision.image-accepted"
_COUNTED = "vision.image-counted"
_CORRUPT = "vision.corrupt-image-refused"
_FILE = "vision.file-url-refused"
_LOOPBACK = "vision.loopback-url-not-fetched"
_LINK_LOCAL = "vision.link-local-url-not-fetched"
_FAILS = "http.no-server-errors"
_BAD_FAILS = "errors.bad-input-no-server-error"

LINK_LOCAL = "169.254.169.254"
FETCH_WITHIN_S = 0.3

Part = JsonObject


def _ask(name: str, text: str, change: Callable[[JsonObject], JsonObject], *breaks: str) -> None:
    """A fault that reads another request than was sent."""
    AREA.request(name, text, CHAT, breaks=breaks)(lambda body, _call: change(body))


def _parts(name: str, text: str, change: Callable[[list[Part]], list[Part]], *breaks: str) -> None:
    """A fault that reads other parts than a message has."""

    def read(message: JsonObject) -> JsonObject:
        content: Any = message.get("content")
        return {**message, "content": change(content)} if _is_parts(content) else message

    _ask(name, text, lambda body: {**body, "messages": [read(m) for m in messages_of(body)]}, *breaks)


def _is_parts(content: object) -> bool:
    return isinstance(content, list) and bool(content) and all(isinstance(part, dict) for part in content)


def _all_parts(body: JsonObject) -> Iterator[Part]:
    for message in messages_of(body):
        if _is_parts(message.get("content")):
            yield from message["content"]


def _urls(body: JsonObject) -> list[str]:
    images = [part.get("image_url") for part in _all_parts(body)]
    return [str(image.get("url")) for image in images if isinstance(image, dict)]


def _texts(parts: list[Part]) -> list[Part]:
    return [part for part in parts if part.get("type") == "text"]


def _others(parts: list[Part]) -> list[Part]:
    return [part for part in parts if part.get("type") != "text"]


def _raising(error: ApiError, acts: Callable[[JsonObject], bool]) -> Callable[[JsonObject], JsonObject]:
    def act(body: JsonObject) -> JsonObject:
        if acts(body):
            raise error
        return body

    return act


def _bad(message: str) -> ApiError:
    return invalid_value("messages", message)


def _has_scheme(scheme: str) -> Callable[[JsonObject], bool]:
    return lambda body: any(url.startswith(scheme) for url in _urls(body))


def _names(host: str) -> Callable[[JsonObject], bool]:
    return lambda body: any(urlsplit(url).hostname == host for url in _urls(body) if url.startswith("http"))


def _failed() -> ApiError:
    return ApiError(500, "internal_error", "The server failed.")


def _forbidden() -> ApiError:
    return ApiError(403, "insufficient_permissions", "This model sees no images.")


def _has_parts(body: JsonObject) -> bool:
    return bool(_texts(list(_all_parts(body))))


def _has_unknown(body: JsonObject) -> bool:
    return any(part.get("type") not in ("text", "image_url") for part in _all_parts(body))


def _is_corrupt(body: JsonObject) -> bool:
    return any(url.startswith("data:") and "%%%" in url for url in _urls(body))


def _has_image(body: JsonObject) -> bool:
    return any(url.startswith("data:") and "%%%" not in url for url in _urls(body))


def _fetched(body: JsonObject) -> JsonObject:
    """Follow every URL to a loopback address, and no other."""
    for url in map(urlsplit, filter(lambda url: url.startswith("http://127.0.0.1:"), _urls(body))):
        connection = http.client.HTTPConnection("127.0.0.1", url.port, timeout=FETCH_WITHIN_S)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", url.path)
            connection.getresponse().read()
    return body


def _mended(old: Callable[[Part], bool]) -> Callable[[list[Part]], list[Part]]:
    """Leave out parts that should be refused."""
    return lambda parts: [part for part in parts if not old(part)] or parts


def _url_of(part: Part) -> str:
    image = part.get("image_url")
    return str(image.get("url")) if isinstance(image, dict) else ""


@AREA.plan("image-free", "An image costs nothing.", CHAT, breaks=(_COUNTED,))
def image_free(completion: Completion, call: Call) -> Completion:
    """Take off what images cost."""
    free = TOKENS_PER_IMAGE * len(_urls(call.body))
    return replace(completion, prompt_tokens=completion.prompt_tokens - free)


@AREA.plan("image-cheapens", "An image makes a prompt cheaper.", CHAT, breaks=(_COUNTED,))
def image_cheapens(completion: Completion, call: Call) -> Completion:
    """Count only the parts that are no images, and one token less."""
    images = len(_urls(call.body))
    return replace(completion, prompt_tokens=completion.prompt_tokens - TOKENS_PER_IMAGE * images - bool(images))


_ask("parts-refused", "An array as content is refused.", _raising(_bad("Content is no string."), _has_parts), _PARTS)
_ask("parts-fail", "An array as content is answered with 500.", _raising(_failed(), _has_parts), _PARTS, _FAILS)
_parts("first-part-only", "Only the first part of a message is read.", lambda p: [*_texts(p)[:1], *_others(p)], _READ)
_parts("last-part-only", "Only the last part of a message is read.", lambda p: [*_texts(p)[-1:], *_others(p)], _READ)
_parts(
    "middle-part-lost", "A part in the middle is lost.", lambda p: [*_texts(p)[:1], *_texts(p)[2:], *_others(p)], _READ
)
_parts(
    "unknown-part-dropped",
    "A part of unknown type is left out.",
    _mended(lambda p: p.get("type") == "hologram"),
    _UNKNOWN,
)
_ask(
    "unknown-part-fails",
    "A part of unknown type is answered with 500.",
    _raising(_failed(), _has_unknown),
    _UNKNOWN,
    _BAD_FAILS,
)

_ask("image-forbidden", "An image is answered with 403.", _raising(_forbidden(), _has_image), _IMAGE)
_ask("image-fails", "An image is answered with 500.", _raising(_failed(), _has_image), _IMAGE, _FAILS)
_parts(
    "corrupt-image-dropped",
    "An image that cannot be decoded is left out.",
    _mended(lambda p: "%%%" in _url_of(p)),
    _CORRUPT,
)
_ask(
    "corrupt-image-fails",
    "An image that cannot be decoded is answered with 500.",
    _raising(_failed(), _is_corrupt),
    _CORRUPT,
    _FAILS,
)

_parts(
    "file-url-dropped",
    "An image URL of scheme file is left out.",
    _mended(lambda p: _url_of(p).startswith("file:")),
    _FILE,
)
_ask(
    "file-url-opened",
    "An image URL of scheme file is followed.",
    _raising(_bad("[Errno 2] No such file or directory"), _has_scheme("file:")),
    _FILE,
)
_ask("loopback-fetched", "An image URL of a loopback address is followed.", _fetched, _LOOPBACK)
_ask(
    "loopback-tried",
    "A loopback address is connected to.",
    _raising(_bad("Cannot connect to host 127.0.0.1: refused"), _names("127.0.0.1")),
    _LOOPBACK,
)
_ask(
    "link-local-tried",
    "A link-local address is connected to.",
    _raising(_bad(f"{LINK_LOCAL}: connection timed out"), _names(LINK_LOCAL)),
    _LINK_LOCAL,
)
