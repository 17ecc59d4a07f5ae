"""Responses that forget, and outputs of another shape."""

from __future__ import annotations

from ozwell_harness.mock.call import Call
from ozwell_harness.mock.dialogue import Dialogue
from ozwell_harness.mock.faults.base import Area, JsonObject
from ozwell_harness.mock.faults.wrappers import StoreWrapper
from ozwell_harness.mock.routing import Operation
from ozwell_harness.mock.store import Store

AREA = Area("responses")


@AREA.store("conversation-forgotten", "Earlier turns of a conversation are not known.", Operation.CREATE_RESPONSE,
            breaks=("responses.conversation-persists",))  # fmt: skip
def conversation_forgotten(store: Store, call: Call) -> Store:  # noqa: ARG001
    """Remember nothing."""
    return _Forgetful(store)


@AREA.result("conversation-not-echoed", "`conversation_id` is missing in the answer.", Operation.CREATE_RESPONSE,
             breaks=("responses.conversation-echoed",))  # fmt: skip
def conversation_not_echoed(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Leave it out."""
    return {name: value for name, value in answer.items() if name != "conversation_id"}


@AREA.result("output-array", "`output` is an array.", Operation.CREATE_RESPONSE,
             breaks=("responses.output-is-object", "responses.schema"))  # fmt: skip
def output_array(answer: JsonObject, call: Call) -> JsonObject:  # noqa: ARG001
    """Wrap the output."""
    return {**answer, "output": [answer["output"]]}


class _Forgetful(StoreWrapper):
    async def turns(self, tenant: str, conversation: str) -> Dialogue:  # noqa: ARG002
        return ()
