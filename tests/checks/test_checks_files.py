from __future__ import annotations

from typing import Any

import pytest
from build import exchange, refusal, request, unanswered
from judging import Case, areas_without_case, rows, verdict

from ozwell_harness.checks import base, files, files_safety, params
from ozwell_harness.model import Exchange, FailureKind
from ozwell_harness.profile import load_profile

OZWELL = load_profile("ozwell")
EXPECT = OZWELL.expect.errors
NOW = 1_763_683_200
CONTENT = b"A note.\r\nTwo lines.\r\n"
PAGE = 100


def file(**fields: Any) -> dict[str, Any]:
    return {
        "id": "file-1",
        "object": "file",
        "bytes": len(CONTENT),
        "created_at": NOW,
        "filename": "note.txt",
        "purpose": "assistants",
    } | fields


def uploaded(**fields: Any) -> Exchange:
    return exchange(
        json=file(**fields), asked=request("POST", "/files"), headers={"Date": "Fri, 21 Nov 2025 00:00:00 GMT"}
    )


def without(name: str) -> Exchange:
    return exchange(json={key: value for key, value in file().items() if key != name})


def page(*items: Any, **fields: Any) -> Exchange:
    data = [file(id=item) if isinstance(item, str) else item for item in items]
    return exchange(json={"object": "list", "data": data} | fields, asked=request("GET", "/files?limit=100"))


def download(body: bytes, status: int = 200, **more: Any) -> Exchange:
    return exchange(status, body=body, asked=request("GET", "/files/file-1/content"), **more)


FULL = page(*(f"file-{number}" for number in range(10, 10 + PAGE)))
OTHERS = ["file-9"]
STOCK = [uploaded(id=f"file-{number}", filename=f"{number}.txt") for number in (1, 2, 3)]
NAMES = ["1.txt", "2.txt", "3.txt"]
SIZES = [len(CONTENT), len(CONTENT) + 1, len(CONTENT) + 2]
SIZED = [uploaded(filename=name, bytes=size) for name, size in zip(NAMES, SIZES, strict=True)]
ANSWERED = Case(base.answers, {"200": uploaded()}, {"400": refusal(), "404": refusal(404), "nothing": unanswered()})
IDENTICAL = Case(
    files.content_is,
    {"same": download(CONTENT), "of any type": download(CONTENT, headers={"Content-Type": "text/html"})},
    {
        "line ends changed": download(CONTENT.replace(b"\r\n", b"\n")),
        "cut": download(CONTENT[:-1]),
        "longer": download(CONTENT + b"\n"),
        "empty": download(b""),
        "re-encoded": download(CONTENT.decode().encode("utf-16")),
    },
    {"404": refusal(404), "broke off": download(CONTENT[:4], failure=FailureKind.CUT)},
    more=(CONTENT,),
)
ALIKE_BAD = {
    "another size": uploaded(bytes=1),
    "another time": uploaded(created_at=NOW + 1),
    "another name": uploaded(filename="other.txt"),
    "purpose missing": without("purpose"),
}


def refusing(situation: str, *, accepted: Exchange | None = None) -> Case:
    good = {str(status): refusal(status) for status in EXPECT[situation].statuses}
    return Case(
        base.refused,
        good,
        {"200": accepted or uploaded(), "500": exchange(500), "nothing": unanswered(), "403": refusal(403)},
        more=(EXPECT[situation],),
    )


def refusing_upload(what: str, situation: str = "bad_request") -> Case:
    case = refusing(situation)
    return Case(params.refuses, case.good, case.bad, more=(what, EXPECT[situation]))


def named(filename: str, *, also: dict[str, str], bad: dict[str, Any]) -> Case:
    good = {name: uploaded(filename=found) for name, found in {"as sent": filename, **also}.items()}
    broken = {name: uploaded(filename=found) for name, found in bad.items()}
    return Case(files.filename_is_true, good, broken, {"refused": refusal()}, more=(filename,))


