"""Files for a container, as a tar archive for Docker's archive API. Pure and byte-stable."""

import io
import tarfile
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class File:
    """A file inside a container. What it holds may be secret."""

    path: str  # absolute
    content: bytes = field(repr=False)
    owner: int = 0  # user and group
    mode: int = 0o400


def tar_of(files: Iterable[File], *, made: Iterable[str] = ()) -> bytes:
    """An archive of these files, to be unpacked at the container's root.

    Directories named in `made` are made where they are missing; each belongs to the owner of the first file below
    it, and to nobody else. Docker makes other missing ones, for everybody to see.
    """
    files = sorted(files, key=lambda file: file.path)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for directory in _directories(files, made):
            archive.addfile(directory)
        for file in files:
            entry = _entry(file.path, file.owner, file.mode)
            entry.size = len(file.content)
            archive.addfile(entry, io.BytesIO(file.content))
    return packed.getvalue()


async def tar_of_stream(
    path: str, owner: int, mode: int, size: int, pieces: AsyncIterable[bytes]
) -> AsyncGenerator[bytes, None]:
    """An archive of one file of `size` bytes that come in pieces, to be unpacked at the container's root.

    ValueError when they are not as many.
    """
    entry = _entry(path, owner, mode)
    entry.size = size
    yield entry.tobuf()
    sent = 0
    async for piece in pieces:
        sent += len(piece)
        if sent > size:
            break
        yield piece
    if sent != size:
        raise ValueError(f"{path} was to have {size} bytes.")
    yield bytes(-size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)


def _directories(files: list[File], made: Iterable[str]) -> Iterator[tarfile.TarInfo]:
    for path in sorted(made):
        inside = [file for file in files if PurePosixPath(path) in PurePosixPath(file.path).parents]
        if inside:
            entry = _entry(path, inside[0].owner, 0o700)
            entry.type = tarfile.DIRTYPE
            yield entry


def _entry(path: str, owner: int, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.uid = entry.gid = owner
    entry.mode = mode
    return entry
