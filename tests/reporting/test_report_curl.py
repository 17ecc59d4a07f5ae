from __future__ import annotations

import json
import shlex
import subprocess

import pytest

from ozwell_harness.model import Headers, Request
from ozwell_harness.reporting.curl import curl

_FAKE = """curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }
OZWELL_API_KEY=the-key
"""
_BEARER = ("Authorization", "Bearer $OZWELL_API_KEY")
_JSON = ("Content-Type", "application/json")


def _words(line: str) -> list[str]:
    """Return what a shell would hand to curl."""
    done = subprocess.run(["sh", "-c", _FAKE + line], capture_output=True, check=True, text=True)
    assert done.stderr == ""
    return done.stdout.split("\0")[:-1]


def _request(method: str = "POST", path: str = "/x", body: bytes = b"", *headers: tuple[str, str]) -> Request:
    return Request(method, path, f"http://127.0.0.1/v1{path}", Headers(headers), body)


def test_a_shell_sees_the_request_with_the_key_filled_in() -> None:
    body = json.dumps({"text": 'it\'s "$HOME" `id` $(id) \\ ! ü'}, ensure_ascii=False)
    words = _words(curl(_request("POST", "/chat/completions", body.encode(), _BEARER, _JSON)))
    assert words[-2:] == ["--data-raw", body]
    assert "Authorization: Bearer the-key" in words
    assert words[words.index("-X") + 1] == "POST"
    assert "http://127.0.0.1/v1/chat/completions" in words


def test_the_line_names_the_key_and_never_holds_it() -> None:
    assert '"Authorization: Bearer $OZWELL_API_KEY"' in curl(_request("GET", "/x", b"", _BEARER))


@pytest.mark.parametrize("around", ["a'b", 'a"b', "a`id`b", "a$(id)b", "a\\b", "a!b", "$HOME", "$OZWELL_"])
def test_only_the_key_is_a_variable(around: str) -> None:
    words = _words(curl(_request("GET", "/x", b"", ("X-Odd", f"{around} $OZWELL_API_KEY {around}"))))
    assert words[-1] == f"X-Odd: {around} the-key {around}"


@pytest.mark.parametrize(
    ("request_", "option"),
    [
        (_request("HEAD"), "--head"),
        (_request("GET", "/files/../x"), "--path-as-is"),
        (_request("GET", "/files/[1-3]{a,b}"), "--globoff"),
        (_request("POST", "/x", b'{"stream": true}', _JSON), "-N"),
        (_request("POST", "/x", b"{}"), "Content-Type:"),
        (_request("GET", "/x", b"", ("X-Empty", "")), "X-Empty;"),
        (_request("POST", "/x", b"@/etc/passwd", _JSON), "--data-raw"),
    ],
)
def test_curl_adds_and_changes_nothing_of_its_own(request_: Request, option: str) -> None:
    assert option in _words(curl(request_))


@pytest.mark.parametrize("body", [b"\xff\x00", b"a\r\nb", b"x" * 5000, b"\x1b[2J"])
def test_a_body_that_cannot_be_pasted_is_a_file(body: bytes) -> None:
    line = curl(_request("POST", "/x", body, _JSON))
    assert line.isprintable()
    assert shlex.split(line, comments=True)[-2:] == ["--data-binary", "@body.bin"]
