"""Which webhooks a run awaits, and where."""

from __future__ import annotations

import base64
import ipaddress
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from ozwell_harness.target import Secret

#: The documented events, by what brings them about.
CHAT_COMPLETED = "chat.completed"
DOCUMENT_PROCESSED = "document.processed"
EVENTS = (CHAT_COMPLETED, DOCUMENT_PROCESSED)

#: How the first webhook of an event is answered, to see what comes of it; all others get 200.
UNAVAILABLE, REDIRECTED = 503, 307
FIRST = {CHAT_COMPLETED: UNAVAILABLE, DOCUMENT_PROCESSED: REDIRECTED}

#: Under this name the secret of a run's own mock is shown.
OWN_SECRET = "WEBHOOK_SECRET"  # noqa: S105 - a name
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class ListeningError(ValueError):
    """Webhooks cannot be awaited as they are asked for; the message is one plain sentence."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the headers that carry a webhook's id, time and signature."""

    id: str = "webhook-id"
    timestamp: str = "webhook-timestamp"
    signature: str = "webhook-signature"

    @classmethod
    def of(cls, text: str) -> Names:
        """Read ``ID,TIMESTAMP,SIGNATURE``.

        Raises:
            ListeningError: these are not three different names of headers.
        """
        names = [name.strip() for name in text.split(",")]
        if len(names) != 3 or not all(map(_NAME.match, names)) or len({name.lower() for name in names}) < 3:
            raise ListeningError(
                f"Name three different headers, as svix-id,svix-timestamp,svix-signature, not {text!r}."
            )
        return cls(*names)


@dataclass(frozen=True, slots=True)
class Listening:
    """What a receiver is told.

    Attributes:
        host, port: the address to listen on; port 0 takes a free one.
        secret: what the target signs with, as it is told to it: any text, or base64 after ``whsec_``.
        secret_name: the variable that it came from, which is shown in its place.
        url: where the target sends to, if that is not the address itself; for telling only.
        events: those that the target was told to send.
        wait_s: how long the last webhook is awaited, in seconds.
        quiet_s: how long, in seconds, it is listened for further ones when everything awaited has come.
    """

    host: str
    port: int
    secret: Secret
    secret_name: str
    url: str | None = None
    events: tuple[str, ...] = EVENTS
    names: Names = Names()
    wait_s: float = 30.0
    quiet_s: float = 2.0

    def __post_init__(self) -> None:
        if self.wait_s <= 0:
            raise ListeningError("The wait for webhooks must be longer than 0 seconds.")
        for event in self.events:
            if event not in EVENTS:
                raise ListeningError(f"There is no webhook event {event!r}. Events: {', '.join(EVENTS)}.")
        if self.url is not None and (
            urlsplit(self.url).scheme not in {"http", "https"} or not urlsplit(self.url).netloc
        ):
            raise ListeningError(f"--webhook-url must be an http or https URL, not {self.url!r}.")
        signing_key(self.secret.reveal())

    @property
    def is_local(self) -> bool:
        """Only senders on this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def signing_key(secret: str) -> bytes:
    """Return the bytes that an HMAC takes: what base64 after ``whsec_`` stands for, else the text in UTF-8.

    Raises:
        ListeningError: it is empty, or what follows the prefix is no base64.
    """
    prefix, _, encoded = secret.partition("whsec_")
    try:
        key = base64.b64decode(encoded, validate=True) if encoded and not prefix else secret.encode()
    except ValueError:
        raise ListeningError("What follows whsec_ in the webhook secret is no base64.") from None
    if not key or secret == "whsec_":  # noqa: S105 - a prefix
        raise ListeningError("The webhook secret is empty.")
    return key


def own_listening() -> Listening:
    """Return what a run with a mock of its own awaits: on this machine, with a secret that nobody else knows."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    return Listening("127.0.0.1", 0, Secret(secret), OWN_SECRET)


def listening_from(given: Mapping[str, Any], environment: Mapping[str, str]) -> Listening | None:
    """Read the options ``webhook_listen``, ``_secret_env``, ``_url``, ``_events``, ``_headers``, ``_wait``.

    Returns:
        None where none of them is given.

    Raises:
        ListeningError: one is wrong, or the address or the secret is missing.
    """
    options = {
        name: value for name, value in given.items() if name.startswith("webhook_") and value not in (None, (), [])
    }
    if not options:
        return None
    if "webhook_listen" not in options:
        raise ListeningError("To await webhooks, say where: --webhook-listen HOST:PORT.")
    host, port = _address(str(options["webhook_listen"]))
    name = str(options.get("webhook_secret_env", ""))
    if not _VARIABLE.match(name):
        raise ListeningError("--webhook-listen needs --webhook-secret-env NAME: the variable that holds the secret.")
    if not environment.get(name):
        raise ListeningError(f"The variable {name}, which is to hold the webhook secret, is not set.")
    chosen = Listening(host, port, Secret(environment[name]), name, url=options.get("webhook_url"))
    if "webhook_events" in options:
        chosen = replace(chosen, events=tuple(dict.fromkeys(options["webhook_events"])))
    if "webhook_headers" in options:
        chosen = replace(chosen, names=Names.of(str(options["webhook_headers"])))
    if "webhook_wait" in options:
        chosen = replace(chosen, wait_s=float(options["webhook_wait"]))
    return chosen


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ListeningError(f"--webhook-listen wants HOST:PORT like 127.0.0.1:9000, not {text!r}.")
    return host, int(port)
