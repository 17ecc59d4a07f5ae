"""Generated cases to calls, and exchanges to what Schemathesis judges. It never sees a key: the recorder adds them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from schemathesis.core.transport import Response

from ozwell_harness.contract.budget import Allowance, HaltError
from ozwell_harness.contract.holdings import Holdings, Upload
from ozwell_harness.costs import BudgetSpentError
from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.target import Target

_BOUNDARY = re.compile(rb"--([0-9a-f]{32})(?:--)?\r\n")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A generated request: as Schemathesis has it, and as a call of ours."""

    call: Call
    request: Any

    @property
    def content(self) -> tuple[str, str, tuple[tuple[str, str], ...], bytes]:
        """What goes over the wire; equal for equal requests."""
        return self.call.method, self.call.path, self.call.headers, self.call.body

    @property
    def media_type(self) -> str:
        """Its Content-Type without parameters."""
        return str(self.request.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def parcel(case: Any, base_url: str, label: str) -> Parcel | None:
    """Return what ``case`` sends; None where it cannot be sent at all."""
    try:
        request = requests.Request(**case.as_transport_kwargs(base_url=base_url)).prepare()
    except (ValueError, TypeError, requests.RequestException):
        # Invalid on purpose, and beyond what HTTP can carry.
        return None
    body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")  # type: ignore[arg-type]
    content_type = str(request.headers.get("Content-Type", ""))
    body, content_type = _steady(body, content_type)
    headers = (("Content-Type", content_type),) if content_type else ()
    url = urlsplit(str(request.url))
    path = url.path[len(urlsplit(base_url).path) :] + (f"?{url.query}" if url.query else "")
    request.body = body
    return Parcel(Call(str(request.method), path, label, headers=headers, body=body), request)


def _steady(body: bytes, content_type: str) -> tuple[bytes, str]:
    """Replace a random boundary by one that follows from the form, so that a seed gives the same bytes every time."""
    match = _BOUNDARY.match(body)
    if match is None:
        return body, content_type
    boundary = match[1]
    steady = hashlib.sha256(body.replace(boundary, b"")).hexdigest()[: len(boundary)]
    return body.replace(boundary, steady.encode()), content_type.replace(boundary.decode(), steady)


def upload_in(case: Any, request: Any) -> Upload | None:
    """Return what a generated upload sends, where that is plain."""
    body = case.body
    if not isinstance(body, dict) or not {"file", "purpose"} <= body.keys() or not isinstance(body["purpose"], str):
        return None
    file = getattr(body["file"], "data", body["file"])
    content = file.encode() if isinstance(file, str) else file
    head, _, rest = request.body.partition(b'filename="')
    filename = rest.partition(b'"')[0].decode("utf-8", "replace") if head != request.body else ""
    if not isinstance(content, bytes) or not filename:
        return None
    return Upload(content, filename, body["purpose"])


class Courier:
    """Sends calls within the allowance, and waits politely where the target asks to."""

    def __init__(self, recorder: Recorder, target: Target, holdings: Holdings, allowance: Allowance) -> None:
        self._recorder = recorder
        self._politeness = target.politeness
        self._holdings = holdings
        self._allowance = allowance

    def send(self, call: Call) -> Exchange | None:
        """Make the exchange; None where the call could touch what is not ours, or is not asked of this target any more.

        Raises:
            HaltError: nothing more may be sent, or the target asks to wait for longer than there is time.
        """
        if not self._holdings.permits(call):
            return None
        try:
            exchange = self._once(call)
            for _ in range(self._politeness.max_retries):
                if not self._recorder.wait_out(exchange, min(self._politeness.max_wait_s, self._allowance.left_s)):
                    break
                exchange = self._once(call)
        except BudgetSpentError as error:
            raise HaltError(str(error)) from None
        except Unjudgeable:
            return None
        if exchange.status == 429:
            raise HaltError("the target limited the rate for longer than could be waited for")
        return exchange

    def tidy(self) -> None:
        """Delete the files that are left; a target that no longer answers, or a spent budget, ends it."""
        for call in list(self._holdings.deletions()):
            try:
                exchange = self._recorder.draft(call)
            except Unjudgeable:
                return
            if exchange.response is None:
                return
            for _ in self._holdings.follow(exchange):
                pass

    def _once(self, call: Call) -> Exchange:
        self._allowance.check()
        exchange = self._recorder.draft(call)
        self._allowance.spend()
        return exchange


def answer(exchange: Exchange, request: Any) -> Response | None:
    """Return an exchange as Schemathesis wants it, or None when no whole answer came."""
    response = exchange.response
    if response is None or exchange.failure is not None:
        return None
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        headers.setdefault(name.lower(), []).append(value)
    return Response(
        status_code=response.status,
        headers=headers,
        content=response.body,
        request=request,
        elapsed=exchange.elapsed,
        verify=True,
        http_version=response.http_version.removeprefix("HTTP/"),
    )
