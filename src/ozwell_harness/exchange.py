"""Makes exchanges: sends a call, records what came back, removes the keys, keeps the count."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore
import httpx

from ozwell_harness import __version__
from ozwell_harness.decoding import ACCEPT_ENCODING, BodyTooLargeError, UndecodableError, decoder_for
from ozwell_harness.model import Arrival, Cost, Exchange, Failure, FailureKind, Request, Response, Unjudgeable
from ozwell_harness.redaction import Redactor
from ozwell_harness.target import KeyName, Target
from ozwell_harness.transport import DeadlineTransport, Watch

#: Sent where a wrong key is wanted: well-formed, right prefix, never issued. Counts as a key when leaks are searched.
MADE_UP_KEY = "ozw_madeup_7f3c1a9e5b2d4860"


class BudgetSpentError(Unjudgeable):
    """``--max-requests`` is used up."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to make.

    Attributes:
        headers: on top of the usual ones.
        key: decides Authorization if ``headers`` do not.
        leave_after: hang up once so many bytes of body are there, as a client does that loses interest in a stream.
    """

    method: str
    path: str
    label: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    key: KeyName = KeyName.MAIN
    leave_after: int | None = None


Waiting = Callable[[float], None]


class Recorder:
    """Sends calls to one target and keeps every exchange. Safe to use from several threads."""

    def __init__(
        self, target: Target, *, waiting: Waiting = lambda _seconds: None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._target = target
        self._waiting = waiting
        self._sleep = sleep
        self._lock = threading.Lock()
        self._exchanges: list[Exchange] = []
        self._sent = 0
        self._throttled = 0
        self._waited_s = 0.0
        self.redactor = Redactor({s.reveal(): k.value for k, s in target.keys.items()} | {MADE_UP_KEY: "MADE_UP_KEY"})
        self._watch = Watch()
        timeouts = target.timeouts
        self._client = httpx.Client(
            transport=DeadlineTransport(self._watch, _ssl_context(target)),
            timeout=httpx.Timeout(timeouts.read_s, connect=timeouts.connect_s),
            follow_redirects=False,
        )

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every exchange so far, in the order they completed."""
        with self._lock:
            return tuple(self._exchanges)

    @property
    def cost(self) -> Cost:
        """What the run has spent so far."""
        usages = [_usage(exchange) for exchange in self.exchanges]
        return Cost(
            requests=self._sent,
            prompt_tokens=sum(prompt for prompt, _ in usages),
            completion_tokens=sum(completion for _, completion in usages),
            throttled=self._throttled,
            waited_s=round(self._waited_s, 3),
        )

    def send(self, call: Call) -> Exchange:
        """Make the exchange; a 429 is waited out as the target asks, and every attempt is recorded.

        Raises:
            BudgetSpentError: ``max_requests`` have been sent already.
        """
        politeness = self._target.politeness
        for _ in range(politeness.max_retries):
            exchange = self.send_once(call)
            wait = retry_after_s(exchange)
            if wait is None or wait > politeness.max_wait_s:
                return exchange
            self._wait(wait)
        return self.send_once(call)

    def send_once(self, call: Call) -> Exchange:
        """Make the exchange, whatever the answer.

        Raises:
            BudgetSpentError: ``max_requests`` have been sent already.
        """
        self._count()
        url = self._target.base_url + call.path
        headers = self._headers(call)
        request = Request(
            call.method,
            self.redactor.clean(call.path),
            self.redactor.clean(url),
            self.redactor.clean_request_headers(headers),
            self.redactor.clean_bytes(call.body),
        )
        started = time.time()
        begin = time.perf_counter()
        reading = _Reading(self._target.timeouts.max_body_bytes, begin, call.leave_after)
        failure = self._perform(call, url, headers, reading)
        if failure and failure.kind is FailureKind.RESET and self._watch.reused_connection:
            # A server may close an idle connection at any moment (RFC 9112 section 9.3.1): no answer to this call.
            started, begin = time.time(), time.perf_counter()
            reading = _Reading(self._target.timeouts.max_body_bytes, begin, call.leave_after)
            failure = self._perform(call, url, headers, reading)
        elapsed = time.perf_counter() - begin
        return self._keep(call.label, request, reading, failure, started=started, elapsed=elapsed)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _count(self) -> None:
        limit = self._target.politeness.max_requests
        with self._lock:
            if limit is not None and self._sent >= limit:
                raise BudgetSpentError(f"the budget of {limit} requests (--max-requests) is spent")
            self._sent += 1

    def _wait(self, seconds: float) -> None:
        with self._lock:
            self._throttled += 1
            self._waited_s += seconds
        self._waiting(seconds)
        self._sleep(seconds)

    def _headers(self, call: Call) -> list[tuple[str, str]]:
        given = {name.lower() for name, _ in call.headers}
        usual = [
            ("User-Agent", f"ozwell-harness/{__version__}"),
            ("Accept-Encoding", ACCEPT_ENCODING),
            ("Accept", "*/*"),
        ]
        secret = self._target.keys.get(call.key)
        if secret is not None:
            usual.append(("Authorization", f"Bearer {secret.reveal()}"))
        return [(name, value) for name, value in usual if name.lower() not in given] + list(call.headers)

    def _perform(self, call: Call, url: str, headers: list[tuple[str, str]], reading: _Reading) -> Failure | None:
        self._watch.start(self._target.timeouts.total_s)
        try:
            request = self._client.build_request(call.method, url, headers=headers, content=call.body or None)
            # build_request adds defaults of its own, and merges header names given twice.
            request.headers = httpx.Headers(_framing(request.headers, headers) + headers)
            reading.take(self._client.send(request, stream=True))
        except BodyTooLargeError:
            return Failure(FailureKind.TOO_LARGE, f"the body is larger than {reading.limit} bytes")
        except UndecodableError as error:
            return Failure(FailureKind.PROTOCOL, f"the body cannot be decoded: {error}")
        except (httpcore.TimeoutException, httpx.TimeoutException) as error:
            return Failure(FailureKind.TIMEOUT, _timeout_message(error, reading))
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpx.TransportError,
            httpx.InvalidURL,
            OSError,
        ) as error:
            return _failure(error, reading, received=self._watch.received)
        return reading.left

    def _keep(
        self,
        label: str,
        request: Request,
        reading: _Reading,
        failure: Failure | None,
        *,
        started: float,
        elapsed: float,
    ) -> Exchange:
        body = bytes(reading.body)
        clean_body = self.redactor.clean_bytes(body)
        response = None
        if reading.status is not None:
            arrivals = tuple(reading.arrivals) if clean_body == body else (Arrival(elapsed, len(clean_body)),)
            clean_headers = self.redactor.clean_response_headers(reading.headers)
            response = Response(reading.status, clean_headers, clean_body, arrivals, reading.http_version)
        if failure:
            failure = Failure(failure.kind, self.redactor.clean(failure.message))
        leaks = self.redactor.leaks(reading.headers, body)
        with self._lock:
            number = len(self._exchanges) + 1
            exchange = Exchange(number, label, request, response, failure, started, elapsed, leaks)
            self._exchanges.append(exchange)
        return exchange


