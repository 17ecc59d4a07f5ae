"""Makes one attempt at a request: sends it, reads the answer within bounds of time and size, words what failed.

Nothing is redacted here: what comes out goes to the recorder, and from there nowhere before it is clean.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpcore
import httpx

from ozwell_harness.decoding import BodyTooLargeError, UndecodableError, decoder_for
from ozwell_harness.failures import failure_of
from ozwell_harness.model import Arrival, Failure, FailureKind, Unjudgeable
from ozwell_harness.settings import ConfigurationError
from ozwell_harness.target import Timeouts
from ozwell_harness.timing import MACHINE, Timing
from ozwell_harness.transport import LAST_BYTES, Watch, Wire

#: More than any server or gateway in use sends.
MOST_FIELDS = 1_000
#: A body in more pieces is noted as arriving in so many, the last one taking in the rest.
_MOST_ARRIVALS = 50_000
#: A connection that the target closed while it lay idle breaks at once, or not at all.
_AT_ONCE_S = 1.0
_STALE_TRIES = 3


class UnsendableError(Unjudgeable):
    """HTTP has no way to say this request."""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes on the wire.

    Attributes:
        leave_after: hang up once so many bytes of body are there.
        limit: bytes of body to take, as they come and decoded.
        within_s: seconds for the whole exchange.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    leave_after: int | None
    limit: int
    within_s: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a message.

    Attributes:
        status: None when no answer came; all that comes after it is empty then.
        started: epoch seconds just before sending.
        elapsed: seconds until the last byte, or the failure.
        excess: more bytes came than the answer announced.
    """

    failure: Failure | None
    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: bytes
    arrivals: tuple[Arrival, ...]
    http_version: str
    started: float
    elapsed: float
    excess: bool = False


class Sender:
    """Sends to one target. Safe to use from several threads."""

    def __init__(self, timeouts: Timeouts, ssl_context: ssl.SSLContext, timing: Timing = MACHINE) -> None:
        self._watch = Watch()
        self._timing = timing
        self._wire = Wire(self._watch, ssl_context)
        read, connect = timeouts.read_s, timeouts.connect_s
        self._timeout = {"connect": connect, "read": read, "write": read, "pool": read}

    def send(self, message: Message) -> Attempt:
        """Send a message and read the answer, whatever it is.

        A server may close an idle connection at any moment (RFC 9112 section 9.3.1): that is no answer to this
        message, which is then sent on another connection.

        Raises:
            UnsendableError: the message cannot be sent over HTTP.
        """
        for _ in range(_STALE_TRIES):
            attempt, stale = self._attempt(message)
            if not stale:
                return attempt
        return self._attempt(message)[0]

    def cut(self) -> None:
        """Shut every connection, so that all threads that wait for an answer stop waiting."""
        self._wire.cut()

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _attempt(self, message: Message) -> tuple[Attempt, bool]:
        """Return what became of the message, and whether it only met a connection that was closed already."""
        lapse = self._timing.lapse
        started, begin = self._timing.now(), lapse()
        reading = _Reading(message, self._watch, lambda: lapse() - begin)
        failure = self._perform(message, reading)
        elapsed = lapse() - begin
        unheard = self._watch.reused_connection and not self._watch.reads
        stale = failure is not None and failure.kind is FailureKind.RESET and unheard
        attempt = Attempt(
            failure,
            reading.status,
            tuple(reading.headers),
            bytes(reading.body),
            tuple(reading.arrivals),
            reading.http_version,
            started,
            elapsed,
            reading.excess,
        )
        return attempt, stale and elapsed < _AT_ONCE_S

    def _perform(self, message: Message, reading: _Reading) -> Failure | None:
        self._watch.start(message.within_s)
        try:
            reading.take(self._wire.open(_request(message, self._timeout)))
        except (httpcore.LocalProtocolError, httpx.InvalidURL, UnicodeError) as error:
            raise UnsendableError(f"the request cannot be sent over HTTP: {error}") from None
        except (BodyTooLargeError, UndecodableError, _TooManyFieldsError) as error:
            return _beyond_bounds(error, message)
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return failure_of(error, self._received(reading), self._watch)
        return reading.left

    @staticmethod
    def _received(reading: _Reading) -> int | None:
        """Bytes of body, or None when not even a status came."""
        return None if reading.status is None else len(reading.body)


def _beyond_bounds(error: Exception, message: Message) -> Failure:
    match error:
        case BodyTooLargeError():
            return Failure(FailureKind.TOO_LARGE, f"the body is larger than {message.limit:,} bytes")
        case _TooManyFieldsError():
            return Failure(FailureKind.TOO_LARGE, f"the answer has more than {MOST_FIELDS} header fields")
        case _:
            return Failure(FailureKind.PROTOCOL, f"the body cannot be decoded: {error}")


