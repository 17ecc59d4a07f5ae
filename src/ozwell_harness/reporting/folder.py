"""The run folder: every report of one run, each file whole or absent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from ozwell_harness.model import Requirement, Run
from ozwell_harness.reporting import markdown, results, sarif
from ozwell_harness.reporting.atomic import write_text
from ozwell_harness.reporting.har import har
from ozwell_harness.reporting.html import html
from ozwell_harness.reporting.junit import junit

RUNS = Path("reports", "runs")
_Writer = Callable[[Run, tuple[Requirement, ...], Path], None]

#: What ``write_report`` writes, in this order: what scripts need comes first. ``suite.html`` is pytest-html's own.
_WRITERS: Mapping[str, _Writer] = {
    results.FILE_NAME: lambda run, requirements, path: results.write(run, path, requirements),
    "junit.xml": lambda run, requirements, path: write_text(path, junit(run, requirements)),
    sarif.FILE_NAME: lambda run, requirements, path: write_text(path, sarif.sarif(run, requirements)),
    markdown.FILE_NAME: lambda run, _, path: write_text(path, markdown.markdown_of(run)),
    "report.html": lambda run, requirements, path: write_text(path, html(run, requirements)),
    "exchanges.har": lambda run, _, path: write_text(path, har(run)),
}


class ReportError(Exception):
    """The report cannot be written. The message is one plain sentence that names the place and the reason."""


def write_report(run: Run, requirements: Iterable[Requirement], folder: Path) -> tuple[Path, ...]:
    """Write every report of ``run`` into ``folder``, which is made if need be; return the files.

    ``requirements`` are those of the run's profile: they give findings their sentence, source and order of importance.

    Raises:
        ReportError: the folder or a file cannot be written.
    """
    known = tuple(requirements)
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, writer in _WRITERS.items():
            path = folder / name
            writer(run, known, path)
            written.append(path)
    except OSError as error:
        raise ReportError(f"The report cannot be written to {folder}: {error.strerror or error}.") from None
    return tuple(written)


def new_folder(profile: str, started: float, base: Path | None = None) -> Path:
    """Make and return ``reports/runs/<UTC time>-<profile>`` below ``base``, by default the current directory.

    ``started`` is in epoch seconds. A folder that exists is never shared: the next one gets ``-2``.

    Raises:
        ReportError: it cannot be made.
    """
    runs = (base or Path()) / RUNS
    name = f"{datetime.fromtimestamp(started, UTC):%Y%m%dT%H%M%SZ}-{profile}"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        for attempt in count(1):
            folder = runs / (name if attempt == 1 else f"{name}-{attempt}")
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise ReportError(f"The report folder {runs / name} cannot be made: {error.strerror or error}.") from None
    raise AssertionError("count() does not end")
