"""A real registry server of the tests' own, on a free port of 127.0.0.1."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiodocker
import bcrypt

START_DEADLINE = 20.0
STOP_DEADLINE = 10.0

CONFIG = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}/images}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:0"}}
"""
AUTHENTICATION = "auth: {{htpasswd: {{realm: tests, path: {folder}/htpasswd}}}}\n"


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Registry:
    address: str  # "127.0.0.1:41234"
    login: Login | None = None

    def reference(self, name: str) -> str:
        """What to pull; `name` is like "team/sample:1"."""
        return f"{self.address}/{name}"

    async def push(self, image: str, name: str) -> str:
        """Puts a local image here and forgets the name it had to get for that; returns what to pull."""
        reference = self.reference(name)
        repository, _, tag = reference.rpartition(":")
        auth = {"username": self.login.username, "password": self.login.password} if self.login else None
        async with aiodocker.Docker() as docker, asyncio.timeout(60):
            await docker.images.tag(image, repo=repository, tag=tag)
            try:
                await docker.images.push(repository, tag=tag, auth=auth)
            finally:
                await docker.images.delete(reference, noprune=True)
        return reference


@asynccontextmanager
async def running_registry(folder: Path, login: Login | None = None) -> AsyncIterator[Registry]:
    """Serves until the block ends; what is pushed is kept in `folder`."""
    log = folder / "registry.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            "docker-registry", "serve", str(_configure(folder, login)), stdout=output, stderr=output
        )
    try:
        yield Registry(await _address(process, log), login)
    finally:
        await _stop(process)


def _configure(folder: Path, login: Login | None) -> Path:
    config = CONFIG.format(folder=folder)
    if login:
        digest = bcrypt.hashpw(login.password.encode(), bcrypt.gensalt(rounds=4)).decode()
        (folder / "htpasswd").write_text(f"{login.username}:{digest}\n")
        config += AUTHENTICATION.format(folder=folder)
    path = folder / "registry.yml"
    path.write_text(config)
    return path


async def _address(process: asyncio.subprocess.Process, log: Path) -> str:
    async with asyncio.timeout(START_DEADLINE):
        while process.returncode is None:
            if found := re.search(r"listening on (127\.0\.0\.1:\d+)", log.read_text()):
                return found[1]
            await asyncio.sleep(0.02)
    raise RuntimeError(f"docker-registry ended instead of listening:\n{log.read_text()}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_DEADLINE)
    except TimeoutError:
        process.kill()
        await process.wait()
