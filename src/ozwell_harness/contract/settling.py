"""The configuration of the one model that may be changed: as it was, and how it is put back."""

from __future__ import annotations

import re
from urllib.parse import unquote

from ozwell_harness.changing import HARMLESS_CONFIG, config_call
from ozwell_harness.checks import config
from ozwell_harness.checks.accepted import is_accepted
from ozwell_harness.exchange import Call
from ozwell_harness.model import Exchange, Unjudgeable

_CHANGE = re.compile(r"/models/([^/?]+)/(?:config|deploy)(?:\?.*)?")


class Settling:
    """Knows what the phase may change of models, and what it leaves."""

    def __init__(self, model: str | None) -> None:
        """Keep the name of the model that may be changed; None for no model at all."""
        self._model = model
        self._harmless: dict[str, float] = dict(HARMLESS_CONFIG)
        self._unsettled = False

    def permits(self, call: Call) -> bool:
        """Tell whether a call changes no model but the one that the owner named."""
        match = _CHANGE.fullmatch(call.path)
        return match is None or unquote(match[1]) == self._model

    def look(self) -> Call | None:
        """Return a call whose answer tells how the model is configured; None where none may be changed."""
        return config_call(self._model, {"temperature": 1}, "look at a configuration") if self._model else None

    def learn(self, exchange: Exchange) -> None:
        """Remember what the answer to ``look`` tells: that is put back."""
        try:
            told = config.told_by(exchange)
        except Unjudgeable:
            return
        self._harmless |= {name: value for name in HARMLESS_CONFIG if (value := told.get(name)) is not None}

    def follow(self, exchange: Exchange) -> None:
        """Note whether the configuration was changed."""
        request = exchange.request
        if request.method == "PUT" and _CHANGE.fullmatch(request.path) and is_accepted(exchange):
            self._unsettled = True

    def restoration(self) -> Call | None:
        """Return the call that puts the configuration back; None where nothing was changed."""
        if self._model is None or not self._unsettled:
            return None
        return config_call(self._model, self._harmless, "put harmless values back")
