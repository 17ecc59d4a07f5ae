"""The property phase as part of a run: what is asked for, what becomes a finding, and how a run with it ends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ozwell_harness.contract.plan import PropertyPlan
from ozwell_harness.driver import judge
from ozwell_harness.mock.server import running_mock
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.model import Finding, Run, Status
from ozwell_harness.observer import Silent
from ozwell_harness.plugin import run_order
from ozwell_harness.profile import load_profile
from ozwell_harness.requirements import load_catalogue
from ozwell_harness.session import Session
from ozwell_harness.settings import ConfigurationError, FileSettings, Selection, Settings, keys_in, read_file, resolve

PLAN = PropertyPlan(examples=2, requests=60)


def session_at(env: dict[str, str], *patterns: str, observer: Any = None, **more: Any) -> Session:
    settings = Settings(
        base_url=env["OZWELL_BASE_URL"],
        model=env["OZWELL_MODEL"],
        embedding_model=env["OZWELL_EMBEDDING_MODEL"],
        keys=keys_in(env),
        selection=Selection(patterns=patterns),
        **{"property_plan": PLAN} | more,
    )
    return Session(settings, observer)


def judged(session: Session) -> Run:
    with Path(os.devnull).open("w", encoding="utf-8") as log:
        try:
            session.prepare()
            return judge(session, log)
        finally:
            session.recorder.close()


def found(run: Run) -> dict[str, Finding]:
    return {finding.requirement: finding for finding in run.findings}


def test_a_deviation_becomes_a_finding_with_a_curl_line() -> None:
    with running_mock(MockSettings(faults=("files.delete-does-nothing",))) as mock:
        run = judged(session_at(mock.env, "contract.*file*", "security.survives-the-run"))
    findings = found(run)
    gone = findings["contract.deleted-file-is-gone"]
    assert gone.status is Status.FAILED
    assert gone.message.startswith("A deleted file is still there (")
    assert gone.actual.splitlines()
    assert (gone.reproduce or "").startswith("curl -sS ")
    assert "$OZWELL_API_KEY" in (gone.reproduce or "")
    assert set(gone.exchanges) <= {exchange.id for exchange in run.exchanges}
    others = {f.status for name, f in findings.items() if name != gone.requirement}
    assert others == {Status.PASSED}
    assert any(note.startswith("Generated requests: ") for note in run.notes)
    assert run.cost.requests > len(run.exchanges)


def test_passive_requirements_take_what_generated_requests_show() -> None:
    with running_mock(MockSettings(faults=("errors.flat",))) as mock:
        run = judged(session_at(mock.env, "contract.list-files-*", "errors.error-is-object"))
    failed = {name for name, finding in found(run).items() if finding.status is Status.FAILED}
    assert failed == {"errors.error-is-object"}


def test_an_interruption_is_reported_with_what_was_found() -> None:
    class Impatient(Silent):
        def generated(self, sent: int, most: int) -> None:
            if sent == 30:
                raise KeyboardInterrupt

    with running_mock(MockSettings(faults=("chat.usage-total-off-by-one",))) as mock:
        run = judged(session_at(mock.env, "contract.*", observer=Impatient()))
    assert run.interrupted
    assert found(run)["contract.chat-parameters-obeyed"].status is Status.FAILED
    # What comes after the phase was not begun.
    assert all(name.startswith("contract.") for name in list(found(run))[-5:])


ENVIRONMENT = {
    "OZWELL_BASE_URL": "http://127.0.0.1:9/v1",
    "OZWELL_MODEL": "m",
    "OZWELL_EMBEDDING_MODEL": "e",
    "OZWELL_API_KEY": "ozw_key_0123456789",
}


def test_without_a_plan_the_area_is_left_out() -> None:
    assert any(name.startswith("contract.") for name in session_at(ENVIRONMENT).wanted)
    assert not any(name.startswith("contract.") for name in session_at(ENVIRONMENT, property_plan=None).wanted)
    with pytest.raises(ConfigurationError, match="matches no requirement"):
        session_at(ENVIRONMENT, "contract.*", property_plan=None)


@pytest.mark.parametrize("name", ["ozwell", "openai"])
def test_it_comes_after_the_suites_and_before_the_last_look(name: str) -> None:
    order = run_order(load_profile(name).select(load_catalogue()))
    place = {requirement: number for number, requirement in enumerate(order)}
    generated = [number for requirement, number in place.items() if requirement.startswith("contract.")]
    everywhere = ("errors.error-is-object", "http.success-is-200", "security.key-not-echoed")
    assert max(generated) < min(place[requirement] for requirement in everywhere)
    assert min(generated) > place["files.upload-answers"]
    assert place["security.survives-the-run"] > max(generated)


def plan(file: str, tmp_path: Path, **given: Any) -> PropertyPlan | None:
    path = tmp_path / "harness.toml"
    path.write_text(file, "utf-8")
    return resolve(given, {}, read_file(path)).property_plan


def test_settings(tmp_path: Path) -> None:
    assert resolve({}, {}, FileSettings()).property_plan == PropertyPlan()
    assert resolve({"no_property": True}, {}, FileSettings()).property_plan is None
    assert plan("[check]\nproperty = false\n", tmp_path) is None
    file = "[check]\nproperty_examples = 3\nproperty_requests = 50\nproperty_time_s = 7.5\n"
    assert plan(file, tmp_path) == PropertyPlan(3, 50, 7.5)
    assert plan(file, tmp_path, property_requests=9) == PropertyPlan(3, 9, 7.5)


@pytest.mark.parametrize("given", [{"property_examples": 0}, {"property_requests": -1}, {"property_time": 0}])
def test_bad_settings_are_told(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="--no-property"):
        resolve(given, {}, FileSettings())


def test_json_under_a_name_of_its_own_is_no_finding() -> None:
    with running_mock(MockSettings(faults=("legal.problem-json",))) as mock:
        run = judged(session_at(mock.env, "contract.*answers-documented"))
    assert {finding.status for finding in run.findings} == {Status.PASSED}
