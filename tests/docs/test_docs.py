"""The documentation does what it says: every command in it is run."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

import pytest
from docs_running import Page, blocks_of, commands_of, reader

from ozwell_harness.content import content_path
from ozwell_harness.mock.server import running_mock

TOP = Path(__file__).parents[2]
DOCS = TOP / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md"))
#: Pages that change the project: they are run in a copy of it.
IN_A_CHECKOUT = {"writing-a-requirement.md"}
#: How many blocks of a page cannot be run here. A new one is a decision, so it is counted.
NOT_RUN = {"getting-started.md": 1, "ci.md": 1}
#: Pages about a target of the reader's own: a mock stands in for it, and settings keep the runs short.
WITH_A_TARGET = {"ci.md"}
SETTINGS = '[check]\nareas = ["models"]\nproperty = false\n'
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]*)(?:#[^)\s]*)?\)")


def checkout(folder: Path) -> dict[str, str]:
    """Copy what a checkout has; return the environment in which the copy is what is installed."""
    for name in ("src", "spec", "suites", "fixtures", "loadtests", "reports/templates", "docs"):
        shutil.copytree(TOP / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return reader(folder) | {"PYTHONPATH": str(folder / "src")}


@pytest.mark.parametrize("name", PAGES)
def test_commands_of_a_page_do_what_it_shows(name: str, tmp_path: Path) -> None:
    text = (DOCS / name).read_text("utf-8")
    if not any(block.language == "console" for block in blocks_of(text)):
        pytest.skip("no command")
    environment = checkout(tmp_path) if name in IN_A_CHECKOUT else reader(tmp_path)
    with contextlib.ExitStack() as standing:
        if name in WITH_A_TARGET:
            environment |= standing.enter_context(running_mock()).env
            (tmp_path / "harness.toml").write_text(SETTINGS, "utf-8")
        assert Page(text, tmp_path, environment).run() == []


@pytest.mark.parametrize("name", PAGES)
def test_commands_stand_in_blocks_that_are_run(name: str) -> None:
    text = (DOCS / name).read_text("utf-8")
    blocks = blocks_of(text)
    assert not [block for block in blocks if block.language in {"sh", "bash", "shell", "zsh"}]
    known = {"server", "not-run"}
    assert not [b.words for b in blocks if b.language == "console" and not known.issuperset(b.words)]
    assert sum("not-run" in block.words for block in blocks) == NOT_RUN.get(name, 0)
    assert all(commands_of(block.text) for block in blocks if block.language == "console")


@pytest.mark.parametrize("path", [TOP / "README.md", *(DOCS / name for name in PAGES)], ids=lambda path: path.name)
def test_links_lead_to_files(path: Path) -> None:
    for target in _LINK.findall(path.read_text("utf-8")):
        if target and not target.startswith(("http:", "https:", "mailto:")):
            assert (path.parent / target).exists(), target


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (TOP / "README.md").read_text("utf-8")
    assert [name for name in PAGES if f"docs/{name}" not in readme] == []


def test_catalogue_is_current(tmp_path: Path) -> None:
    """The page is written by ``ozwell-harness requirements page``, and ``make catalogue`` does it."""
    page = Page("```console\n$ ozwell-harness requirements page --out page.md\n```\n", tmp_path, reader(tmp_path))
    assert page.run() == []
    assert (tmp_path / "page.md").read_text("utf-8") == (DOCS / "catalogue.md").read_text("utf-8")
    assert content_path("spec", "requirements")


class TestRunner:
    """The runner itself fails where a page is wrong."""

    @pytest.mark.parametrize(
        ("block", "words"),
        [
            ("$ true\n", None),
            ("$ false\n", "ended with 1, not 0"),
            ("$ false\n$ echo $?\n1\n", None),
            ("$ true\n$ echo $?\n1\n", "ended with 0, not 1"),
            ("$ echo one; echo two\none\ntwo\n", None),
            ("$ echo one; echo two\ntwo\none\n", "does not print 'one'"),
            ("$ echo took 5 s\ntook … s\n", None),
            ("$ echo took 5 min\ntook … s\n", "does not print"),
            ("$ export NAME=x\n$ cd /tmp\n$ echo $NAME $PWD\nx /tmp\n", None),
            ("$ echo a \\\n    b\na b\n", None),
        ],
    )
    def test_run(self, block: str, words: str | None, tmp_path: Path) -> None:
        found = Page(f"Text.\n\n```console\n{block}```\n", tmp_path, reader(tmp_path)).run()
        assert (found == []) if words is None else any(words in said for said in found)

    def test_files_are_written_and_other_blocks_left_alone(self, tmp_path: Path) -> None:
        text = (
            "```toml file=a.toml\nx = 1\n```\n```toml append=a.toml\ny = 2\n```\n"
            "```console not-run\n$ false\n```\n```json\n{}\n```\n```console\n$ cat a.toml\nx = 1\ny = 2\n```\n"
        )
        assert Page(text, tmp_path, reader(tmp_path)).run() == []
        assert len(blocks_of(text)) == 5
