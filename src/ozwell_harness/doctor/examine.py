"""The look itself: a few requests within a few seconds, and nothing waited for."""

from __future__ import annotations

import time
from dataclasses import replace

from ozwell_harness.client import page_ids
from ozwell_harness.contract.plan import MOST_TOKENS
from ozwell_harness.costs import tokens
from ozwell_harness.doctor.diagnosis import Diagnosis, Estimate, Gain, Mark, Sign, State, gains
from ozwell_harness.doctor.probes import is_about_model, key_calls, probes_of, read, read_key, read_limits
from ozwell_harness.flow import forecast
from ozwell_harness.model import Exchange, FailureKind
from ozwell_harness.preflight import Ready, prepare
from ozwell_harness.reporting.text import seconds
from ozwell_harness.session import Session
from ozwell_harness.settings import ConfigurationError, Settings
from ozwell_harness.target import KeyName, Politeness, Target, Timeouts
from ozwell_harness.threads import in_threads

#: Seconds that the target has in all, half of them to answer the first request.
PATIENCE_S = 5.0


def hasty(settings: Settings, patience_s: float) -> Settings:
    """Return settings that await half of ``patience_s`` for an answer, once, and wait out no rate limit."""
    half = patience_s / 2
    timeouts = replace(Timeouts(), connect_s=half, read_s=half, total_s=half)
    return replace(settings, timeouts=timeouts, politeness=Politeness(max_wait_s=0.0, max_retries=0, max_transient=0))


def examine(settings: Settings, patience_s: float = PATIENCE_S) -> Diagnosis:
    """Look at the target that ``settings`` name; what a run would cost is not known yet.

    Raises:
        ConfigurationError, ProfileError, CatalogueError, BaselineError: something is wrong with what was asked.
    """
    began = time.monotonic()
    session = Session(hasty(settings, patience_s))
    try:
        found = _look(session)
    finally:
        session.recorder.close()
    elapsed = time.monotonic() - began
    return replace(found, spent=session.recorder.cost, untold=_untold(session.recorder.exchanges), elapsed_s=elapsed)


def estimated(settings: Settings, diagnosis: Diagnosis) -> Diagnosis:
    """Return the diagnosis with what a run would cost; what the target does not have is left out of it.

    Raises:
        HarnessError: the suites could not be run.
    """
    if diagnosis.state is not State.READY:
        return diagnosis
    absent = {sign.name for sign in diagnosis.capabilities if sign.mark is Mark.ABSENT}
    suites = forecast(replace(settings, property_plan=None, absent=settings.absent | absent))
    plan = settings.property_plan
    return replace(diagnosis, estimate=Estimate(suites, plan.requests if plan else 0, MOST_TOKENS if plan else 0))


def _look(session: Session) -> Diagnosis:
    recorder = session.recorder
    blank = Diagnosis(recorder.redactor.clean(session.target.base_url), session.profile.name, State.READY)
    try:
        ready = prepare(session.settings, session.profile, recorder)
    except ConfigurationError as error:
        told = replace(blank, state=State.MISCONFIGURED, reason=str(error))
        return replace(told, answered=_answered(recorder.exchanges))
    if ready.unreachable:
        return replace(blank, state=State.UNREACHABLE, reason=_unreachable(session, ready.unreachable))
    return _closer(session, ready, blank)


def _unreachable(session: Session, reason: str) -> str:
    failures = [exchange.failure for exchange in session.recorder.exchanges if exchange.failure]
    if any(failure.kind is FailureKind.TIMEOUT for failure in failures):
        return f"{reason} It had {session.settings.timeouts.total_s:g} s: --timeout gives it longer."
    return reason


def _closer(session: Session, ready: Ready, blank: Diagnosis) -> Diagnosis:
    recorder, target = session.recorder, ready.target
    first = recorder.exchanges[0]
    probes, checks = probes_of(target, session.profile), key_calls(target)
    answers = in_threads(recorder.send, [*(probe.call for probe in probes), *checks])
    signs = [read(probe, answer) for probe, answer in zip(probes, answers, strict=False)]
    if "rate_limits" in session.profile.capabilities.keys() - target.absent:
        signs.append(read_limits([first, *answers]))
    knock = session.profile.knock
    keys = [
        read_key(call.key, answer, knock.statuses) for call, answer in zip(checks, answers[len(probes) :], strict=True)
    ]
    reason = _misconfigured(signs, answers, target, ready)
    return replace(
        blank,
        state=State.MISCONFIGURED if reason else State.READY,
        reason=recorder.redactor.clean(reason),
        answered=_answered(recorder.exchanges),
        doubts=tuple([ready.doubt] if ready.doubt and ready.doubt != reason else []),
        model=target.model,
        embedding_model=target.embedding_model or "",
        listed=len(page_ids(first)),
        keys=tuple(
            _clean(session, sign)
            for sign in (_main_key(target, signs, keys, let_in=first.status in knock.statuses), *keys)
        ),
        capabilities=tuple(_clean(session, sign) for sign in signs),
        gains=_gains(session, target),
    )


def _misconfigured(signs: list[Sign], answers: list[Exchange], target: Target, ready: Ready) -> str:
    """Return why the target cannot be judged as it was named, in a sentence; empty when it can."""
    known = {sign.name: (sign, answer) for sign, answer in zip(signs, answers, strict=False)}
    if "chat" not in known:
        return ""
    chat, answer = known["chat"]
    if chat.mark is Mark.WRONG:
        hint = "set OZWELL_API_KEY to a valid key" if target.keys else "set OZWELL_API_KEY"
        return f"The target refused the key when asked to chat ({answer.status}): {hint}."
    if is_about_model(answer):
        return f"The target does not know the model {target.model}: name another with OZWELL_MODEL or --model."
    # No list of models and no chat: whoever answers there, it is not this API.
    return ready.doubt if chat.mark is not Mark.OK and ready.doubt else ""


def _main_key(target: Target, signs: list[Sign], keys: list[Sign], *, let_in: bool) -> Sign:
    name = KeyName.MAIN.value
    if KeyName.MAIN not in target.keys:
        return Sign(name, Mark.UNCLEAR, "is not set; the target answers without")
    marks = {sign.name: sign.mark for sign in (*signs, *keys)}
    if marks.get("chat") is Mark.WRONG:
        return Sign(name, Mark.WRONG, "is refused")
    if marks.get("chat") is Mark.OK or (let_in and marks.get("no key") is Mark.OK):
        return Sign(name, Mark.OK, "is accepted")
    return Sign(name, Mark.UNCLEAR, "is set; no answer shows whether it is accepted")


def _gains(session: Session, target: Target) -> tuple[Gain, ...]:
    return gains(session.catalogue, session.wanted, target)


def _clean(session: Session, sign: Sign) -> Sign:
    return replace(sign, said=session.recorder.redactor.clean(sign.said))


def _answered(exchanges: tuple[Exchange, ...]) -> str:
    if not exchanges or exchanges[0].status is None:
        return ""
    first = exchanges[0]
    return f"{first.request.method} {first.request.path} answered {first.status} in {seconds(first.elapsed)}"


def _untold(exchanges: tuple[Exchange, ...]) -> int:
    """Count the answers that cost tokens, and do not say how many."""
    costly = [e for e in exchanges if e.request.method == "POST" and e.status == 200]
    return sum(tokens(exchange) == (0, 0) for exchange in costly)
