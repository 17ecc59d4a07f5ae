"""Webhooks that the mock sends: what is sent, how it is signed, and how often it is tried."""

from ozwell_harness.mock.webhooks.message import Draft, Letter, Message
from ozwell_harness.mock.webhooks.sender import Webhooks
from ozwell_harness.mock.webhooks.settings import EVENTS, HeaderNames, WebhookSettings

__all__ = ["EVENTS", "Draft", "HeaderNames", "Letter", "Message", "WebhookSettings", "Webhooks"]
