"""The scenarios of the load tests, and how the mixed one is weighted. Pure: nothing here sends anything.

A scenario is a generator: it yields requests and is sent their answers. To add one, write the generator, then name it
in ``SCENARIOS``; ``ozwell-harness load --scenario NAME`` and Locust's ``--scenario NAME`` know it at once. What it
needs says in which dialects there is such a scenario.
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


def chat_history(context: Context) -> Flow:
    """A chat is held, and its history read back and compared with what was said."""
    chat = context.remembered_chat()
    answer = yield chat.ask()
    if chat.kept(answer):
        yield chat.history()


def rag_query(context: Context) -> Flow:
    """One query by a sentence of a document; the first users upload the few documents that there are to find."""
    lacking = context.lacking_document()
    if lacking is not None:
        answer = yield lacking.upload()
        if not lacking.filed(answer):
            context.library.give_up(lacking)
            return
    document = lacking or context.library.some(context.rng)
    answer = yield context.query(document)
    document.heard(answer)


def ingest(context: Context) -> Flow:
    """A document is uploaded, and asked for by its own sentence. It stays: this API deletes none."""
    document = context.document()
    answer = yield document.upload()
    if document.filed(answer):
        yield context.query(document)


CHAT = Scenario("chat", chat, frozenset({Need.CHAT}))
CHAT_STREAM = Scenario("chat_stream", chat_stream, frozenset({Need.CHAT, Need.STREAMING}))
MULTI_TURN = Scenario("multi_turn", multi_turn, frozenset({Need.CHAT, Need.STREAMING}))
EMBEDDINGS = Scenario("embeddings", embeddings, frozenset({Need.EMBEDDINGS}))
RESPONSES = Scenario("responses", responses, frozenset({Need.RESPONSES}))
FILES = Scenario("files", files, frozenset({Need.FILES}))
MODELS = Scenario("models", models, frozenset({Need.MODELS}))
CHAT_HISTORY = Scenario("chat_history", chat_history, frozenset({Need.CHAT, Need.HISTORY}))
RAG_QUERY = Scenario("rag_query", rag_query, frozenset({Need.DOCUMENTS, Need.RETRIEVAL}))
INGEST = Scenario("ingest", ingest, frozenset({Need.DOCUMENTS, Need.RETRIEVAL}))

SCENARIOS: Mapping[str, Mix] = {
    "chat": Mix(((CHAT, 1),)),
    "chat_stream": Mix(((CHAT_STREAM, 1),)),
    "multi_turn": Mix(((MULTI_TURN, 1),)),
    "embeddings": Mix(((EMBEDDINGS, 1),)),
    "responses": Mix(((RESPONSES, 1),)),
    "files": Mix(((FILES, 1),)),
    "models": Mix(((MODELS, 1),)),
    "chat_history": Mix(((CHAT_HISTORY, 1),)),
    "rag_query": Mix(((RAG_QUERY, 1),)),
    "ingest": Mix(((INGEST, 1),)),
    # Of these, what every target of the dialect has.
    "mixed": Mix(((CHAT_STREAM, 6), (CHAT, 3), (EMBEDDINGS, 2), (MODELS, 1), (CHAT_HISTORY, 1), (RAG_QUERY, 3))),
}
