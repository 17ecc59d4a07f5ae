"""The small pure parts: redaction, decoding, verdict, gate, merge patch, curl."""

from __future__ import annotations

import gzip
import subprocess
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozwell_harness.decoding import BodyTooLargeError, UndecodableError, decoder_for
from ozwell_harness.gate import gate, shows_absence
from ozwell_harness.model import Finding, Headers, Level, Request, Requirement, Source, Status, Verdict
from ozwell_harness.profile import load_profile, merge_patch
from ozwell_harness.redaction import Redactor
from ozwell_harness.reporting.curl import curl
from ozwell_harness.target import KeyName, Secret, Target
from ozwell_harness.verdict import decide, exit_status, gravest, tally

KEY = "ozw_0123456789/+abc"


def test_redactor_replaces_plain_and_percent_encoded_keys() -> None:
    redactor = Redactor({KEY: "OZWELL_API_KEY"})
    assert redactor.clean(f"a {KEY} b ozw_0123456789%2F%2Babc") == "a $OZWELL_API_KEY b $OZWELL_API_KEY"
    assert [leak.where for leak in redactor.leaks([("X", KEY)], KEY.encode())] == ["header X", "body"]


def test_redactor_takes_the_longer_key_first() -> None:
    redactor = Redactor({"ozw_0123456789": "SHORT", "ozw_0123456789_long": "LONG"})
    assert redactor.clean("ozw_0123456789_long") == "$LONG"


def test_redactor_leaves_short_keys_in_answers() -> None:
    redactor = Redactor({"test": "OZWELL_API_KEY"})
    assert redactor.clean_bytes(b"a test") == b"a test"
    assert (
        redactor.clean_request_headers([("Authorization", "Bearer test")]).get("authorization")
        == "Bearer $OZWELL_API_KEY"
    )


def test_secret_never_shows_itself() -> None:
    secret = Secret(KEY)
    assert KEY not in f"{secret} {secret!r} {[secret]}"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "x-gzip"])
def test_decoder_reads_in_pieces(coding: str) -> None:
    packed = zlib.compress(b"hello") if coding == "deflate" else gzip.compress(b"hello")
    decoder = decoder_for(coding, 10)
    assert b"".join(decoder.feed(packed[i : i + 1]) for i in range(len(packed))) == b"hello"


def test_decoder_stops_a_bomb_and_refuses_what_was_not_asked_for() -> None:
    with pytest.raises(BodyTooLargeError):
        decoder_for("gzip", 1000).feed(gzip.compress(bytes(1_000_000)))
    with pytest.raises(BodyTooLargeError):
        decoder_for(None, 3).feed(b"abcd")
    with pytest.raises(UndecodableError):
        decoder_for("br", 1000)


def finding(status: Status, name: str = "a.b") -> Finding:
    return Finding(name, "a", Level.MUST, status, "because")


@pytest.mark.parametrize(
    ("statuses", "verdict", "exit_code"),
    [
        ([Status.PASSED, Status.WARNED], Verdict.CONFORMANT, 0),
        ([Status.PASSED, Status.NOT_TESTABLE, Status.NOT_APPLICABLE], Verdict.CONFORMANT, 0),
        ([Status.PASSED, Status.FAILED, Status.ERROR], Verdict.NONCONFORMANT, 1),
        ([Status.PASSED, Status.ERROR], Verdict.INCONCLUSIVE, 3),
        ([Status.NOT_TESTABLE, Status.NOT_APPLICABLE], Verdict.INCONCLUSIVE, 3),
        ([], Verdict.INCONCLUSIVE, 3),
    ],
)
def test_verdict(statuses: list[Status], verdict: Verdict, exit_code: int) -> None:
    found = decide([finding(status) for status in statuses])
    assert (found, exit_status(found)) == (verdict, exit_code)
    assert exit_status(found, interrupted=True) == 130


def test_skipping_never_raises_the_score_unseen() -> None:
    full = tally([finding(Status.PASSED), finding(Status.FAILED)])
    skipped = tally([finding(Status.PASSED), finding(Status.NOT_TESTABLE)])
    assert (full.score, full.coverage) == (0.5, 1.0)
    assert (skipped.score, skipped.coverage) == (1.0, 0.5)
    assert tally([]).score is None


def test_gravest_finding_stands_for_the_requirement() -> None:
    assert gravest([finding(Status.PASSED), finding(Status.FAILED)]).status is Status.FAILED
    assert gravest([finding(Status.NOT_TESTABLE), finding(Status.PASSED)]).status is Status.PASSED


def requirement(**changes: object) -> Requirement:
    values = {"id": "a.b", "area": "a", "level": Level.MUST, "text": "T.", "source": Source("ozwell", "x")} | changes
    return Requirement(**values)  # type: ignore[arg-type]


TARGET = Target("http://127.0.0.1/v1", "m", None, keys={KeyName.MAIN: Secret("k")}, absent=frozenset({"vision"}))


