"""Makes calls with the official client and tells what came of them, as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from ozwell_harness.checks.sdk import Outcome
from ozwell_harness.exchange import Recorder
from ozwell_harness.model import Exchange
from ozwell_harness.official.wire import RecorderTransport
from ozwell_harness.target import KeyName, Target

if TYPE_CHECKING:
    from openai import OpenAI


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of the client: what it came to, and the exchanges that it made."""

    outcome: Outcome
    exchanges: tuple[Exchange, ...]


class OfficialClient:
    """The client as a user sets it up, but for retries, which would hide a finding."""

    def __init__(self, recorder: Recorder, target: Target) -> None:
        self._recorder = recorder
        self.target = target

    def call(self, label: str, ask: Callable[[OpenAI], Any], *, key: str | None = None) -> Attempt:
        """Call the client and return what it returned or raised.

        Args:
            label: what the call is made for, in a few words.
            ask: calls the client and nothing else, so that what it raises is the client's doing.
            key: sent in place of the target's own.

        Raises:
            Unjudgeable: the run's budget of requests is spent.
        """
        import openai

        secret = self.target.keys.get(KeyName.MAIN)
        wire = RecorderTransport(self._recorder, self.target, label)
        # Older versions of the client name httpx in this type, newer ones its successor, and take either.
        http: Any = httpx.Client(transport=wire, trust_env=False)
        with (
            http,
            openai.OpenAI(
                api_key=key or (secret.reveal() if secret else "none"),
                base_url=self.target.base_url,
                max_retries=0,
                http_client=http,
            ) as sdk,
        ):
            try:
                outcome = Outcome(value=plain(ask(sdk)))
            except Exception as error:  # noqa: BLE001 - whatever the client raises is what its user sees
                if wire.failure is not None:
                    raise wire.failure from None
                outcome = _raised(error)
        return Attempt(outcome, wire.exchanges)


def _raised(error: Exception) -> Outcome:
    body = getattr(error, "body", None)
    return Outcome(raised=type(error).__name__, words=str(error), error=body if isinstance(body, Mapping) else None)


def plain(value: Any) -> Any:
    """Return what the client returned as JSON values; what is none of its objects stays as it is."""
    import openai

    if isinstance(value, openai.BaseModel):
        # The client does not validate, so that a field may hold what its type does not allow.
        return value.to_dict(mode="python", warnings=False)
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
