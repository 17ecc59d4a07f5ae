"""The property phase of the Open WebUI dialect: what is generated, what is left alone, what is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from making import owed, profile

from ozwell_harness.checks.passive import PASSIVE
from ozwell_harness.contract.ground import Ground, spare_of
from ozwell_harness.contract.holdings import Holdings
from ozwell_harness.contract.phase import PropertyPhase
from ozwell_harness.contract.plan import AREA, PropertyPlan
from ozwell_harness.contract.readings import Offer, costs_little, linked_tags, reading, rules
from ozwell_harness.contract.report import Report
from ozwell_harness.contract.subjects import SUBJECTS
from ozwell_harness.contract.violations import Rules
from ozwell_harness.exchange import Call, Recorder
from ozwell_harness.mock.keys import PlanName
from ozwell_harness.mock.server import MockHandle, running_mock
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.settings import keys_in
from ozwell_harness.target import Target
from ozwell_harness.timing import Timing

WEBUI = profile("openwebui")
OPERATIONS = frozenset(s.operation for s in SUBJECTS if s.capability in WEBUI.capabilities)
DEPLOYABLE = "gpt-3.5-turbo"
PLAN = PropertyPlan(examples=3, requests=160)


def ground(handle: MockHandle, operations: frozenset[str] = OPERATIONS, plan: PropertyPlan = PLAN) -> Ground:
    env = handle.env
    target = Target(handle.base_url, env["OZWELL_MODEL"], None, keys_in(env), deployable_model=DEPLOYABLE)
    offer = Offer(operations, target.model, deployable_model=DEPLOYABLE)
    recorder = Recorder(target, timing=Timing(sleep=lambda _seconds: None))
    passive = {name: check for name, check in PASSIVE.items() if name in owed("openwebui")}
    return Ground(WEBUI, target, recorder, offer, passive, owed("openwebui"), plan)


def run(on: Ground) -> Report:
    phase = PropertyPhase(on)
    report = phase.run()
    phase.tidy()
    on.recorder.close()
    return report


def broken(*faults: str) -> Any:
    return running_mock(MockSettings(faults=faults, profile="openwebui"))


def test_clean_mock_shows_nothing_and_is_left_as_it_was() -> None:
    with broken() as handle:
        recorded = Recorder(ground(handle).target)
        before = recorded.send_once(put({}))
        on = ground(handle)
        report = run(on)
        after = recorded.send_once(put({}))
        recorded.close()
    assert report.causes == ()
    assert on.recorder.exchanges == ()
    assert {name for name in owed("openwebui") if name.startswith(f"{AREA}.")} == set(report.judged)
    assert before.response is not None
    assert after.response is not None
    told = {name: value for name, value in before.response.document.items() if value is not None}
    assert told.items() <= after.response.document.items()


def put(body: dict[str, Any]) -> Call:
    from ozwell_harness.changing import config_call

    return config_call(DEPLOYABLE, body, "look")


#: Each requirement that only this dialect has is broken by a fault at least.
FAULTS: dict[str, dict[str, str]] = {
    "retrieveChatHistory": {
        "history.no-id-accepted": "history-invalid-refused",
        "history.unknown-empty": "unknown-chat-refused",
    },
    "createDocument": {
        "documents.no-file-accepted": "document-invalid-refused",
        "documents.chunks-text": "document-answers-documented",
    },
    "queryDocuments": {
        "retrieval.no-query-accepted": "query-invalid-refused",
    },
    "updateModelConfig": {
        "config.temperature-lower-bound-refused": "config-valid-accepted",
        "config.words-accepted": "config-invalid-refused",
        "config.values-halved": "config-values-told",
    },
    "deployModel": {
        "deploy.words-accepted": "deploy-invalid-refused",
        "deploy.status-number": "deploy-answers-documented",
    },
}
#: A fault that leaves nothing else to be seen.
ALONE: dict[str, tuple[str, frozenset[str]]] = {
    "history.never-there": ("held-chat-is-there", frozenset({"createChatCompletion", "retrieveChatHistory"})),
    "history.role-missing": (
        "history-answers-documented",
        frozenset({"createChatCompletion", "retrieveChatHistory"}),
    ),
    "documents.never-accepted": ("document-valid-accepted", frozenset({"createDocument"})),
    "retrieval.never-answered": ("query-valid-accepted", frozenset({"queryDocuments"})),
    "retrieval.score-text": ("query-answers-documented", frozenset({"createDocument", "queryDocuments"})),
    "retrieval.top-k-ignored": ("query-parameters-obeyed", frozenset({"createDocument", "queryDocuments"})),
    "config.values-as-texts": ("config-answers-documented", frozenset({"updateModelConfig"})),
    "deploy.not-allowed": ("deploy-valid-accepted", frozenset({"deployModel"})),
}


def names(report: Report) -> set[str]:
    return {cause.found.requirement.partition(".")[2] for cause in report.causes}


@pytest.mark.parametrize("operation", FAULTS)
def test_deviations_are_seen(operation: str) -> None:
    faults = FAULTS[operation]
    with broken(*faults) as handle:
        report = run(ground(handle, frozenset({operation})))
    assert {fault: owed for fault, owed in faults.items() if owed not in names(report)} == {}


@pytest.mark.parametrize("fault", ALONE)
def test_deviations_that_leave_nothing_else_are_seen(fault: str) -> None:
    requirement, operations = ALONE[fault]
    with broken(fault) as handle:
        report = run(ground(handle, operations))
    assert requirement in names(report)


def test_every_requirement_of_this_dialect_has_its_fault() -> None:
    tried = {owed for faults in FAULTS.values() for owed in faults.values()} | {owed for owed, _ in ALONE.values()}
    own = {one for one in owed("openwebui") - owed("ozwell") if one.startswith(f"{AREA}.")}
    assert {name.partition(".")[2] for name in own} == tried


def test_a_named_model_is_the_only_one_that_is_changed() -> None:
    offer = Offer(OPERATIONS, "gpt-4", deployable_model=DEPLOYABLE)
    schema = reading(WEBUI, offer)["components"]["parameters"]["ModelId"]["schema"]
    assert schema["enum"] == [DEPLOYABLE]
    held = Holdings(DEPLOYABLE)
    assert held.permits(Call("PUT", f"/models/{DEPLOYABLE}/config", "x"))
    assert not held.permits(Call("PUT", "/models/gpt-4/config", "x"))
    assert not held.permits(Call("POST", "/models/gpt-4/deploy", "x"))
    assert not Holdings().permits(Call("POST", f"/models/{DEPLOYABLE}/deploy", "x"))


def test_nobodys_chats_are_read() -> None:
    spec = reading(WEBUI, Offer(OPERATIONS, "gpt-4", deployable_model=DEPLOYABLE))
    assert spec["components"]["parameters"]["ChatId"]["schema"]["pattern"].startswith("^chat-none-")
    assert linked_tags(spec) == {"Chat"}


@pytest.mark.parametrize(
    ("body", "is_cheap"),
    [
        ({"replicas": 2}, False),
        ({"replicas": 1e9}, False),
        ({"replicas": 0}, True),
        ({"replicas": "three"}, True),
        ({"temperature": "warm"}, True),
    ],
)
def test_no_machines_are_asked_for_that_cost(body: dict[str, Any], *, is_cheap: bool) -> None:
    assert costs_little(body) is is_cheap


@pytest.mark.parametrize(
    ("operation", "url", "media_type", "body", "rule"),
    [
        ("retrieveChatHistory", "http://x/chat/history", "", b"", "chat_id required"),
        ("retrieveChatHistory", "http://x/chat/history?chat_id=", "", b"", None),
        ("retrieveChatHistory", "http://x/chat/history?chat_id=a", "", b"", None),
        ("createDocument", "http://x/rag/documents", "multipart/form-data", b'name="collection_id"', "form file"),
        ("createDocument", "http://x/rag/documents", "multipart/form-data", b'name="file"', None),
        ("queryDocuments", "http://x/rag/query", "application/json", b'{"top_k": 1}', "/ required"),
        # What rests on a decision is not refused by every server that keeps to the document.
        ("queryDocuments", "http://x/rag/query", "application/json", b'{"query": "", "top_k": 0}', None),
        ("queryDocuments", "http://x/rag/query", "application/json", b'{"query": 5}', "/query type"),
        ("deployModel", "http://x/models/m/deploy", "application/json", b'{"replicas": 0}', None),
        ("deployModel", "http://x/models/m/deploy", "application/json", b'{"auto_scaling": 5}', "/auto_scaling type"),
    ],
)
def test_rules(operation: str, url: str, media_type: str, body: bytes, rule: str | None) -> None:
    violation = Rules(rules(WEBUI)).violation(operation, url, media_type, body)
    assert (violation.rule.lstrip("/ ") if violation else None) == (rule.lstrip("/ ") if rule else None)


def test_a_window_that_lasts_longer_than_a_wait_bounds_what_is_generated() -> None:
    with running_mock(MockSettings(profile="openwebui", plan=PlanName.HOURLY)) as handle:
        on = ground(handle)
        on.recorder.send(Call("GET", WEBUI.knock.path, "knock"))
        told = spare_of(on.recorder.exchanges, on.target, WEBUI.expect.rates, None)
        patient = replace(on.target, politeness=replace(on.target.politeness, max_wait_s=4000.0))
        unbound = spare_of(on.recorder.exchanges, patient, WEBUI.expect.rates, None)
        on.recorder.close()
    assert told == 100 - 1 - 20
    assert unbound is None
