"""What a search tells, in plain sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ozwell_harness.load.capacity.plan import SearchPlan
from ozwell_harness.load.capacity.standing import Standing, Verdict, standing, verdicts
from ozwell_harness.load.capacity.trials import Ask, Decision, Step

_WORDS = {
    Decision.OPEN: "not decided yet",
    Decision.PASS: "passes",
    Decision.FAIL: "fails",
    Decision.UNDECIDED: "left undecided",
    Decision.INVALID: "invalid",
}


def begins(ask: Ask) -> str:
    """Say what is about to be run."""
    what = f"{ask.users} user{'s' if ask.users != 1 else ''}" if ask.rate is None else f"{ask.rate:.4g} requests/s"
    more = f", part {ask.part}" if ask.part > 1 else ""
    return f"Trial {ask.number} ({ask.purpose}{more}): {what} for {ask.seconds:.3g} s after {ask.warmup_s:.3g} s"


def learned(plan: SearchPlan, history: tuple[Step, ...]) -> str:
    """Say what the last part has shown, and where that leaves the search."""
    last = history[-1]
    found = verdicts(plan, history)
    verdict = next(v for v in found if v.trial.ask.number == last.ask.number)
    if verdict.judged is None:
        return _scout(last)
    said = f"Trial {last.ask.number} at {verdict.trial.rate:.4g}/s {_shown(plan, verdict)}"
    return f"{said} {where(standing(found))}"


def where(now: Standing) -> str:
    """Say what is known of the capacity."""
    confirmed = " (confirmed)" if now.confirmed else ""
    if now.lower is not None and now.upper is not None:
        return f"The capacity lies between {now.lower:.4g}{confirmed} and {now.upper:.4g}/s."
    if now.lower is not None:
        return f"The capacity is at least {now.lower:.4g}/s{confirmed}."
    if now.upper is not None:
        return f"The capacity is below {now.upper:.4g}/s."
    return "Nothing is known of the capacity yet."


def _scout(last: Step) -> str:
    seen = last.seen
    latency = "nothing completed" if seen.latency_s is None else f"mean E2E {seen.latency_s * 1e3:.4g} ms"
    users = f"{last.ask.users} user{'s' if last.ask.users != 1 else ''}"
    limit = f" The client was the limit: {seen.invalid[0]}" if seen.invalid else ""
    return f"Trial {last.ask.number}: {users} make {seen.throughput:.4g} requests/s, {latency}.{limit}"


def _shown(plan: SearchPlan, verdict: Verdict) -> str:
    judged = verdict.judged
    if judged is None:
        return ""
    word, number = _WORDS[judged.decision], judged.goal
    shares = judged.shares[number] if number is not None and number < len(judged.shares) else None
    if number is None or shares is None:
        return f"{word}: {judged.reason}".rstrip(".") + "."
    goal = plan.goals[number]
    return (
        f"{word}: {goal.term.text} kept by {shares.share:.2%} of {shares.units:,}"
        f" ({shares.lower:.2%} to {shares.upper:.2%}; {goal.target(verdict.trial.rate):.4%} asked)."
    )


def answer(block: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the result of a search in a few lines, from the ``capacity`` block of ``results.json``."""
    lines = [_interval(block), str(block["reason"])]
    if block["fit"] and block["fit"]["low_rps"] is not None:
        fit = block["fit"]
        lines.append(
            f"All trials fitted together: {fit['estimate_rps']:.4g}/s ({fit['low_rps']:.4g} to {fit['high_rps']:.4g})."
        )
    if block["knee"]:
        knee = block["knee"]
        lines.append(
            f"Knee, the best throughput over latency: {knee['throughput_rps']:.4g} requests/s at a mean E2E of"
            f" {knee['latency_s'] * 1e3:.4g} ms."
        )
    if block["status"] == "found" and not block["reached"]:
        lines.append("The interval is wider than asked for, or not confirmed: a larger --budget makes it narrower.")
    return (*lines, *(str(flag) for flag in block["flags"]))


def _interval(block: Mapping[str, Any]) -> str:
    lower, upper = block["lower_rps"], block["upper_rps"]
    confirmed = "confirmed" if block["confirmed"] else "not confirmed"
    if lower is not None and upper is not None:
        return (
            f"Capacity within {block['slo']}: {lower:.4g} to {upper:.4g} requests/s"
            f" ({block['confidence']:.0%} confidence, {block['width']:.1%} wide, lower end {confirmed})."
        )
    if lower is not None:
        return f"Capacity within {block['slo']}: at least {lower:.4g} requests/s ({confirmed})."
    if upper is not None:
        return f"Capacity within {block['slo']}: below {upper:.4g} requests/s."
    return f"Capacity within {block['slo']}: not found."
