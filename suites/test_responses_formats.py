"""Responses, the Ozwell dialect: sources, and JSON by response_format."""

from __future__ import annotations

import pytest

from ozwell_harness.asked_responses import AS_OBJECT, BY_A_SCHEMA, SCHEMA, SOURCES
from ozwell_harness.checks import base, responses
from ozwell_harness.client import Client, user
from ozwell_harness.combined import Combined
from ozwell_harness.model import Exchange
from ozwell_harness.profile import Profile
from ozwell_harness.shelf import Upload, file_path
from ozwell_harness.suite import Check, Judge, each, requirement

#: A model may cite many files; so many are looked for.
MOST_SOURCES = 3


@pytest.fixture(scope="session")
def sourced(asking: Combined) -> Exchange:
    """An answer with sources to a question that only the note answers."""
    return asking.shows(SOURCES)


@pytest.fixture(scope="session")
def json_object(asking: Combined) -> Exchange:
    return asking.shows(AS_OBJECT)


@pytest.fixture(scope="session")
def json_schema(telling: Combined) -> Exchange:
    return telling.shows(BY_A_SCHEMA)


@each({"responses.sources-accepted": base.answers, "responses.sources-given": responses.has_sources})
def test_sources(check: Check, sourced: Exchange, judge: Judge) -> None:
    judge(check, sourced)


@requirement("responses.sources-schema")
def test_sources_schema(sourced: Exchange, profile: Profile, judge: Judge) -> None:
    judge(responses.sources_match_schema, sourced, profile)


@requirement("responses.source-found")
def test_source_is_found(client: Client, sourced: Exchange, note: Upload, lighthouse: str, judge: Judge) -> None:
    def ask(attempt: int) -> Exchange:
        if attempt == 1:
            return sourced
        return client.respond(f"ask for sources, try {attempt}", messages=[user(lighthouse)], include_sources=True)

    judge.model_dependent(responses.names_file, ask, note.id)


@requirement("responses.source-filename")
def test_source_filename(sourced: Exchange, note: Upload, judge: Judge) -> None:
    judge(responses.filename_is_true, sourced, note.id, note.sent.filename)


@requirement("responses.source-excerpt")
def test_source_excerpt(sourced: Exchange, note: Upload, judge: Judge) -> None:
    judge(responses.excerpt_is_quoted, sourced, note.id, note.sent.content.decode())


@requirement("responses.source-retrievable")
def test_source_is_retrievable(
    client: Client, sourced: Exchange, note: Upload, note_retrieved: Exchange, judge: Judge
) -> None:
    ids = list(dict.fromkeys(str(source.get("file_id")) for source in responses.sources_of(sourced)))
    known = {note.id: note_retrieved} if note_retrieved.status == 200 else {}
    found = [known.get(name) or client.get(file_path(name), "retrieve a source") for name in ids[:MOST_SOURCES]]
    judge(responses.files_are_there, found)


@each({"responses.json-object-accepted": base.answers, "responses.json-object-parses": responses.is_json_object})
def test_json_object(check: Check, json_object: Exchange, judge: Judge) -> None:
    judge(check, json_object)


@each({"responses.json-schema-accepted": base.answers, "responses.json-schema-parses": responses.is_json_object})
def test_json_schema(check: Check, json_schema: Exchange, judge: Judge) -> None:
    judge(check, json_schema)


@requirement("responses.json-schema-fits")
def test_json_schema_fits(json_schema: Exchange, judge: Judge) -> None:
    judge(responses.fits, json_schema, SCHEMA)
