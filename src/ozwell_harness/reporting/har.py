"""HTTP Archive 1.2: every exchange of a run, for browsers' network panels and other readers.

Fields that start with an underscore are additions, as the format allows: ``_id`` is the number that findings name.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ozwell_harness import __version__
from ozwell_harness.model import Exchange, Headers, Response, Run
from ozwell_harness.reporting.text import clip, inert, instant, sound

#: Bytes of one body, and of all bodies together; the evidence of findings is served first.
LONGEST_BODY = 64 * 1024
LARGEST_ARCHIVE = 32 * 1024 * 1024
_MOST_ARRIVALS = 500
_LONGEST_HEADER = 8 * 1024


def har(run: Run) -> str:
    """Return the archive as JSON text."""
    entries = [_entry(exchange, limits) for exchange, limits in _allotted(run)]
    log = {
        "version": "1.2",
        "creator": {"name": "ozwell-harness", "version": __version__},
        "comment": f"{run.target}, profile {run.profile}. Keys are replaced by the names of their variables.",
        "entries": entries,
    }
    return inert(json.dumps({"log": log}, ensure_ascii=False, allow_nan=False)) + "\n"


def _allotted(run: Run) -> list[tuple[Exchange, tuple[int, int]]]:
    """Pair each exchange with the bytes of request and response body that are kept of it."""
    evidence = {number for finding in run.findings for number in finding.exchanges}
    left = LARGEST_ARCHIVE
    limits: dict[int, tuple[int, int]] = {}
    for exchange in sorted(run.exchanges, key=lambda e: e.id not in evidence):
        asked = min(len(exchange.request.body), LONGEST_BODY, left)
        answered = min(len(exchange.response.body) if exchange.response else 0, LONGEST_BODY, left - asked)
        left -= asked + answered
        limits[exchange.id] = (asked, answered)
    return [(exchange, limits[exchange.id]) for exchange in run.exchanges]


def _entry(exchange: Exchange, limits: tuple[int, int]) -> dict[str, Any]:
    asked, answered = limits
    entry: dict[str, Any] = {
        "_id": exchange.id,
        "startedDateTime": instant(exchange.started),
        "time": _ms(exchange.elapsed),
        "request": _request(exchange, asked),
        "response": _response(exchange.response, answered) if exchange.response else _no_response(),
        "cache": {},
        "timings": _timings(exchange),
        "comment": sound(exchange.label),
    }
    if exchange.failure:
        entry["_error"] = sound(f"{exchange.failure.kind}: {exchange.failure.message}")
    if exchange.response and len(exchange.response.arrivals) > 1:
        entry["_arrivals"] = [[_ms(a.at), a.end] for a in exchange.response.arrivals[:_MOST_ARRIVALS]]
    return entry


def _request(exchange: Exchange, limit: int) -> dict[str, Any]:
    request = exchange.request
    document: dict[str, Any] = {
        "method": request.method,
        "url": sound(request.url),
        "httpVersion": exchange.response.http_version if exchange.response else "HTTP/1.1",
        "cookies": [],
        "headers": _headers(request.headers),
        "queryString": _query(request.url),
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        document["postData"] = _post_data(request.headers.get("content-type", ""), request.body, limit)
    return document


def _post_data(mime_type: str | None, body: bytes, limit: int) -> dict[str, Any]:
    # The format knows no base64 for requests, so a binary body is marked as an addition.
    text = _text(body, limit)
    document = {"mimeType": sound(mime_type or ""), "text": text["text"]}
    if "encoding" in text:
        document["_encoding"] = text["encoding"]
    return document | _comment(text)


def _response(response: Response, limit: int) -> dict[str, Any]:
    content = {"size": len(response.body), "mimeType": sound(response.headers.get("content-type") or "")}
    return {
        "status": response.status,
        "statusText": _reason(response.status),
        "httpVersion": response.http_version,
        "cookies": [],
        "headers": _headers(response.headers),
        "content": content | _text(response.body, limit),
        "redirectURL": sound(response.headers.get("location") or ""),
        "headersSize": -1,
        "bodySize": -1,
    }


def _no_response() -> dict[str, Any]:
    return {
        "status": 0,
        "statusText": "",
        "httpVersion": "",
        "cookies": [],
        "headers": [],
        "content": {"size": 0, "mimeType": ""},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    }


def _timings(exchange: Exchange) -> dict[str, Any]:
    """Split the elapsed time where the body began to arrive; sending is part of the wait (it is not measured)."""
    arrivals = exchange.response.arrivals if exchange.response else ()
    first = min(arrivals[0].at, exchange.elapsed) if arrivals else exchange.elapsed
    wait = _ms(first)
    return {"send": 0, "wait": wait, "receive": round(max(0.0, _ms(exchange.elapsed) - wait), 3)}


def _text(body: bytes, limit: int) -> dict[str, Any]:
    kept = body[:limit]
    document: dict[str, Any]
    try:
        document = {"text": kept.decode("utf-8")}
    except UnicodeDecodeError as error:
        if limit < len(body) and error.start >= len(kept) - 3:
            document = {"text": kept[: error.start].decode("utf-8")}
        else:
            document = {"text": base64.b64encode(kept).decode("ascii"), "encoding": "base64"}
    if limit < len(body):
        document["comment"] = f"Cut: the first {limit} of {len(body)} bytes."
    return document


def _comment(document: Mapping[str, Any]) -> dict[str, Any]:
    return {"comment": document["comment"]} if "comment" in document else {}


def _headers(headers: Headers) -> list[dict[str, str]]:
    return [{"name": sound(name), "value": clip(sound(value), _LONGEST_HEADER)} for name, value in headers]


def _query(url: str) -> list[dict[str, str]]:
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return []
    return [{"name": sound(name), "value": sound(value)} for name, value in pairs]


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _ms(seconds: float) -> float:
    return round(max(0.0, seconds) * 1000, 3)
