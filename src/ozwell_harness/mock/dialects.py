"""The APIs that the mock speaks, each with its paths, operations, errors and limits. The path decides."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ozwell_harness.mock.call import Call, Reply
from ozwell_harness.mock.errors import ApiError, MockSettingsError
from ozwell_harness.mock.keys import Key
from ozwell_harness.mock.operations import OPERATIONS
from ozwell_harness.mock.routing import Match, Operation, match_path
from ozwell_harness.mock.webui.errors import flat_error, restated
from ozwell_harness.mock.webui.limits import by_requests_alone
from ozwell_harness.mock.webui.operations import WEBUI_OPERATIONS
from ozwell_harness.mock.webui.routing import match_webui


@dataclass(frozen=True, slots=True)
class Dialect:
    """One API as the mock speaks it.

    Attributes:
        name: the profile that judges it.
        prefix: where its paths begin, as a pattern.
        base: path of its base URL.
        methods: what cross-origin requests may use.
        match: from a path, still percent-encoded, to what it stands for.
        operations: how each operation is answered.
        refusal: the body of an error, as plain dictionaries.
        members: how `message`, `type`, `param` and `code` of an error are called; what there is not is left out.
        restated: a body that repeats a status, made to repeat another: gets the body and both.
        limited: a key with what it may spend here.
    """

    name: str
    prefix: re.Pattern[bytes]
    base: str
    methods: bytes
    match: Callable[[str], Match]
    operations: Mapping[Operation, Callable[[Call], Awaitable[Reply]]]
    refusal: Callable[[ApiError], dict[str, Any]]
    members: Mapping[str, str]
    restated: Callable[[Any, int, int], Any]
    limited: Callable[[Key], Key]

    def covers(self, raw_path: bytes) -> bool:
        """Whether a path lies under the API's prefix, known or not."""
        found = self.prefix.match(raw_path)
        return found is not None and raw_path[found.end() :][:1] in (b"", b"/")


OZWELL = Dialect(
    name="ozwell",
    # Also under a version that it does not have, which it says itself.
    prefix=re.compile(rb"/v[0-9]+"),
    base="/v1",
    methods=b"GET, POST, DELETE, HEAD, OPTIONS",
    match=match_path,
    operations=OPERATIONS,
    refusal=ApiError.envelope,
    members={"message": "message", "type": "type", "param": "param", "code": "code"},
    restated=lambda body, _told, _status: body,
    limited=lambda key: key,
)

WEBUI = Dialect(
    name="openwebui",
    prefix=re.compile(rb"/api"),
    base="/api/v1",
    methods=b"GET, POST, PUT, HEAD, OPTIONS",
    match=match_webui,
    operations=WEBUI_OPERATIONS,
    refusal=flat_error,
    members={"message": "message", "code": "error"},
    restated=restated,
    limited=by_requests_alone,
)

#: Profiles, and the dialect that each is spoken to in.
_BY_PROFILE = {"ozwell": OZWELL, "openai": OZWELL, "openwebui": WEBUI}
PROFILES = tuple(_BY_PROFILE)


def dialect_of(raw_path: bytes) -> Dialect:
    """The dialect of a path; outside of all of them the mock speaks Ozwell."""
    return WEBUI if WEBUI.covers(raw_path) else OZWELL


def base_path(profile: str) -> str:
    """The path of the base URL for clients of a profile.

    Raises:
        MockSettingsError: the mock speaks no such dialect.
    """
    if profile not in _BY_PROFILE:
        raise MockSettingsError(f"The mock speaks no dialect '{profile}'. Profiles: {', '.join(PROFILES)}.")
    return _BY_PROFILE[profile].base
