"""Judgements on POST /responses, the Ozwell dialect: messages in, one output object out.

Usage, clock and model are judged by ``usage`` and ``chat``, an event stream's grammar by ``stream_framing``.
"""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs

from ozwell_harness.checks.base import at, document_of, objects_at, one_of, shown, success_of, validates
from ozwell_harness.checks.operations import EVENT_STREAM
from ozwell_harness.checks.stream_framing import begun_answer, whole_answer
from ozwell_harness.checks.text import answer_text
from ozwell_harness.model import Deviation, Exchange, Unjudgeable
from ozwell_harness.profile import Profile

ID_PREFIX = "resp-"


def output_of(exchange: Exchange) -> dict[str, Any]:
    """Return the output of a 200.

    Raises:
        Unjudgeable: it is not an object.
    """
    output = at(document_of(exchange), "output")
    if not isinstance(output, dict):
        raise Unjudgeable("output is not an object")
    return output


def matches_schema(exchange: Exchange, profile: Profile) -> Deviation | None:
    """The answer is a valid Response; an optional field may be null, which says the same as leaving it out."""
    document = {name: value for name, value in document_of(exchange).items() if value is not None}
    return validates(document, profile, "Response")


def object_is_named(exchange: Exchange) -> Deviation | None:
    """``object`` is ``response``."""
    found = document_of(exchange).get("object")
    if found == "response":
        return None
    return Deviation("object is not response", 'object "response"', f"object {shown(found)}")


def id_has_prefix(exchange: Exchange) -> Deviation | None:
    """The id begins as the documents show it."""
    found = at(document_of(exchange), "id")
    if isinstance(found, str) and found.startswith(ID_PREFIX):
        return None
    return Deviation(f"the id does not begin with {ID_PREFIX}", f"an id like {ID_PREFIX}abc123", f"id {shown(found)}")


def output_is_object(exchange: Exchange) -> Deviation | None:
    """``output`` is one object, not a list of items."""
    found = document_of(exchange).get("output")
    if isinstance(found, dict):
        return None
    return Deviation("output is not one object", "output: an object with role and content", f"output {shown(found)}")


def role_is_assistant(exchange: Exchange) -> Deviation | None:
    """The output's role is ``assistant``."""
    found = output_of(exchange).get("role")
    if found == "assistant":
        return None
    return Deviation("the output is not the assistant's", 'role "assistant"', f"role {shown(found)}")


def content_is_text(exchange: Exchange) -> Deviation | None:
    """The output's content is a string that says something; null where the model refused."""
    output = output_of(exchange)
    found = output.get("content")
    if (isinstance(found, str) and found.strip()) or isinstance(output.get("refusal"), str):
        return None
    actual = f"content {shown(found)}" if "content" in output else "no content"
    return Deviation("the output's content is not a text", "content: a non-empty string", actual)


def echoes(exchange: Exchange, conversation: str) -> Deviation | None:
    """The conversation id comes back."""
    found = document_of(exchange).get("conversation_id")
    if found == conversation:
        return None
    return Deviation(
        "the conversation id does not come back", f"conversation_id {conversation}", f"conversation_id {shown(found)}"
    )


def keeps_apart(exchange: Exchange, word: str) -> Deviation | None:
    """A conversation does not know a word that only another one was told."""
    is_stream = success_of(exchange).media_type == EVENT_STREAM
    text = streamed_text(exchange) if is_stream else answer_text(exchange)
    if word.lower() not in text.lower():
        return None
    return Deviation(
        "a conversation knows what another was told", f"an answer without {word}", f"content {shown(text)}"
    )


def has_sources(exchange: Exchange) -> Deviation | None:
    """``sources`` is an array; it may be empty."""
    document = document_of(exchange)
    if isinstance(document.get("sources"), list):
        return None
    actual = f"sources {shown(document['sources'])}" if "sources" in document else "no sources"
    return Deviation("sources were asked for and are not there", "sources: an array, maybe empty", actual)


def has_no_sources(exchange: Exchange) -> Deviation | None:
    """There are no sources: the field is absent, null or empty."""
    found = document_of(exchange).get("sources")
    if not found:
        return None
    return Deviation("sources are given although they were not asked for", "no sources", f"sources {shown(found)}")


