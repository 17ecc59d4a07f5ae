"""From options, as a command line has them, to the settings of webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ozwell_harness.mock.delays import parse_duration
from ozwell_harness.mock.webhooks.settings import EVENTS, SCHEDULE, HeaderNames, WebhookSettings, WebhookSettingsError


def webhook_settings(given: Mapping[str, Any], environment: Mapping[str, str]) -> WebhookSettings | None:
    """Read ``webhook_endpoint``, ``_secret_env``, ``_events``, ``_headers``, ``_retries`` and ``_remote``.

    Returns:
        None where no endpoint is named, nor anything else of webhooks.

    Raises:
        MockSettingsError: one of them is wrong or missing.
    """
    if not any(given.values()):
        return None
    endpoint, name = given.get("webhook_endpoint"), given.get("webhook_secret_env")
    if not endpoint:
        raise WebhookSettingsError("To send webhooks, say where to: --webhook-endpoint URL.")
    if not name:
        raise WebhookSettingsError("--webhook-endpoint needs --webhook-secret-env NAME: the variable with the secret.")
    if not environment.get(name):
        raise WebhookSettingsError(f"The variable {name}, which is to hold the webhook secret, is not set.")
    headers, retries = given.get("webhook_headers"), given.get("webhook_retries")
    return WebhookSettings(
        endpoint=endpoint,
        secret=environment[name],
        events=tuple(dict.fromkeys(given.get("webhook_events") or EVENTS)),
        names=_names(headers) if headers else HeaderNames(),
        schedule=tuple(parse_duration(wait.strip()) for wait in retries.split(",")) if retries else SCHEDULE,
        remote=bool(given.get("webhook_remote")),
    )


def _names(text: str) -> HeaderNames:
    names = [name.strip() for name in text.split(",")]
    if len(names) != 3:
        raise WebhookSettingsError(f"Name three headers, as svix-id,svix-timestamp,svix-signature, not '{text[:80]}'.")
    return HeaderNames(*names)
