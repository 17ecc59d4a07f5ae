from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal, request, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import base, chat, config, deploy, params
from ozwell_harness.model import Exchange, FailureKind
from ozwell_harness.profile import load_profile

EXPECT = load_profile("openwebui").expect.errors
PUT = {"temperature": 0.5, "max_tokens": 16}
SENT = {"instance_type": "cpu-small", "replicas": 1, "auto_scaling": False}


def configured(nested: bool = False, **fields: Any) -> Exchange:
    told = PUT | {"top_p": 1} | fields
    return exchange(json={"config": told} if nested else told, asked=request("PUT", "/models/gpt-4/config"))


def told(words: int, finish: str = "stop") -> Exchange:
    return exchange(json={"choices": [{"message": {"content": "word " * words}, "finish_reason": finish}]})


def deployed(answered: int = 200, /, **fields: Any) -> Exchange:
    return exchange(answered, json={"status": "pending", "model_id": "gpt-4"} | fields)


def taken(method: str) -> Case:
    asked = request(method, "/models/none/config")
    good = {str(s): refusal(s, asked=asked) for s in (400, 401, 404, 422)} | {"200": exchange(json={}, asked=asked)}
    bad = {"405": refusal(405), "500": exchange(500), "302": exchange(302), "nothing": unanswered()}
    return Case(config.takes, good, bad)


def refusing(situation: str, *what: str) -> Case:
    check = params.refuses if what else base.refused
    good = {str(status): refusal(status) for status in EXPECT[situation].statuses}
    return Case(check, good, {"200": configured(), "500": exchange(500)}, more=(*what, EXPECT[situation]))


ACCEPTS = Case(
    params.accepts,
    {"200": configured()},
    {"400": refusal(), "500": exchange(500)},
    {"too late": unanswered(FailureKind.TIMEOUT)},
    more=("temperature 2",),
)
OBJECT = {"configuration": configured(), "nothing told": exchange(json={})}
SILENT = {"refused": refusal(), "a list": exchange(json=[])}

CONFIG = {
    "config.takes-put": taken("PUT"),
    "config.answers": Case(
        chat.completes, OBJECT, {"400": refusal(), "204": exchange(204), "no JSON": exchange(body=b"ok")}
    ),
    "config.values-told": Case(
        config.values_are_told,
        {"flat": configured(), "nested": configured(nested=True), "another": configured(temperature=9)},
        {"none": exchange(json={"status": "ok"}), "one less": exchange(json={"temperature": 0.5})},
        SILENT,
        more=(PUT,),
    ),
    "config.values-true": Case(
        config.values_are_true,
        {
            "flat": configured(),
            "nested": configured(nested=True),
            "integer as number": configured(max_tokens=16.0),
            "one told": exchange(json={"temperature": 0.5}),
        },
        {
            "another": configured(temperature=0.7),
            "nested": configured(nested=True, max_tokens=17),
            "text": configured(max_tokens="16"),
            "null": configured(temperature=None),
            "true": configured(max_tokens=True),
        },
        {"none told": exchange(json={"status": "ok"}), **SILENT},
        more=(PUT,),
    ),
    "config.left-out-kept": Case(
        config.left_out_is_kept,
        {"kept": configured(max_tokens=1), "nested": configured(nested=True, max_tokens=1)},
        {"reset": configured(max_tokens=1024), "null": configured(max_tokens=None)},
        {"not told": exchange(json={"temperature": 2}), **SILENT},
        more=({"max_tokens": 1},),
    ),
    **{
        f"config.{name}-{bound}-bound-accepted": ACCEPTS
        for name in ("temperature", "top-p", "frequency-penalty", "presence-penalty")
        for bound in ("lower", "upper")
    },
    "config.max-tokens-one-accepted": ACCEPTS,
    **{
        f"config.{name}-refused": refusing("bad_request", "a value")
        for name in (
            "temperature-beyond",
            "top-p-beyond",
            "frequency-penalty-beyond",
            "presence-penalty-beyond",
            "max-tokens-zero",
            "wrong-type",
        )
    },
    "config.used-by-chat": Case(
        config.cuts_chat,
        {"cut": told(1, "length"), "cut, counted otherwise": told(20, "length"), "short": told(4)},
        {"long": told(40)},
        {"refused": refusal(), "no choices": exchange(json={})},
        more=(1,),
    ),
    "config.unknown-model-refused": refusing("unknown_model"),
}
DEPLOY = {
    "deploy.takes-post": taken("POST"),
    "deploy.answers": Case(
        deploy.deploys,
        {"200": deployed(), "201": deployed(201), "202": deployed(202)},
        {"404": refusal(404), "500": exchange(500), "no JSON": exchange(201, body=b"ok"), "nothing": unanswered()},
        {"of another type": refusal(), "deployed already": refusal(409)},
    ),
    "deploy.status-told": Case(
        deploy.status_is_told,
        {"there": deployed()},
        {"none": exchange(json={}), "number": deployed(status=1)},
        {"refused": refusal()},
    ),
    "deploy.values-true": Case(
        deploy.values_are_true,
        {"all": deployed(**SENT), "one": deployed(replicas=1), "nested": deployed(config=SENT)},
        {
            "another": deployed(instance_type="gpu"),
            "more": deployed(replicas=2),
            "number for false": deployed(auto_scaling=0),
            "true for one": deployed(replicas=True),
            "nested": deployed(config=SENT | {"auto_scaling": True}),
        },
        {"nothing": deployed(), "refused": refusal()},
        more=(SENT,),
    ),
    "deploy.model-true": Case(
        deploy.model_is_true,
        {"named": deployed()},
        {"another": deployed(model_id="gpt-3"), "null": deployed(model_id=None)},
        {"not named": exchange(json={"status": "ok"}), "refused": refusal()},
        more=("gpt-4",),
    ),
    **{
        f"deploy.{name}-refused": refusing("bad_request", "a value")
        for name in ("negative-replicas", "zero-replicas", "auto-scaling-wrong-type", "missing-instance-type")
    },
    "deploy.unknown-model-refused": Case(
        deploy.refused_if_had,
        {"404": refusal(404)},
        {"200": deployed(), "202": deployed(202), "500": exchange(500), "nothing": unanswered()},
        {"of another type": refusal()},
        more=(EXPECT["unknown_model"],),
    ),
}


@pytest.mark.parametrize(("requirement", "name", "expected", "check", "arguments"), rows(CONFIG | DEPLOY))
def test_judgement(requirement: str, name: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected


def test_every_requirement_has_a_case() -> None:
    assert not areas_without_case("config", CONFIG)
    assert not areas_without_case("deploy", DEPLOY)
