"""The official OpenAI client drives the mock unchanged, as a user of the documents would."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import openai
import pytest
from asking import WEATHER
from openai import OpenAI
from pydantic import BaseModel

from ozwell_harness.mock import MockHandle, MockSettings, running_mock
from ozwell_harness.mock.keys import Budget

MODEL = "gpt-4"
EMBEDDER = "text-embedding-ada-002"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def sdk(mock: MockHandle) -> Iterator[OpenAI]:
    with OpenAI(api_key=mock.settings.secrets.main, base_url=mock.base_url, max_retries=0) as sdk:
        yield sdk


def test_chat(sdk: OpenAI) -> None:
    answer = sdk.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Reply with exactly pong"}])
    assert answer.choices[0].message.content == "pong"
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer._request_id


def test_stream(sdk: OpenAI) -> None:
    messages = [{"role": "user", "content": "Tell me about caf\u00e9s"}]
    plain = sdk.chat.completions.create(model=MODEL, messages=messages)
    stream = sdk.chat.completions.create(
        model=MODEL, messages=messages, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == plain.choices[0].message.content
    assert chunks[-1].usage == plain.usage


def test_stream_helper_rebuilds_the_answer(sdk: OpenAI) -> None:
    messages = [{"role": "user", "content": "Weather in Paris and London?"}]
    with sdk.chat.completions.stream(model=MODEL, messages=messages, tools=[WEATHER], n=2) as stream:
        final = stream.get_final_completion()
    for choice in final.choices:
        assert choice.finish_reason == "tool_calls"
        places = [json.loads(call.function.arguments)["location"] for call in choice.message.tool_calls or ()]
        assert places == ["Paris", "London"]


def test_n(sdk: OpenAI) -> None:
    answer = sdk.chat.completions.create(
        model=MODEL, n=2, messages=[{"role": "user", "content": "Tell me about herons"}]
    )
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert len({choice.message.content for choice in answer.choices}) == 2


def test_tools_round_trip(sdk: OpenAI) -> None:
    messages: list[object] = [{"role": "user", "content": "What is the weather in Paris?"}]
    first = sdk.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])
    call = (first.choices[0].message.tool_calls or [])[0]
    messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}]
    second = sdk.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])
    assert "21 degrees" in (second.choices[0].message.content or "")


def test_images(sdk: OpenAI) -> None:
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
    ]
    answer = sdk.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": content}])
    assert "image/png" in (answer.choices[0].message.content or "")


def test_stop_and_max_tokens(sdk: OpenAI) -> None:
    messages = [{"role": "user", "content": "Count from 1 to 20"}]
    stopped = sdk.chat.completions.create(model=MODEL, messages=messages, stop=["7"])
    assert stopped.choices[0].message.content == "1, 2, 3, 4, 5, 6, "
    capped = sdk.chat.completions.create(model=MODEL, messages=messages, max_completion_tokens=3)
    assert capped.choices[0].finish_reason == "length"


class Person(BaseModel):
    name: str
    age: int


def test_json_modes(sdk: OpenAI) -> None:
    messages = [{"role": "user", "content": "Describe Ada, who is 36, as JSON"}]
    loose = sdk.chat.completions.create(model=MODEL, messages=messages, response_format={"type": "json_object"})
    assert isinstance(json.loads(loose.choices[0].message.content or ""), dict)
    parsed = sdk.chat.completions.parse(model=MODEL, messages=messages, response_format=Person)
    assert parsed.choices[0].message.parsed == Person(name="Ada", age=36)


def test_embeddings_by_default_and_float(sdk: OpenAI) -> None:
    default = sdk.embeddings.create(model=EMBEDDER, input=["one", "two"])
    floats = sdk.embeddings.create(model=EMBEDDER, input=["one", "two"], encoding_format="float")
    assert [item.index for item in default.data] == [0, 1]
    assert [item.embedding for item in default.data] == [item.embedding for item in floats.data]


def test_files(mock: MockHandle) -> None:
    with OpenAI(api_key=mock.settings.secrets.other, base_url=mock.base_url, max_retries=0) as sdk:
        made = [sdk.files.create(file=(f"{number}.txt", b"%d" % number), purpose="assistants") for number in range(23)]
        assert [file.id for file in sdk.files.list(limit=5)] == [file.id for file in reversed(made)]
        assert sdk.files.retrieve(made[0].id) == made[0]
        assert sdk.files.content(made[7].id).read() == b"7"
        for file in made:
            assert sdk.files.delete(file.id).deleted
        assert list(sdk.files.list()) == []


def test_models(sdk: OpenAI) -> None:
    ids = [model.id for model in sdk.models.list()]
    assert {MODEL, EMBEDDER} <= set(ids)
    for name in ids:
        assert sdk.models.retrieve(name).id == name


def test_errors(mock: MockHandle, sdk: OpenAI) -> None:
    def ask(client: OpenAI, **fields: object) -> None:
        client.chat.completions.create(**{"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], **fields})

    with pytest.raises(openai.BadRequestError) as bad:
        ask(sdk, temperature=3)
    assert (bad.value.param, bad.value.code, bad.value.type) == (
        "temperature",
        "invalid_value",
        "invalid_request_error",
    )
    with pytest.raises(openai.NotFoundError) as unknown:
        ask(sdk, model="gpt-0")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError) as wrong:
        ask(sdk.with_options(api_key="ozw_wrong"))
    assert wrong.value.code == "invalid_api_key"
    with pytest.raises(openai.PermissionDeniedError):
        ask(sdk.with_options(api_key=mock.settings.secrets.restricted))
    with pytest.raises(openai.InternalServerError):
        sdk.with_options(default_headers={"X-Mock-Fault": "errors.status-500"}).models.retrieve("gpt-0")


def test_rate_limit_error_and_the_clients_own_patience() -> None:
    settings = MockSettings(limited=Budget(requests=1, tokens=1000, window_s=1.0))
    with running_mock(settings) as mock, OpenAI(api_key=settings.secrets.limited, base_url=mock.base_url) as sdk:
        impatient = sdk.with_options(max_retries=0)
        impatient.models.list()
        with pytest.raises(openai.RateLimitError) as limited:
            impatient.models.list()
        assert limited.value.code == "rate_limit_exceeded"
        assert limited.value.response.headers["retry-after"] == "1"
        assert sdk.models.list().data
