"""Server processes that are forked from one which has loaded the program: each begins in a tenth of the time.

What they do is what `wharf serve` does. Their memory cannot be measured: they share it with the one they come from.
"""

import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

_FORKING = get_context("forkserver")
_FORKING.set_forkserver_preload(["wharf.cli", "wharf.server"])


class Process(Protocol):
    """As `subprocess.Popen` is."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float) -> int: ...

    def send_signal(self, sig: signal.Signals) -> None: ...


class Preloaded:
    """`wharf serve` with this environment, whose words go to the end of the file `log`."""

    def __init__(self, environ: Mapping[str, str], log: Path) -> None:
        self._process = _FORKING.Process(target=_serve, args=(dict(environ), log))
        self._process.start()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        """How it ended; None: it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """How it ended. Raises TimeoutError when it has not after these seconds."""
        self._process.join(timeout)
        if (ended := self.poll()) is None:
            raise TimeoutError
        return ended

    def send_signal(self, sig: signal.Signals) -> None:
        os.kill(self.pid, sig)


def _serve(environ: dict[str, str], log: Path) -> None:
    from wharf.cli import main

    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["wharf", "serve"]
    main()
