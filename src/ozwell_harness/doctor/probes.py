"""The cheapest requests that show what a target can do, and how their answers are read. Pure.

A request that asks for one token costs about what its prompt does; an empty object costs nothing, and shows by its
refusal that somebody listens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ozwell_harness.client import json_call, user
from ozwell_harness.doctor.diagnosis import Mark, Sign
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange, FailureKind
from ozwell_harness.profile import Profile
from ozwell_harness.reporting.text import one_line, seconds
from ozwell_harness.target import KeyName, Target

#: By these a target says that it has no such thing (RFC 9110 sections 15.5.5, 15.5.6 and 15.6.2).
_ABSENT = frozenset({404, 405, 501})
_REFUSED = frozenset({401, 403})
_LONGEST = 120
_LIMITS = "x-ratelimit-limit"
_KEY_NAMES = {KeyName.NONE: "no key"}

#: A PNG of one pixel.
_PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_TOOL = {"type": "function", "function": {"name": "noop", "parameters": {"type": "object", "properties": {}}}}


@dataclass(frozen=True, slots=True)
class Probe:
    """A request and what it looks at.

    Attributes:
        empty: the request asks for nothing, so that being refused as a bad request is the good answer.
        streams: the good answer is an event stream; else it is a JSON object.
    """

    name: str
    call: Call
    empty: bool = False
    streams: bool = False


def probes_of(target: Target, profile: Profile) -> tuple[Probe, ...]:
    """Return what to ask for the capabilities of ``profile``; those that only a run can judge are left out."""
    paths: Mapping[str, Any] = profile.specification["paths"]
    claimed = profile.capabilities.keys() - target.absent
    probes = [probe for probe in _all(target) if probe.name in claimed]
    return tuple(probe for probe in probes if probe.call.path.partition("?")[0] in paths)


def _all(target: Target) -> Sequence[Probe]:
    image = [{"type": "image_url", "image_url": {"url": _PIXEL, "detail": "low"}}]
    embed = {"model": target.embedding_model, "input": "a"} if target.embedding_model else {}
    return (
        _chat("chat", target),
        _chat("streaming", target, stream=True),
        _chat("tools", target, tools=[_TOOL]),
        _chat("vision", target, messages=[user(image)]),
        _post("embeddings", "/embeddings", embed),
        _post("responses", "/responses", {}),
        Probe("files", Call("GET", "/files", "doctor: files", despite_silence=True)),
    )


def _chat(name: str, target: Target, **body: Any) -> Probe:
    return _post(name, "/chat/completions", {"model": target.model, "messages": [user("a")], "max_tokens": 1} | body)


def _post(name: str, path: str, body: Mapping[str, Any]) -> Probe:
    call = json_call(path, body, f"doctor: {name}")
    return Probe(name, _stubborn(call), empty=not body, streams=bool(body.get("stream")))


def _stubborn(call: Call) -> Call:
    """Return the call, to be sent whatever became of the others: each is to be looked at."""
    return Call(call.method, call.path, call.label, call.headers, call.body, call.key, despite_silence=True)


def key_calls(target: Target) -> tuple[Call, ...]:
    """Return what shows whether keys mean anything: a knock without one, and with each optional one."""
    given = [name for name in target.keys if name is not KeyName.MAIN]
    keys = ([KeyName.NONE] if KeyName.MAIN in target.keys else []) + given
    return tuple(Call("GET", target.knock, f"doctor: {key.value}", key=key, despite_silence=True) for key in keys)


def read(probe: Probe, exchange: Exchange) -> Sign:
    """Say what an answer to a probe shows."""
    if exchange.status is None or exchange.failure is not None:
        return Sign(probe.name, Mark.UNCLEAR, _failed(exchange))
    if exchange.status == 200 and not _speaks(probe, exchange):
        sort = one_line(exchange.response.media_type, _LONGEST) if exchange.response else ""
        return Sign(probe.name, Mark.UNCLEAR, f"answered 200, but not as this API does ({sort or 'no Content-Type'})")
    if exchange.status == 200:
        return Sign(probe.name, Mark.OK, f"answered in {seconds(exchange.elapsed)}")
    if probe.empty and exchange.status in {400, 422}:
        return Sign(probe.name, Mark.OK, "is there")
    return Sign(probe.name, _mark_of_refusal(exchange), _refusal(exchange))


def _mark_of_refusal(exchange: Exchange) -> Mark:
    if exchange.status in _REFUSED:
        return Mark.WRONG
    return Mark.ABSENT if exchange.status in _ABSENT and not is_about_model(exchange) else Mark.UNCLEAR


def is_about_model(exchange: Exchange) -> bool:
    """Tell whether an answer says that there is no such model, rather than no such path."""
    error = _error(exchange)
    return exchange.status == 404 and "model" in f"{error.get('code')} {error.get('message')}".lower()


def _speaks(probe: Probe, exchange: Exchange) -> bool:
    if probe.streams:
        return exchange.response is not None and exchange.response.media_type == "text/event-stream"
    return _document(exchange) is not None


def read_limits(exchanges: Sequence[Exchange]) -> Sign:
    """Say whether answers announce a rate limit; whether one is kept, only a run can tell."""
    for exchange in exchanges:
        limit = exchange.response.headers.get(_LIMITS) if exchange.response else None
        if limit is not None:
            return Sign("rate_limits", Mark.OK, f"announced: {one_line(limit, _LONGEST)}")
    return Sign("rate_limits", Mark.UNCLEAR, "not announced")


def read_key(key: KeyName, exchange: Exchange, let_in: frozenset[int]) -> Sign:
    """Say whether a key behaves as its name promises; by a status of ``let_in`` a target lets one in."""
    status = exchange.status
    if status is None:
        return Sign(key.value, Mark.UNCLEAR, _failed(exchange))
    if status not in _REFUSED | let_in:
        return Sign(_KEY_NAMES.get(key, key.value), Mark.UNCLEAR, f"was answered {status}")
    refused = status in _REFUSED
    if key is KeyName.NONE:
        said = "is refused" if refused else "is not refused: this is open to anybody"
        return Sign(_KEY_NAMES[key], Mark.OK if refused else Mark.UNCLEAR, f"{said} ({status})")
    # A key without permission may knock; whether it may do more, a run judges.
    fits = {KeyName.REVOKED: refused, KeyName.RESTRICTED: True}.get(key, not refused)
    said = f"is {'refused' if refused else 'accepted'} ({status})"
    return Sign(key.value, Mark.OK if fits else Mark.WRONG, said if fits else f"{said}, which it should not be")


def _failed(exchange: Exchange) -> str:
    if exchange.failure is None:
        return "no answer"
    if exchange.failure.kind is FailureKind.TIMEOUT:
        return f"no answer within {seconds(round(exchange.elapsed, 1))}"
    return one_line(exchange.failure.message, _LONGEST)


def _refusal(exchange: Exchange) -> str:
    said = error_message(exchange)
    return f"answered {exchange.status}" + (f": {said}" if said else "")


def error_message(exchange: Exchange) -> str:
    """Return the message of an error in the usual envelope, on one line; empty where there is none."""
    message = _error(exchange).get("message")
    return one_line(message, _LONGEST) if isinstance(message, str) else ""


def _error(exchange: Exchange) -> Mapping[str, Any]:
    error = (_document(exchange) or {}).get("error")
    return error if isinstance(error, dict) else {}


def _document(exchange: Exchange) -> dict[str, Any] | None:
    try:
        document = exchange.response.document if exchange.response else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
