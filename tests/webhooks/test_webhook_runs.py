"""Whole runs with a receiver, over real sockets: what they find, and what they cannot know."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ozwell_harness.flow import execute, with_target
from ozwell_harness.mock.server import running_mock
from ozwell_harness.mock.settings import MockSettings
from ozwell_harness.mock.webhooks.settings import WebhookSettings
from ozwell_harness.model import Delivery, Run, Status, Verdict
from ozwell_harness.observer import Silent
from ozwell_harness.reporting.folder import write_report
from ozwell_harness.settings import Selection, Settings, keys_in
from ozwell_harness.target import Secret
from ozwell_harness.webhooks.listening import Listening
from ozwell_harness.webhooks.receiver import receiving
from ozwell_harness.webhooks.wiring import sent_to, with_receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LISTENING = Listening("127.0.0.1", 0, Secret(SECRET), "HOOK_SECRET", wait_s=10.0, quiet_s=0.05)
Changed = Callable[[WebhookSettings], WebhookSettings | None]


def as_it_is(settings: WebhookSettings) -> WebhookSettings:
    return settings


def run_with(folder: Path, sending: Changed = as_it_is, listening: Listening = LISTENING) -> Run:
    """Judge the webhooks of a mock that sends as ``sending`` says."""
    with receiving(listening) as receiver:
        sent = sent_to(receiver)
        assert sent is not None
        webhooks = sending(replace(sent, schedule=(0.05, 0.05)))
        with running_mock(MockSettings(profile="openwebui", webhooks=webhooks)) as mock:
            settings = Settings(
                base_url=mock.base_url,
                profile="openwebui",
                model=mock.env["OZWELL_MODEL"],
                keys=keys_in(mock.env),
                selection=Selection(areas=("webhooks",)),
                webhooks=listening,
            )
            outcome = execute(settings, Silent(), lambda: folder, receiver=receiver)
    write_report(outcome.run, outcome.catalogue, outcome.folder)
    return outcome.run


def by_status(run: Run) -> dict[Status, set[str]]:
    found: dict[Status, set[str]] = {}
    for finding in run.findings:
        if finding.area == "webhooks":
            found.setdefault(finding.status, set()).add(finding.requirement.partition(".")[2])
    return found


def messages(run: Run) -> set[str]:
    return {finding.message for finding in run.findings if finding.area == "webhooks"}


def test_refused_first_webhooks_come_again(tmp_path: Path) -> None:
    run = run_with(tmp_path)
    found = by_status(run)
    # Attempts that are this close show nothing of their times.
    assert found.pop(Status.NOT_TESTABLE) == {"timestamp-of-attempt"}
    assert found.keys() == {Status.PASSED}
    assert run.verdict is Verdict.CONFORMANT
    deliveries = [one for one in run.exchanges if isinstance(one, Delivery)]
    assert sorted(one.status or 0 for one in deliveries) == [200, 200, 200, 307, 503]
    assert len({one.id for one in run.exchanges}) == len(run.exchanges)


def test_webhooks_are_evidence_without_secrets(tmp_path: Path) -> None:
    run = run_with(tmp_path)
    entries = json.loads((tmp_path / "exchanges.har").read_text("utf-8"))["log"]["entries"]
    numbers = {one.id for one in run.exchanges if isinstance(one, Delivery)}
    assert numbers <= {entry["_id"] for entry in entries}
    signed = next(finding for finding in run.findings if finding.requirement == "webhooks.signature-right")
    assert set(signed.exchanges) <= numbers | {one.id for one in run.exchanges}
    for file in tmp_path.iterdir():
        text = file.read_text("utf-8")
        assert SECRET not in text
        assert "ozw_mock_main" not in text


def test_wrong_secret_is_found_and_nothing_else(tmp_path: Path) -> None:
    run = run_with(tmp_path, lambda settings: replace(settings, secret="another secret than that"))
    found = by_status(run)
    assert found[Status.FAILED] == {"signature-right"}
    assert Status.WARNED not in found
    assert run.verdict is Verdict.NONCONFORMANT
    finding = next(finding for finding in run.findings if finding.status is Status.FAILED)
    assert "$HOOK_SECRET" in finding.expected
    assert "does the target have this secret" in finding.actual
    assert finding.reproduce is None


def test_secret_that_is_not_decoded_is_named(tmp_path: Path) -> None:
    run = run_with(tmp_path, lambda settings: replace(settings, secret=SECRET.removeprefix("whsec_")))
    finding = next(finding for finding in run.findings if finding.status is Status.FAILED)
    assert finding.actual == "it fits the secret without whsec_, as text"


def test_retries_that_never_come_are_advised(tmp_path: Path) -> None:
    quick = replace(LISTENING, wait_s=0.3)
    run = run_with(tmp_path, lambda settings: replace(settings, schedule=()), quick)
    assert by_status(run)[Status.WARNED] == {"retried"}
    assert run.verdict is Verdict.CONFORMANT


def test_one_event_that_never_comes_is_a_failure_where_others_do(tmp_path: Path) -> None:
    quick = replace(LISTENING, wait_s=0.3)
    run = run_with(tmp_path, lambda settings: replace(settings, events=("document.processed",)), quick)
    found = by_status(run)
    assert found[Status.FAILED] == {"chat-delivered"}
    assert found.keys() == {Status.FAILED, Status.NOT_TESTABLE}
    finding = next(finding for finding in run.findings if finding.status is Status.FAILED)
    assert "document.processed" in finding.actual
    assert finding.reproduce is not None
    assert "/chat/completions" in finding.reproduce


def test_event_that_was_not_subscribed_is_not_awaited(tmp_path: Path) -> None:
    only = replace(LISTENING, events=("chat.completed",))
    found = by_status(run_with(tmp_path, listening=only))
    assert found.keys() == {Status.PASSED, Status.NOT_TESTABLE}
    assert {"document-delivered", "document-data-matches", "document-payload-valid"} <= found[Status.NOT_TESTABLE]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_target_that_cannot_reach_the_receiver_is_not_testable(tmp_path: Path) -> None:
    quick = replace(LISTENING, wait_s=0.2, url="http://hooks.example/in")
    nowhere = f"http://127.0.0.1:{closed_port()}/"
    run = run_with(tmp_path, lambda settings: replace(settings, endpoint=nowhere), quick)
    assert by_status(run).keys() == {Status.NOT_TESTABLE}
    (message,) = messages(run)
    assert "Nothing was received on http://127.0.0.1:" in message
    assert "http://hooks.example/in" in message
    assert "--webhook-wait" in message


def test_target_that_sends_to_another_port_is_not_testable(tmp_path: Path) -> None:
    quick = replace(LISTENING, wait_s=0.2)
    with receiving(LISTENING) as another:
        assert another is not None
        elsewhere = another.address
        run = run_with(tmp_path, lambda settings: replace(settings, endpoint=elsewhere), quick)
    assert by_status(run).keys() == {Status.NOT_TESTABLE}


def test_target_without_webhooks_is_not_testable(tmp_path: Path) -> None:
    run = run_with(tmp_path, lambda _: None, replace(LISTENING, wait_s=0.2))
    assert by_status(run).keys() == {Status.NOT_TESTABLE}


def test_without_the_option_it_is_named(tmp_path: Path) -> None:
    with running_mock(MockSettings(profile="openwebui")) as mock:
        settings = Settings(
            base_url=mock.base_url,
            profile="openwebui",
            model=mock.env["OZWELL_MODEL"],
            keys=keys_in(mock.env),
            selection=Selection(patterns=("webhooks.chat-*",)),
        )
        run = execute(settings, Silent(), lambda: tmp_path).run
    assert by_status(run).keys() == {Status.NOT_TESTABLE}
    assert all("--webhook-listen" in message for message in messages(run))


def test_mock_of_a_run_sends_to_its_own_receiver() -> None:
    asked = Settings(profile="openwebui")
    with with_receiver(asked) as (awaiting, receiver), with_target(awaiting, receiver) as complete:
        assert receiver is not None
        assert complete.webhooks is not None
        assert complete.webhooks.secret_name == "WEBHOOK_SECRET"
    with with_receiver(replace(asked, base_url="http://127.0.0.1:9/v1")) as (awaiting, receiver):
        assert (awaiting.webhooks, receiver) == (None, None)
    with with_receiver(Settings(profile="ozwell", webhooks=LISTENING)) as (awaiting, receiver):
        assert (awaiting.webhooks, receiver) == (None, None)


def harness(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OZWELL_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", "ozwell_harness", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=clean | variables,
        check=False,
        timeout=120,
    )


def test_command_line(tmp_path: Path) -> None:
    port = closed_port()
    webhooks = WebhookSettings(f"http://127.0.0.1:{port}/in", SECRET, schedule=(0.05, 0.05))
    with running_mock(MockSettings(profile="openwebui", webhooks=webhooks)) as mock:
        listen = ("--webhook-listen", f"127.0.0.1:{port}", "--webhook-secret-env", "HOOK", "--webhook-wait", "10s")
        selected = ("--profile", "openwebui", "--area", "webhooks", "--json", "out.json")
        done = harness(tmp_path, "check", *selected, *listen, HOOK=SECRET, **mock.env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Webhooks are awaited on http://127.0.0.1:{port}/" in done.stderr
    document: dict[str, Any] = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert document["summary"]["failed"] == document["summary"]["warned"] == document["summary"]["error"] == 0
    assert document["summary"]["passed"] >= 25
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--webhook-listen", "127.0.0.1:0"), "--webhook-secret-env NAME"),
        (("--webhook-secret-env", "HOOK"), "--webhook-listen HOST:PORT"),
        (("--webhook-listen", "127.0.0.1:0", "--webhook-secret-env", "UNSET"), "UNSET"),
        (("--webhook-listen", "192.0.2.1:0", "--webhook-secret-env", "HOOK"), "192.0.2.1"),
    ],
)
def test_wrong_usage_is_told(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    done = harness(tmp_path, "check", "http://127.0.0.1:9/v1", "--profile", "openwebui", *arguments, HOOK=SECRET)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