def test_gate_opens_when_everything_is_there() -> None:
    open_one = requirement(requires=("a.root",), needs=("api_key", "model"))
    assert gate(open_one, TARGET, {"a.root": finding(Status.WARNED, "a.root")}) is None


@pytest.mark.parametrize(
    ("changes", "found", "status", "words"),
    [
        ({"capability": "vision"}, {}, Status.NOT_APPLICABLE, "declared vision absent"),
        ({"requires": ("a.root",)}, {}, Status.NOT_TESTABLE, "a.root was not judged"),
        ({"requires": ("a.root",)}, {"a.root": Status.FAILED}, Status.NOT_TESTABLE, "a.root did not hold: because"),
        ({"requires": ("a.root",)}, {"a.root": Status.NOT_APPLICABLE}, Status.NOT_APPLICABLE, "because"),
        ({"requires": ("a.root",)}, {"a.root": Status.NOT_TESTABLE}, Status.NOT_TESTABLE, "because"),
        ({"needs": ("limited_key",)}, {}, Status.NOT_TESTABLE, "OZWELL_LIMITED_API_KEY"),
        ({"needs": ("embedding_model",)}, {}, Status.NOT_TESTABLE, "OZWELL_EMBEDDING_MODEL"),
    ],
)
def test_gate_closes(changes: dict, found: dict[str, Status], status: Status, words: str) -> None:
    closed = gate(requirement(**changes), TARGET, {name: finding(s, name) for name, s in found.items()})
    assert closed is not None
    assert closed.status is status
    assert words in closed.reason


def test_only_the_root_of_a_probed_capability_shows_absence() -> None:
    profile = load_profile("openai")
    root = requirement(id="embeddings.answers", capability="embeddings")
    assert shows_absence(root, profile, frozenset({404}))
    assert not shows_absence(root, profile, frozenset({500}))
    assert not shows_absence(root, profile, frozenset({None}))
    assert not shows_absence(requirement(id="embeddings.other", capability="embeddings"), profile, frozenset({404}))
    assert not shows_absence(requirement(id="chat.completes", capability="chat"), profile, frozenset({404}))
    assert not shows_absence(root, load_profile("ozwell"), frozenset({404}))


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    # RFC 7396, appendix A
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch(target: object, patch: object, result: object) -> None:
    assert merge_patch(target, patch) == result


def test_curl_line_does_in_a_shell_what_it_says() -> None:
    body = """{"a": "it's $HOME `x` \\"q\\" é"}"""
    headers = Headers((("Authorization", "Bearer $OZWELL_API_KEY"), ("X-Odd", "a$b")))
    line = curl(Request("POST", "/x", "http://h/v1/x", headers, body.encode())).replace("curl", "printf '%s\\n'", 1)
    shell = {"OZWELL_API_KEY": "k-e-y", "HOME": "/nowhere"}
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True, env=shell)
    words = done.stdout.splitlines()
    assert {"POST", "http://h/v1/x", "Authorization: Bearer k-e-y", "X-Odd: a$b", body} <= set(words)


def test_curl_line_points_to_a_body_that_cannot_be_typed() -> None:
    assert "body.bin" in curl(Request("POST", "/x", "http://h/x", body=b"\xff\xfe"))
    assert "5000 bytes" in curl(Request("POST", "/x", "http://h/x", body=b"x" * 5000))


@pytest.mark.parametrize(
    "spelling", [KEY, "ozw_0123456789%2f%2Babc", "ozw\\u005f0123456789\\/+abc", "\\u006Fzw_0123456789/+abc"]
)
def test_redactor_knows_every_spelling(spelling: str) -> None:
    redactor = Redactor({KEY: "OZWELL_API_KEY"})
    assert redactor.leaks([], f'{{"a": "{spelling}"}}'.encode())
    assert redactor.clean_bytes(f"<{spelling}>".encode()) == b"<$OZWELL_API_KEY>"


@given(st.lists(st.sampled_from([KEY, KEY[:6], KEY[6:], "%2f", "%", "\\u0061", "\\/", "\\n", "é", "ozw_"]), max_size=8))
def test_redactor_overlooks_no_key_whatever_stands_beside_it(pieces: list[str]) -> None:
    text = "".join(pieces)
    redactor = Redactor({KEY: "OZWELL_API_KEY", "another-long-key": "OZWELL_OTHER_API_KEY"})
    plain = KEY in text.replace("\\/", "/").replace("%2f", "/")
    assert bool(redactor.leaks([], text.encode())) is plain
    assert (redactor.clean_bytes(text.encode()) != text.encode()) is plain
    assert (redactor.clean(text) != text) is plain


def test_key_that_a_check_pieced_together_does_not_reach_a_finding() -> None:
    found = Redactor({KEY: "OZWELL_API_KEY"}).clean_finding(
        Finding("a.b", "a", Level.MUST, Status.FAILED, KEY, KEY, f"x{KEY}")
    )
    assert (found.message, found.expected, found.actual) == ("$OZWELL_API_KEY", "$OZWELL_API_KEY", "x$OZWELL_API_KEY")
