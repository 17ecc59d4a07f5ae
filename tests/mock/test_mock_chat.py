from __future__ import annotations

import json
from typing import Any

import httpx
import jsonschema_rs
import pytest
from asking import WEATHER, ask, chunks_of, error_of, streamed_text, text_of, user

from ozwell_harness.mock.tokenizer import count_tokens, pieces_of

PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6"
    "kgAAAABJRU5ErkJggg=="
)


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        (
            "Repeat exactly: \U0001f600 na\u00efve \u6f22\u5b57 \U0001f1e9\U0001f1ea",
            "\U0001f600 na\u00efve \u6f22\u5b57 \U0001f1e9\U0001f1ea",
        ),
        ("Repeat the following text exactly and add nothing else:\nline one\nline two", "line one\nline two"),
        ("Reply with exactly pong", "pong"),
        ("Reply with exactly: two  spaces, kept.", "two  spaces, kept."),
        ("Reply with only the word 'pong'.", "pong"),
        ("Reply with the single word: pong", "pong"),
        ("Reply with pong.", "pong"),
        ("Repeat after me: two words", "two words"),
        ("Say pong and nothing else.", "pong"),
        ("Say X-17 and nothing else", "X-17"),
        ('Respond with "quoted text"', "quoted text"),
        ("Count from 1 to 5", "1, 2, 3, 4, 5"),
        ("Please count from 3 down to 1.", "3, 2, 1"),
    ],
)
def test_instructions_are_followed_to_the_letter(client: httpx.Client, prompt: str, answer: str) -> None:
    assert text_of(ask(client, prompt)) == answer
    assert streamed_text(ask(client, prompt, stream=True)) == answer


@pytest.mark.parametrize(
    ("told", "asked", "expected"),
    [
        ("My code word is ZX-4711. Remember it.", "What is my code word?", "ZX-4711"),
        ("Remember the code 90210-Q.", "Which code did I ask you to remember?", "90210-Q"),
        ("My name is Ad\u00e8le.", "Do you remember my name?", "Ad\u00e8le"),
        ("The secret number is 8151.", "What was the secret number I gave you?", "8151"),
        ("My code word is Elk9.", "What is my code word? Answer with only the code word.", "Elk9"),
        (
            "My code word is Elk9.",
            "What is my code word? Answer with the code word only, or say that you do not know.",
            "Elk9",
        ),
        ("My favourite color is teal.", "What is my favourite color? Answer in one word.", "teal"),
    ],
)
def test_facts_are_recalled(client: httpx.Client, told: str, asked: str, expected: str) -> None:
    history = [*user(told), {"role": "assistant", "content": "I will."}, *user(asked)]
    assert expected in text_of(ask(client, messages=history))
    assert expected not in text_of(ask(client, asked))


def test_what_was_never_told_is_not_known(client: httpx.Client) -> None:
    assert text_of(ask(client, "What is my code word?")) == "I do not know your code word; nobody has told me."


def test_free_text_is_about_the_prompt_and_deterministic(client: httpx.Client) -> None:
    one, two = ask(client, "Explain nonce-7f3a please"), ask(client, "Explain nonce-7f3a please")
    assert text_of(one) == text_of(two)
    assert "nonce-7f3a" in text_of(one)
    assert one.json()["id"] != two.json()["id"]
    assert 40 <= one.json()["usage"]["completion_tokens"] <= 250
    assert text_of(ask(client, "Explain nonce-7f3a please", seed=7)) != text_of(one)


def test_long_story_is_long(client: httpx.Client) -> None:
    assert ask(client, "Tell me a very long story about herons").json()["usage"]["completion_tokens"] > 500


def test_usage_counts(client: httpx.Client) -> None:
    answer = ask(client, "Tell me about herons", n=3).json()
    texts = [choice["message"]["content"] for choice in answer["choices"]]
    assert answer["usage"]["completion_tokens"] == sum(map(count_tokens, texts))
    assert answer["usage"]["total_tokens"] == answer["usage"]["prompt_tokens"] + answer["usage"]["completion_tokens"]
    longer = ask(client, "Tell me about herons and much more, please").json()
    assert longer["usage"]["prompt_tokens"] > answer["usage"]["prompt_tokens"]


