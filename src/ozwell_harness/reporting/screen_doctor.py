"""What the doctor says: ready or not and why, what was looked at, a run's cost, and what would open more checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ozwell_harness.doctor.diagnosis import Diagnosis, Estimate, Mark, Sign, State
from ozwell_harness.reporting.console import is_log
from ozwell_harness.reporting.text import count, one_line, printable, seconds

_STATE_STYLES = {State.READY: "bold green", State.MISCONFIGURED: "bold red", State.UNREACHABLE: "bold yellow"}
_MARK_STYLES = {Mark.OK: "green", Mark.ABSENT: "cyan", Mark.UNCLEAR: "yellow", Mark.WRONG: "bold red"}
_WORDS = {State.READY: "READY", State.MISCONFIGURED: "NOT READY", State.UNREACHABLE: "UNREACHABLE"}
_LONGEST = 500


def print_diagnosis(console: Console, found: Diagnosis) -> None:
    """Print what was found; nothing of what a run costs, which takes longer to find out."""
    screen = _Screen(console)
    screen.head(found)
    if found.answered:
        screen.section("Target", [found.answered, *_models(found)])
    screen.signs("Keys", found.keys)
    screen.signs("Capabilities", found.capabilities)
    if found.gains:
        lines = [f"{count(gain.requirements, 'more requirement')}: {gain.how}" for gain in found.gains]
        screen.section("What would open more checks", lines)
    screen.section("Spent on this look", [_spent(found)])


def print_estimate(console: Console, estimate: Estimate | None, next_command: str) -> None:
    """Print what a run would cost, and the command that begins one."""
    screen = _Screen(console)
    if estimate is not None:
        screen.section("A run would cost", list(_cost(estimate)))
        screen.copyable("Begin it", next_command)


def _models(found: Diagnosis) -> Iterator[str]:
    if found.model:
        yield f"chat model {found.model}"
        yield f"embedding model {found.embedding_model or '-'}"
        if found.listed:
            yield f"{count(found.listed, 'model')} listed"
    yield from found.doubts


def _spent(found: Diagnosis) -> str:
    told = count(found.spent.prompt_tokens + found.spent.completion_tokens, "token")
    untold = f", and {count(found.untold, 'answer')} that did not say how many" if found.untold else ""
    return f"{count(found.spent.requests, 'request')}, {told}{untold}, {seconds(round(found.elapsed_s, 1))}"


def _cost(estimate: Estimate) -> Iterator[str]:
    suites = estimate.suites
    yield (
        f"about {count(suites.requests, 'request')}, {suites.prompt_tokens:,} prompt and"
        f" {suites.completion_tokens:,} completion tokens, measured just now against the bundled mock"
    )
    if estimate.generated:
        yield (
            f"and at most {estimate.generated:,} generated requests, with up to {estimate.generated_tokens} tokens in"
            " an answer; --no-property leaves them out"
        )
    yield "what a token costs in money, only the provider can say"


class _Screen:
    """Prints parts, wrapped on a terminal only."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._wrap = not is_log(console)

    def head(self, found: Diagnosis) -> None:
        head = Text(f"{_WORDS[found.state]} ", _STATE_STYLES[found.state])
        self._print(head.append_text(self._text(f"{found.target} (profile {found.profile})")))
        if found.reason:
            self._print(self._text(found.reason))

    def section(self, title: str, lines: Iterable[str]) -> None:
        self._print(Text(f"\n{title}", "bold"))
        for line in lines:
            self._print(
                Padding(self._text(line), (0, 0, 0, 2)) if self._wrap else Text("  ").append_text(self._text(line))
            )

    def copyable(self, title: str, line: str) -> None:
        self._print(Text(f"\n{title}", "bold"))
        self._console.print(self._text(line), soft_wrap=True)

    def signs(self, title: str, signs: tuple[Sign, ...]) -> None:
        if not signs:
            return
        self._print(Text(f"\n{title}", "bold"))
        table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
        for overflow in ("ignore", "fold", "fold"):
            table.add_column(overflow=overflow)
        for sign in signs:
            table.add_row(Text(f"  {sign.mark}", _MARK_STYLES[sign.mark]), self._text(sign.name), self._text(sign.said))
        self._print(table)

    def _text(self, line: str) -> Text:
        return Text(printable(one_line(line, _LONGEST), self._console.encoding))

    def _print(self, part: Any) -> None:
        self._console.print(part, soft_wrap=not self._wrap)


def diagnosis_document(found: Diagnosis) -> dict[str, Any]:
    """Return the diagnosis as a JSON document."""
    return {"schema": 1, **asdict(found)}
