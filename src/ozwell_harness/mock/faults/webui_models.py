"""Configurations that are told, kept or judged wrongly, and deployments that are not what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.webui_wrappers import (
    WebUiWrapper,
    accepts,
    alters,
    answers_with,
    is_number,
    is_text,
    mends,
    refuses_with,
    rejects,
    replaces,
    tells,
    wraps,
)
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.webui.records import ModelConfig

CONFIG = Area("config")
DEPLOY = Area("deploy")
AREAS = (CONFIG, DEPLOY)

PUT, POST, CHAT = Operation.CONFIGURE_MODEL, Operation.DEPLOY_MODEL, Operation.CREATE_CHAT

#: Requirements' word for a parameter → its name, and the bounds of what is accepted.
_RANGES: Mapping[str, tuple[str, float, float]] = {
    "temperature": ("temperature", 0, 2),
    "top-p": ("top_p", 0, 1),
    "frequency-penalty": ("frequency_penalty", -2, 2),
    "presence-penalty": ("presence_penalty", -2, 2),
}

_TAKES, _ANSWERS, _SUCCESS = "config.takes-put", "config.answers", "http.success-is-200"
_ONE = "config.max-tokens-one-accepted"
_BOUNDS = (_ONE, *(f"config.{word}-{side}-bound-accepted" for word in _RANGES for side in ("lower", "upper")))
answers_with(CONFIG, PUT, "answered-204", "A configuration is answered with 204 and no body.", 204, _ANSWERS, *_BOUNDS,
             _SUCCESS)  # fmt: skip
answers_with(CONFIG, PUT, "not-allowed", "No configuration is possible.", 403, _ANSWERS, *_BOUNDS)
tells(CONFIG, PUT, "answered-null", "A configuration is answered with null.", None, _ANSWERS)
tells(CONFIG, PUT, "only-confirmed", "The answer to a configuration tells none of the values.", {"status": "updated"},
      "config.values-told")  # fmt: skip

_TRUE, _KEPT, _USED = "config.values-true", "config.left-out-kept", "config.used-by-chat"
alters(CONFIG, PUT, "values-as-texts", "The values of a configuration are told as texts.",
       lambda answer: answer.update({k: str(v) for k, v in _values(answer).items()}), _TRUE, _KEPT)  # fmt: skip
alters(CONFIG, PUT, "values-halved", "A temperature is told as half of what was put.",
       lambda answer: answer.update(temperature=(answer["temperature"] or 0) / 2), _TRUE)  # fmt: skip


class _Old(WebUiWrapper):
    async def update_config(self, tenant: str, model: str, changes: ModelConfig) -> ModelConfig:
        before = await self.inner.get_config(tenant, model)
        await self.inner.update_config(tenant, model, changes)
        return before


class _Replacing(WebUiWrapper):
    """Replaces the whole: what is left out is forgotten."""

    async def update_config(self, tenant: str, model: str, changes: ModelConfig) -> ModelConfig:
        self.call.notes[f"config.{tenant}.{model}"] = changes
        return changes

    async def get_config(self, tenant: str, model: str) -> ModelConfig:
        config: ModelConfig = self.call.notes.get(f"config.{tenant}.{model}", ModelConfig())
        return config


class _Unkept(WebUiWrapper):
    """Answers with what was put and keeps nothing."""

    async def update_config(self, tenant: str, model: str, changes: ModelConfig) -> ModelConfig:  # noqa: ARG002
        return changes


class _Unused(WebUiWrapper):
    async def get_config(self, tenant: str, model: str) -> ModelConfig:  # noqa: ARG002
        return ModelConfig()


wraps(CONFIG, _Old, "old-values-told", "The answer to a configuration tells the values from before.", PUT,
      breaks=(_TRUE,))  # fmt: skip
wraps(CONFIG, _Replacing, "left-out-reset", "What a configuration leaves out is reset.", PUT, CHAT, breaks=(_KEPT,))
wraps(CONFIG, _Unkept, "not-kept", "A configuration is confirmed and not kept.", PUT, breaks=(_KEPT,))
wraps(CONFIG, _Unused, "not-used", "Chats do not use the configuration of their model.", CHAT, breaks=(_USED,))


def _ranges(word: str, name: str, low: float, high: float) -> None:
    for side, bound in (("lower", low), ("upper", high)):
        rejects(CONFIG, PUT, f"{word}-{side}-bound-refused", f"A {name} of {bound:g} is refused.",
                _holds(name, bound), 400, f"config.{word}-{side}-bound-accepted")  # fmt: skip
    mends(CONFIG, PUT, f"{word}-clamped", f"A {name} out of range is brought into it.",
          lambda body: _clamped(body, name, low, high), f"config.{word}-beyond-refused")  # fmt: skip


def _holds(name: str, value: float) -> Callable[[JsonObject], bool]:
    is_it = is_number(value)
    return lambda body: is_it(body.get(name))


def _clamped(body: JsonObject, name: str, low: float, high: float) -> JsonObject:
    value = body.get(name)
    return {**body, name: min(high, max(low, value))} if isinstance(value, int | float) else body


for _word, (_name, _low, _high) in _RANGES.items():
    _ranges(_word, _name, _low, _high)

rejects(CONFIG, PUT, "one-token-refused", "A max_tokens of 1 is refused.", _holds("max_tokens", 1), 400,
        _ONE)  # fmt: skip
mends(CONFIG, PUT, "no-tokens-accepted", "A max_tokens of 0 is accepted.",
      replaces("max_tokens", is_number(0), 1024), "config.max-tokens-zero-refused")  # fmt: skip
mends(CONFIG, PUT, "words-accepted", "A temperature in words is accepted.",
      replaces("temperature", is_text, 1), "config.wrong-type-refused")  # fmt: skip

_STRANGER = "config.unknown-model-refused"
accepts(CONFIG, PUT, "unknown-model-accepted", "A configuration for an unknown model is accepted.",
        lambda r: r.status == 404, {"temperature": 1}, _STRANGER)  # fmt: skip
refuses_with(CONFIG, PUT, "unknown-model-400", "A configuration for an unknown model is a bad request.",
             lambda r: r.status == 404, 400, _STRANGER)  # fmt: skip
refuses_with(CONFIG, PUT, "put-not-allowed", "PUT is not allowed on an unknown model's configuration.",
             lambda r: r.status == 404, 405, _TAKES)  # fmt: skip

_DEPLOYS, _STATUS, _VALUES = "deploy.answers", "deploy.status-told", "deploy.values-true"
answers_with(DEPLOY, POST, "answered-204", "A deployment is answered with 204 and no body.", 204, _DEPLOYS, _SUCCESS)
answers_with(DEPLOY, POST, "not-allowed", "No deployment is possible.", 403, _DEPLOYS)
tells(DEPLOY, POST, "answered-with-id-alone", "A deployment is answered with a text.", "dep-1", _DEPLOYS)
alters(DEPLOY, POST, "status-missing", "A deployment has no status.", lambda answer: answer.pop("status"), _STATUS)
alters(DEPLOY, POST, "status-number", "The status of a deployment is a number.", lambda a: a.update(status=1), _STATUS)
alters(DEPLOY, POST, "replicas-doubled", "A deployment has twice the replicas that were asked for.",
       lambda answer: answer.update(replicas=answer["replicas"] * 2), _VALUES)  # fmt: skip
alters(DEPLOY, POST, "auto-scaling-always", "Every deployment scales by itself.",
       lambda answer: answer.update(auto_scaling=True), _VALUES)  # fmt: skip
alters(DEPLOY, POST, "instance-type-other", "A deployment is on another type of instance.",
       lambda answer: answer.update(instance_type="default"), _VALUES)  # fmt: skip
alters(DEPLOY, POST, "model-other", "A deployment names another model.", lambda a: a.update(model_id="gpt-4"),
       "deploy.model-true")  # fmt: skip

for _word, _bad in (("negative", -1), ("zero", 0)):
    mends(DEPLOY, POST, f"{_word}-replicas-accepted", f"A deployment on {_bad} replicas is accepted.",
          replaces("replicas", is_number(_bad), 1),
          f"deploy.{_word}-replicas-refused")  # fmt: skip
mends(DEPLOY, POST, "words-accepted", "An auto_scaling in words is accepted.",
      replaces("auto_scaling", is_text, good=True), "deploy.auto-scaling-wrong-type-refused")  # fmt: skip
mends(DEPLOY, POST, "instance-type-optional", "A deployment that does not say on what is accepted.",
      lambda body: {"instance_type": "default", **body}, "deploy.missing-instance-type-refused")  # fmt: skip

_NOBODY = "deploy.unknown-model-refused"
accepts(DEPLOY, POST, "unknown-model-accepted", "The deployment of an unknown model is accepted.",
        lambda r: r.status == 404, {"status": "deployed"}, _NOBODY)  # fmt: skip
refuses_with(DEPLOY, POST, "unknown-model-400", "The deployment of an unknown model is a bad request.",
             lambda r: r.status == 404, 400, _NOBODY)  # fmt: skip
refuses_with(DEPLOY, POST, "post-not-allowed", "POST is not allowed on an unknown model's deployment.",
             lambda r: r.status == 404, 405, "deploy.takes-post")  # fmt: skip


def _values(answer: JsonObject) -> JsonObject:
    return {name: value for name, value in answer.items() if name != "model_id" and value is not None}
