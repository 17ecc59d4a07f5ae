"""Exchanges that several areas judge. Each is made once in a run, when the first test asks for it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ozwell_harness import asked_chats, papers
from ozwell_harness.asked_histories import chat_call, conversation, plain_chat, question
from ozwell_harness.asked_responses import CONVERSATION, Talk, cold_responses, first_turn, new_talk, second_turn
from ozwell_harness.checks.history import Chat, Said
from ozwell_harness.client import Client, json_call, page_ids, user
from ozwell_harness.combined import Combined
from ozwell_harness.model import Exchange
from ozwell_harness.odd_files import ORDINARY, SHARED, OddFiles
from ozwell_harness.papers import Filed
from ozwell_harness.profile import Profile
from ozwell_harness.requirements import Catalogue
from ozwell_harness.shelf import Listing, Sent, Shelf, Upload, given_id, is_whole, read_on, walk_files
from ozwell_harness.target import KeyName, Target
from ozwell_harness.unusual import in_chunks, nested_call, nonce_calls, with_charset

#: The greatest documented limit of a list.
LARGEST_LIMIT = 100


@pytest.fixture(scope="session")
def knocked(client: Client, profile: Profile) -> Exchange:
    """A GET that every key may make."""
    # The look at the target before the run has asked for it already.
    first, knock = next(iter(client.recorder.exchanges), None), profile.knock
    known = first is not None and (first.request.method, first.request.path) == ("GET", knock.path)
    if first is not None and known and first.status in knock.statuses:
        return first
    return client.get(knock.path, knock.label)


@pytest.fixture(scope="session")
def model_list(knocked: Exchange) -> Exchange:
    """Only of use in a dialect that has a list of models to knock at."""
    return knocked


@pytest.fixture(scope="session")
def cold_plain(client: Client) -> Exchange:
    return client.chat("a plain chat completion", **asked_chats.COLD)


@pytest.fixture(scope="session")
def twin(client: Client, cold_plain: Exchange) -> Exchange:
    """The plain answer that streams are held against; some models take no temperature."""
    if cold_plain.status not in {400, 422}:
        return cold_plain
    return client.chat("a plain chat completion at no certain temperature", **asked_chats.SAME)


@pytest.fixture(scope="session")
def chat_plain(client: Client, twin: Exchange) -> Exchange:
    """What streams are held against may be too much for a target; a short greeting is not."""
    return twin if asked_chats.is_completion(twin) else client.chat("a plain chat completion of a greeting")


@pytest.fixture(scope="session")
def dialect(profile: Profile, owed: Catalogue) -> asked_chats.Dialect:
    return asked_chats.Dialect(frozenset(owed.by_id), profile.fields_of("ChatCompletionRequest"))


@pytest.fixture(scope="session")
def code_word() -> str:
    return asked_chats.new_code_word()


@pytest.fixture(scope="session")
def dialogue(client: Client, code_word: str, dialect: asked_chats.Dialect) -> asked_chats.Together:
    return asked_chats.dialogue(client, code_word, dialect)


@pytest.fixture(scope="session")
def lower(client: Client, dialect: asked_chats.Dialect) -> asked_chats.Together:
    return asked_chats.lower(client, dialect)


@pytest.fixture(scope="session")
def more(client: Client, dialect: asked_chats.Dialect) -> Combined:
    return asked_chats.more(client, dialect)


@pytest.fixture(scope="session")
def bad_stream(client: Client) -> Exchange:
    return client.chat("a stream with a string as messages", messages="Hello", stream=True)


@pytest.fixture(scope="session")
def without_key(client: Client, profile: Profile) -> Exchange:
    return client.get(profile.knock.path, f"{profile.knock.label} without a key", key=KeyName.NONE)


@pytest.fixture(scope="session")
def lower_case_scheme(client: Client, target: Target) -> Exchange:
    """A chat with an unknown model: that it gets as far as the model shows that the key was accepted."""
    key = target.keys.get(KeyName.MAIN)
    authorization = (("Authorization", f"bearer {key.reveal()}"),) if key else ()
    call = json_call("/chat/completions", unknown_model_chat(), "chat with an unknown model, key under bearer")
    return client.send(replace(call, headers=(*call.headers, *authorization)))


@pytest.fixture(scope="session")
def shelf(client: Client) -> Iterator[Shelf]:
    """The run's own files; what is left of them at the end is deleted, also when the run is interrupted."""
    own = Shelf(client)
    yield own
    own.clear()


@pytest.fixture(scope="session")
def note(shelf: Shelf) -> Upload:
    """A small text file that says what no other file says."""
    name = f"Quellmoor{secrets.token_hex(3)}"
    text = f"A note on {name}.\r\nThe lighthouse of {name} was painted turquoise.\r\n"
    return shelf.upload("upload a note", Sent("note.txt", text.encode(), topic=name))


