"""The property phase on real sockets: the clean mock, broken ones, and a target that must be spared."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from making import ALL, owed, profile
from rawserver import http, raw_server

from ozwell_harness.checks.passive import PASSIVE
from ozwell_harness.contract.ground import Ground
from ozwell_harness.contract.phase import PropertyPhase
from ozwell_harness.contract.plan import PropertyPlan
from ozwell_harness.contract.readings import Offer
from ozwell_harness.contract.report import Report
from ozwell_harness.contract.subjects import REQUIREMENTS, SUBJECTS
from ozwell_harness.exchange import Recorder
from ozwell_harness.mock.keys import PlanName
from ozwell_harness.mock.server import MockHandle, running_mock
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.model import Exchange
from ozwell_harness.reporting.curl import curl
from ozwell_harness.requirements import load_catalogue
from ozwell_harness.settings import keys_in
from ozwell_harness.target import KeyName, Politeness, Secret, Target
from ozwell_harness.timing import Timing

CHAT = "createChatCompletion"
FILES = frozenset({"createFile", "listFiles", "retrieveFile", "deleteFile", "retrieveFileContent"})
FEW = frozenset({"createEmbedding", "listFiles"})
SMALL = PropertyPlan(examples=2, requests=80)
GIVEN_ID = re.compile(r"file-[0-9a-f]{16,}")


def ground(handle: MockHandle, plan: PropertyPlan = SMALL, **more: Any) -> Ground:
    env = handle.env
    target = Target(handle.base_url, env["OZWELL_MODEL"], env["OZWELL_EMBEDDING_MODEL"], keys_in(env))
    return ground_at(target, plan, **more)


def ground_at(target: Target, plan: PropertyPlan = SMALL, *, name: str = "ozwell", **more: Any) -> Ground:
    passive = more.pop("passive", PASSIVE)
    offer = Offer(more.pop("operations", ALL), target.model, target.embedding_model)
    recorder = Recorder(target, timing=Timing(sleep=lambda _seconds: None))
    return Ground(profile(name), target, recorder, offer, passive, owed(name), plan, **more)


def run(on: Ground) -> Report:
    phase = PropertyPhase(on)
    report = phase.run()
    phase.tidy()
    on.recorder.close()
    return report


@pytest.fixture(scope="module")
def mock() -> Iterator[MockHandle]:
    with running_mock() as handle:
        yield handle


def broken(*faults: str) -> Any:
    return running_mock(MockSettings(faults=faults))


def names(report: Report) -> set[str]:
    return {cause.found.requirement.partition(".")[2] for cause in report.causes}


@pytest.mark.parametrize("name", ["ozwell", "openai"])
def test_clean_mock_shows_nothing(mock: MockHandle, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    operations = ALL if name == "ozwell" else ALL - {"createResponse"}
    on = ground(mock, replace(SMALL, requests=120), name=name, operations=operations, seed=5)
    report = run(on)
    assert report.causes == ()
    assert on.recorder.exchanges == ()
    assert len(report.judged) > 20
    assert on.recorder.cost.requests >= report.sent > 80
    assert report.note.startswith(f"Generated requests: {report.sent}, from seed 5")
    assert list(tmp_path.iterdir()) == []


#: Each of our requirements is broken by a fault at least, those on lists of models apart, which come below.
FAULTS: dict[str, dict[str, str]] = {
    "answers": {
        "params.n-two-refused": "chat-valid-accepted",
        "chat.created-missing": "chat-answers-documented",
        "chat.usage-total-off-by-one": "chat-parameters-obeyed",
        "stream.done-missing": "chat-streams-documented",
        "responses.conversation-refused": "responses-valid-accepted",
        "responses.object-missing": "responses-answers-documented",
        "responses.sources-unasked": "responses-parameters-obeyed",
        "embeddings.batch-refused": "embeddings-valid-accepted",
        "embeddings.missing-input-accepted": "embeddings-invalid-refused",
        "embeddings.total-missing": "embeddings-answers-documented",
        "embeddings.index-shifted": "embeddings-match-inputs",
    },
    "files": {
        "files.text-only": "upload-valid-accepted",
        "files.no-purpose-accepted": "upload-invalid-refused",
        "files.created-missing": "upload-answers-documented",
        "files.bytes-off-by-one": "upload-described",
        "files.filter-refused": "list-files-valid-accepted",
        "pagination.limit-zero-accepted": "list-files-invalid-refused",
        "files.list-object-renamed": "list-files-answers-documented",
        "files.object-missing-on-retrieve": "file-answers-documented",
        "files.unknown-delete-400": "unknown-file-refused",
        "files.text-trimmed": "file-content-kept",
        "files.deleted-retrieved": "deleted-file-is-gone",
        "models.list-object-typo": "models-answers-documented",
        "models.unknown-made-up": "unknown-model-refused",
    },
    "lax answers": {"params.temperature-above-accepted": "chat-invalid-refused"},
    "lax responses": {"responses.no-messages-accepted": "responses-invalid-refused"},
    "little is there": {
        "pagination.limit-ignored": "list-files-parameters-obeyed",
        "files.retrieve-missing": "created-file-is-there",
        "models.never-retrieved": "listed-model-is-there",
    },
}


@pytest.mark.parametrize("group", FAULTS)
def test_every_requirement_is_seen_to_fail(group: str) -> None:
    faults = FAULTS[group]
    broken_ones = {f"contract.{name}" for name in faults.values()}
    capabilities = {r.capability for r in load_catalogue() if r.id in broken_ones} - {"streaming"}
    operations = frozenset(s.operation for s in SUBJECTS if s.capability in capabilities)
    with broken(*faults) as handle:
        on = ground(handle, PropertyPlan(examples=5, requests=400), operations=operations)
        report = run(on)
    missed = {fault: owed for fault, owed in faults.items() if owed not in names(report)}
    assert missed == {}
    recorded = {exchange.id for exchange in on.recorder.exchanges}
    for cause in report.causes:
        assert {exchange.id for exchange in report.evidence(cause.found.requirement)} <= recorded


def test_every_requirement_has_its_fault() -> None:
    tried = {missed for faults in FAULTS.values() for missed in faults.values()}
    lists_of_models = {"list-models-valid-accepted", "list-models-invalid-refused"}
    assert {name.partition(".")[2] for name in REQUIREMENTS if name in owed()} == tried | lists_of_models


def choosy(connection: socket.socket, request: bytes) -> None:
    """A target that takes no limit in range, and any other."""
    limit = re.search(rb"limit=(\d+) ", request)
    is_refused = limit is not None and 1 <= int(limit[1]) <= 100
    error = b'{"error": {"message": "No limit, please", "type": "invalid_request_error", "code": "invalid_value"}}'
    body = error if is_refused else b'{"object": "list", "data": []}'
    status = "400 Bad Request" if is_refused else "200 OK"
    connection.sendall(http(body, status=status, headers=("Connection: close",)))


def test_limits_of_lists_of_models_are_judged_both_ways() -> None:
    with raw_server(choosy) as url:
        report = run(ground_at(Target(url, "m", "e"), operations=frozenset({"listModels"}), passive={}))
    assert {"list-models-valid-accepted", "list-models-invalid-refused"} <= names(report)


def test_a_cause_is_shown_by_a_small_request_and_what_went_before() -> None:
    with broken("params.temperature-above-accepted", "files.delete-does-nothing") as handle:
        report = run(ground(handle, PropertyPlan(examples=5, requests=300), operations=FILES | {CHAT}))
    assert names(report) == {"chat-invalid-refused", "deleted-file-is-gone"}
    hot = report.evidence("contract.chat-invalid-refused")[-1]
    assert re.search(r'"temperature": ?[0-9]', curl(hot.request))
    assert len(hot.request.body) < 120
    upload, delete, read = report.evidence("contract.deleted-file-is-gone")[-3:]
    assert [e.request.method for e in (upload, delete, read)] == ["POST", "DELETE", "GET"]
    assert read.request.path.startswith(delete.request.path)
    told = report.deviation("contract.chat-invalid-refused", "It is refused.")
    assert told is not None
    assert told.message.startswith("a request is not refused, though /temperature: ")


def test_what_passive_checks_say_is_not_said_twice() -> None:
    with broken("errors.flat") as handle:
        on = ground(handle, operations=FEW)
        report = run(on)
        alone = run(ground(handle, operations=FEW, passive={}))
    assert report.causes == ()
    assert {"error" in (e.response.document if e.response else {}) for e in on.recorder.exchanges} == {True}
    assert any(name.endswith("answers-documented") for name in names(alone))


def requests_of(on: Ground) -> list[tuple[str, str, bytes]]:
    sent: list[tuple[str, str, bytes]] = []
    draft = on.recorder.draft

    def noting(call: Any) -> Exchange:
        sent.append((call.method, GIVEN_ID.sub("file-…", call.path), call.body))
        return draft(call)

    on.recorder.draft = noting  # type: ignore[method-assign]
    run(on)
    return sent


def test_a_seed_gives_the_same_requests_another_seed_others(mock: MockHandle) -> None:
    operations = FEW | FILES
    first, again, other = (requests_of(ground(mock, operations=operations, seed=seed)) for seed in (3, 3, 4))
    assert len(first) > 30
    assert first == again
    assert first != other


def test_budgets_are_kept(mock: MockHandle) -> None:
    on = ground(mock, replace(SMALL, requests=15), operations=FILES)
    assert 0 < run(on).sent <= 15
    spared = run(ground(mock, operations=FILES, spare=6))
    assert spared.sent == 6
    assert "--max-requests" in spared.note
    late = run(ground(mock, replace(SMALL, time_s=1e-6), operations=FILES))
    assert late.sent == 0
    assert "--property-time" in late.note


def test_the_runs_own_budget_ends_it_too(mock: MockHandle) -> None:
    on = ground(mock, operations=FILES)
    target = replace(on.target, politeness=Politeness(max_requests=4))
    assert run(ground_at(target, operations=FILES)).sent == 4


def test_an_interruption_keeps_what_was_found() -> None:
    def stop(sent: int, _most: int) -> None:
        if sent == 50:
            raise KeyboardInterrupt

    with broken("chat.usage-total-off-by-one") as handle:
        report = run(ground(handle, progress=stop))
    assert report.interrupted
    assert report.sent == 50
    assert "chat-parameters-obeyed" in names(report)
    assert report.evidence("contract.chat-parameters-obeyed")


def test_rate_limits_are_waited_out_and_are_no_finding() -> None:
    with running_mock(MockSettings(plan=PlanName.FREE, window_s=0.3)) as handle:
        on = ground(handle, replace(SMALL, requests=50), operations=FILES)
        on = replace(on, recorder=Recorder(on.target))
        report = run(on)
    assert report.causes == ()
    assert on.recorder.cost.throttled > 0
    assert report.sent == 50 or "rate" in report.note


def test_a_limit_beyond_patience_ends_the_phase() -> None:
    def script(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(http(status="429 Too Many Requests", headers=("Retry-After: 99999", "Connection: close")))

    with raw_server(script) as url:
        report = run(ground_at(Target(url, "m", "e"), operations=FILES))
    assert report.causes == ()
    assert report.sent == 1
    assert "limited the rate" in report.note


KEY = "ozw_secret_key_0123456789"


def echoing(connection: socket.socket, request: bytes) -> None:
    """A target that sends every request back, in an error that it calls a success."""
    told = request.replace(b'"', b"'").replace(b"\r\n", b" ").decode("latin-1")
    body = ('{"id": "' + re.sub(r"[^ -~]|\\", "?", told) + '"}').encode()
    connection.sendall(http(body, headers=(f"X-Echo: {KEY}", "Connection: close")))


def test_the_key_is_in_nothing_that_is_left() -> None:
    target = Target("http://unset.invalid", "m", "e", {KeyName.MAIN: Secret(KEY)})
    with raw_server(echoing) as url:
        on = ground_at(replace(target, base_url=url), replace(SMALL, requests=60))
        on = replace(on, passive={name: check for name, check in on.passive.items() if name.startswith("security.")})
        report = run(on)
    assert report.causes
    assert on.recorder.exchanges
    left = repr((report, on.recorder.exchanges, [curl(e.request) for e in on.recorder.exchanges]))
    assert "$OZWELL_API_KEY" in left
    assert KEY not in left
    assert any(exchange.leaks for exchange in on.recorder.exchanges)


def somebodys(seen: list[str]) -> Callable[[socket.socket, bytes], None]:
    """A target that numbers its files, and has some already."""

    def script(connection: socket.socket, request: bytes) -> None:
        method, path = request.decode("latin-1").split(" ")[:2]
        seen.append(f"{method} {path.removeprefix('/v1')}")
        entry = '{"id": "%s", "object": "file", "bytes": 1, "created_at": 1, "filename": "f", "purpose": "p"}'
        body = entry % "1000" if method == "POST" else '{"object": "list", "data": [' + entry % "1" + "]}"
        connection.sendall(http(body.encode(), headers=("Connection: close",)))

    return script


def test_files_of_others_are_neither_deleted_nor_read() -> None:
    seen: list[str] = []
    with raw_server(somebodys(seen)) as url:
        run(ground_at(Target(url, "m", "e"), replace(SMALL, requests=150), operations=FILES))
    deleted = {line.partition("/files/")[2] for line in seen if line.startswith("DELETE")}
    read = {line.partition("/files/")[2] for line in seen if line.endswith("/content")}
    assert "1000" in deleted
    assert deleted - {"1000"}
    assert all(one == "1000" or one.startswith("file-none-") for one in deleted)
    assert all(one == "1000/content" or one.startswith("file-none-") for one in read)


def test_a_target_that_is_gone_ends_it_soon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    on = ground_at(Target(f"http://127.0.0.1:{port}/v1", "m", "e"), operations=FILES)
    report = run(on)
    assert report.causes == ()
    assert on.recorder.cost.requests < 20
    assert {e.failure.kind for e in on.recorder.exchanges if e.failure} == {"connect"}
