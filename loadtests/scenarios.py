"""The scenarios of the load tests, and how the mixed one is weighted. Pure: nothing here sends anything.

A scenario is a generator: it yields requests and is sent their answers. To add one, write the generator, then name it
in ``SCENARIOS``; ``ozwell-harness load --scenario NAME`` and Locust's ``--scenario NAME`` know it at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from ozwell_harness.load.scenario import Context, Flow, Mix, Need, Scenario


def chat(context: Context) -> Flow:
    """One plain chat completion, with a prompt that no other request has."""
    yield context.chat()


def chat_stream(context: Context) -> Flow:
    """One streamed chat completion."""
    yield context.chat_stream()


def embeddings(context: Context) -> Flow:
    """One embedding."""
    yield context.embeddings()


def models(context: Context) -> Flow:
    """The list of models: the cheapest request there is."""
    yield context.models()


def multi_turn(context: Context) -> Flow:
    """A streamed chat of several turns; every request holds the whole history."""
    dialogue = context.dialogue()
    for _ in range(context.workload.turns):
        answer = yield dialogue.ask()
        if not dialogue.heard(answer):
            return


def responses(context: Context) -> Flow:
    """A conversation of several turns whose history the target keeps."""
    conversation = context.conversation()
    for _ in range(context.workload.turns):
        answer = yield conversation.ask()
        if not conversation.goes_on(answer):
            return


def files(context: Context) -> Flow:
    """A file is uploaded, found in the list, downloaded byte for byte, and deleted."""
    file = context.file()
    answer = yield file.upload()
    if not file.kept(answer):
        return
    yield file.listing()
    yield file.download()
    answer = yield file.delete()
    file.gone(answer)


CHAT = Scenario("chat", chat)
CHAT_STREAM = Scenario("chat_stream", chat_stream)
EMBEDDINGS = Scenario("embeddings", embeddings, frozenset({Need.EMBEDDING_MODEL}))
MODELS = Scenario("models", models)

SCENARIOS: Mapping[str, Mix] = {
    "chat": Mix(((CHAT, 1),)),
    "chat_stream": Mix(((CHAT_STREAM, 1),)),
    "multi_turn": Mix(((Scenario("multi_turn", multi_turn), 1),)),
    "embeddings": Mix(((EMBEDDINGS, 1),)),
    "responses": Mix(((Scenario("responses", responses), 1),)),
    "files": Mix(((Scenario("files", files), 1),)),
    "models": Mix(((MODELS, 1),)),
    "mixed": Mix(((CHAT_STREAM, 6), (CHAT, 3), (EMBEDDINGS, 2), (MODELS, 1))),
}
