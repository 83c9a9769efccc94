"""`wharf` as somebody types it: a process with settings of its own."""

import io
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.conftest import free_port
from wharf.cli import main

WHARF = str(Path(sys.executable).with_name("wharf"))

Done = subprocess.CompletedProcess[str]


class Shell:
    """Runs `wharf` on a data directory of its own, with a Docker engine that is not there."""

    def __init__(self, directory: Path) -> None:
        self.data = directory / "data"
        self.database = self.data / "wharf.db"
        self.settings = {
            "WHARF_DATA_DIRECTORY": str(self.data),
            "WHARF_DOCKER_HOST": f"unix://{directory}/nobody.sock",
            "WHARF_LISTEN": f"127.0.0.1:{free_port()}",
        }
        self._inherited = {name: value for name, value in os.environ.items() if not name.startswith("WHARF_")}

    def run(self, *words: str) -> Done:
        """The command with these words, in this process, where it begins faster; only `serve` gets its own."""
        if words[0] == "serve":
            return subprocess.run(
                [WHARF, *words], env=self.environ, capture_output=True, text=True, timeout=30, check=False
            )
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environ, clear=True),
            patch.object(sys, "argv", [WHARF, *words]),
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        return Done([WHARF, *words], int(ended.value.code or 0), out.getvalue(), err.getvalue())

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[str]]:
        """A server that answers; killed afterwards if it still runs."""
        pipe = subprocess.PIPE
        with subprocess.Popen([WHARF, "serve"], env=self.environ, stdout=pipe, stderr=pipe, text=True) as process:
            try:
                while not self._answers():
                    assert process.poll() is None, process.communicate()
                    time.sleep(0.05)
                yield process
            finally:
                process.kill()

    @property
    def environ(self) -> dict[str, str]:
        return {**self._inherited, **self.settings}

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.settings['WHARF_LISTEN']}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False


def refused(done: Done) -> str:
    """The one sentence with which a command has refused."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr.strip()
