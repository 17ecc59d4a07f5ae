"""Everything that can be chosen about a mock's webhooks, as one frozen value."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ozwell_harness.mock.addresses import is_loopback
from ozwell_harness.mock.errors import MockSettingsError

CHAT_COMPLETED = "chat.completed"
DOCUMENT_PROCESSED = "document.processed"
#: The documented events (API Integration Documentation, Webhook Configuration).
EVENTS = (CHAT_COMPLETED, DOCUMENT_PROCESSED)

#: Seconds between one attempt and the next.
SCHEDULE = (2.0, 4.0, 8.0, 16.0)
SECRET_PREFIX = "whsec_"  # noqa: S105 - the mark of a secret, no secret
ATTEMPTS_AT_MOST = 20
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}\Z")


class WebhookSettingsError(MockSettingsError):
    """The webhooks cannot be sent as they are asked for."""


@dataclass(frozen=True, slots=True)
class HeaderNames:
    """Names of the headers that carry a webhook's id, time and signature; Standard Webhooks unless told.

    Raises:
        WebhookSettingsError: one is no header name, or two are the same.
    """

    id: str = "webhook-id"
    timestamp: str = "webhook-timestamp"
    signature: str = "webhook-signature"

    def __post_init__(self) -> None:
        names = (self.id, self.timestamp, self.signature)
        for name in names:
            if not _TOKEN.match(name):
                raise WebhookSettingsError(f"'{name[:80]}' is no name of a header.")
        if len({name.lower() for name in names}) < len(names):
            raise WebhookSettingsError("The headers of a webhook need three different names.")


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where webhooks go, and how.

    Attributes:
        endpoint: an http or https URL; on this machine unless ``remote``.
        secret: signs them: any text, or base64 after ``whsec_`` (Standard Webhooks, Signature scheme).
        events: the subscribed ones; no other is sent.
        names: of the headers.
        schedule: seconds between one attempt and the next; when it is at its end, the webhook is given up.
        attempt_s: seconds that one attempt may take.
        total_s: seconds after which no further attempt is begun.
        queue: webhooks that may be on their way at once; further ones are dropped, and counted.
        at_once: connections at a time.
        remote: the endpoint may be on another machine.

    Raises:
        WebhookSettingsError: a value that cannot be honoured.
    """

    endpoint: str
    secret: str = field(repr=False)
    events: tuple[str, ...] = EVENTS
    names: HeaderNames = HeaderNames()
    schedule: tuple[float, ...] = SCHEDULE
    attempt_s: float = 10.0
    total_s: float = 60.0
    queue: int = 1000
    at_once: int = 8
    remote: bool = False

    def __post_init__(self) -> None:
        _check_endpoint(self.endpoint, remote=self.remote)
        _ = self.key
        for event in self.events:
            if event not in EVENTS:
                raise WebhookSettingsError(f"There is no event '{event[:80]}'. Events: {', '.join(EVENTS)}.")
        if len(self.schedule) >= ATTEMPTS_AT_MOST or any(wait < 0 for wait in self.schedule):
            raise WebhookSettingsError(f"A schedule has at most {ATTEMPTS_AT_MOST - 1} waits, each 0 or longer.")
        if min(self.attempt_s, self.total_s) <= 0 or min(self.queue, self.at_once) < 1:
            raise WebhookSettingsError("The times and sizes of webhooks must be above 0.")

    @property
    def key(self) -> bytes:
        """The bytes that the HMAC takes.

        Raises:
            WebhookSettingsError: the secret is empty, or no base64 stands after its prefix.
        """
        if not self.secret.startswith(SECRET_PREFIX):
            key = self.secret.encode()
        else:
            try:
                key = base64.b64decode(self.secret.removeprefix(SECRET_PREFIX), validate=True)
            except (binascii.Error, ValueError):
                raise WebhookSettingsError("What follows whsec_ in the webhook secret is no base64.") from None
        if not key:
            raise WebhookSettingsError("The webhook secret is empty.")
        return key


def _check_endpoint(text: str, *, remote: bool) -> None:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError as error:
        raise WebhookSettingsError(f"The webhook endpoint is no valid URL: {error}.") from None
    if url.scheme not in {"http", "https"} or not url.hostname or any(c.isspace() for c in text):
        raise WebhookSettingsError("The webhook endpoint must be an http or https URL like http://127.0.0.1:9000/.")
    if url.username or url.password:
        raise WebhookSettingsError("The webhook endpoint must not carry credentials: its secret signs what is sent.")
    if not remote and not is_loopback(url.hostname):
        raise WebhookSettingsError(
            f"The webhook endpoint {url.hostname} is not on this machine. Add --webhook-remote if that is meant."
        )
