from __future__ import annotations

import sys
from pathlib import Path

# Test helpers are imported by name from their own folder.
for folder in ("core", "cli", "comparing", "reporting", "../benchmarks"):
    sys.path.insert(0, str(Path(__file__).parent / folder))