def sources_of(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the sources of an answer.

    Raises:
        Unjudgeable: there are none, or they are not objects.
    """
    found = objects_at(document_of(exchange), "sources")
    if not found:
        raise Unjudgeable("the answer names no source")
    return found


def sources_match_schema(exchange: Exchange, profile: Profile) -> Deviation | None:
    """Every source has file_id, filename, page and excerpt."""
    found = at(document_of(exchange), "sources")
    if not isinstance(found, list) or not found:
        raise Unjudgeable("the answer names no source")
    return next((deviation for source in found if (deviation := validates(source, profile, "Source"))), None)


def names_file(exchange: Exchange, file_id: str) -> Deviation | None:
    """The file that holds what was asked for is among the sources."""
    found = [source.get("file_id") for source in objects_at(document_of(exchange), "sources")]
    if file_id in found:
        return None
    return Deviation("the file that holds the answer is not among the sources", file_id, f"file_ids {shown(found)}")


def filename_is_true(exchange: Exchange, file_id: str, filename: str) -> Deviation | None:
    """A source has the filename under which its file was uploaded."""
    found = _source(exchange, file_id).get("filename")
    if found == filename:
        return None
    return Deviation("a source names its file wrongly", f"filename {filename}", f"filename {shown(found)}")


def excerpt_is_quoted(exchange: Exchange, file_id: str, content: str) -> Deviation | None:
    """A source's excerpt stands in its file; white space and an ellipsis at either end do not count."""
    found = at(_source(exchange, file_id), "excerpt")
    if isinstance(found, str) and found and _bare(found) in _bare(content):
        return None
    return Deviation("an excerpt does not stand in its file", "a passage of the file", f"excerpt {shown(found)}")


def files_are_there(retrieved: list[Exchange]) -> Deviation | None:
    """Every file that a source names can be retrieved."""
    missing = [exchange for exchange in retrieved if exchange.status == 404]
    if missing:
        return Deviation(
            "a source names a file that does not exist", "status 200", f"404 for {missing[0].request.path}"
        )
    if not any(exchange.status == 200 for exchange in retrieved):
        raise Unjudgeable("no source's file could be looked for")
    return None


def is_json_object(exchange: Exchange) -> Deviation | None:
    """The content is one JSON object and nothing else."""
    text = answer_text(exchange)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return Deviation("the content is not JSON", "one JSON object and no text around it", f"content {shown(text)}")
    if isinstance(document, dict):
        return None
    return Deviation("the content is not a JSON object", "one JSON object", f"content {shown(text)}")


def fits(exchange: Exchange, schema: dict[str, Any]) -> Deviation | None:
    """The content validates against the schema that was asked for.

    Raises:
        Unjudgeable: it is not JSON.
    """
    try:
        document = json.loads(answer_text(exchange))
    except (ValueError, RecursionError):
        raise Unjudgeable("the content is not JSON") from None
    error = next(jsonschema_rs.Draft202012Validator(schema).iter_errors(document), None)
    if error is None:
        return None
    where = "/".join(map(str, error.instance_path)) or "the whole"
    return Deviation(
        "the content does not fit the schema", f"JSON with {one_of(schema['properties'])}", f"{where}: {error.message}"
    )


def streamed_text(exchange: Exchange) -> str:
    """Return the text that a stream's increments add up to, in whatever kind of chunk.

    Raises:
        Unjudgeable: it did not begin, or broke off.
    """
    answer = whole_answer(exchange)
    told = [_delta(item.document).get("content") for item in answer.chunks]
    told += [choice.content for choice in answer.choices]
    return "".join(text for text in told if isinstance(text, str))


def streams_text(exchange: Exchange) -> Deviation | None:
    """The stream's increments add up to some text, in whatever kind of chunk."""
    if streamed_text(exchange):
        return None
    chunks = len(whole_answer(exchange).chunks)
    return Deviation("the stream says nothing", "events whose delta.content add up to a text", f"{chunks} chunks")


def chunks_match_schema(exchange: Exchange, profile: Profile) -> Deviation | None:
    """Every event but ``[DONE]`` is a valid ResponseChunk."""
    for item in begun_answer(exchange).chunks:
        errors = profile.schema_errors("ResponseChunk", item.document)
        if errors:
            told = "; ".join(f"{error.pointer}: {shown(error.message)}" for error in errors[:3])
            return Deviation("an event is no valid ResponseChunk", "a ResponseChunk", f"event {item.at}: {told}")
    return None


def has_one_id(exchange: Exchange) -> Deviation | None:
    """All chunks of a stream have one id."""
    found = list(dict.fromkeys(shown(item.document.get("id")) for item in begun_answer(exchange).chunks))
    if len(found) <= 1:
        return None
    return Deviation("the id changes within a stream", f"id {found[0]} throughout", f"then {found[1]}")


def _delta(chunk: Any) -> dict[str, Any]:
    delta = chunk.get("delta") if isinstance(chunk, dict) else None
    return delta if isinstance(delta, dict) else {}


def _source(exchange: Exchange, file_id: str) -> dict[str, Any]:
    found = next((source for source in sources_of(exchange) if source.get("file_id") == file_id), None)
    if found is None:
        raise Unjudgeable("the file is not among the sources")
    return found


def _bare(text: str) -> str:
    return " ".join(text.split()).strip(" .…").lower()