class _TooManyFieldsError(Exception):
    pass


class _Reading:
    """What has been read of one answer; keeps its state when reading fails half-way."""

    def __init__(self, message: Message, watch: Watch, lapse: Callable[[], float]) -> None:
        self._message = message
        self._watch = watch
        self._lapse = lapse
        self._reads_noted = 0
        self._last_bytes = b""
        self.left: Failure | None = None
        self.excess = False
        self.status: int | None = None
        self.headers: list[tuple[str, str]] = []
        self.http_version = ""
        self.body = bytearray()
        self.arrivals: list[Arrival] = []

    def take(self, response: httpcore.Response) -> None:
        """Read the answer to its end, noting when each piece came."""
        try:
            self._take_head(response)
            coding = next((value for name, value in self.headers if name.lower() == "content-encoding"), None)
            decoder = decoder_for(coding, self._message.limit)
            for chunk in response.iter_stream():
                self._last_bytes = (self._last_bytes + chunk[-LAST_BYTES:])[-LAST_BYTES:]
                self.body += decoder.feed(chunk)
                self._note_arrival()
                if self._message.leave_after is not None and len(self.body) >= self._message.leave_after:
                    self.left = Failure(FailureKind.LEFT, "the harness hung up on purpose, in the middle of the answer")
                    return
            self.excess = self._has_excess()
            decoder.finish()
        finally:
            response.close()
            if self.excess:
                # What follows would be taken for the beginning of the next answer on this connection.
                response.extensions["network_stream"].close()

    def _has_excess(self) -> bool:
        """Tell whether the last bytes off the wire are others than the last of the answer (RFC 9112 section 6.3)."""
        names = {name.lower() for name, _ in self.headers}
        if self._last_bytes and "transfer-encoding" not in names:
            return not self._watch.last_bytes.endswith(self._last_bytes)
        if self.status in {204, 304} or not names.isdisjoint({"transfer-encoding", "content-length"}):
            return not self._watch.last_bytes.endswith((b"\n\r\n", b"\n\n"))
        return False

    def _take_head(self, response: httpcore.Response) -> None:
        self.status = response.status
        self.http_version = bytes(response.extensions.get("http_version", b"")).decode("ascii", "replace")
        self.headers = [(n.decode("latin-1"), v.decode("utf-8", "replace")) for n, v in response.headers[:MOST_FIELDS]]
        if len(response.headers) > MOST_FIELDS:
            raise _TooManyFieldsError

    def _note_arrival(self) -> None:
        # What came with one read arrived at one time, in however many chunks it was sent.
        new = self._watch.reads != self._reads_noted and len(self.arrivals) < _MOST_ARRIVALS
        self._reads_noted = self._watch.reads
        arrival = Arrival(self._lapse(), len(self.body))
        if new or not self.arrivals:
            self.arrivals.append(arrival)
        else:
            self.arrivals[-1] = arrival


def _request(message: Message, timeout: dict[str, float]) -> httpcore.Request:
    # httpx encodes the URL, and knows which framing headers a request needs.
    built = httpx.Request(message.method, message.url, content=message.body or None)
    given = {name.lower() for name, _ in message.headers}
    # RFC 9112 section 6.2: never Content-Length with a Transfer-Encoding.
    framing = {"host"} if "transfer-encoding" in given else {"host", "content-length"}
    added = [(name, value) for name, value in built.headers.raw if name.decode("ascii").lower() in framing - given]
    url = built.url
    return httpcore.Request(
        method=message.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=added + [(name.encode("latin-1"), value.encode("utf-8")) for name, value in message.headers],
        content=built.stream,
        extensions={"timeout": timeout},
    )


def trusted(base_url: str, ca_file: Path | None) -> ssl.SSLContext:
    """Return which certificates are trusted: those that ``ca_file`` vouches for, else the public authorities.

    Raises:
        ConfigurationError: the file cannot be read, or holds no certificate.
    """
    if ca_file is None and base_url.startswith("http:"):
        # To read all authorities takes longer than many a request. This context trusts none.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return ssl.create_default_context(cafile=str(ca_file)) if ca_file else httpx.create_ssl_context()
    except OSError as error:
        which = f"The CA file {ca_file}" if ca_file else "The file that SSL_CERT_FILE or SSL_CERT_DIR names"
        reason = "it holds no certificate in PEM" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigurationError(f"{which} cannot be used: {reason}.") from None
