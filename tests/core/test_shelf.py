from __future__ import annotations

import json
from typing import Any

import pytest

from ozwell_harness.client import Client
from ozwell_harness.costs import Account
from ozwell_harness.exchange import BudgetSpentError, Call
from ozwell_harness.model import Exchange, Failure, FailureKind, Request, Response, Unjudgeable
from ozwell_harness.shelf import Sent, Shelf, file_path, given_id, is_whole, walk_files
from ozwell_harness.target import KeyName


def answer(status: int, document: Any, call: Call | None = None) -> Exchange:
    asked = Request(call.method if call else "GET", call.path if call else "/", "")
    return Exchange(1, call.label if call else "", asked, Response(status, body=json.dumps(document).encode()))


class Service(Client):
    """Gives every upload a new id, and refuses other keys and unknown ids."""

    def __init__(self, *, budget: int = 99, silent: bool = False) -> None:
        self.calls: list[Call] = []
        self.files: list[str] = []
        self.budget = budget
        self.silent = silent

    def send(self, call: Call) -> Exchange:
        if len(self.calls) >= self.budget:
            raise BudgetSpentError("the budget is spent")
        self.calls.append(call)
        if self.silent:
            return Exchange(
                1, call.label, Request(call.method, call.path, ""), failure=Failure(FailureKind.RESET, "gone")
            )
        if call.method == "POST":
            self.files.append(f"file/{len(self.calls)}")
            return answer(200, {"id": self.files[-1]}, call)
        return self._delete(call)

    def _delete(self, call: Call) -> Exchange:
        name = next((name for name in self.files if file_path(name) == call.path), None)
        if name is None or call.key is not KeyName.MAIN:
            return answer(404, {}, call)
        self.files.remove(name)
        return answer(200, {"id": name, "deleted": True}, call)


NOTE = Sent("note.txt", b"A note.")


def test_what_is_left_is_deleted_at_the_end() -> None:
    service = Service()
    shelf = Shelf(service)
    first = shelf.upload("first", NOTE)
    several = shelf.upload_together("several", [NOTE, NOTE])
    assert shelf.held == (first.id, *(upload.id for upload in several))
    shelf.delete(first.id, "delete")
    assert first.id not in shelf.held
    assert first.id in shelf.made
    shelf.clear()
    assert service.files == []
    assert shelf.held == ()


def test_an_upload_that_ought_to_be_refused_is_cleaned_up_when_it_is_not() -> None:
    service = Service()
    shelf = Shelf(service)
    shelf.send(Call("POST", "/files", "no purpose"))
    shelf.clear()
    assert service.files == []


def test_another_key_cannot_make_a_file_count_as_gone() -> None:
    shelf = Shelf(Service())
    name = shelf.upload("upload", NOTE).id
    assert shelf.delete(name, "another's", key=KeyName.OTHER).status == 404
    assert shelf.held == (name,)


@pytest.mark.parametrize("document", [{"error": {"message": "no"}}, {"deleted": False}, {}])
def test_a_delete_that_confirms_nothing_leaves_the_file_to_be_cleaned_up(document: dict[str, Any]) -> None:
    service = Service()
    shelf = Shelf(service)
    name = shelf.upload("upload", NOTE).id
    service._delete = lambda call: answer(200, document, call)  # type: ignore[method-assign]
    shelf.delete(name, "delete")
    assert shelf.held == (name,)


def test_a_file_that_another_key_deleted_is_deleted_again() -> None:
    service = Service()
    shelf = Shelf(service)
    name = shelf.upload("upload", NOTE).id
    service._delete = lambda call: answer(200, {"deleted": True}, call)  # type: ignore[method-assign]
    shelf.delete(name, "another's", key=KeyName.OTHER)
    assert shelf.held == ()
    shelf.clear()
    assert [call.key for call in service.calls if call.method == "DELETE"] == [KeyName.OTHER, KeyName.MAIN]


def test_a_file_that_is_gone_already_is_not_deleted_twice() -> None:
    service = Service()
    shelf = Shelf(service)
    name = shelf.upload("upload", NOTE).id
    service.files.clear()
    shelf.delete(name, "delete")
    assert shelf.held == ()


@pytest.mark.parametrize("ending", ["budget", "silence"])
def test_cleaning_up_gives_up_in_bounded_time(ending: str) -> None:
    service = Service()
    shelf = Shelf(service)
    for _ in range(3):
        shelf.upload("upload", NOTE)
    service.budget, service.silent = (3, False) if ending == "budget" else (99, True)
    shelf.clear()
    assert len(service.calls) == (3 if ending == "budget" else 4)


@pytest.mark.parametrize(
    "exchange",
    [
        answer(400, {"id": "file-1"}),
        answer(200, {"id": ""}),
        answer(200, {"id": 7}),
        answer(200, ["file-1"]),
        Exchange(1, "", Request("POST", "/files", ""), Response(200, body=b"not JSON")),
        Exchange(1, "", Request("POST", "/files", "")),
    ],
)
def test_an_answer_may_give_no_id(exchange: Exchange) -> None:
    assert given_id(exchange) is None


def test_an_upload_without_id_cannot_be_asked_for() -> None:
    service = Service(silent=True)
    with pytest.raises(Unjudgeable, match="gives no file id"):
        _ = Shelf(service).upload("upload a note", NOTE).path


def test_cleaning_up_is_beyond_the_budget() -> None:
    service = Service()
    shelf = Shelf(service)
    name = shelf.upload("upload", NOTE).id
    shelf.clear()
    assert [(call.path, call.cleanup) for call in service.calls[1:]] == [(file_path(name), True)]
    account = Account(1)
    account.count_request()
    account.count_cleanup()
    with pytest.raises(BudgetSpentError):
        account.count_request()
    assert account.cost.requests == 2


def test_a_walk_ends_with_a_page_that_says_it_is_the_last() -> None:
    class Lister(Client):
        def __init__(self) -> None:
            self.asked: list[str] = []

        def send(self, call: Call) -> Exchange:
            self.asked.append(call.path)
            pages = {1: ["a", "b"], 2: ["c"]}
            number = len(self.asked)
            return answer(200, {"data": [{"id": name} for name in pages[number]], "has_more": number < 2}, call)

    lister = Lister()
    pages = walk_files(lister, 100)
    assert lister.asked == ["/files?limit=2", "/files?limit=100&after=b"]
    assert is_whole(pages, {"a", "c"}, 100)
    assert not is_whole(pages, {"a", "d"}, 100)
    assert not is_whole(pages, {"a", "c"}, 1)
    assert not is_whole(pages[:1], {"a"}, 100)
    assert not is_whole([*pages, pages[1]], {"a"}, 100)
