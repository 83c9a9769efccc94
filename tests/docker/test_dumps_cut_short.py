"""Dumps and restores that are killed, find their disk full, their file damaged, their new server dead."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import labels
from engine.docker.gateway import DockerGateway
from graph.ids import local_id
from tests.docker.clients import read, write
from tests.docker.composed import docker
from tests.docker.dumps import (
    ask_for_dump,
    ask_for_restore,
    dumped,
    ended,
    file_of,
    left_over,
    reached,
    restored,
    steps,
    volumes_of,
)
from tests.docker.world import Answer, Database, World, eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

VERSIONS = {"REDIS": "7.0", "POSTGRESQL": "15", "MARIADB": "10.11"}


async def a_database(world: World, environment: str, kind: str = "REDIS", name: str = "db") -> Database:
    """One that runs and keeps one word."""
    database = await world.database(environment, kind, name, version=VERSIONS[kind])
    await database.until("RUNNING")
    await write(database, kind, "kept")
    return database


@pytest.mark.parametrize(
    "kind", ["REDIS", *(pytest.param(kind, marks=pytest.mark.soak) for kind in ("POSTGRESQL", "MARIADB"))]
)
async def test_what_was_cut_short_at_any_step_is_finished(
    mortal_world: World, mortal_environment: str, kind: str
) -> None:
    world = mortal_world
    database = await a_database(world, mortal_environment, kind)
    dump: Answer = {}
    for step in ("DUMPING", "VERIFYING"):
        async with steps(database) as seen:
            dump_id = await ask_for_dump(database)
            await reached(seen, step)
            if step == "VERIFYING":
                await eventually(lambda: has_scratch(world))
            world.kill()
        await asyncio.to_thread(world.start)
        dump = await ended(world, dump_id)
        assert dump["status"] == "GOOD", (step, dump)
        assert left_over(world) == [], step
    for step in ("RESTORING", "SWITCHING"):
        await write(database, kind, step)
        async with steps(database) as seen:
            restore_id = await ask_for_restore(database, dump["id"])
            await reached(seen, step)
            if step == "RESTORING":
                await eventually(lambda: has_scratch(world))
            world.kill()
        await asyncio.to_thread(world.start)
        restore = await ended(world, restore_id)
        assert restore["status"] == "SUCCEEDED", (step, restore)
        await database.until("RUNNING")
        assert await read(database, kind) == "kept", step
        await eventually(lambda: has_volumes(world, database, 1))
        assert left_over(world) == [], step


async def test_what_nobody_works_with_is_removed_at_a_start_and_nothing_else(
    mortal_world: World, mortal_environment: str
) -> None:
    """As when the dump or the restore ended in the moment of the kill."""
    world, instance = mortal_world, mortal_world.instance_id
    database = await a_database(world, mortal_environment)
    key = local_id("Database", database.id)
    world.kill()
    gateway = DockerGateway(None)
    scratch, kept = f"wharf-stray-{instance}", f"wharf-kept-{instance}"
    try:
        await gateway.create_volume(scratch, labels.scratch_labels(instance, key, "over"))
        marks = labels.scratch_labels(instance, key, "over")
        await gateway.create_container(scratch, {"Image": "wharf-sample:1", "Labels": marks})
        await gateway.create_volume(kept, labels.restored_volume_labels(instance, key, "kept", "unknown"))
        await asyncio.to_thread(world.start)
        await eventually(lambda: has_no_scratch(world), within=20)
        assert kept in volumes_of(world, database), "nobody knows whose data these are"
    finally:
        await gateway.remove_container(scratch)
        for volume in (scratch, kept):
            await gateway.remove_volume(volume)
        await gateway.close()


async def has_no_scratch(world: World) -> bool:
    return not left_over(world)


async def has_scratch(world: World) -> bool:
    return bool(left_over(world))


async def has_volumes(world: World, database: Database, count: int) -> bool:
    return len(volumes_of(world, database)) == count


async def test_a_dump_outlives_its_database_and_a_damaged_one_changes_nothing(
    mortal_world: World, mortal_environment: str
) -> None:
    world = mortal_world
    first = await a_database(world, mortal_environment)
    dump = await dumped(first)
    await world.do("removeDatabase", databaseId=first.id, removeVolume=True, confirmName=first.name)
    await eventually(first.is_gone, within=30)
    second = await a_database(world, mortal_environment, name="another")
    await write(second, "REDIS", "its-own")

    file = file_of(world, dump)
    good = file.read_bytes()
    file.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    restore = await restored(second, dump["id"])
    assert restore["status"] == "FAILED"
    assert "is damaged: its SHA-256 is" in restore["failure"]
    file.unlink()
    assert "cannot be read: No such file" in (await restored(second, dump["id"]))["failure"]
    assert await read(second, "REDIS") == "kept its-own"
    assert await has_volumes(world, second, 1)

    file.write_bytes(good)
    assert (await restored(second, dump["id"]))["status"] == "SUCCEEDED"
    assert await read(second, "REDIS") == "kept"
    await second.do("stopDatabase")
    refused = await world.mutate("dumpDatabase", databaseId=second.id)
    assert [error["code"] for error in refused["errors"]] == ["NOT_NOW"]
    await world.do("removeDump", dumpId=dump["id"])
    assert not file.exists()


@pytest.mark.soak
async def test_a_database_that_goes_while_it_is_copied_leaves_nothing(
    mortal_world: World, mortal_environment: str
) -> None:
    world = mortal_world
    database = await a_database(world, mortal_environment, "POSTGRESQL")
    dump = await dumped(database)
    async with steps(database) as seen:
        restore_id = await ask_for_restore(database, dump["id"])
        await reached(seen, "RESTORING")
        await world.do("removeDatabase", databaseId=database.id, removeVolume=True, confirmName=database.name)
    assert "was removed" in (await ended(world, restore_id))["failure"]
    await eventually(database.is_gone, within=30)

    async def nothing_left() -> bool:
        return not left_over(world) and await has_volumes(world, database, 0)

    await eventually(nothing_left, within=40)


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted, which only root may do")
async def test_a_full_disk_fails_a_dump_and_nothing_else(mortal_world: World, mortal_environment: str) -> None:
    world = mortal_world
    database = await a_database(world, mortal_environment)
    container = (await database.see("container { name }"))["container"]["name"]
    password = (await database.credentials())["password"]
    letters = "for i in $(seq 8); do head -c 300000 /dev/urandom | redis-cli -x SET noise:$i; done"
    docker("exec", "--env", f"REDISCLI_AUTH={password}", container, "sh", "-c", letters)
    directory = world.directory / "data" / "dumps"
    directory.mkdir(exist_ok=True)
    with small_disk(directory):
        dump = await dumped(database)
        assert dump["status"] == "FAILED"
        assert dump["failure"] == f"The dump could not be written into {directory}: No space left on device."
        assert list(directory.iterdir()) == []
        assert await read(database, "REDIS") == "kept"
    assert (await dumped(database))["status"] == "GOOD"
    assert "wharf-dump.rdb" not in docker("exec", container, "ls", "/data")


@contextmanager
def small_disk(directory: Path) -> Iterator[None]:
    """Have the directory be on a disk of its own, of 1 MiB."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "small", directory], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", directory], check=True)


