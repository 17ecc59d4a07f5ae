"""Who receives the webhooks of a run: what its owner says, or, where the run has a mock of its own, the run itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from ozwell_harness.mock.webhooks.settings import HeaderNames, WebhookSettings
from ozwell_harness.profile import Profile, load_profile
from ozwell_harness.settings import Settings
from ozwell_harness.webhooks.listening import own_listening
from ozwell_harness.webhooks.receiver import Receiver, receiving

CAPABILITY = "webhooks"


@contextlib.contextmanager
def with_receiver(settings: Settings) -> Iterator[tuple[Settings, Receiver | None]]:
    """Yield settings that say which webhooks are awaited, and what receives them for the length of the block.

    A run that names no target has a mock of its own, whose webhooks are awaited without being asked for.

    Raises:
        ConfigurationError: the address cannot be listened on.
        ProfileError: there is no such profile.
    """
    profile = load_profile(settings.profile)
    if not awaits(profile):
        settings = replace(settings, webhooks=None)
    elif settings.webhooks is None and settings.base_url is None:
        settings = replace(settings, webhooks=own_listening())
    with receiving(settings.webhooks) as receiver:
        yield settings, receiver


def awaits(profile: Profile) -> bool:
    """Whether a dialect knows webhooks at all."""
    return CAPABILITY in profile.capabilities


def sent_to(receiver: Receiver | None) -> WebhookSettings | None:
    """Return what makes a mock send its webhooks to ``receiver``."""
    if receiver is None:
        return None
    told = receiver.listening
    return WebhookSettings(
        endpoint=receiver.address,
        secret=told.secret.reveal(),
        events=told.events,
        names=HeaderNames(told.names.id, told.names.timestamp, told.names.signature),
        remote=True,
    )
