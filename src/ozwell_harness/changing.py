"""Changes of a model that the owner named for it: what a run sent there, and what it puts back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ozwell_harness.checks.accepted import is_accepted
from ozwell_harness.client import Client, json_call, segment
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange, Unjudgeable
from ozwell_harness.target import KeyName

Body = Mapping[str, Any]

#: What a run leaves of a configuration where nothing tells what it was.
HARMLESS_CONFIG = {"temperature": 1, "max_tokens": 1024, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0}

#: No model of any target.
UNKNOWN_MODEL = "no-such-model-7f3c"


def config_call(model: str, body: Body, label: str, *, key: KeyName = KeyName.MAIN) -> Call:
    """Return a call that configures a model."""
    return json_call(f"/models/{segment(model)}/config", dict(body), label, key=key, method="PUT")


def deploy_call(model: str, body: Body, label: str, *, key: KeyName = KeyName.MAIN) -> Call:
    """Return a call that deploys a model."""
    return json_call(f"/models/{segment(model)}/deploy", dict(body), label, key=key)


class Changes:
    """Sends changes of one model, and knows whether what they left is what the run means to leave."""

    def __init__(self, client: Client, call: Callable[[str, Body, str], Call], harmless: Body) -> None:
        """Keep what to send at the end; nothing is sent yet.

        Args:
            client: what to send with.
            call: makes a call of a model's name, a body and a label.
            harmless: what the run means to leave.
        """
        self._client = client
        self._call = call
        self._unsettled = False
        self.harmless = dict(harmless)

    @property
    def model(self) -> str:
        """The model that may be changed.

        Raises:
            Unjudgeable: the owner named none.
        """
        if self._client.target.deployable_model:
            return self._client.target.deployable_model
        raise Unjudgeable("no model is named that may be changed")

    def make(self, label: str, body: Body) -> Exchange:
        """Send a change that is meant to be accepted."""
        exchange = self._client.send(self._call(self.model, body, label))
        if is_accepted(exchange):
            self._unsettled = dict(body) != self.harmless
        return exchange

    def attempt(self, label: str, body: Body) -> Exchange:
        """Send a change that ought to be refused; where it is accepted, it does not last."""
        exchange = self.make(label, body)
        self.settle()
        return exchange

    def settle(self) -> None:
        """Leave the model as the run means to, beyond the budget of requests too, where it is not so already."""
        if self._unsettled:
            call = self._call(self.model, self.harmless, "put harmless values back")
            self._unsettled = not is_accepted(self._client.send(replace(call, cleanup=True)))
