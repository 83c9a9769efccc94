"""The parts of the dashboard that need no page, as Node.js runs them."""

import os
import subprocess
import sys
from pathlib import Path

from tests.dashboard.browsing import ROOT


def test_parts_that_need_no_page() -> None:
    path = f"{os.environ['PATH']}:{Path(sys.executable).parent}"
    done = subprocess.run(
        ["node", "--test", "tests/modules.test.js"],
        cwd=ROOT / "dashboard",
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + done.stderr
