"""From wire messages to a dialogue, with the rules that span several messages or look inside an image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ozwell_harness.mock import wire
from ozwell_harness.mock.dialogue import Called, Dialogue, Role, Turn
from ozwell_harness.mock.errors import invalid_value, missing_parameter
from ozwell_harness.mock.images import check_image


def read_messages(messages: Sequence[wire.Message], before: Dialogue = ()) -> Dialogue:
    """The turns that a request adds to `before`.

    Raises:
        ApiError: 400 for an empty assistant message, a broken image, or a tool result without its call.
    """
    turns = tuple(_turn(message, f"messages[{index}]") for index, message in enumerate(messages))
    known = {call.id for turn in before for call in turn.calls}
    for index, turn in enumerate(turns):
        if turn.role is Role.TOOL and turn.call_id not in known:
            message = "This tool message answers no tool call of an earlier assistant message."
            raise invalid_value(f"messages[{index}].tool_call_id", message)
        known.update(call.id for call in turn.calls)
    return turns


def _turn(message: wire.Message, path: str) -> Turn:
    if isinstance(message, wire.UserMessage):
        return _user_turn(message, path)
    if isinstance(message, wire.AssistantMessage):
        return _assistant_turn(message, path)
    if isinstance(message, wire.ToolMessage):
        return Turn(Role.TOOL, _text(message.content), call_id=message.tool_call_id)
    return Turn(Role.SYSTEM, _text(message.content), name=message.name)


def _user_turn(message: wire.UserMessage, path: str) -> Turn:
    content = message.content
    if isinstance(content, str):
        return Turn(Role.USER, content, name=message.name)
    texts, images = [], []
    for index, part in enumerate(content):
        if isinstance(part, wire.TextPart):
            texts.append(part.text)
        else:
            images.append(check_image(part.image_url.url, f"{path}.content[{index}].image_url.url"))
    return Turn(Role.USER, "\n".join(texts), tuple(images), name=message.name)


def _assistant_turn(message: wire.AssistantMessage, path: str) -> Turn:
    if message.content is None and message.refusal is None and not message.tool_calls:
        raise missing_parameter(f"{path}.content")
    calls = tuple(Called(c.id, c.function.name, c.function.arguments) for c in message.tool_calls or ())
    return Turn(Role.ASSISTANT, _text(message.content or message.refusal or ""), calls=calls, name=message.name)


def _text(content: str | Iterable[wire.TextPart | wire.RefusalPart]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part.text if isinstance(part, wire.TextPart) else part.refusal for part in content)
