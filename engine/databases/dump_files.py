"""Dumps as files of the data directory: for their owner alone, whole or not there at all."""

import asyncio
import errno
import hashlib
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

from db.models import DatabaseDump
from engine.databases.catalogue import CATALOGUE
from engine.databases.kinds import Credentials, Setup
from engine.errors import EngineError
from engine.secrets import Secret

DIRECTORY = "dumps"
"""Its name in the data directory."""

PIECE = 1024 * 1024
_MOST_LEFT = 64 * 1024 * 1024
_PART_LEFT = 20

Note = Callable[[int], Awaitable[None]]


class CopyFailed(EngineError):
    """A dump or a restore cannot be finished, for a reason that is to be told."""


def directory_in(data_directory: Path) -> Path:
    """Where dumps are kept; made with the first one."""
    return data_directory / DIRECTORY


def dump_path(directory: Path, dump: DatabaseDump) -> Path:
    """The file of a dump, whether it is there or not."""
    suffix = CATALOGUE[dump.kind].dump(Setup(dump.version, Credentials("", Secret(""), ""))).suffix
    return directory / f"{dump.id}.{suffix}"


class NewFile:
    """A file that is being written: under another name, until `keep` gives it its own.

    A twentieth of the disk, 64 MiB at most, is left to others, who have to write on. Raises `CopyFailed` for
    whatever the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = partial_of(path)
        self._hash = hashlib.sha256()
        self._pending = bytearray()
        self._writing: asyncio.Future[None] | None = None
        self.size = 0
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._descriptor = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise self._failed(error) from error

    async def write(self, piece: bytes) -> None:
        """Add to it. The event loop is not held up by the disk."""
        self.size += len(piece)
        self._pending += piece
        if len(self._pending) >= PIECE:
            await self._flush()

    async def keep(self) -> str:
        """Have it on the disk under its own name, and nowhere else. Its SHA-256."""
        await self._flush()
        await self._in_thread(self._finish)
        return self._hash.hexdigest()

    async def close(self) -> None:
        """Leave nothing behind but what was kept."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
        os.close(self._descriptor)
        self._partial.unlink(missing_ok=True)

    async def _flush(self) -> None:
        piece, self._pending = bytes(self._pending), bytearray()
        await self._in_thread(lambda: self._append(piece))

    async def _in_thread(self, job: Callable[[], None]) -> None:
        # Who waits may be cancelled; a thread is not, and must not find its file closed.
        self._writing = asyncio.ensure_future(asyncio.to_thread(job))
        try:
            await asyncio.shield(self._writing)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> CopyFailed:
        return CopyFailed(f"The dump could not be written into {self._path.parent}: {error.strerror}.")

    def _append(self, piece: bytes) -> None:
        disk = os.fstatvfs(self._descriptor)
        left = disk.f_bavail * disk.f_frsize - len(piece)
        if left < min(_MOST_LEFT, disk.f_blocks * disk.f_frsize // _PART_LEFT):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._hash.update(piece)
        view = memoryview(piece)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def _finish(self) -> None:
        os.fsync(self._descriptor)
        self._partial.rename(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def partial_of(path: Path) -> Path:
    """What the file is called before it is whole."""
    return path.with_name(f"{path.name}.partial")


async def pieces_of(path: Path, note: Note) -> AsyncGenerator[bytes, None]:
    """What the file holds. `note` is told how many bytes have been read so far."""
    read = 0
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
            read += len(piece)
            await note(read)


def check_file(path: Path, size: int, sha256: str | None) -> None:
    """Raises `CopyFailed` for a file that is gone, or is not the one that was written."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            length = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise CopyFailed(f"The file {path} of the dump cannot be read: {error.strerror}.") from error
    if (length, found) != (size, sha256):
        raise CopyFailed(f"The file {path} is damaged: its SHA-256 is {found}, and was {sha256} when it was written.")
