"""Judgements on image parts: what they cost, and that a target fetches nothing from where it should not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ozwell_harness.checks.base import outcome, shown
from ozwell_harness.checks.text import answer_text
from ozwell_harness.checks.usage import count_of
from ozwell_harness.model import Deviation, Exchange, Unjudgeable

#: Words of an operating system or an HTTP library after it tried to connect; a guard that refuses uses none of them.
_TRIED_TO_CONNECT = re.compile(
    r"connection (?:was )?refused|connection reset|ECONN|cannot connect to host|max retries exceeded|no route to host"
    r"|network is unreachable|EHOSTUNREACH|ENETUNREACH|connect ?timeout|connection (?:attempt )?timed out",
    re.IGNORECASE,
)

#: Words of an operating system or an image library after it opened, or tried to open, a file by its path.
_TRIED_TO_OPEN = re.compile(
    r"no such file|permission denied|is a directory|ENOENT|EACCES|cannot identify image file ['\"]?/", re.IGNORECASE
)


def says_all(exchange: Exchange, words: Sequence[str]) -> Deviation | None:
    """The answer tells all ``words``, each of which stands in a part of its own."""
    text = answer_text(exchange)
    if not text.strip():
        raise Unjudgeable("the answer is empty")
    missing = [word for word in words if word.lower() not in text.lower()]
    if not missing:
        return None
    return Deviation(
        "the answer does not know what every part says", " and ".join(words), f"no {missing[0]} in {shown(text)}"
    )


def image_is_counted(with_image: Exchange, without: Exchange) -> Deviation | None:
    """The same prompt costs more tokens with an image than without."""
    many, few = count_of(with_image, "prompt_tokens"), count_of(without, "prompt_tokens")
    if many > few:
        return None
    return Deviation("an image costs no prompt tokens", f"more than {few}, the cost of the text alone", f"{many}")


def file_is_not_read(exchange: Exchange) -> Deviation | None:
    """An image URL of scheme ``file`` is not followed.

    Raises:
        Unjudgeable: the target failed without saying why.
    """
    expected = "a refusal that says nothing of the file"
    if exchange.status == 200:
        return Deviation("an image URL of scheme file is accepted", expected, outcome(exchange))
    if _TRIED_TO_OPEN.search(_told(exchange)):
        return Deviation("the target tried to open a local file", expected, outcome(exchange))
    _require_refusal(exchange)
    return None


def is_not_fetched(exchange: Exchange, host: str, hits: Sequence[str]) -> Deviation | None:
    """An image URL that points to ``host``, an address only the target itself could mean, is not fetched.

    Args:
        exchange: the request with the URL, and its answer.
        host: the address as the URL has it.
        hits: the requests that came in where the URL points to, as far as that could be watched.

    Raises:
        Unjudgeable: the target failed without saying why.
    """
    if hits:
        return Deviation(f"the target fetched an image from {host}", "no request", f"{len(hits)} requests: {hits[0]}")
    told = _told(exchange)
    if exchange.status != 200 and host in told and _TRIED_TO_CONNECT.search(told):
        return Deviation(
            f"the target tried to fetch an image from {host}", "an answer or a refusal without a try", shown(told)
        )
    # There is no image at that address: an answer shows that nothing had to be fetched.
    if exchange.status != 200:
        _require_refusal(exchange)
    return None


def _told(exchange: Exchange) -> str:
    return exchange.response.body.decode("utf-8", "replace") if exchange.response else ""


def _require_refusal(exchange: Exchange) -> None:
    if exchange.failure is None and exchange.status is not None and 400 <= exchange.status < 500:
        return
    raise Unjudgeable(f"the target neither answered nor refused: {outcome(exchange)}")
