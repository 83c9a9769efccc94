"""The two ways of a document into the proxy's container: a directory shared with it, and Docker's archive API."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerSummary, PathFacts
from engine.errors import EngineError, ProxyFailure
from engine.proxy.archive import CONFIG_DIR, DOCUMENT, LIVE_DIR, delivery, next_slot
from engine.proxy.compiler import Compiled

_INODE = "wharf.directory"  # the label of a container that tells which directory it was made with


def directory_in(data_directory: Path) -> Path:
    """Where the documents for the proxy lie that it reads from a directory of ours."""
    return data_directory / "proxy"


class NotShared(EngineError):
    """The Docker engine does not see our directory, or its containers may not read it."""


class Carrier(Protocol):
    """Brings documents to a proxy, which finds at any moment either the last one or this one, whole."""

    async def before_creation(self, name: str, document: Compiled) -> dict[str, str]:
        """Make ready what the container must find when it is created; the labels that it is to carry for that."""

    async def after_creation(self, name: str, document: Compiled) -> None:
        """Have the document in the created container, which has not started yet. Raises `NotShared`."""

    def reaches(self, found: ContainerSummary) -> bool:
        """Whether what is brought would still come to this container."""

    async def bring(self, name: str, document: Compiled, slot_in_use: int) -> int | None:
        """Put the document where the running proxy looks for it. Raises `ProxyFailure` and `DockerFailure`.

        The slot by which the proxy will tell it from an equal one; None where all bear the same.
        """

    async def keep(self, name: str) -> None:
        """Have what was brought last survive a loss of power."""

    def holds(self, name: str, document: Compiled) -> bool:
        """False when a proxy that starts again would not find this document, as far as that can be seen."""


class ByArchive:
    """For every engine, however far away. Docker takes about 60 ms to unpack even a small document."""

    def __init__(self, docker: DockerGateway) -> None:
        self._docker = docker
        self._last_slot: int | None = None

    async def before_creation(self, name: str, document: Compiled) -> dict[str, str]:
        return {}

    async def after_creation(self, name: str, document: Compiled) -> None:
        await self._docker.put_archive(name, CONFIG_DIR, delivery(document, 0))

    def reaches(self, found: ContainerSummary) -> bool:
        return True

    async def bring(self, name: str, document: Compiled, slot_in_use: int) -> int | None:
        self._last_slot = next_slot(self._last_slot, slot_in_use)
        await self._docker.put_archive(name, CONFIG_DIR, delivery(document, self._last_slot))
        return self._last_slot

    async def keep(self, name: str) -> None:
        return  # Docker's own writing, which nobody else can wait for

    def holds(self, name: str, document: Compiled) -> bool:
        return True  # to look would cost more than to send


class ByDirectory:
    """For an engine on our own file system: below `base` each container has a directory, mounted read-only.

    A document is written beside the one before and renamed onto it, so that neither a crash nor a full disk
    leaves less than a whole one. That it is on the disk is waited for afterwards: where a disk is busy, that
    takes longer than all the rest. A container keeps the directory that it was started with, also when another
    one takes its place on the disk: the number of the directory's inode, in a label, tells them apart.
    """

    def __init__(self, docker: DockerGateway, base: Path) -> None:
        self.base = base
        self._docker = docker

    async def before_creation(self, name: str, document: Compiled) -> dict[str, str]:
        with _sentence(self.base):
            self._path(name).mkdir(parents=True, exist_ok=True)
            # Docker mounts what is below it, for the proxy's user, whom an engine may know by another number; for
            # everybody else of this host the way ends here.
            self.base.chmod(0o700)
            self._path(name).chmod(0o755)
        await self.bring(name, document, 0)
        await self.keep(name)
        return {_INODE: self._inode(name)}

    async def after_creation(self, name: str, document: Compiled) -> None:
        ours = (self._path(name) / DOCUMENT).stat()
        modified_at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=ours.st_mtime_ns // 1000)
        seen = await self._docker.stat_path(name, f"{LIVE_DIR}/{DOCUMENT}")
        if seen != PathFacts(ours.st_size, modified_at):
            raise NotShared(f"The Docker engine does not see what is written to {self.base}.")

    def reaches(self, found: ContainerSummary) -> bool:
        return found.labels.get(_INODE) == self._inode(found.name)

    async def bring(self, name: str, document: Compiled, slot_in_use: int) -> int | None:
        await asyncio.to_thread(_replace, self._path(name) / DOCUMENT, document.text.encode())
        return None

    async def keep(self, name: str) -> None:
        await asyncio.to_thread(_sync, self._path(name) / DOCUMENT)

    def holds(self, name: str, document: Compiled) -> bool:
        with suppress(OSError):
            return (self._path(name) / DOCUMENT).read_bytes() == document.text.encode()
        return False

    def forget_others(self, name: str) -> None:
        """Remove the directories of all containers but this one."""
        for each in self.base.glob("*/"):
            if each.name != name:
                shutil.rmtree(each, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.base / name

    def _inode(self, name: str) -> str:
        with suppress(OSError):
            return str(self._path(name).stat().st_ino)
        return ""


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".new")
    with _sentence(path):
        try:
            with beside.open("wb") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(content)
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


def _sync(path: Path) -> None:
    with _sentence(path), path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ProxyFailure(f"The proxy's configuration cannot be written to {path}: {error.strerror}.") from error