def test_choices_differ_and_the_first_is_that_of_one(client: httpx.Client) -> None:
    choices = ask(client, n=3).json()["choices"]
    texts = [choice["message"]["content"] for choice in choices]
    assert [choice["index"] for choice in choices] == [0, 1, 2]
    assert len(set(texts)) == 3
    assert texts[0] == text_of(ask(client))


@pytest.mark.parametrize("stop", ["7", ["nowhere", "7"], " 6, 7", ", 7, 8"])
def test_stop_cuts_before_the_text(client: httpx.Client, stop: Any) -> None:
    full = text_of(ask(client, "Count from 1 to 20"))
    words = [stop] if isinstance(stop, str) else stop
    choice = ask(client, "Count from 1 to 20", stop=stop).json()["choices"][0]
    content = choice["message"]["content"]
    assert choice["finish_reason"] == "stop"
    assert full.startswith(content)
    assert content == full[: min(full.find(word) for word in words if word in full)]
    assert streamed_text(ask(client, "Count from 1 to 20", stop=stop, stream=True)) == content


@pytest.mark.parametrize("limit", [1, 2, 9, 1.0])
def test_max_tokens_is_exact(client: httpx.Client, limit: float) -> None:
    answer = ask(client, max_tokens=limit).json()
    assert answer["usage"]["completion_tokens"] == limit
    assert answer["choices"][0]["finish_reason"] == "length"
    assert text_of(ask(client)).startswith(answer["choices"][0]["message"]["content"])


def test_a_limit_that_is_just_enough_is_no_cut(client: httpx.Client) -> None:
    tokens = len(pieces_of("1, 2, 3"))
    assert ask(client, "Count from 1 to 3", max_tokens=tokens).json()["choices"][0]["finish_reason"] == "stop"
    assert ask(client, "Count from 1 to 3", max_tokens=tokens - 1).json()["choices"][0]["finish_reason"] == "length"


def test_tool_call_and_round_trip(client: httpx.Client) -> None:
    question = user("What is the weather in Paris?")
    choice = ask(client, messages=question, tools=[WEATHER]).json()["choices"][0]
    call = choice["message"]["tool_calls"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert json.loads(call["function"]["arguments"])["location"] == "Paris"
    history = [
        *question,
        choice["message"],
        {"role": "tool", "tool_call_id": call["id"], "content": "18 degrees, rain"},
    ]
    assert "18 degrees, rain" in text_of(ask(client, messages=history, tools=[WEATHER]))


def test_tool_choice(client: httpx.Client) -> None:
    def finish(prompt: str, choice: Any) -> str:
        return ask(client, prompt, tools=[WEATHER], tool_choice=choice).json()["choices"][0]["finish_reason"]

    named = {"type": "function", "function": {"name": "get_weather"}}
    assert finish("What is the weather in Paris?", "none") == "stop"
    assert finish("What is the weather in Paris?", "auto") == "tool_calls"
    assert finish("Hello", "auto") == "stop"
    assert finish("Hello", None) == "stop"
    assert finish("Hello", "required") == "tool_calls"
    assert finish("Hello", named) == "tool_calls"


def test_parallel_calls(client: httpx.Client) -> None:
    prompt = "What is the weather in Paris and London?"
    calls = ask(client, prompt, tools=[WEATHER]).json()["choices"][0]["message"]["tool_calls"]
    assert [json.loads(call["function"]["arguments"])["location"] for call in calls] == ["Paris", "London"]
    assert len({call["id"] for call in calls}) == 2
    single = ask(client, prompt, tools=[WEATHER], parallel_tool_calls=False).json()
    assert len(single["choices"][0]["message"]["tool_calls"]) == 1


def test_capped_tool_call_keeps_within_the_limit(client: httpx.Client) -> None:
    for limit in range(1, 25):
        answer = ask(client, "Weather in Paris and London?", tools=[WEATHER], max_tokens=limit).json()
        assert answer["usage"]["completion_tokens"] <= limit
        assert answer["choices"][0]["finish_reason"] == "length"


def test_streamed_tool_calls_join_to_the_plain_ones(client: httpx.Client) -> None:
    prompt = "What is the weather in Paris and London?"
    plain = ask(client, prompt, tools=[WEATHER]).json()["choices"][0]["message"]["tool_calls"]
    joined: dict[int, dict[str, str]] = {}
    for chunk in chunks_of(ask(client, prompt, tools=[WEATHER], stream=True)):
        for part in chunk["choices"][0]["delta"].get("tool_calls", []):
            if "id" in part:
                assert part["index"] not in joined
                joined[part["index"]] = {"name": part["function"]["name"], "arguments": ""}
            joined[part["index"]]["arguments"] += part["function"]["arguments"]
    assert list(joined.values()) == [call["function"] for call in plain]


def test_images_are_seen_and_cost_tokens(client: httpx.Client) -> None:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PNG}}]
    one, two = ask(client, parts), ask(client, [*parts, parts[1]])
    assert "1 image (image/png)" in text_of(one)
    assert "2 images" in text_of(two)
    assert two.json()["usage"]["prompt_tokens"] == one.json()["usage"]["prompt_tokens"] + 85
    web = [{"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/never-fetched.png"}}]
    assert ask(client, web).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/a.png",
        "data:image/png;base64,%%%",
        "data:image/png;base64,aGVsbG8=",
        "data:text/plain;base64,aGVsbG8=",
        "data:image/png,raw",
        "",
    ],
)
def test_unreadable_images_are_refused(client: httpx.Client, url: str) -> None:
    error = error_of(ask(client, [{"type": "image_url", "image_url": {"url": url}}]), 400)
    assert error["param"] == "messages[0].content[0].image_url.url"


SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 3},
        "age": {"type": "integer", "minimum": 30, "maximum": 40},
        "mail": {"type": "string", "format": "email"},
        "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{2,4}$"},
        "tags": {"type": "array", "items": {"enum": ["red", "green"]}, "minItems": 2},
        "child": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/child"}]},
    },
    "required": ["name", "age", "mail", "code", "tags", "child"],
    "additionalProperties": False,
    "$defs": {"child": {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}},
}


def test_json_schema_is_honoured(client: httpx.Client) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA, "strict": True}}
    content = json.loads(text_of(ask(client, "Ada is 36 and likes green", response_format=form)))
    jsonschema_rs.Draft202012Validator(SCHEMA).validate(content)
    assert content["age"] == 36


def test_json_object_is_an_object(client: httpx.Client) -> None:
    for prompt in ("Give me JSON about herons", "Reply with exactly pong"):
        assert isinstance(json.loads(text_of(ask(client, prompt, response_format={"type": "json_object"}))), dict)
    exact = ask(client, 'Reply with exactly: {"a": 1}', response_format={"type": "json_object"})
    assert text_of(exact) == '{"a": 1}'


def test_every_role_is_heard(client: httpx.Client) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    history = [
        {"role": "system", "content": "Be brief.", "name": "boss"},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}], "name": "ann"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "42"}]},
        {"role": "assistant", "content": "So it is 42.", "tool_calls": []},
        {"role": "user", "content": "Reply with exactly pong", "tool_calls": []},
    ]
    assert text_of(ask(client, messages=history)) == "pong"


def test_null_equals_absent_and_unknown_fields_are_ignored(client: httpx.Client) -> None:
    names = ["temperature", "top_p", "n", "stream", "stop", "max_tokens", "presence_penalty", "frequency_penalty"]
    names += ["tools", "tool_choice", "stream_options", "response_format", "seed", "user", "parallel_tool_calls"]
    nulls: dict[str, Any] = dict.fromkeys(names)
    assert text_of(ask(client, **nulls, unheard_of={"x": 1})) == text_of(ask(client))


def test_other_models_answer(client: httpx.Client) -> None:
    for name in ("gpt-3.5-turbo", "ozwell/test-model:1.0"):
        assert ask(client, model=name).json()["model"] == name
