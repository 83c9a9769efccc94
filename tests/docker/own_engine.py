"""A Docker engine of a test's own, which may be killed: its disk, network and containers are not the host's."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_STARTED_WITHIN = 60.0
_IMAGES = ("wharf-sample:1", "wharf-sample:2", "wharf-sample:3")
_PROXY_IMAGES = ("traefik:v3.7.15", "wharf-traefik:3.7.15")


class OwnEngine:
    """A dockerd on a disk of its own."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.socket = directory / "engine.sock"
        self.disk = directory / "disk"
        self._log = directory / "dockerd.log"
        self._pid_file = directory / "dockerd.pid"
        self._run = directory / "run"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        for pid_file in (self._pid_file, self._run / "containerd/containerd.pid"):
            _forget_if_dead(pid_file)
        where = [f"--host={self.url}", f"--data-root={self.disk}", f"--exec-root={self._run}"]
        names = ["--containerd-namespace=wharf-test", "--containerd-plugins-namespace=wharf-test-plugins"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["dockerd", f"--pidfile={self._pid_file}", *where, *names, *self._options], stdout=log, stderr=log
            )
        deadline = time.monotonic() + _STARTED_WITHIN
        while subprocess.run(["docker", "-H", self.url, "version"], capture_output=True, check=False).returncode:
            assert self._process.poll() is None, self._log.read_text()[-2000:]
            assert time.monotonic() < deadline, self._log.read_text()[-2000:]
            time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL: what it knew is what it had written."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and wait until it and what it had started are gone."""
        self._end(signal.SIGTERM)
        for shim in self._shims():
            _kill_with_children(shim)
        for mount in sorted(_mounts_below(self._run.parent), reverse=True):
            subprocess.run(["umount", "--lazy", mount], check=True)

    def _shims(self) -> list[int]:
        """What holds a container while no engine does: only an engine that died leaves any."""
        return [
            int(process.name)
            for process in Path("/proc").glob("[0-9]*")
            if str(self._run) in _command_line(process) and "containerd-shim" in _command_line(process)
        ]

    def _end(self, how: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(how)
            self._process.wait(timeout=60)
            self._process = None

    def take_images(self) -> None:
        """Bring what tests run from the host's engine."""
        there = subprocess.run(["docker", "image", "inspect", *_PROXY_IMAGES], capture_output=True, check=False)
        proxies = [image for image in _PROXY_IMAGES if image.encode() in there.stdout]
        with subprocess.Popen(["docker", "save", *_IMAGES, *proxies], stdout=subprocess.PIPE) as saving:
            loading = ["docker", "-H", self.url, "load", "-q"]
            subprocess.run(loading, stdin=saving.stdout, check=True, capture_output=True, timeout=120)


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _kill_with_children(pid: int) -> None:
    with suppress(FileNotFoundError, ProcessLookupError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (*map(int, children), pid):
            os.kill(each, signal.SIGKILL)


def _mounts_below(directory: Path) -> list[str]:
    places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [place for place in places if place.startswith(f"{directory}/")]


def _forget_if_dead(pid_file: Path) -> None:
    # A process that has ended and that nobody waits for still has its number, which dockerd believes in.
    with suppress(FileNotFoundError):
        if not _runs(pid_file.read_text().strip()):
            pid_file.unlink()


def _runs(pid: str) -> bool:
    try:
        return bool(Path("/proc", pid, "exe").readlink())
    except OSError:
        return False


@contextmanager
def running_engine(directory: Path, *options: str) -> Iterator[OwnEngine]:
    """Within, this thread and what it starts are on a network of their own, and `docker` means this engine."""
    engine = OwnEngine(directory, *options)
    image, before = directory / "disk.image", os.environ.get("DOCKER_HOST")
    with image.open("wb") as file:
        file.truncate(2 * 1024**3)
    engine.disk.mkdir()
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, engine.disk], check=True)
    try:
        with _own_network():
            engine.start()
            try:
                engine.take_images()
                os.environ["DOCKER_HOST"] = engine.url
                yield engine
            finally:
                os.environ.pop("DOCKER_HOST")
                if before:
                    os.environ["DOCKER_HOST"] = before
                engine.stop()
    finally:
        for mount in _mounts_below(directory):
            subprocess.run(["umount", "--lazy", mount], check=True)


@contextmanager
def _own_network() -> Iterator[None]:
    """A second dockerd would take the first one's rules of the firewall away."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open() as ours:
        if libc.unshare(_NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "no network of our own")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            libc.setns(ours.fileno(), _NEW_NETWORK)