class _Reading:
    """What has been read of one answer; keeps its state when reading fails half-way."""

    def __init__(self, limit: int, begin: float, leave_after: int | None = None) -> None:
        self.limit = limit
        self.begin = begin
        self.leave_after = leave_after
        self.left: Failure | None = None
        self.status: int | None = None
        self.headers: list[tuple[str, str]] = []
        self.http_version = ""
        self.body = bytearray()
        self.arrivals: list[Arrival] = []

    def take(self, response: httpx.Response) -> None:
        """Read the answer to its end, noting when each piece came."""
        try:
            self.status = response.status_code
            self.http_version = response.http_version
            self.headers = [(n.decode("latin-1"), v.decode("utf-8", "replace")) for n, v in response.headers.raw]
            decoder = decoder_for(response.headers.get("content-encoding"), self.limit)
            for chunk in response.iter_raw():
                self.body += decoder.feed(chunk)
                self.arrivals.append(Arrival(time.perf_counter() - self.begin, len(self.body)))
                if self.leave_after is not None and len(self.body) >= self.leave_after:
                    self.left = Failure(FailureKind.LEFT, "the harness hung up on purpose, in the middle of the answer")
                    break
        finally:
            response.close()


def _framing(built: httpx.Headers, given: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return Host, and Content-Length unless a Transfer-Encoding is given (RFC 9112 section 6.2: never both)."""
    chunked = any(name.lower() == "transfer-encoding" for name, _ in given)
    kept = {"host"} if chunked else {"host", "content-length"}
    return [(name, value) for name, value in built.multi_items() if name in kept]


def _ssl_context(target: Target) -> ssl.SSLContext:
    if target.ca_file is not None:
        return ssl.create_default_context(cafile=str(target.ca_file))
    return httpx.create_ssl_context()


def _timeout_message(error: Exception, reading: _Reading) -> str:
    if isinstance(error, httpcore.ConnectTimeout | httpx.ConnectTimeout):
        return "no connection in time"
    if reading.status is None:
        return "no answer in time"
    return f"the answer stopped after {len(reading.body)} bytes of body"


def _failure(error: Exception, reading: _Reading, *, received: int) -> Failure:
    text = str(error) or type(error).__name__
    if reading.status is not None:
        return Failure(FailureKind.CUT, f"the answer broke off after {len(reading.body)} bytes of body: {text}")
    if isinstance(error, httpcore.ConnectError | httpx.ConnectError):
        kind = FailureKind.TLS if "SSL" in text or "certificate" in text.lower() else FailureKind.CONNECT
        return Failure(kind, f"no connection: {text}")
    if isinstance(error, httpcore.ProtocolError) and received:
        return Failure(FailureKind.PROTOCOL, f"the answer is not valid HTTP: {text}")
    return Failure(FailureKind.RESET, f"the connection was closed before an answer: {text}")


def retry_after_s(exchange: Exchange) -> float | None:
    """Return how long a 429 asks to wait, in seconds; 1 when it does not say; None for any other answer.

    Reads Retry-After (RFC 9110 section 10.2.3: seconds or a date), else X-RateLimit-Reset in epoch seconds.
    """
    response = exchange.response
    if response is None or response.status != 429:
        return None
    asked = (response.headers.get("retry-after") or "").strip()
    if asked.isdigit():
        return float(asked)
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (ValueError, TypeError):
        pass
    reset = (response.headers.get("x-ratelimit-reset") or "").strip()
    return max(0.0, min(float(reset) - time.time(), 86_400.0)) if reset.isdigit() else 1.0


def _usage(exchange: Exchange) -> tuple[int, int]:
    """Return (prompt, completion) tokens that the answer reported; zeros where it reported none."""
    response = exchange.response
    if response is None or response.status != 200:
        return (0, 0)
    for document in _documents(response):
        usage = document.get("usage") if isinstance(document, Mapping) else None
        if isinstance(usage, Mapping):
            counts = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
            prompt, completion = (c if isinstance(c, int) and not isinstance(c, bool) else 0 for c in counts)
            return (prompt, completion)
    return (0, 0)


def _documents(response: Response) -> list[Any]:
    if response.media_type != "text/event-stream":
        try:
            return [response.document]
        except (ValueError, RecursionError):
            return []
    found = []
    for event in reversed(response.stream.events[-3:]):
        try:
            found.append(json.loads(event.data))
        except (ValueError, RecursionError):
            continue
    return found
