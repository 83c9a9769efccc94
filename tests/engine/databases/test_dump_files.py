"""The file of a dump is whole, for its owner alone, or not there; it never takes the disk from others."""

import asyncio
import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.databases.copy_records import progress
from engine.databases.dump_files import PIECE, CopyFailed, NewFile, check_file, pieces_of


async def written(path: Path, *pieces: bytes) -> str:
    file = NewFile(path)
    try:
        for piece in pieces:
            await file.write(piece)
        return await file.keep()
    finally:
        await file.close()


async def test_what_is_written_is_what_is_there(tmp_path: Path) -> None:
    pieces = [os.urandom(PIECE // 3) for _ in range(7)]
    path = tmp_path / "dumps" / "one.sql"
    sha256 = await written(path, *pieces)
    assert path.read_bytes() == b"".join(pieces)
    assert sha256 == hashlib.sha256(b"".join(pieces)).hexdigest()
    assert [each.name for each in path.parent.iterdir()] == ["one.sql"]
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    check_file(path, path.stat().st_size, sha256)


async def test_what_is_not_kept_is_gone(tmp_path: Path) -> None:
    file = NewFile(tmp_path / "one.sql")
    await file.write(bytes(PIECE))
    assert [each.name for each in tmp_path.iterdir()] == ["one.sql.partial"]
    await file.close()
    assert list(tmp_path.iterdir()) == []


async def test_what_a_killed_process_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "one.sql.partial").write_bytes(bytes(100))
    await written(tmp_path / "one.sql", b"short")
    assert (tmp_path / "one.sql").read_bytes() == b"short"


async def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "dumps").write_text("a file where the directory ought to be")
    with pytest.raises(CopyFailed, match=r"could not be written into .*/dumps: "):
        NewFile(tmp_path / "dumps" / "one.sql")


@pytest.mark.parametrize(("change", "why"), [(b"x", "is damaged"), (None, "cannot be read")])
async def test_a_file_that_is_another_is_found_out(tmp_path: Path, change: bytes | None, why: str) -> None:
    path = tmp_path / "one.sql"
    sha256 = await written(path, b"dump")
    path.unlink()
    if change:
        path.write_bytes(change)
    with pytest.raises(CopyFailed, match=why):
        check_file(path, 4, sha256)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory on a disk of its own, of 20 MiB."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "small"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "small", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


async def test_a_part_of_the_disk_is_left_to_others(small_disk: Path) -> None:
    """The database of ours may lie on the same one."""
    with pytest.raises(CopyFailed, match=f"could not be written into {small_disk}: No space left on device"):
        await written(small_disk / "one.sql", *[bytes(PIECE)] * 30)
    assert list(small_disk.iterdir()) == []
    file = NewFile(small_disk / "one.sql")
    with pytest.raises(CopyFailed):
        await file.write(bytes(20 * PIECE))
    for _ in range(19):
        await file.write(bytes(PIECE))
    disk = os.statvfs(small_disk)
    assert disk.f_bavail * disk.f_frsize == PIECE, "a twentieth"
    await file.close()


async def test_a_file_is_read_in_pieces_and_how_far_is_told(tmp_path: Path) -> None:
    (tmp_path / "one.sql").write_bytes(bytes(2 * PIECE + 5))
    told: list[int] = []

    async def note(size: int) -> None:
        told.append(size)

    sizes = [len(piece) async for piece in pieces_of(tmp_path / "one.sql", note)]
    assert sizes == [PIECE, PIECE, 5]
    assert told == [PIECE, 2 * PIECE, 2 * PIECE + 5]


async def test_progress_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 0.3, 0.6, 0.7, 1.1, 200.0, 201.0, 202.5])
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: next(moments))
    told: list[int] = []

    async def tell(size: int) -> None:
        told.append(size)

    note = progress(tell)
    for size in range(1, 8):
        await note(size)
    monkeypatch.undo()
    assert told == [2, 4, 5, 7], "twice a second, and after 200 s not before 2 s are over"