@pytest.mark.soak
async def test_a_database_whose_data_are_destroyed_is_restored(mortal_world: World, mortal_environment: str) -> None:
    world = mortal_world
    database = await a_database(world, mortal_environment, "POSTGRESQL")
    dump = await dumped(database)
    name = (await database.see("container { name }"))["container"]["name"]
    docker("exec", name, "rm", "-r", "/var/lib/postgresql/data/PG_VERSION", "/var/lib/postgresql/data/global")
    await database.do("restartDatabase")
    await database.until("FAILING")
    restore = await restored(database, dump["id"])
    assert restore["status"] == "SUCCEEDED", restore
    await database.until("RUNNING")
    assert await read(database, "POSTGRESQL") == "kept"


@pytest.mark.soak
async def test_a_restore_whose_server_does_not_come_up_is_undone(
    mortal_world: World, mortal_environment: str
) -> None:
    world = mortal_world
    database = await a_database(world, mortal_environment, "POSTGRESQL")
    dump = await dumped(database)
    await write(database, "POSTGRESQL", "newer")
    before = volumes_of(world, database)
    async with steps(database) as seen:
        restore_id = await ask_for_restore(database, dump["id"])
        await reached(seen, "SWITCHING")
        world.kill()
    (new,) = set(volumes_of(world, database)) - set(before)
    docker(
        "run", "--rm", "--volume", f"{new}:/data", "--entrypoint", "rm", "wharf.local/postgres:15", "/data/PG_VERSION"
    )
    await asyncio.to_thread(world.start)
    restore = await ended(world, restore_id)
    assert restore["status"] == "FAILED"
    assert restore["failure"].startswith("The database is as it was before: its server did not come up")
    await database.until("RUNNING")
    assert await read(database, "POSTGRESQL") == "kept newer"

    async def as_before() -> bool:
        return volumes_of(world, database) == before

    await eventually(as_before, within=30)
    assert left_over(world) == []
