"""Judgements on cross-origin access (Fetch standard, CORS protocol)."""

from __future__ import annotations

from ozwell_harness.checks.base import response_of
from ozwell_harness.checks.wire import any_answer
from ozwell_harness.model import Deviation, Exchange, Response, Unjudgeable
from ozwell_harness.profile import Profile


def no_credentialed_wildcard(exchange: Exchange, profile: Profile) -> Deviation | None:  # noqa: ARG001 - one signature
    """No answer lets every origin in with credentials (Fetch standard, CORS protocol and credentials).

    An origin that this harness made up is on nobody's list: who repeats it would repeat any.
    """
    headers = any_answer(exchange).headers
    origin = (headers.get("access-control-allow-origin") or "").strip()
    if not origin:
        raise Unjudgeable("the answer has no CORS header")
    everyone = origin == "*" or origin == exchange.request.headers.get("origin")
    if not everyone or headers.get("access-control-allow-credentials", "") != "true":
        return None
    return Deviation(
        "every origin is allowed with credentials", "no credentials for every origin", f"{origin} with credentials"
    )


def preflight_permits_authorization(preflight: Exchange, origin: str) -> Deviation | None:
    """A preflight for a POST with Authorization is answered so that a browser goes on (Fetch standard, CORS check)."""
    response = response_of(preflight)
    allowed = _tokens(response, "access-control-allow-headers")
    if not 200 <= response.status < 300 or not _lets_in(response, origin):
        actual = f"{response.status}, Access-Control-Allow-Origin {response.headers.get('access-control-allow-origin')}"
        return Deviation("a preflight is not granted", f"a 2xx that allows {origin}", actual)
    # A wildcard does not cover Authorization.
    if "authorization" in allowed:
        return None
    expected = "Access-Control-Allow-Headers with authorization"
    return Deviation("a preflight does not permit Authorization", expected, ", ".join(sorted(allowed)) or "none")


def error_has_cors(error: Exchange, preflight: Exchange, origin: str) -> Deviation | None:
    """An error that answers a page of another origin can be read by it, where the target lets that origin in at all."""
    if not _lets_in(response_of(preflight), origin):
        raise Unjudgeable("the target lets no other origin in")
    response = response_of(error)
    if response.status < 400:
        raise Unjudgeable(f"it is answered with {response.status}, which is no error")
    if _lets_in(response, origin):
        return None
    return Deviation(
        "an error has no CORS headers", f"Access-Control-Allow-Origin for {origin}", f"none on a {error.status}"
    )


def _tokens(response: Response, name: str) -> set[str]:
    return {token.strip().lower() for value in response.headers.get_all(name) for token in value.split(",")} - {""}


def _lets_in(response: Response, origin: str) -> bool:
    return (response.headers.get("access-control-allow-origin") or "").strip() in {"*", origin}
