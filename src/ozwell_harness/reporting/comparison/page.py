"""A comparison as one HTML file that opens offline and is safe whatever a target sent: see ``reporting.html``."""

from __future__ import annotations

from ozwell_harness.comparing.comparison import Comparison, Outcome
from ozwell_harness.comparing.ratios import Judgement
from ozwell_harness.reporting.comparison import words
from ozwell_harness.reporting.framing import frame
from ozwell_harness.reporting.page import environment
from ozwell_harness.reporting.summary import LABELS

#: The looks that the style sheet has for verdicts and for statuses.
_LOOKS = {
    Outcome.NO_REGRESSION: "conformant",
    Outcome.REGRESSION: "nonconformant",
    Outcome.INCONCLUSIVE: "inconclusive",
}
_JUDGED = {
    Judgement.WORSE: "failed",
    Judgement.BETTER: "passed",
    Judgement.SAME: "none",
    Judgement.OPEN: "none",
    Judgement.NOT_COMPARED: "not_testable",
}


def page(comparison: Comparison) -> str:
    """Return the comparison as one HTML document."""
    speed = comparison.speed
    return (
        environment()
        .get_template("comparison.html.j2")
        .render(
            **frame(()),
            comparison=comparison,
            look=_LOOKS[comparison.outcome],
            stamp=words.STAMPS[comparison.outcome],
            sentence=words.sentence(comparison),
            before=words.side_words(comparison.before),
            after=words.side_words(comparison.after),
            tally=words.tally(comparison),
            sections=words.sections(comparison),
            quiet=words.QUIET,
            rows=words.rows(comparison),
            judged=_JUDGED,
            basis=words.basis(speed) if speed and speed.source else "",
            labels=LABELS,
        )
    )
