"""Exchanges that several areas judge. Each is made once in a run, when the first test asks for it."""

from __future__ import annotations

import pytest

from ozwell_harness.client import Client
from ozwell_harness.model import Exchange
from ozwell_harness.target import KeyName


@pytest.fixture(scope="session")
def model_list(client: Client) -> Exchange:
    return client.get("/models", "list models")


@pytest.fixture(scope="session")
def chat_plain(client: Client) -> Exchange:
    return client.chat("a plain chat completion")


@pytest.fixture(scope="session")
def without_key(client: Client) -> Exchange:
    return client.get("/models", "list models without a key", key=KeyName.NONE)
