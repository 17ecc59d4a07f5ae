"""What came off the wire for one request, before anything of it is understood."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from enum import StrEnum
from operator import itemgetter

from ozwell_harness.model import Headers


class ErrorKind(StrEnum):
    """Why a request failed; a status other than 200 reads ``http_<status>`` instead."""

    DNS = "dns"
    REFUSED = "connect_refused"
    CONNECT = "connect"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS = "tls"
    FIRST_TOKEN_TIMEOUT = "first_token_timeout"  # noqa: S105 - no password
    STALL_TIMEOUT = "stall_timeout"
    TOTAL_TIMEOUT = "total_timeout"
    RESET = "reset"
    CUT = "cut"
    PROTOCOL = "protocol"
    TOO_LARGE = "too_large"
    INVALID_ANSWER = "invalid_answer"
    STREAM_ERROR = "stream_error"
    UNSENT = "unsent"
    SCENARIO = "scenario"
    WORKER_LOST = "worker_lost"


#: Failures after which the target is not there at all: to try again at once would only spin.
UNREACHABLE = frozenset(
    {ErrorKind.DNS, ErrorKind.REFUSED, ErrorKind.CONNECT, ErrorKind.CONNECT_TIMEOUT, ErrorKind.TLS, ErrorKind.RESET}
)

#: Failures by which the harness itself ended an answer: how it would have gone on, nobody knows.
GIVEN_UP = frozenset(
    {ErrorKind.FIRST_TOKEN_TIMEOUT, ErrorKind.STALL_TIMEOUT, ErrorKind.TOTAL_TIMEOUT, ErrorKind.TOO_LARGE}
)


@dataclass(frozen=True, slots=True)
class ReplyError:
    """A transport failure: its kind and one plain sentence."""

    kind: ErrorKind
    message: str


@dataclass(slots=True)
class Reply:
    """Bytes and when they came; filled in while it is read, so that a failure half-way leaves what was there.

    Attributes:
        due, sent, closed: monotonic nanoseconds; ``sent`` is None when no byte was written.
        connect: nanoseconds spent opening a connection.
        head: the bytes up to the body as they came, interim answers included; may end in body bytes.
        body: the body without its transfer coding.
        arrivals: (stamp, length of the body when it was there), one for each read that brought body bytes.
        lags: time between the kernel's arrival and our read, nanoseconds, one for each read.
        cut_off: the harness itself ended it.
    """

    due: int
    sent: int | None = None
    closed: int | None = None
    connect: int = 0
    status: int | None = None
    head: bytes = b""
    body: bytearray = field(default_factory=bytearray)
    arrivals: list[tuple[int, int]] = field(default_factory=list)
    lags: list[int] = field(default_factory=list)
    error: ReplyError | None = None
    cut_off: bool = False

    @property
    def given_up(self) -> bool:
        """The harness ended it, by a timeout or a bound of size."""
        return self.error is not None and self.error.kind in GIVEN_UP

    def shorten(self, length: int) -> None:
        """Forget the body beyond its first ``length`` bytes, and when that came."""
        del self.body[length:]
        del self.arrivals[bisect_left(self.arrivals, length, key=itemgetter(1)) + 1 :]
        if self.arrivals:
            stamp, end = self.arrivals[-1]
            self.arrivals[-1] = stamp, min(end, length)

    def headers(self) -> Headers:
        """Return the header fields of the final answer (RFC 9112 section 5); lines that are no field are left out."""
        fields = []
        for line in _final_head(self.head).split(b"\r\n")[1:]:
            name, colon, value = line.partition(b":")
            if colon:
                fields.append((name.decode("latin-1"), value.strip().decode("utf-8", "replace")))
        return Headers(tuple(fields))


def _final_head(head: bytes) -> bytes:
    """Return the last answer's head: a 1xx before it is another head of the same shape."""
    while True:
        first, _, rest = head.partition(b"\r\n\r\n")
        if not rest.startswith(b"HTTP/") or first.split(b" ", 2)[1:2] >= [b"2"]:
            return first
        head = rest
