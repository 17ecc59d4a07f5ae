from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from streams import ROLE, STOP, USAGE, USAGE_CHUNK, chunk, text

from ozwell_harness.checks.assembly import ItemKind, assemble
from ozwell_harness.sse import Event, parse


def events(*documents: Any) -> list[Event]:
    data = [d if isinstance(d, str) else json.dumps(d) for d in documents]
    return [Event(d, "", "", n) for n, d in enumerate(data)]


def fragment(index: Any, **fields: Any) -> dict[str, Any]:
    return chunk({"tool_calls": [{"index": index, **fields}]})


def test_an_answer_is_put_together() -> None:
    answer = assemble(events(ROLE, text("One"), text(", two"), STOP, USAGE_CHUNK, "[DONE]"))
    (choice,) = answer.choices
    assert (choice.content, choice.pieces, choice.finish_reason) == ("One, two", ("One", ", two"), "stop")
    assert choice.deltas[0].role == "assistant"
    assert not choice.deltas[0].payload
    assert answer.usages == ((4, USAGE),)
    assert answer.is_done
    assert answer.problems == ()


def test_choices_are_kept_apart_however_they_interleave() -> None:
    answer = assemble(events(text("b", index=1), text("a"), text("B", index=1), text("A")))
    assert [(choice.index, choice.content) for choice in answer.choices] == [(0, "aA"), (1, "bB")]
    assert answer.choice(1) is answer.choices[1]
    assert answer.choice(2) is None


def test_tool_calls_are_joined_by_index() -> None:
    answer = assemble(
        events(
            fragment(0, id="a", function={"name": "f", "arguments": '{"x"'}),
            fragment(1, id="b", function={"name": "g", "arguments": ""}),
            fragment(0, function={"arguments": ": 1}"}),
            fragment(1, id="c", function={"arguments": "{}"}),
        )
    )
    first, second = answer.choices[0].calls
    assert (first.name, first.arguments, first.ids) == ("f", '{"x": 1}', ("a",))
    assert (second.name, second.arguments, second.ids) == ("g", "{}", ("b", "c"))


def test_what_follows_the_end_marker_belongs_to_no_answer() -> None:
    answer = assemble(events(text("a"), "[DONE]", text("b"), "[DONE]"))
    assert answer.choices[0].content == "a"
    assert [item.kind for item in answer.trailing] == [ItemKind.CHUNK, ItemKind.DONE]
    assert len(answer.chunks) == 1


def test_events_are_told_apart() -> None:
    odd = ["[1]", "nothing", '{"error": {"message": "no"}}', '{"object": "error"}', "NaN", "[DONE]"]
    kinds = [item.kind for item in assemble(events(*odd)).items]
    assert kinds == [
        ItemKind.ODD,
        ItemKind.BROKEN,
        ItemKind.ERROR,
        ItemKind.ERROR,
        ItemKind.BROKEN,
        ItemKind.DONE,
    ]
    assert assemble([Event("{}", "error", "", 0)]).items[0].kind is ItemKind.ERROR
    assert assemble(events({"error": None, "choices": []})).items[0].kind is ItemKind.CHUNK


def test_what_cannot_be_read_is_noted_and_passed_over() -> None:
    answer = assemble(
        events(
            {"choices": "none"},
            {"choices": [1]},
            chunk({"content": "a"}, index="0"),
            chunk("text"),
            chunk({"content": 7}),
            chunk({"tool_calls": {"index": 0}}),
            chunk({"tool_calls": None, "content": None}),
        )
    )
    assert len(answer.problems) == 6
    assert answer.choices[0].content == ""


def test_problems_are_bounded() -> None:
    assert len(assemble(events(*[{"choices": 1}] * 100)).problems) == 20


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "index", "delta", "content", "tool_calls", "function", "name", "usage", "error", "id"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(JSON, max_size=4))
def test_no_events_make_it_raise(documents: list[Any]) -> None:
    answer = assemble(events(*documents, "[DONE]"))
    assert len(answer.items) == len(documents) + 1
    for choice in answer.choices:
        assert isinstance(choice.content, str)
        assert all(isinstance(call.arguments + call.name, str) for call in choice.calls)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(min_value=1, max_value=60), max_size=10))
def test_deep_and_huge_values_do_not_make_it_raise(sizes: list[int]) -> None:
    body = "".join(f"data: {'[' * size * 2000}\n\ndata: {'9' * size * 100}\n\n" for size in sizes)
    assert len(assemble(parse(body.encode()).events).items) == 2 * len(sizes)
