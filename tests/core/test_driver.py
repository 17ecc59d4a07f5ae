"""The suites in this process: what happens when they cannot be run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from pathlib import Path
from ozwell_harness import driver
from ozwell_harness.session import Session
from ozwell_harness.settings import Settings

driver.content_path = lambda *parts: Path(sys.argv[1])
session = Session(Settings(base_url="http://127.0.0.1:9/v1", model="m"))
try:
    with open("log", "w") as log:
        driver.judge(session, log)
except driver.HarnessError as error:
    print("HarnessError", error, session.interrupted)
"""


def test_suite_that_cannot_be_loaded_is_the_harness_at_fault(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text("import nothing_of_this_name\n", "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p ozwell_harness.plugin\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith(("OZWELL_", "PYTEST_"))},
        check=False,
    )
    assert done.stdout == "HarnessError The suites could not be run; log says why. False\n", done.stderr
    assert "nothing_of_this_name" in (tmp_path / "log").read_text("utf-8")
