"""The options that the load tests give to Locust, for its command line and its web page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ozwell_harness.load.arrivals import Closed
from ozwell_harness.load.plan import LoadPlan, PlanError
from ozwell_harness.load.spelling import TIME, parse_distribution, parse_mix, parse_workload

#: Option → its help. All are texts: the web page sends nothing else.
_TEXTS = {
    "mix": "scenarios with weights of your own instead: chat=3,chat_stream=6",
    "prompt-tokens": "made-up prompts of this length: 200, normal(200, 50), lognormal(200, 0.5), uniform(50, 400)",
    "answer-tokens": "length of answers (max_tokens), likewise",
    "prompt-file": 'prompts to send, {"text": ..., "max_tokens": ...} on each line',
    "prefix-tokens": "chats begin with the same N tokens (cache hits)",
    "turns": "questions of a conversation",
    "file-bytes": "size of uploaded files, likewise",
}
_NUMBERS = ("prefix_tokens", "turns")


def add_options(parser: Any, scenarios: Iterable[str]) -> None:
    """Register them. Not in a group: only the parser's own options are shown on the web page."""
    parser.add_argument("--scenario", choices=sorted(scenarios), default="mixed", help="what the users do")
    for name, told in _TEXTS.items():
        parser.add_argument(f"--{name}", default="", help=told)
    told = "what users wait between an answer and the next request: seconds, 500ms, exponential(2s) ..."
    parser.add_argument("--think", default="0", help=told)
    parser.add_argument("--ozwell-profile", default="ozwell", help="whose requirements answers are judged by")


def plan_of(options: Any, base_url: str, model: str, embedding_model: str | None) -> LoadPlan:
    """Return the plan of a test by hand; Locust itself decides how many users there are, and how long.

    Raises:
        PlanError: an option makes no sense.
        PromptError: the prompt file cannot be used.
    """
    texts = {name.replace("-", "_"): getattr(options, name.replace("-", "_")) or None for name in _TEXTS}
    mix = texts.pop("mix")
    for name in _NUMBERS:
        texts[name] = _whole(name, texts[name])
    return LoadPlan(
        base_url=base_url,
        model=model,
        embedding_model=embedding_model,
        scenario=options.scenario,
        mix=parse_mix(mix) if mix else (),
        workload=parse_workload(texts),
        profile=options.ozwell_profile,
        arrivals=Closed(1, parse_distribution(str(options.think), TIME)),
    )


def _whole(name: str, text: Any) -> int | None:
    if text is None:
        return None
    if not str(text).strip().isdecimal():
        raise PlanError(f"--{name.replace('_', '-')} must be a whole number, not {text!r}.")
    return int(text)
