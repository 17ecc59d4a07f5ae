"""Lets the official client send through the recorder, so that its exchanges are bounded, counted, cleaned and kept."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.model import Exchange, Failure, FailureKind
from ozwell_harness.target import KeyName, Target

#: What the client says of itself and of the request. All else it may take from its user's environment (organization,
#: project), or concerns the connection, which is the recorder's.
_PASSED_ON = frozenset({"accept", "authorization", "content-type", "user-agent"})
_ITS_OWN = "x-stainless-"

#: The body has been read and decoded by then.
_OF_THE_WIRE = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})

_ERRORS: dict[FailureKind, type[httpx.TransportError]] = {
    FailureKind.TIMEOUT: httpx.ReadTimeout,
    FailureKind.CONNECT: httpx.ConnectError,
    FailureKind.TLS: httpx.ConnectError,
    FailureKind.PROTOCOL: httpx.RemoteProtocolError,
    FailureKind.TOO_LARGE: httpx.RemoteProtocolError,
}


class RecorderTransport(httpx.BaseTransport):
    """An httpx transport that hands each request to the recorder, and remembers the exchanges of one call."""

    def __init__(self, recorder: Recorder, target: Target, label: str) -> None:
        self._recorder = recorder
        self._keyless = KeyName.MAIN not in target.keys
        self._base = httpx.URL(target.base_url)
        self._label = label
        self._exchanges: list[Exchange] = []
        self._failure: Exception | None = None

    @property
    def failure(self) -> Exception | None:
        """What kept the recorder from making an exchange: never the target's doing, and the client would hide it."""
        return self._failure

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What was exchanged through this transport, in order."""
        return tuple(self._exchanges)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; rate limits are waited out as everywhere in a run.

        Raises:
            httpx.TransportError: no answer came, or the request is not for the target.
            BudgetSpentError: ``max_requests`` have been sent already.
        """
        try:
            exchange = self._recorder.send(self._call(request))
        except Exception as error:
            self._failure = error
            raise
        self._exchanges.append(exchange)
        if exchange.response is None:
            raise _error(exchange.failure, request)
        return httpx.Response(
            exchange.response.status,
            headers=[
                (name.encode("latin-1", "replace"), value.encode("utf-8", "replace"))
                for name, value in exchange.response.headers
                if name.lower() not in _OF_THE_WIRE
            ],
            stream=_Body(exchange.response.body, _error(exchange.failure, request) if exchange.failure else None),
            request=request,
        )

    def _call(self, request: httpx.Request) -> Call:
        base = self._base.raw_path.rstrip(b"/") + b"/"
        path = request.url.raw_path
        at_home = request.url.copy_with(raw_path=b"/") == self._base.copy_with(raw_path=b"/")
        if not at_home or not path.startswith(base):
            raise httpx.UnsupportedProtocol("the client asked for something that is not the target's", request=request)
        headers = tuple(
            (name, value)
            for name, value in request.headers.multi_items()
            if (name in _PASSED_ON or name.startswith(_ITS_OWN)) and not (name == "authorization" and self._keyless)
        )
        return Call(
            request.method,
            "/" + path[len(base) :].decode("ascii"),
            f"the official client: {self._label}",
            headers=headers,
            body=request.read(),
            key=KeyName.NONE,
        )


class _Body(httpx.SyncByteStream):
    def __init__(self, body: bytes, error: httpx.TransportError | None) -> None:
        self._body = body
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        if self._body:
            yield self._body
        if self._error:
            raise self._error


def _error(failure: Failure | None, request: httpx.Request) -> httpx.TransportError:
    if failure is None:
        return httpx.ReadError("no answer", request=request)
    return _ERRORS.get(failure.kind, httpx.ReadError)(failure.message, request=request)
