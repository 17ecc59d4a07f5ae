"""Words what went wrong between the harness and a target. Pure: errors of the HTTP library to failures."""

from __future__ import annotations

import ssl

import httpcore

from ozwell_harness.model import Failure, FailureKind
from ozwell_harness.transport import Watch

#: How h11 marks an answer whose head passes the bound: as a server would refuse it (RFC 6585 section 5).
_HEAD_TOO_LARGE = 431
_SPEAKS_TLS = "the target answers in TLS; the URL of such a target begins with https://"


def failure_of(error: Exception, received: int | None, watch: Watch) -> Failure:
    """Return the failure that an error of the HTTP library amounts to.

    ``received`` is the bytes of body that were there, None when not even a status was.
    """
    match error:
        case httpcore.TimeoutException():
            return _timed_out(error, received, watch)
        case httpcore.ConnectError():
            return _unconnected(error)
        case _ if received is not None:
            return Failure(FailureKind.CUT, f"the answer broke off after {received} bytes of body: {_tidy(error)}")
        case _ if watch.met_tls:
            return Failure(FailureKind.PROTOCOL, _SPEAKS_TLS)
        case httpcore.ProtocolError() if failure := _protocol_broken(error, watch):
            return failure
        case _:
            return Failure(FailureKind.RESET, f"the connection was closed before an answer: {_tidy(error)}")


def _timed_out(error: Exception, received: int | None, watch: Watch) -> Failure:
    if isinstance(error, httpcore.ConnectTimeout):
        return Failure(FailureKind.TIMEOUT, "no connection in time")
    if received is None:
        said = "the head of the answer did not end in time" if watch.reads else "no answer in time"
        return Failure(FailureKind.TIMEOUT, said)
    return Failure(FailureKind.TIMEOUT, f"the answer did not end in time, after {received} bytes of body")


def _unconnected(error: Exception) -> Failure:
    cause = _origin(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Failure(FailureKind.TLS, f"its certificate cannot be trusted: {_tidy(cause.verify_message)}")
    if isinstance(cause, ssl.SSLError):
        return Failure(FailureKind.TLS, f"no TLS with it: {_tidy(_reason(cause))}")
    return Failure(FailureKind.CONNECT, f"no connection: {_tidy(error)}")


def _protocol_broken(error: Exception, watch: Watch) -> Failure | None:
    """Return what is wrong with an answer that is no HTTP; None when there was none."""
    if getattr(_origin(error), "error_status_hint", None) == _HEAD_TOO_LARGE:
        return Failure(FailureKind.TOO_LARGE, "the header section of the answer is too large")
    if watch.reads and _origin(error) is None:
        return Failure(FailureKind.PROTOCOL, "the connection was closed before the head of the answer was whole")
    if watch.reads:
        return Failure(FailureKind.PROTOCOL, f"the answer is not valid HTTP: {_tidy(error)}")
    return None


def _origin(error: Exception) -> BaseException | None:
    """Return the error of h11 or of the socket. httpcore's pool raises again "from None", which hides it."""
    return error.__cause__ or error.__context__


def _tidy(error: object) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


def _reason(error: ssl.SSLError) -> str:
    """Return OpenSSL's reason in lower case; what a server that speaks no TLS provokes is said plainly."""
    if error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}:
        return "it does not speak TLS; the URL of such a target begins with http://"
    return (error.reason or str(error)).replace("_", " ").lower()