@pytest.fixture(scope="session")
def note_retrieved(client: Client, note: Upload) -> Exchange:
    return client.get(note.path, "retrieve the note at once")


@pytest.fixture(scope="session")
def stranger(shelf: Shelf, note: Upload) -> Upload:  # noqa: ARG001 - comes first
    """A file of another purpose: between files of the note's purpose in a list that is ordered by time."""
    line = b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}\n'
    return shelf.upload("upload for another purpose", Sent("stranger.jsonl", line, "fine-tune"))


@pytest.fixture(scope="session")
def stock(shelf: Shelf, stranger: Upload) -> tuple[Upload, ...]:  # noqa: ARG001 - comes first
    """Odd files, uploaded at the same time; ordinary ones, too, where these are refused."""
    label = "upload at the same time"
    odd = shelf.upload_together(label, list(dict.fromkeys(SHARED.values())))
    return odd if all(given_id(upload.exchange) for upload in odd) else (*odd, *shelf.upload_together(label, ORDINARY))


@pytest.fixture(scope="session")
def odd_files(shelf: Shelf, client: Client, stock: tuple[Upload, ...]) -> OddFiles:
    return OddFiles(shelf, client, stock)


@pytest.fixture(scope="session")
def own_files(note: Upload, stranger: Upload, stock: tuple[Upload, ...]) -> tuple[str, ...]:
    """Ids of the run's own files, as far as they got one."""
    return tuple(name for upload in (note, stranger, *stock) if (name := given_id(upload.exchange)))


@pytest.fixture(scope="session")
def walked(client: Client, own_files: tuple[str, ...], profile: Profile) -> list[Exchange]:  # noqa: ARG001 - are there
    """A page of 2, then full ones, up to one that is empty, says it is the last, or was seen before."""
    pages = walk_files(client, LARGEST_LIMIT)
    refused = len(pages) > 1 and pages[1].status in profile.expect.errors["bad_request"].statuses
    return walk_files(client, profile.expect.list_limits.default) if refused else pages


@pytest.fixture(scope="session")
def shows_all(walked: list[Exchange], own_files: tuple[str, ...]) -> bool:
    """Whether the walk shows the whole list, so that it need not be asked for in another way."""
    return is_whole(walked, own_files, LARGEST_LIMIT)


@pytest.fixture(scope="session")
def hundred(client: Client, walked: list[Exchange], shows_all: bool) -> Exchange:  # noqa: FBT001
    """A page of a hundred: the first one of the list, or that of a walk which shows the whole list."""
    return walked[1] if shows_all else client.get("/files", "list a hundred files", query={"limit": LARGEST_LIMIT})


@pytest.fixture(scope="session")
def listing(
    client: Client,
    walked: list[Exchange],
    hundred: Exchange,
    shows_all: bool,  # noqa: FBT001
    profile: Profile,
) -> Listing:
    """The whole list as far as it is reasonable to read it; the first page only where the limit is refused."""
    asked = {"limit": LARGEST_LIMIT}
    if shows_all:
        return Listing(tuple(walked), LARGEST_LIMIT, asked)
    if hundred.status != 200:
        return Listing((client.get("/files", "list files"),), profile.expect.list_limits.default, {})
    more = read_on(client, hundred, "list files", asked, LARGEST_LIMIT)
    return Listing((hundred, *more), LARGEST_LIMIT, asked)


@pytest.fixture(scope="session")
def late(shelf: Shelf, walked: list[Exchange]) -> Upload:  # noqa: ARG001 - comes first
    """A file uploaded after the list was walked through, and deleted soon."""
    return shelf.upload("upload after a walk", Sent("late.txt", b"Late, and soon gone."))


@pytest.fixture(scope="session")
def continued(client: Client, late: Upload, walked: list[Exchange], profile: Profile) -> Exchange | None:  # noqa: ARG001
    """What follows the first page, asked for again after another upload; a default page where it may be full."""
    ids = page_ids(walked[0])
    limit: dict[str, object] = {} if profile.expect.list_limits.default <= LARGEST_LIMIT else {"limit": 2}
    return client.get("/files", "go on after an upload", query={**limit, "after": ids[-1]}) if ids else None


@pytest.fixture(scope="session")
def deleted_by_other(shelf: Shelf, target: Target, late: Upload, continued: Exchange | None) -> Exchange | None:  # noqa: ARG001
    """An attempt to delete the late file with another tenant's key."""
    if KeyName.OTHER not in target.keys or not given_id(late.exchange):
        return None
    return shelf.delete(late.id, "delete a file with another key", key=KeyName.OTHER)


