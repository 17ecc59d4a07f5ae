"""What a received request amounts to. Pure."""

from __future__ import annotations

from ozwell_harness.model import Delivery, Headers, Leak, Request, Response, read_json, without_surrogates
from ozwell_harness.redaction import Redactor
from ozwell_harness.webhooks.inbound import Answer, Inbound
from ozwell_harness.webhooks.listening import Listening, Names
from ozwell_harness.webhooks.signing import signing_of


def is_webhook(inbound: Inbound, names: Names) -> bool:
    """Tell a webhook, right or wrong, from what browsers, scanners and probes of health ask for."""
    return bool(inbound.body) or names.id in Headers(inbound.headers)


def event_of(body: bytes) -> str | None:
    """Return the ``type`` that the body of a webhook names, or None."""
    try:
        document = read_json(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    event = document.get("type") if isinstance(document, dict) else None
    return event if isinstance(event, str) else None


def delivery_of(inbound: Inbound, answer: Answer, at: float, listening: Listening, redactor: Redactor) -> Delivery:
    """Return the record of a webhook, its id still 0.

    The signature is checked and leaks are noted first, then every key is removed.
    """
    headers = Headers(inbound.headers)
    names = listening.names
    signing, hint = signing_of(headers, inbound.body, names, listening.secret.reveal())
    cleaned = redactor.clean_response_headers(inbound.headers)
    path = redactor.clean(inbound.target)
    host = redactor.clean(headers.get("host") or "")
    return Delivery(
        id=0,
        label=f"webhook {_told(event_of(inbound.body), redactor)}",
        request=Request(inbound.method, path, f"http://{host}{path}", cleaned, redactor.clean_bytes(inbound.body)),
        response=Response(answer.status, Headers(answer.headers)),
        started=at,
        leaks=(*redactor.leaks(inbound.headers, inbound.body), *_leaks_in_target(inbound.target, redactor)),
        signing=signing,
        hint=hint,
        webhook_id=cleaned.get(names.id),
        timestamp=cleaned.get(names.timestamp),
    )


def _told(event: str | None, redactor: Redactor) -> str:
    return without_surrogates(redactor.clean(event)[:100]) if event else "of no readable type"


def _leaks_in_target(target: str, redactor: Redactor) -> list[Leak]:
    return [Leak(leak.key, "request target") for leak in redactor.leaks((), target.encode())]