HIDING = Case(
    files_safety.hides,
    {"404": refusal(404), "403": refusal(403), "400": refusal(400)},
    {"200": uploaded(), "204": exchange(204)},
    {
        "the other key is refused": refusal(401),
        "500": exchange(500),
        "an error inside a 200": exchange(json={"error": {"message": "No such file."}}),
        "nothing": unanswered(),
    },
)

CASES = {
    "files.upload-answers": ANSWERED,
    "files.upload-schema": Case(
        lambda e: base.matches_schema(e, OZWELL, "File"),
        {"documented": uploaded(), "more fields": uploaded(status="processed", expires_at=None)},
        {"created_at missing": without("created_at"), "bytes as text": uploaded(bytes="21"), "no id": uploaded(id="")},
        {"refused": refusal()},
    ),
    "files.upload-bytes": Case(
        files.bytes_are_true,
        {"size": uploaded()},
        {"one less": uploaded(bytes=len(CONTENT) - 1), "null": uploaded(bytes=None), "text": uploaded(bytes="21")},
        {"refused": refusal()},
        more=(CONTENT,),
    ),
    "files.upload-filename": named("note.txt", also={}, bad={"another": "upload.bin", "path": "/tmp/note.txt"}),
    "files.upload-purpose": Case(
        files.purpose_is_true, {"same": uploaded()}, {"other": uploaded(purpose="batch")}, more=("assistants",)
    ),
    "files.upload-created-at": Case(
        files.created_at_is_now,
        {"now": uploaded(), "a clock off": uploaded(created_at=NOW + 500)},
        {
            "milliseconds": uploaded(created_at=NOW * 1000),
            "zero": uploaded(created_at=0),
            "a date": uploaded(created_at="2025-11-21T00:00:00Z"),
            "a fraction": uploaded(created_at=NOW + 0.5),
            "beyond any float": uploaded(created_at=10**400),
        },
        {"missing": without("created_at")},
    ),
    "files.readable-at-once": ANSWERED,
    "files.retrieve-answers": ANSWERED,
    "files.retrieve-schema": Case(
        lambda e: base.matches_schema(e, OZWELL, "File"), {"file": uploaded()}, {"object": uploaded(object="files")}
    ),
    "files.retrieve-equals-upload": Case(
        files.is_alike,
        {"same": uploaded(), "processed since": uploaded(status="processed")},
        {"another file": uploaded(id="file-2"), **ALIKE_BAD},
        {"404": refusal(404)},
        more=(uploaded(status="uploaded"),),
    ),
    "files.list-answers": ANSWERED,
    "files.list-schema": Case(
        lambda e: base.matches_schema(e, OZWELL, "FileList"),
        {"one": page("file-1"), "empty": page(), "cursors": page(has_more=False, first_id=None, last_id=None)},
        {"an entry without name": page({"id": "file-1"}), "another object": page(object="files")},
    ),
    "files.uploads-listed": Case(
        files.are_listed,
        {"there": [page("file-2", "file-1")], "on the second page": [FULL, page("file-1")]},
        {"missing": [page("file-2")], "an empty list": [page()], "on no page": [FULL, page("file-3")]},
        {"too many files": [FULL], "no list": [refusal()]},
        more=(["file-1"], PAGE),
    ),
    "files.list-ids-unique": Case(
        files.ids_are_unique,
        {"each once": [page("file-1", "file-2")]},
        {"twice": [page("file-1", "file-1")], "on two pages": [page("file-1"), page("file-1")]},
    ),
    "files.entry-equals-upload": Case(
        files.entry_is_alike,
        {"same": [page(file(id="file-2", bytes=1), file(status="processed"))]},
        {name: [page(bad.response.document)] for name, bad in ALIKE_BAD.items() if bad.response},
        {"not on these pages": [FULL]},
        more=(uploaded(),),
    ),
    "files.simultaneous-accepted": Case(
        files.are_accepted_alike,
        {"all": (STOCK, []), "one refused alone, too": ([*STOCK, refusal()], [refusal()])},
        {"one 500": ([*STOCK, exchange(500)], STOCK[:1]), "one lost": ([*STOCK, unanswered()], STOCK[:1])},
        {"none accepted": ([refusal(), refusal()], [refusal(), refusal()])},
    ),
    "files.simultaneous-ids-unique": Case(
        files.ids_differ,
        {"each its own": STOCK},
        {"two the same": [*STOCK, uploaded(id="file-2")]},
        {"one only": [STOCK[0], refusal()]},
    ),
    "files.simultaneous-not-crossed": Case(
        files.none_names_another,
        {"own": SIZED, "renamed": [uploaded(filename="x.txt"), *SIZED[1:]], "refused": [refusal(), *SIZED[1:]]},
        {
            "crossed": [SIZED[1], SIZED[0], SIZED[2]],
            "another's size": [uploaded(filename="1.txt", bytes=SIZES[1]), *SIZED[1:]],
        },
        more=(list(zip(NAMES, SIZES, strict=True)),),
    ),
    "files.simultaneous-contents-apart": Case(
        files.none_holds_another,
        {
            "own": [download(b"1"), download(b"2")],
            "cut": [download(b"1"), download(b"")],
            "damaged": [download(b"1"), download(b"3")],
        },
        {"mixed": [download(b"2"), download(b"2")]},
        {"one only": [download(b"1"), refusal(404)]},
        more=([b"1", b"2"],),
    ),
    "files.simultaneous-kept": Case(
        files.are_listed,
        {"all": [page("file-3", "file-1", "file-2")]},
        {"one lost": [page("file-1", "file-3")]},
        more=(["file-1", "file-2", "file-3"], PAGE),
    ),
    "files.content-answers": ANSWERED,
    "files.content-text": IDENTICAL,
    "files.binary-accepted": ANSWERED,
    "files.content-binary": Case(
        files.content_is,
        {"same": download(b"\x00\xff\xc3\x28")},
        {"replaced": download("\x00\ufffd\ufffd(".encode()), "cut at NUL": download(b"")},
        more=(b"\x00\xff\xc3\x28",),
    ),
    "files.empty-accepted": ANSWERED,
    "files.content-empty": Case(
        files.content_is, {"empty": download(b"")}, {"a line": download(b"\n"), "null": download(b"null")}, more=(b"",)
    ),
    "files.large-accepted": ANSWERED,
    "files.content-large": Case(
        files.content_is,
        {"same": download(b"0123" * 99)},
        {"a chunk lost": download(b"0123" * 98)},
        more=(b"0123" * 99,),
    ),
    "files.too-large-told": Case(
        files_safety.size_refusal_is_told,
        {"413": [uploaded(), refusal(413)], "400": [refusal(400)]},
        {"500": [exchange(500)], "no answer": [unanswered()]},
        {"all accepted": [uploaded()]},
        more=(EXPECT["too_large"],),
    ),
    "files.unicode-filename": named(
        "Prüfung 日本 🎉.txt",
        also={"decomposed": "Pru\u0308fung 日本 🎉.txt"},
        bad={"mojibake": "PrÃ¼fung", "question marks": "Pr?fung ?? ?.txt", "latin only": "Prfung .txt"},
    ),
    "files.unicode-filename-downloads": IDENTICAL,
    "files.quoted-filename": named(
        'say "yes".txt',
        also={"escaped by the form": "say %22yes%22.txt"},
        bad={"cut": "say ", "stripped": "say yes.txt"},
    ),
    "files.long-filename": named("n" * 200, also={}, bad={"cut": "n" * 128}),
    "files.path-like-filename-harmless": Case(
        files_safety.serves_own_content,
        {
            "kept": [uploaded(filename="../../x.txt"), download(CONTENT)],
            "renamed": [uploaded(filename="x.txt"), download(CONTENT)],
            "refused": [refusal()],
            "not given out": [uploaded(), refusal(403)],
        },
        {
            "500": [exchange(500)],
            "download fails": [uploaded(), exchange(500)],
            "another's content": [uploaded(), download(b"root:x:0:0")],
            "no answer": [unanswered()],
        },
        more=(CONTENT,),
    ),
    "files.line-break-filename-harmless": Case(
        files_safety.injects_no_header,
        {"kept out": [uploaded(), download(CONTENT)], "refused": [refusal()]},
        {
            "injected": [uploaded(), download(CONTENT, headers={"x-injected": "yes"})],
            "500": [uploaded(), exchange(500)],
            "not HTTP": [uploaded(), unanswered(FailureKind.PROTOCOL)],
        },
        more=("X-Injected",),
    ),
    "files.missing-file-refused": refusing_upload("no file"),
    "files.missing-purpose-refused": refusing_upload("no purpose"),
    "files.unknown-purpose-refused": refusing_upload("an unknown purpose"),
    "files.not-multipart-refused": refusing_upload("a JSON body", "wrong_media_type"),
    "files.broken-multipart-refused": refusing_upload("a broken body"),
    "files.unknown-retrieve-refused": refusing("not_found"),
    "files.delete-answers": ANSWERED,
    "files.delete-schema": Case(
        lambda e: base.matches_schema(e, OZWELL, "FileDeleted"),
        {"documented": exchange(json={"id": "file-1", "object": "file", "deleted": True})},
        {"object missing": exchange(json={"id": "file-1", "deleted": True})},
    ),
    "files.delete-confirmed": Case(
        files.deletion_is_confirmed,
        {"confirmed": exchange(json={"id": "file-1", "object": "file", "deleted": True})},
        {
            "false": exchange(json={"id": "file-1", "deleted": False}),
            "another's": exchange(json={"id": "file-2", "deleted": True}),
            "text": exchange(json={"id": "file-1", "deleted": "true"}),
        },
        {"404": refusal(404)},
        more=("file-1",),
    ),
    "files.deleted-not-retrieved": refusing("not_found"),
    "files.deleted-not-downloaded": refusing("not_found", accepted=download(CONTENT)),
    "files.deleted-not-deleted-again": refusing("not_found"),
    "files.deleted-not-listed": Case(
        files.is_not_listed,
        {"gone": [page("file-2")]},
        {"still there": [page("file-2", "file-1")]},
        {"empty": [page()]},
        more=("file-1",),
    ),
    "files.delete-spares-others": Case(
        files.are_listed, {"kept": [page("file-2")]}, {"gone, too": [page()]}, more=(["file-2"], PAGE)
    ),
    "files.filter-answers": ANSWERED,
    "files.filter-by-purpose": Case(
        files.only_purpose,
        {"only these": ([page("file-1")], "assistants", OTHERS), "none": ([page()], "assistants", OTHERS)},
        {"another": ([page("file-1", file(purpose="fine-tune"))], "assistants", OTHERS)},
        {"no other was there": ([page("file-1")], "assistants", [])},
    ),
    "files.other-key-cannot-list": Case(
        files_safety.lists_none_of,
        {"empty": page(), "its own": page("file-8"), "forbidden": refusal(403)},
        {"seen": page("file-8", "file-1")},
        {"the other key is refused": refusal(401), "500": exchange(500)},
        more=(["file-1"],),
    ),
    "files.other-key-cannot-retrieve": HIDING,
    "files.other-key-cannot-download": HIDING,
    "files.other-key-cannot-delete": HIDING,
}


@pytest.mark.parametrize(("requirement", "name", "expected", "check", "arguments"), rows(CASES))
def test_judgement(requirement: str, name: str, expected: str, check: Any, arguments: tuple[Any, ...]) -> None:
    assert verdict(check, *arguments) == expected


def test_every_requirement_has_a_case() -> None:
    assert not areas_without_case("files", CASES)


def test_a_clock_that_is_off_is_not_blamed() -> None:
    answer = uploaded(created_at=NOW)
    skewed = Exchange(1, "", answer.request, answer.response, started=NOW + 90_000)
    assert verdict(files.created_at_is_now, skewed) == "good"


def test_an_empty_file_is_another_one_only_if_its_own_content_is_kept_alone() -> None:
    found, contents = [download(b""), download(b"")], [b"1", b""]
    assert [files.is_emptied(one, content) for one, content in zip(found, contents, strict=True)] == [True, False]
    assert verdict(files.none_holds_another, found, contents, []) == "good"
    assert verdict(files.none_holds_another, found, contents, [b"1"]) == "bad"