@pytest.fixture(scope="session")
def response_plain(client: Client) -> Exchange:
    return client.respond("a plain response")


@pytest.fixture(scope="session")
def cold(client: Client, response_plain: Exchange) -> Combined:  # noqa: ARG001 - what all rests on comes first
    return cold_responses(client)


@pytest.fixture(scope="session")
def talk() -> Talk:
    return new_talk()


@pytest.fixture(scope="session")
def telling(client: Client, talk: Talk) -> Combined:
    return first_turn(client, talk)


@pytest.fixture(scope="session")
def told(telling: Combined) -> Exchange:
    """The first turn of a conversation."""
    return telling.shows(CONVERSATION)


@pytest.fixture(scope="session")
def lighthouse(note: Upload) -> str:
    """A question that only the note answers."""
    return f"What colour was the lighthouse of {note.sent.topic} painted? Consult the uploaded files."


@pytest.fixture(scope="session")
def asking(client: Client, talk: Talk, told: Exchange, lighthouse: str) -> Combined:  # noqa: ARG001 - comes first
    return second_turn(client, talk, lighthouse)


@pytest.fixture(scope="session")
def nested(client: Client, target: Target) -> Exchange:
    return client.send(nested_call(target))


@pytest.fixture(scope="session")
def simultaneous(client: Client, target: Target, nested: Exchange) -> list[Exchange]:  # noqa: ARG001 - comes first
    """Right after a refused request, so that they find the connection which that one has left."""
    *calls, last = nonce_calls(target)
    return client.together([*calls, with_charset(in_chunks(last))])


@pytest.fixture(scope="session")
def doomed(shelf: Shelf, late: Upload, deleted_by_other: Exchange | None) -> Upload:  # noqa: ARG001 - comes first
    """The file to delete: another one where another tenant's key has deleted it already."""
    if given_id(late.exchange) in shelf.held:
        return late
    return shelf.upload("upload a file to delete", Sent("doomed.txt", b"Soon gone."))


@pytest.fixture(scope="session")
def deleted(shelf: Shelf, doomed: Upload, listing: Listing, continued: Exchange | None) -> Exchange:  # noqa: ARG001
    """The delete, after everything that is to show the file."""
    return shelf.delete(doomed.id, "delete a file")


@pytest.fixture(scope="session")
def filtered(client: Client, listing: Listing, deleted: Exchange) -> Listing:  # noqa: ARG001 - comes first
    """The list of one purpose, after the delete."""
    label, query = "list files of one purpose", {"purpose": "assistants", **listing.asked}
    first = client.get("/files", label, query=query)
    return replace(listing, pages=(first, *read_on(client, first, label, query, listing.limit)))


@pytest.fixture(scope="session")
def words() -> str:
    """Words beyond ASCII that the guide holds."""
    return papers.beyond_ascii()


@pytest.fixture(scope="session")
def guide(client: Client, words: str) -> Filed:
    """A short document, uploaded alone."""
    paper = papers.short_paper("guide.txt", beyond_ascii=words)
    return Filed(paper, client.send(papers.paper_call(paper, "upload a document")))


@pytest.fixture(scope="session")
def shelved(client: Client, guide: Filed) -> tuple[Filed, ...]:  # noqa: ARG001 - comes first
    """Documents uploaded at the same time: a long one for a collection, one with an odd name, and a PDF."""
    long = papers.long_paper("tides.txt", papers.new_collection())
    made = (long, papers.short_paper(papers.ODD_NAME), papers.pdf_paper("harbour.pdf"))
    label = "upload documents at the same time"
    answers = client.together([papers.paper_call(paper, f"{label}: {paper.filename!r}") for paper in made])
    return tuple(Filed(paper, exchange) for paper, exchange in zip(made, answers, strict=True))


@pytest.fixture(scope="session")
def said_in_chat() -> tuple[Said, ...]:
    return conversation()


@pytest.fixture(scope="session")
def said_in_stream() -> tuple[Said, ...]:
    """What the streamed chat says."""
    return question()


@pytest.fixture(scope="session")
def held(
    client: Client, target: Target, said_in_chat: tuple[Said, ...], said_in_stream: tuple[Said, ...]
) -> list[Exchange]:
    """Two chats at the same time: a conversation, and a streamed one."""
    plain = chat_call(said_in_chat, target.model, "a conversation whose history is read")
    streamed = chat_call(said_in_stream, target.model, "a streamed chat whose history is read", stream=True)
    return client.together([plain, streamed])


@pytest.fixture(scope="session")
def chat(held: list[Exchange], said_in_chat: tuple[Said, ...]) -> Chat:
    return plain_chat(held[0], said_in_chat)


def unknown_model_chat() -> dict[str, object]:
    return {"model": "no-such-model-7f3c", "messages": [user("Say hello.")]}
