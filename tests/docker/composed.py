"""An installation in a container, as `compose.yaml` makes it, for tests that ask it as any other."""

import json
import os
import subprocess
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.docker.world import World

ROOT = Path(__file__).parents[2]
IMAGE = "wharfinger-test"
SERVICE = "wharfinger"

_PASSED_ON = ("WHARF_LISTEN", "WHARF_HTTP_PORT", "WHARF_HTTPS_PORT", "WHARF_PROXY_ADDRESS", "WHARF_NETWORK_POOL")
_HEALTH_LOOKED_AT = {"services": {SERVICE: {"healthcheck": {"interval": "1s", "timeout": "10s"}}}}


def built_image() -> str:
    """The name of our image, built from this tree."""
    subprocess.run([ROOT / "scripts" / "images", "wharfinger", IMAGE], check=True)
    return IMAGE


class ComposedWorld(World):
    """Runs our image by `compose.yaml`, under a project name and ports of its own."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        # Docker looks as seldom as is fit for an idle host; a test has it look often, at the same thing.
        often = directory / "often.yaml"
        often.write_text(yaml.safe_dump({"version": "3.9", **_HEALTH_LOOKED_AT}))
        self._compose = [*_compose_command(), "--file", str(ROOT / "compose.yaml"), "--file", str(often)]
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WHARF_")},
            **{name: self.environ[name] for name in _PASSED_ON},
            "WHARF_IMAGE": IMAGE,
            "COMPOSE_PROJECT_NAME": f"wharf-test-{self.port}",
            "DOCKER_GID": str(Path("/var/run/docker.sock").stat().st_gid),
        }

    def start(self) -> None:
        self.compose("up", "--detach", "--no-build")
        self.until_it_answers()
        if not self.token:
            self.token = self.command("token", "create", "--name", "tests").strip()

    def stop(self) -> None:
        self.compose("stop")

    def kill(self) -> None:
        """SIGKILL of the process, as if it had crashed: Docker starts it again."""
        os.kill(self.facts()["State"]["Pid"], 9)

    def command(self, *words: str) -> str:
        return self.inside("wharf", *words)

    def inside(self, *words: str) -> str:
        """What a command in the control plane's container prints."""
        return self.compose("exec", "-T", SERVICE, *words)

    def compose(self, *words: str) -> str:
        """What `docker compose` prints."""
        done = subprocess.run(
            [*self._compose, *words], env=self.environ, cwd=ROOT, capture_output=True, text=True, timeout=90
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def until_it_answers(self) -> None:
        deadline = time.monotonic() + 60
        while not self.answers():
            assert time.monotonic() < deadline, self.compose("logs", "--no-color")
            time.sleep(0.05)

    def facts(self) -> dict[str, Any]:
        """What Docker says of the control plane's container."""
        found: dict[str, Any]
        (found,) = json.loads(docker("container", "inspect", self._container()))
        return found

    def _container(self) -> str:
        marks = {"project": self.environ["COMPOSE_PROJECT_NAME"], "service": SERVICE, "oneoff": "False"}
        filters = [f"--filter=label=com.docker.compose.{name}={value}" for name, value in marks.items()]
        return docker("container", "ls", "--all", "--quiet", *filters).strip()

    @cached_property
    def instance_id(self) -> str:
        code = (
            "import sqlite3; print(*sqlite3.connect('/data/wharf.db').execute('SELECT id FROM instance').fetchone())"
        )
        return self.inside("python3", "-c", code).strip()


def docker(*words: str) -> str:
    """What `docker` prints, to whichever of its two outputs."""
    output = subprocess.PIPE
    return subprocess.run(["docker", *words], stdout=output, stderr=subprocess.STDOUT, text=True, check=True).stdout


def _compose_command() -> list[str]:
    plugin = ["docker", "compose"]
    there = subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode == 0
    return plugin if there else ["docker-compose"]
