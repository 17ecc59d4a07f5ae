"""The kill matrix as a page: what it says, that its links land, and that it works in a browser."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import browser
import pytest

from ozwell_harness.model import Level, Requirement, Source
from ozwell_harness.prove.matrix import CLEAN, Kind, Matrix, Trial
from ozwell_harness.reporting.folder import ReportError
from ozwell_harness.reporting.matrix import Proof, matrix_page, write_matrix

HOSTILE = "<script>window.hacked=1</script>"


def requirement(name: str) -> Requirement:
    return Requirement(name, f"What {name} says.", Level.MUST, name.partition(".")[0], Source("api", "Chat"))


def trial(name: str, *, expected: str = "", reported: str | None = None, **changes: object) -> Trial:
    kind = Kind.CONTROL if name.startswith("legal.") else Kind.FAULT
    owed = frozenset(expected.split())
    said = owed if reported is None else frozenset(reported.split())
    given = {"declared": owed, "description": f"What {name} does."} | changes
    return Trial(name, kind, owed, said, **given)  # type: ignore[arg-type]


EXACT = (
    trial("chat.mute", expected="chat.speaks", dependants=frozenset({"chat.ends"})),
    trial("http.cut", expected="chat.ends http.whole"),
    trial("legal.comment"),
)
PROVED = Matrix(
    EXACT, ("chat.speaks", "chat.ends", "http.whole"), {}, Trial(CLEAN, Kind.CONTROL, frozenset(), frozenset()), 3
)
INEXACT = replace(
    PROVED,
    trials=(
        *EXACT,
        trial("http.lost", expected="http.whole", reported="chat.speaks"),
        trial("chat.silent", expected="chat.speaks", reported="", errors=(HOSTILE,)),
    ),
    requirements=(*PROVED.requirements, "chat.unproved", "http.excused"),
    excused={"http.excused": f"No server can. {HOSTILE}", "chat.ends": "Idle."},
    planned=5,
)


def proof(matrix: Matrix) -> Proof:
    names = ("chat.speaks", "chat.ends", "chat.unproved", "http.whole", "http.excused")
    return Proof(matrix, "ozwell", tuple(map(requirement, names)), started=0.0, seconds=61.0)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.partition("<main>")[0] + page.partition("<main>")[2]))


@pytest.mark.parametrize(
    ("matrix", "stamp"),
    [
        (PROVED, "proved"),
        (replace(PROVED, selective=True), "proved in part"),
        (replace(PROVED, planned=4), "interrupted"),
        (INEXACT, "not proved"),
    ],
)
def test_stamp(matrix: Matrix, stamp: str) -> None:
    assert f'<span class="stamp">{stamp}</span>' in matrix_page(proof(matrix))


def test_gaps_are_listed() -> None:
    page = words(matrix_page(proof(INEXACT)))
    assert "fault http.lost: not reported by http.whole; also reported by chat.speaks" in page
    assert "Requirements without a fault chat.unproved" in page
    assert "Faults without a finding chat.silent" in page
    assert "Excused without need chat.ends" in page
    assert "Excused: No server can." in page
    assert HOSTILE not in matrix_page(proof(INEXACT))


def test_nothing_is_missed_where_all_holds() -> None:
    page = words(matrix_page(proof(PROVED)))
    assert "Every trial is exactly as declared." in page
    assert page.count("None.") == 3
    assert "1 could not be judged in consequence chat.ends" in page
    assert "nothing, as it must be" in page


def test_part_of_a_proof_blames_no_requirement() -> None:
    page = matrix_page(proof(replace(INEXACT, selective=True)))
    assert "Requirements without a fault" not in page
    assert "may only not have been tried" in page


@pytest.mark.parametrize("matrix", [PROVED, INEXACT, replace(PROVED, trials=(), clean=None)])
def test_links_land_and_ids_are_unique(matrix: Matrix) -> None:
    page = matrix_page(proof(matrix))
    ids = Counter(re.findall(r' id="([^"]*)"', page))
    assert max(ids.values()) == 1
    goals = set(re.findall(r'href="#([^"]*)"', page))
    assert goals <= ids.keys()


def test_files(tmp_path: Path) -> None:
    assert write_matrix(proof(PROVED), tmp_path / "a" / "b") == tmp_path / "a" / "b" / "matrix.html"
    document = json.loads((tmp_path / "a" / "b" / "matrix.json").read_text("utf-8"))
    assert document["holds"] is True
    assert document["trials"][0]["description"] == "What chat.mute does."
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot be written to"):
        write_matrix(proof(PROVED), tmp_path / "file")


def test_page_filters_its_rows(tmp_path: Path) -> None:
    path = write_matrix(proof(INEXACT), tmp_path)
    with browser.browser() as running:
        opened = browser.Opened(running, path)
        page = opened.page
        page.fill("input[name=text]", "http.lost")
        shown = "[...document.querySelectorAll('tr[data-row]')].filter(r => r.checkVisibility()).map(r => r.id)"
        assert page.evaluate(shown) == ["fault-http.lost"]
        page.click("button[type=reset]")
        page.check("input[name=wrong]")
        assert page.evaluate(shown) == ["fault-chat.silent", "fault-http.lost", "requirement-chat.unproved"]
        assert opened.console == []
        assert page.evaluate("window.refused") == []
        opened.close()
