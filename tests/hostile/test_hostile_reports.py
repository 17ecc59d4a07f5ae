"""What a target says cannot harm whoever reads the reports; and a partial target gets a report that reads well."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hostile_running import Outcome

#: What acts on a terminal, or reorders text: C0 but for tab and line ends, DEL, C1, bidirectional controls.
ACTING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
JUNIT_LINE_END = "&#10;"

poisoned = pytest.mark.parametrize("outcome", ["poison"], indirect=True)
FILES = ("results.json", "junit.xml", "report.html", "suite.html", "exchanges.har", "suites.log")


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.handlers: list[tuple[str, str | None]] = []
        self.data: dict[str, str | None] = {}
        self._in_script = False
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        if tag in {"img", "iframe", "object", "embed", "base", "link"}:
            self.images.append(dict(attrs))
        self.handlers += [(name, value) for name, value in attrs if name.startswith("on")]
        self.data |= {name: value for name, value in attrs if name.startswith("data-")}

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


@poisoned
@pytest.mark.parametrize("name", [*FILES, "../stdout", "../stderr"])
def test_no_file_and_no_screen_holds_what_acts_on_a_terminal(outcome: Outcome, name: str) -> None:
    text = (outcome.report / name).read_bytes().decode("utf-8")
    assert "owned" in text
    assert ACTING.search(text) is None
    if name in {"../stdout", "../stderr", "suites.log"}:
        assert "\r" not in text


@poisoned
def test_report_runs_no_script_but_its_own(outcome: Outcome) -> None:
    page = Page(outcome.report / "report.html")
    assert len(page.scripts) == 1
    assert "owned" not in page.scripts[0]
    assert page.images == []
    assert page.handlers == []


@poisoned
def test_pytests_own_report_puts_nothing_from_the_target_into_the_page(outcome: Outcome) -> None:
    page = Page(outcome.report / "suite.html")
    assert not [script for script in page.scripts if "owned" in script]
    assert not [handler for handler in page.handlers if "owned" in str(handler)]
    blob: dict[str, Any] = json.loads(page.data["data-jsonblob"] or "")
    tests = [test for entries in blob["tests"].values() for test in entries]
    assert any("owned" in test["log"] for test in tests)
    for test in tests:
        # The page's script sets the log as markup, and the row's cells too.
        assert re.search(r"<(?!/?span)", test["log"]) is None
        assert "owned" not in "".join(test["resultsTableRow"])
    assert "owned" not in json.dumps(blob["environment"]) + blob["title"]


@poisoned
def test_the_curl_line_is_one_command(outcome: Outcome) -> None:
    lines = [f["reproduce"] for f in outcome.results["findings"] if f["reproduce"]]
    assert lines
    assert not [line for line in lines if re.search(r"(?<!')`|\$\((?=owned)", re.sub(r"'[^']*'", "", line))]


@pytest.mark.parametrize("outcome", ["only chat and models, by ozwell"], indirect=True)
def test_what_a_partial_target_lacks_is_said_once_for_each_endpoint(outcome: Outcome) -> None:
    roots = {"embeddings.answers", "files.upload-answers", "responses.answers"}
    assert outcome.named("failed") == roots
    assert outcome.named("warned") <= {"http.request-id-present"}
    unjudged = [f["message"] for f in outcome.findings.values() if f["status"] == "not_testable"]
    of_roots = [m for m in unjudged if any(f"prerequisite {root} did not hold: POST " in m for root in roots)]
    assert len(of_roots) > 150
    assert all(message in of_roots or message.startswith("To open this check, set OZWELL_") for message in unjudged)
    screen = outcome.stdout
    for root in roots:
        assert screen.count(f"failed {root}: POST /") == 1
    assert "keeps 8" in screen
    # Every area stands there once; what is behind it is in the report.
    assert len(screen.splitlines()) < 60


@pytest.mark.parametrize("outcome", ["only chat and models, by openai"], indirect=True)
def test_a_partial_target_conforms_where_only_chat_and_models_are_owed(outcome: Outcome) -> None:
    assert outcome.named("failed", "error") == set()
    absent = {name.partition(".")[0] for name in outcome.named("not_applicable")}
    assert absent >= {"embeddings", "files"}
    assert not outcome.named("passed", "warned") & {"embeddings.answers", "files.upload-answers"}
    told = outcome.stdout.partition("Not judged, and why:")[2]
    assert "The target does not offer files." in told
    assert "The target does not offer embeddings." in told


@pytest.mark.parametrize(
    "outcome", ["only chat and models, by ozwell", "only chat and models, by openai"], indirect=True
)
def test_the_evidence_of_what_is_absent_is_told_once_for_each_endpoint(outcome: Outcome) -> None:
    owed = {"embeddings.answers": "/embeddings", "files.upload-answers": "/files", "responses.answers": "/responses"}
    missing = {name for name, finding in outcome.findings.items() if "unknown_url" in finding["actual"]}
    assert missing == owed.keys() & outcome.findings.keys()
    assert not [name for name, finding in outcome.findings.items() if "unknown_url" in finding["message"]]
    # In the cases of JUnit it stands once for each as well: CI shows the messages one below the other.
    cases = ET.parse(outcome.report / "junit.xml").getroot().iter("testcase")
    told = [case.get("name") for case in cases if any("unknown_url" in ET.tostring(part).decode() for part in case)]
    assert set(told) <= missing
    page = (outcome.report / "report.html").read_text("utf-8")
    assert page.count("unknown_url") < 40


@pytest.mark.parametrize("outcome", ["401 to everything", "500 to everything"], indirect=True)
def test_the_screen_says_why_most_was_not_judged(outcome: Outcome) -> None:
    first = outcome.stdout.partition("Look at these first:")[2]
    assert re.search(r"keeps \d+ others from being judged", first)
    assert len(outcome.stdout.splitlines()) < 75
