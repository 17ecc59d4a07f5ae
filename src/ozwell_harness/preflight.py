"""Looks at a target before a run: is it there, and which models has it?"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from importlib.util import find_spec

from ozwell_harness.client import is_list, page_ids
from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.model import Exchange, FailureKind, Unjudgeable
from ozwell_harness.model_choice import choose_models
from ozwell_harness.profile import Profile
from ozwell_harness.retrying import retry_after_s
from ozwell_harness.settings import ConfigurationError, Settings
from ozwell_harness.target import KeyName, Target

_NO_SUCH_PATH = frozenset({404, 405})


@dataclass(frozen=True, slots=True)
class Ready:
    """The target as far as it is known.

    Attributes:
        unreachable: why nothing can be judged, in a sentence; None when it can.
        doubt: why this may not be the API at all, in a sentence.
    """

    target: Target
    unreachable: str | None = None
    doubt: str | None = None


def target_of(settings: Settings, profile: Profile) -> Target:
    """Return the target as far as the settings and the dialect tell; models may still be unknown.

    Raises:
        ConfigurationError: no URL is set.
    """
    if settings.base_url is None:
        raise ConfigurationError("No target is named: give its base URL, or set OZWELL_BASE_URL.")
    return Target(
        base_url=settings.base_url,
        model=settings.model or "",
        embedding_model=settings.embedding_model,
        keys=settings.keys or {},
        absent=settings.absent,
        timeouts=settings.timeouts,
        politeness=settings.politeness,
        ca_file=settings.ca_file,
        webhook_receiver=settings.webhooks,
        sdk=find_spec("openai") is not None,
        deployable_model=settings.deployable_model,
        knock=profile.knock.path,
    )


def prepare(settings: Settings, profile: Profile, recorder: Recorder) -> Ready:
    """Knock at the target, and fill in the models that the settings do not name from those that it lists.

    Raises:
        ConfigurationError: no chat model is named and the target lists none, or it wants a key that it did not get.
    """
    target = target_of(settings, profile)
    key = KeyName.MAIN if KeyName.MAIN in target.keys else KeyName.NONE
    url = recorder.redactor.clean(target.base_url)
    fallback = replace(target, model=target.model or profile.default_model)
    try:
        exchange = recorder.send(Call("GET", profile.knock.path, "preflight: is the target there?", key=key))
    except Unjudgeable as error:
        return Ready(fallback, f"{url} was not asked: {error}.")
    if exchange.response is None:
        return Ready(fallback, f"{url} did not answer: {_why(exchange, target)}.")
    if retry_after_s(exchange) is not None:
        return Ready(
            fallback, f"{url} answers {exchange.status} and asks to come back later, however long the run waits."
        )
    if exchange.status == 401 and key is KeyName.NONE:
        # Judging what little such a target shows to strangers would end green and mean nothing.
        raise ConfigurationError("The target asks for a key: set OZWELL_API_KEY.")
    if profile.knock.lists_models:
        return _with_models(target, profile, exchange, url)
    named = target if target.model else replace(target, model=_model_of_list(recorder, key, exchange))
    return Ready(named, doubt=_doubt_of_knock(exchange, profile, url))


def _model_of_list(recorder: Recorder, key: KeyName, knock: Exchange) -> str:
    """Return a chat model of a list that is not documented, and may be there all the same.

    Raises:
        ConfigurationError: there is none.
    """
    _refuse_wrong_key(knock, knock.request.path)
    chat = None
    with contextlib.suppress(Unjudgeable):
        listed = recorder.send(Call("GET", "/models", "preflight: is there a list of models?", key=key))
        chat, _ = choose_models(page_ids(listed))
    if chat:
        return chat
    raise ConfigurationError("No model is named, and the target lists none: name one with OZWELL_MODEL or --model.")


def _refuse_wrong_key(exchange: Exchange, asked_for: str) -> None:
    if exchange.status in {401, 403}:
        raise ConfigurationError(
            f"The target refused the key when asked for {asked_for} ({exchange.status}): set OZWELL_API_KEY to a valid"
            " key, or name a model with OZWELL_MODEL to judge it all the same."
        )


def _why(exchange: Exchange, target: Target) -> str:
    """Say what failed, and what the owner can do about it where that is plain."""
    if exchange.failure is None:
        return "no answer"
    said, kind = exchange.failure.message, exchange.failure.kind
    if kind is FailureKind.TLS and any(word in said for word in ("issuer", "self-signed", "self signed")):
        hint = f"{target.ca_file} does not vouch for it" if target.ca_file else "--ca-file names the authority to trust"
        return f"{said} ({hint})"
    if kind is FailureKind.RESET and target.base_url.startswith("http:"):
        return f"{said} (if the target speaks TLS, its URL begins with https://)"
    return said


def _with_models(target: Target, profile: Profile, exchange: Exchange, url: str) -> Ready:
    chat, listed_embedding = choose_models(page_ids(exchange))
    embedding = target.embedding_model or listed_embedding
    doubt = _doubt(exchange, url)
    if target.model:
        return Ready(replace(target, embedding_model=embedding), doubt=doubt)
    if chat:
        return Ready(replace(target, model=chat, embedding_model=embedding))
    _refuse_wrong_key(exchange, "its models")
    if exchange.status in _NO_SUCH_PATH or not doubt:
        raise ConfigurationError(
            f"No model found: GET {url}{exchange.request.path} answered {exchange.status} and lists no chat model."
            " Name one with OZWELL_MODEL or --model, and check that the URL ends in /v1."
        )
    # A broken list is a finding of its own; the rest is judged with the model that the documents use.
    chosen = replace(target, model=profile.default_model, embedding_model=embedding or profile.default_embedding_model)
    return Ready(chosen, doubt=f"{doubt} Judged with the model {chosen.model}; name another with OZWELL_MODEL.")


def _doubt_of_knock(exchange: Exchange, profile: Profile, url: str) -> str | None:
    """Return why this may not be the API at all, in a sentence; None when it answers as the API does."""
    response = exchange.response
    if response is None or exchange.failure is not None or response.status not in profile.knock.statuses:
        return _doubt(exchange, url)
    try:
        document = response.document
    except (ValueError, RecursionError):
        document = None
    if document is not None and (response.status < 400 or profile.expect.envelope.read(document) is not None):
        return None
    asked = f"GET {url}{exchange.request.path}"
    return f"{asked} answered {response.status} unlike the API: does the URL of the API end in its version, as /v1?"


def _doubt(exchange: Exchange, url: str) -> str | None:
    """Return why this may not be the API at all, in a sentence; None when the list of models is one."""
    response = exchange.response
    asked = f"GET {url}{exchange.request.path}"
    if response is None or exchange.failure is not None:
        return f"{asked} was not answered whole: {exchange.failure.message if exchange.failure else 'no answer'}."
    if 300 <= response.status < 400:
        return f"{asked} answered {response.status}, a redirect. None is followed: the key must not go elsewhere."
    if response.status in _NO_SUCH_PATH:
        return f"{asked} answered {response.status}: does the URL of the API end in /v1?"
    if response.status != 200:
        return f"{asked} answered {response.status}."
    if is_list(exchange):
        return None
    labelled = response.media_type or "no Content-Type"
    return f"{asked} answered no list of models ({labelled}): does the URL of the API end in /v1?"
