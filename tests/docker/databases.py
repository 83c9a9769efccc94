"""A database of a test's own, made from the catalogue and nothing else. All of it is gone afterwards."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from engine.archives import tar_of_stream
from engine.databases.catalogue import container_files, image, new_credentials
from engine.databases.commands import Outcome, run, stream
from engine.databases.dumps import without_lines
from engine.databases.kinds import ArchiveRestore, Command, FileRestore, Kind, Setup, StreamedRestore
from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerState
from engine.errors import DockerConflict, ImageNotFound
from engine.secrets import Secret

STAND_INS = "wharf.local"


async def version_here(kind: Kind) -> str:
    """The newest version of which this machine has an image."""
    docker = DockerGateway(None)
    try:
        for version in kind.versions:
            with suppress(ImageNotFound):
                await docker.inspect_image(image(kind, version, STAND_INS))
                return version
    finally:
        await docker.close()
    raise AssertionError(f"There is no image of {kind.title}: run 'scripts/images databases'.")


class Served:
    """One database server with a volume; `setup` is what is remembered about it."""

    def __init__(self, docker: DockerGateway, kind: Kind, setup: Setup) -> None:
        self.docker = docker
        self.kind = kind
        self.setup = setup
        self.name = f"wharf-test-{uuid4().hex[:12]}"
        self.labels = {"wharf.test.databases": self.name}

    async def create(self) -> None:
        """A new volume and a container that has all files and was not started."""
        await self.docker.create_volume(self.name, self.labels)
        await self._create_container(first=True)

    async def recreate(self) -> None:
        """Another container in place of the one, with the same volume."""
        await self.docker.remove_container(self.name)
        await self._create_container(first=False)

    async def destroy(self) -> None:
        """The volume goes, and all data with it; there is a new, empty one."""
        await self.docker.remove_container(self.name)
        await self.docker.remove_volume(self.name)
        await self.create()

    async def clean(self) -> None:
        for container in await self.docker.list_containers(self.labels):
            await self.docker.remove_container(container.id)
        for volume in await self.docker.list_volumes(self.labels):
            await self.docker.remove_volume(volume.name)

    async def start(self, *, within: float = 60) -> None:
        """Returns when it is ready; fails when it ends before that, telling its last words."""
        await self.docker.start_container(self.name)
        async with asyncio.timeout(within):
            while True:
                with suppress(DockerConflict):  # it has ended, as the next look tells
                    if (await run(self.docker, self.name, self.kind.ready(self.setup))).worked:
                        return
                facts = await self.docker.inspect_container(self.name)
                assert facts.state is ContainerState.RUNNING, await self.log()
                await asyncio.sleep(0.1)

    async def stop(self) -> int:
        """The exit code of a clean stop."""
        await self.docker.stop_container(self.name, self.kind.stop_grace)
        code = (await self.docker.inspect_container(self.name)).exit_code
        assert code is not None
        return code

    async def log(self, lines: int = 200) -> str:
        return "\n".join(line.text for line in await self.docker.log_tail(self.name, lines))

    async def file(self, path: str) -> str:
        """What a file of the running container holds."""
        return (await self.docker.exec(self.name, ["cat", path], 10)).output

    async def do(self, command: Command) -> str:
        """The output of a command that works."""
        outcome = await run(self.docker, self.name, command)
        assert outcome.worked, (outcome, await self.log(20))
        return outcome.output

    async def lets_in(self, password: str) -> bool:
        return (await self.sign_in(password)).worked

    async def sign_in(self, password: str) -> Outcome:
        credentials = replace(self.setup.credentials, password=Secret(password))
        return await run(self.docker, self.name, self.kind.login(replace(self.setup, credentials=credentials)))

    async def rotate(self, password: str) -> None:
        await self.do(self.kind.change_password(self.setup, Secret(password)))
        self.setup = replace(self.setup, credentials=replace(self.setup.credentials, password=Secret(password)))

    async def dump(self, path: Path) -> None:
        """What is in it, into a file."""
        how = self.kind.dump(self.setup)
        for command in how.before:
            await self.do(command)
        with path.open("wb") as file:

            async def write(piece: bytes) -> None:
                file.write(piece)

            outcome = await stream(self.docker, self.name, how.stream, sink=write, idle=30)
        for command in how.after:
            await self.do(command)
        assert outcome.worked, outcome

    async def restore(self, path: Path) -> None:
        """From the file into this new database, which was never started; it is ready afterwards."""
        how = self.kind.restore(self.setup)
        match how:
            case FileRestore():
                tar = tar_of_stream(how.path, how.owner, how.mode, path.stat().st_size, pieces_of(path))
                await self.docker.put_archive(self.name, "/", tar, 60)
                await self.start()
            case ArchiveRestore():
                await self.docker.put_archive(self.name, how.path, pieces_of(path), 60)
                await self.start()
            case StreamedRestore():
                await self.start()
                for command in how.before:
                    await self.do(command)
                source = without_lines(pieces_of(path), how)
                outcome = await stream(self.docker, self.name, how.stream, source=source, idle=30)
                assert outcome.worked, outcome
                for command in how.after:
                    await self.do(command)

    async def _create_container(self, *, first: bool) -> None:
        kind, setup = self.kind, self.setup
        body: dict[str, Any] = {
            "Image": image(kind, setup.version, STAND_INS),
            "Env": [f"{name}={value}" for name, value in sorted(kind.variables(setup).items())],
            "Labels": self.labels,
            "StopSignal": kind.stop_signal,
            "HostConfig": {
                "Mounts": [{"Type": "volume", "Source": self.name, "Target": kind.data_path(setup.version)}]
            },
        }
        if kind.command is not None:
            body["Cmd"] = list(kind.command(setup))
        await self.docker.create_container(self.name, body)
        await self.docker.put_archive(self.name, "/", container_files(kind, setup, first=first))


async def pieces_of(path: Path, size: int = 1024 * 1024) -> AsyncGenerator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(size):
            yield piece


@asynccontextmanager
async def served(kind: Kind, *, password: str = "") -> AsyncIterator[Served]:
    """A database that is made, and not started."""
    version = await version_here(kind)
    docker = DockerGateway(None)
    credentials = new_credentials(kind)
    if password:
        credentials = replace(credentials, password=Secret(password))
    database = Served(docker, kind, Setup(version, credentials))
    try:
        await database.create()
        yield database
    finally:
        await database.clean()
        await docker.close()
