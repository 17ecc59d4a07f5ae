"""Every hostile target, judged by the command line: it ends, says the right things, and leaves a report."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import jsonschema_rs
import pytest
from hostile_cases import ALIKE, BROKEN, CASES, MUCH, SECURED, SLOW
from hostile_content import CONTENT, LEGAL, PARTIAL, SPOILT
from hostile_running import KEY, Outcome

from ozwell_harness.content import content_path

#: The biggest answers would take 1 GiB, as they come or unpacked.
MOST_MB = 300
ROOTS = {"chat.completes", "files.upload-answers", "responses.answers"}


@dataclass(frozen=True)
class Expected:
    """How a run must end.

    Attributes:
        note: a part of one of its notes.
        failed: requirements that must be among those that failed.
        requests: at most so many were made.
    """

    status: int
    note: str = ""
    failed: frozenset[str] = frozenset()
    requests: int = 40


UNTRUSTED = "{url} did not answer: its certificate cannot be trusted: "


def unreachable(note: str) -> Expected:
    return Expected(3, f"Unreachable: {note}", requests=5)


def failing(*failed: str, note: str = "", requests: int = 40) -> Expected:
    return Expected(1, note, frozenset(failed), requests)


def doubtful(note: str) -> Expected:
    """Nothing failed, but chat itself could not be judged."""
    return Expected(3, note)


EXPECTED = {
    "hangs before headers": unreachable("{url} did not answer: no answer in time."),
    "hangs before headers, but for models": failing(
        *ROOTS, "http.requests-answered", note="POST /embeddings, POST /files, POST /responses"
    ),
    "hangs in the body": failing("models.list-answers", note="The target stopped answering: 3 exchanges in a row"),
    "hangs in the stream, but for models": failing("chat.completes"),
    "dribbles the head": unreachable("{url} did not answer: the head of the answer did not end in time."),
    "1 GiB, but for models": failing(*ROOTS, note="the body is larger than 4,194,304 bytes"),
    "streams for ever, but for models": failing(*ROOTS, note="the body is larger than 4,194,304 bytes"),
    "a gzip bomb, but for models": failing(*ROOTS, note="the body is larger than 4,194,304 bytes"),
    "{} to everything": failing("chat.id-is-text", "models.list-schema", note="answered no list", requests=140),
    "nothing in every body": failing(*ROOTS, "http.one-json-document", note="answered no list of models"),
    "HTML everywhere": failing(*ROOTS, "http.json-content-type", note="no list of models (text/html)"),
    "500 to everything": failing(*ROOTS, "models.list-answers", "http.no-server-errors", note="/models answered 500."),
    "502 to everything": failing(*ROOTS, "http.no-server-errors", note="Requests sent again after a 502"),
    "503 to everything, for now": unreachable("{url} answers 503 and asks to come back later"),
    "401 to everything": failing("auth.valid-key-accepted", note="/models answered 401."),
    "404 to everything": failing(*ROOTS, "models.list-answers", note="/models answered 404: does the URL"),
    "a redirect to everything": failing(*ROOTS, "models.list-answers", note="answered 307, a redirect."),
    "429 to everything": unreachable("{url} answers 429 and asks to come back later"),
    "429 to everything, for ages": unreachable("{url} answers 429 and asks to come back later"),
    "429, but for models": doubtful("The target answered 429 to 3 requests in a row"),
    "dribbles the body, but for models": failing("chat.completes"),
    "10,000 headers, but for models": failing(*ROOTS, note="the header section of the answer is too large"),
    "a redirect to another host": failing(*ROOTS, "models.list-answers", note="the key must not go elsewhere"),
    "closes without answering": unreachable("{url} did not answer: the connection was closed before an answer"),
    "closes without answering, but for models": failing(*ROOTS, "http.requests-answered", requests=60),
    "speaks another protocol": unreachable("{url} did not answer: the answer is not valid HTTP: illegal status line"),
    "speaks another protocol, but for models": failing(*ROOTS, "http.answers-whole"),
    "dies after thirty requests": failing("security.survives-the-run", note="The target stopped answering: the conn"),
    "a private authority that is not trusted": unreachable(UNTRUSTED + "unable to get local issuer"),
    "a self-signed certificate": unreachable(UNTRUSTED + "self"),
    "an expired certificate": unreachable(UNTRUSTED + "certificate has expired"),
    "a certificate for another host": unreachable(UNTRUSTED + "IP address mismatch"),
    "TLS where http was said": unreachable("{url} did not answer: "),
    "plain HTTP where https was said": unreachable("{url} did not answer: no TLS with it: it does not speak TLS"),
    "integers of 5,000 digits": failing("chat.created-is-now", "chat.usage-total-is-sum", requests=250),
    "numbers beyond all bounds": failing("chat.created-is-integer", "files.upload-bytes", requests=250),
    "lone surrogates": failing("chat.model-named", "files.upload-filename", requests=250),
    "names given twice": Expected(0, requests=250),
    "invalid UTF-8": failing(*ROOTS, "http.one-json-document", note="answered no list of models"),
    "documents of 900 levels": doubtful("answered no list of models"),
    "HTTP/1.0, a path prefix, IPv6": Expected(0, requests=250),
    "interim answers, chunks, cookies, a private authority": Expected(0, requests=250),
    "only chat and models, by ozwell": failing("embeddings.answers", "files.upload-answers", requests=250),
    "only chat and models, by openai": Expected(0, requests=250),
    "poison": failing("files.upload-filename", requests=250),
}
REFUSED = {
    "401 to everything, no model": "The target refused the key when asked for its models (401)",
    "401 to everything, no key": "The target asks for a key: set OZWELL_API_KEY.",
    "404 to everything, no model": "No model found: GET",
}


def test_no_target_is_left_out() -> None:
    assert EXPECTED.keys() | REFUSED.keys() == CASES.keys() | CONTENT.keys()


@pytest.mark.parametrize(("outcome", "expected"), EXPECTED.items(), indirect=["outcome"], ids=[*EXPECTED])
def test_run_ends_as_it_should(outcome: Outcome, expected: Expected) -> None:
    told = outcome.stdout + outcome.stderr
    assert outcome.status == expected.status, told
    assert "Traceback" not in told + (outcome.report / "suites.log").read_text("utf-8")
    assert outcome.rss_mb < MOST_MB
    assert outcome.named("error") == set()
    assert expected.note.format(url=outcome.served.url) in outcome.notes
    assert expected.failed <= outcome.named("failed")
    assert outcome.results["cost"]["requests"] <= expected.requests


@pytest.mark.parametrize("outcome", EXPECTED, indirect=True)
def test_report_is_whole_and_holds_no_key(outcome: Outcome) -> None:
    schema = json.loads(content_path("spec", "results.schema.json").read_text("utf-8"))
    jsonschema_rs.validate(schema, outcome.results)
    cases = list(ET.parse(outcome.report / "junit.xml").getroot().iter("testcase"))
    assert len(cases) >= len(outcome.findings) > 0
    archive = json.loads((outcome.report / "exchanges.har").read_text("utf-8"))
    assert len(archive["log"]["entries"]) == outcome.results["cost"]["requests"]
    assert (outcome.report / "report.html").read_text("utf-8").rstrip().endswith("</html>")
    for path in [*outcome.report.iterdir(), outcome.folder / "stdout", outcome.folder / "stderr"]:
        assert KEY.encode() not in path.read_bytes(), path.name


@pytest.mark.parametrize(("outcome", "words"), REFUSED.items(), indirect=["outcome"], ids=[*REFUSED])
def test_configuration_is_to_blame(outcome: Outcome, words: str) -> None:
    assert outcome.status == 2
    assert outcome.stderr.startswith("Error: ")
    assert words in outcome.stderr
    assert not outcome.report.exists()


@pytest.mark.parametrize(
    "outcome", [name for name, how in EXPECTED.items() if how.note.startswith("Unreachable")], indirect=True
)
def test_nothing_is_judged_where_nothing_can_be(outcome: Outcome) -> None:
    assert set(outcome.statuses.values()) == {"not_testable"}
    assert outcome.results["verdict"] == "inconclusive"


@pytest.mark.parametrize("outcome", [*LEGAL, "names given twice"], indirect=True)
def test_what_is_odd_but_legal_is_no_finding(outcome: Outcome) -> None:
    assert outcome.named("failed", "warned") <= {"http.json-names-unique"}


@pytest.mark.parametrize("outcome", ["documents of 900 levels"], indirect=True)
def test_what_cannot_be_read_here_is_not_held_against_the_target(outcome: Outcome) -> None:
    assert outcome.statuses["chat.completes"] == "not_testable"
    assert "deeper than 200 levels" in outcome.findings["chat.completes"]["message"]
    assert outcome.statuses["http.one-json-document"] == "not_testable"


@pytest.mark.parametrize("outcome", ["interim answers, chunks, cookies, a private authority"], indirect=True)
def test_no_cookie_is_sent_back(outcome: Outcome) -> None:
    assert len(outcome.served.asked) > 100
    assert not [asked for asked in outcome.served.asked if "cookie" in asked.headers]


@pytest.mark.parametrize("outcome", ["a redirect to another host"], indirect=True)
def test_no_redirect_is_followed_and_no_key_goes_elsewhere(outcome: Outcome) -> None:
    assert len(outcome.served.asked) > 10
    assert not [asked for asked in outcome.served.asked if asked.path.startswith("/elsewhere")]
    assert "a redirect to http://localhost:" in outcome.findings["chat.completes"]["actual"]


@pytest.mark.parametrize(
    "outcome", ["hangs in the stream, but for models", "dribbles the body, but for models"], indirect=True
)
def test_what_does_not_end_is_told_with_what_came(outcome: Outcome) -> None:
    assert "200, but the answer did not end in time, after" in outcome.findings["chat.completes"]["actual"]


@pytest.mark.parametrize("outcome", ["404 to everything", "500 to everything", "502 to everything"], indirect=True)
def test_what_fails_for_everyone_is_no_finding_about_keys(outcome: Outcome) -> None:
    assert not [name for name in outcome.named("failed", "warned") if name.startswith("auth.")]
    assert "and so is a valid key" in outcome.findings["auth.wrong-key-refused"]["message"]


@pytest.mark.parametrize("outcome", ["429, but for models", "documents of 900 levels"], indirect=True)
def test_a_run_that_could_not_judge_chat_is_never_green(outcome: Outcome) -> None:
    assert outcome.named("failed") == set()
    assert outcome.results["verdict"] == "inconclusive"
    assert "what most depends on could not be judged" in outcome.stdout


@pytest.mark.parametrize("outcome", ["dies after thirty requests"], indirect=True)
def test_death_is_not_blamed_on_what_was_asked(outcome: Outcome) -> None:
    silent = "The target stopped answering"
    asked_too_late = [name for name, f in outcome.findings.items() if f["message"].startswith(silent)]
    assert len(asked_too_late) > 200
    lost = {name for name, f in outcome.findings.items() if "closed before an answer" in f["actual"]}
    assert lost == {"security.survives-the-run", "http.requests-answered"}


def test_groups_are_not_empty() -> None:
    assert all((SLOW, MUCH, ALIKE, BROKEN, SECURED, SPOILT, LEGAL, PARTIAL))
