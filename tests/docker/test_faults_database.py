"""The database's disk is full, its file locked, gone or not to be written: said once, survived, made up for."""

import asyncio
import os
import sqlite3
import subprocess
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest

from tests.docker.faults import Said, Target, by_hand, running_target
from tests.docker.world import Answer, World, eventually

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(180),
    pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted, which only root may do"),
]

PATIENCE = 15
"""Seconds that the server waits for another program to let go of the file."""
ENDED = "The database can be used again"


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """An installation whose data directory is a disk of its own, of 24 MiB."""
    directory = tmp_path_factory.mktemp("small")
    image, data = directory / "disk", directory / "data"
    with image.open("wb") as file:
        file.truncate(24 * 1024**2)
    data.mkdir()
    run("mkfs.ext4", "-q", "-F", str(image))
    run("mount", "-o", "loop", str(image), str(data))
    try:
        with running_target(directory) as target:
            yield target
    finally:
        run("umount", str(data))


@pytest.fixture
async def target(small_disk: Target) -> Target:
    await small_disk.repaired()
    return small_disk


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=20)


async def project(world: World, name: str = "another") -> Answer:
    """The whole answer to a mutation."""
    document = "mutation($input: CreateProjectInput!) { createProject(input: $input) { errors { code } } }"
    return await world.post(document, {"input": {"name": name}})


async def until_refused(world: World) -> dict[str, str]:
    """Ask for changes until one is refused; the error, as the client is told of it."""
    for number in range(20_000):
        answer = await project(world, f"filling-{number}")
        if answer.get("errors"):
            (error,) = answer["errors"]
            return {"code": error["extensions"]["code"], "message": error["message"]}
    raise AssertionError("nothing was refused")


async def accepted(world: World) -> bool:
    return "errors" not in await project(world, f"after-{time.monotonic_ns()}")


async def is_served(target: Target) -> None:
    """Reads are answered at once, and visitors are."""
    async with asyncio.timeout(2):
        await target.world.ask("{ servers { state } projects { name } }")
    assert await target.neighbour.answers()


@contextmanager
def full(disk: Path) -> Iterator[None]:
    ballast = disk / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            for size in (65536, 512):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue
        yield
    finally:
        ballast.unlink()


@contextmanager
def immutable(data: Path) -> Iterator[None]:
    files = [str(data / name) for name in ("wharf.db", "wharf.db-wal")]
    run("chattr", "+i", *files)
    try:
        yield
    finally:
        run("chattr", "-i", *files)


@contextmanager
def moved_away(data: Path) -> Iterator[None]:
    files = [path for path in data.iterdir() if path.name.startswith("wharf.db")]
    (data / "away").mkdir()
    for path in files:
        path.rename(data / "away" / path.name)
    try:
        yield
    finally:
        for path in files:
            (data / "away" / path.name).rename(path)
        (data / "away").rmdir()


FAULTS = {
    "full": (full, "database or disk is full. Make room on its disk"),
    "immutable": (immutable, "cannot be used: "),
    "gone": (moved_away, "it was moved, removed or replaced. Put it back"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_database_that_cannot_be_written_is_said_once_and_made_up_for(target: Target, fault: str) -> None:
    world, said = target.world, Said(target.world)
    hurt, reason = FAULTS[fault]
    async with target.nothing_else_touched():
        with hurt(world.directory / "data"):
            refused = await until_refused(world)
            assert refused["code"] == "DATABASE_UNUSABLE"
            assert reason in refused["message"]
            by_hand("kill", await target.container(target.shop))
            for _ in range(10):
                await is_served(target)
                assert not await accepted(world)
        await eventually(lambda: accepted(world), within=5)
        await eventually(target.shop.answers)
        await target.shop.until("RUNNING")
    said.once("ERROR +db.sessions: The database", ENDED)


async def test_a_locked_database_makes_changes_late_and_keeps_no_reader_waiting(target: Target) -> None:
    world, said = target.world, Said(target.world)
    async with target.nothing_else_touched():
        async with locked(world, seconds=10):
            began = time.monotonic()
            changes = [asyncio.create_task(project(world, f"late-{number}")) for number in range(20)]
            by_hand("kill", await target.container(target.shop))
            while time.monotonic() - began < 9:
                await is_served(target)
                await asyncio.sleep(0.2)
            assert not any(change.done() for change in changes)
        assert ["errors" in answer for answer in await asyncio.gather(*changes)] == [False] * 20
        await target.shop.until("RUNNING")
        await eventually(target.shop.answers)
    said.once("ERROR +db.sessions: The database .* is locked. Stop the other program", ENDED)


@pytest.mark.soak
async def test_a_change_waits_no_longer_than_it_was_promised(target: Target) -> None:
    world, said = target.world, Said(target.world)
    async with locked(world, seconds=PATIENCE + 15):
        began = time.monotonic()
        answers = await asyncio.gather(*(project(world, f"never-{number}") for number in range(50)))
        assert time.monotonic() - began < PATIENCE + 5
        codes = {answer["errors"][0]["extensions"]["code"] for answer in answers}
        assert codes == {"DATABASE_UNUSABLE"}
        await is_served(target)
    await eventually(lambda: accepted(world), within=5)
    said.once("ERROR +db.sessions: The database .* is locked", ENDED)


@asynccontextmanager
async def locked(world: World, *, seconds: float) -> AsyncGenerator[None]:
    """Another program holds the database for so long."""
    with closing(sqlite3.connect(world.directory / "data" / "wharf.db", isolation_level=None, timeout=5)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        until = time.monotonic() + seconds
        yield
        await asyncio.sleep(max(0.0, until - time.monotonic()))
        holder.execute("ROLLBACK")
