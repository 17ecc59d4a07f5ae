from __future__ import annotations

import base64
import zlib
from typing import Any

import pytest
from build import exchange, refusal, unanswered
from streams import Case, arguments, plain

from ozwell_harness.checks import base, params, vision
from ozwell_harness.content import content_path
from ozwell_harness.model import FailureKind, Unjudgeable
from ozwell_harness.profile import ErrorExpectation
from ozwell_harness.requirements import load_catalogue

BAD_REQUEST = ErrorExpectation(frozenset({400}))
TEXT = plain("marmalade 4182")
WORDS = ("marmalade", "4182")
HOST = "127.0.0.1"
INNER = "169.254.169.254"


def costing(tokens: Any) -> Any:
    return plain("a", usage={"prompt_tokens": tokens, "completion_tokens": 1, "total_tokens": 1})


def told(status: int, message: str) -> Any:
    return refusal(status, message=message)


REFUSED = Case(params.refuses, [(refusal(400), "it", BAD_REQUEST)], [(TEXT, "it", BAD_REQUEST)])
#: Refusals of a guard, in the words of several servers; none of them shows a fetch.
GUARDED = [
    refusal(400),
    refusal(422),
    told(400, f"Error while downloading http://{HOST}:9/a.png."),
    told(400, f"URL host {HOST} is not allowed"),
    told(403, f"The address {INNER} is blocked"),
]

CASES: dict[str, Case] = {
    "vision.text-parts-accepted": Case(base.answers, [TEXT], [refusal(400), refusal(500), unanswered()]),
    "vision.text-parts-read": Case(
        vision.says_all,
        [(TEXT, WORDS), (plain("The codes are Marmalade and 4182."), WORDS)],
        [(plain("Hm"), WORDS), (plain("4182"), WORDS), (plain("marmalade"), WORDS)],
    ),
    "vision.unknown-part-refused": REFUSED,
    "vision.image-accepted": Case(base.answers, [TEXT], [refusal(400)]),
    "vision.image-counted": Case(
        vision.image_is_counted, [(costing(94), costing(9))], [(costing(9), costing(9)), (costing(8), costing(9))]
    ),
    "vision.corrupt-image-refused": REFUSED,
    "vision.file-url-refused": Case(
        vision.file_is_not_read,
        [*GUARDED, told(400, "cannot identify image file <_io.BytesIO object at 0x7f>"), told(400, "Invalid url.")],
        [
            TEXT,
            told(400, "[Errno 2] No such file or directory: '/etc/hostname'"),
            told(500, "cannot identify image file '/etc/hostname'"),
        ],
    ),
    "vision.loopback-url-not-fetched": Case(
        vision.is_not_fetched,
        [*((made, HOST, ()) for made in [TEXT, *GUARDED]), (told(400, f"{INNER}: connection refused"), HOST, ())],
        [
            (TEXT, HOST, ("GET python-requests",)),
            (refusal(400), HOST, ("HEAD",)),
            (told(400, f"Cannot connect to host {HOST}:9 ssl:default"), HOST, ()),
            (told(500, f"dial tcp {HOST}:9: connect: connection refused"), HOST, ()),
        ],
    ),
    "vision.link-local-url-not-fetched": Case(
        vision.is_not_fetched,
        [*((made, INNER, ()) for made in [TEXT, *GUARDED])],
        [(told(400, f"HTTPConnectionPool(host='{INNER}', port=80): Max retries exceeded"), INNER, ())],
    ),
}

UNJUDGEABLE: list[tuple[Any, ...]] = [
    (vision.image_is_counted, plain("a", usage=None), costing(9)),
    (vision.says_all, plain(" "), WORDS),
    (vision.file_is_not_read, refusal(500)),
    (vision.file_is_not_read, unanswered()),
    (vision.is_not_fetched, refusal(502), HOST, ()),
    (vision.is_not_fetched, unanswered(FailureKind.TIMEOUT), INNER, ()),
    (vision.is_not_fetched, exchange(302), INNER, ()),
]


def test_every_requirement_has_a_case() -> None:
    assert {r.id for r in load_catalogue() if r.area == "vision"} == CASES.keys()


@pytest.mark.parametrize(("check", "evidence"), [(c.check, e) for c in CASES.values() for e in c.good])
def test_sound_answers_pass(check: Any, evidence: Any) -> None:
    assert check(*arguments(evidence)) is None


@pytest.mark.parametrize(
    ("name", "evidence"), [pytest.param(name, e, id=name) for name, c in CASES.items() for e in c.bad]
)
def test_deviations_are_found(name: str, evidence: Any) -> None:
    deviation = CASES[name].check(*arguments(evidence))
    assert deviation is not None
    assert deviation.message
    assert deviation.expected
    assert deviation.actual


@pytest.mark.parametrize("case", UNJUDGEABLE, ids=lambda case: case[0].__name__)
def test_what_cannot_be_known_is_not_judged(case: tuple[Any, ...]) -> None:
    with pytest.raises(Unjudgeable):
        case[0](*case[1:])


def test_the_sample_is_a_whole_image() -> None:
    """A PNG of 64 by 64 pixels: some models take none below 28."""
    square = content_path("fixtures", "images", "red-square.png").read_bytes()
    assert square.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (64).to_bytes(4) * 2)
    length = int.from_bytes(square[33:37])
    assert len(zlib.decompress(square[41 : 41 + length])) == 64 * (1 + 64 * 3)
    assert len(base64.b64encode(square)) < 256
