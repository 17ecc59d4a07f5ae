"""Changes of somebody's models: none that was not asked for, and none that stays as it should not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ozwell_harness.changing import Changes, config_call
from ozwell_harness.client import Client
from ozwell_harness.exchange import Call
from ozwell_harness.flow import execute
from ozwell_harness.mock.server import running_mock
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.model import Exchange, Request, Response, Status, Unjudgeable
from ozwell_harness.observer import Silent
from ozwell_harness.settings import Selection, Settings, keys_in
from ozwell_harness.target import Target

HARMLESS = {"temperature": 1}
MODEL, NAMED = "org/model", "gpt-3.5-turbo"
Told = tuple[str, str, dict[str, Any]]


@dataclass
class Wire:
    """Answers with the statuses that it was given, in turn, and keeps what was sent."""

    statuses: Sequence[int]
    target: Target = Target("http://target.invalid/v1", "gpt-4", None, deployable_model=MODEL)
    sent: list[Call] = field(default_factory=list)

    def send(self, call: Call) -> Exchange:
        status = self.statuses[len(self.sent)]
        self.sent.append(call)
        return Exchange(len(self.sent), call.label, Request(call.method, call.path, ""), Response(status))

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(call.body) for call in self.sent]


def changes(wire: Wire) -> Changes:
    client = Client.__new__(Client)
    client.recorder, client.target = wire, wire.target  # type: ignore[assignment]
    return Changes(client, config_call, HARMLESS)


def test_what_was_refused_needs_no_undoing() -> None:
    wire = Wire([400])
    changes(wire).attempt("too hot", {"temperature": 9})
    assert wire.bodies == [{"temperature": 9}]
    assert wire.sent[0].path == "/models/org%2Fmodel/config"


def test_what_should_have_been_refused_is_undone_at_once_beyond_the_budget() -> None:
    wire = Wire([200, 200])
    own = changes(wire)
    own.attempt("too hot", {"temperature": 9})
    own.settle()
    assert wire.bodies == [{"temperature": 9}, HARMLESS]
    assert [call.cleanup for call in wire.sent] == [False, True]


def test_an_undoing_that_failed_is_tried_again() -> None:
    wire = Wire([202, 503, 200])
    own = changes(wire)
    own.make("hot", {"temperature": 2})
    own.settle()
    own.settle()
    own.settle()
    assert wire.bodies == [{"temperature": 2}, HARMLESS, HARMLESS]


def test_what_is_harmless_by_itself_stays() -> None:
    wire = Wire([200])
    own = changes(wire)
    own.make("harmless", HARMLESS)
    own.settle()
    assert len(wire.sent) == 1


def test_no_model_is_changed_that_was_not_named() -> None:
    wire = Wire([], Target("http://target.invalid/v1", "gpt-4", None))
    with pytest.raises(Unjudgeable):
        changes(wire).make("hot", {"temperature": 2})
    assert not wire.sent


# Whole runs


def run(folder: Path, *faults: str, named: bool) -> tuple[dict[str, Status], list[Told]]:
    """Judge a mock in the two areas; statuses by requirement, and every change that was sent, refused ones apart."""
    with running_mock(MockSettings(profile="openwebui", faults=faults)) as mock:
        settings = Settings(
            base_url=mock.base_url,
            profile="openwebui",
            model=mock.env["OZWELL_MODEL"],
            keys=keys_in(mock.env),
            deployable_model=NAMED if named else None,
            selection=Selection(areas=("config", "deploy")),
            property_plan=None,
        )
        made = execute(settings, Silent(), lambda: folder).run
    sent = [
        (path[2], path[3], json.loads(exchange.request.body))
        for exchange in made.exchanges
        if (path := exchange.request.path.split("/"))[-1] in {"config", "deploy"} and exchange.status == 200
    ]
    return {finding.requirement: finding.status for finding in made.findings}, sent


def test_without_a_named_model_only_refusals_of_an_unknown_one_are_asked_for(tmp_path: Path) -> None:
    statuses, sent = run(tmp_path, named=False)
    assert not sent
    assert statuses["config.answers"] is statuses["deploy.zero-replicas-refused"] is Status.NOT_TESTABLE
    assert statuses["config.unknown-model-refused"] is statuses["deploy.unknown-model-refused"] is Status.PASSED


def test_a_lax_target_is_left_with_harmless_values(tmp_path: Path) -> None:
    faults = ("config.temperature-clamped", "deploy.negative-replicas-accepted")
    statuses, sent = run(tmp_path, *faults, named=True)
    assert statuses["config.temperature-beyond-refused"] is Status.WARNED
    assert statuses["deploy.negative-replicas-refused"] is Status.FAILED
    assert {model for model, _, _ in sent} == {NAMED}
    left = {what: body for _, what, body in sent}
    assert left["config"]["temperature"] == 1
    assert left["config"]["max_tokens"] > 1
    assert left["deploy"] == {"instance_type": "cpu-small", "replicas": 1, "auto_scaling": False}
