"""Dumps and restores as their owner asks for them, and what they leave behind on the host."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from graph.ids import local_id, read_global_id
from tests.docker.composed import docker
from tests.docker.installation import Installation
from tests.docker.world import Answer, Database, World

SEEN = {
    "DatabaseDump": "id status kind version size file sha256 failure requestedBy finishedAt database { id }",
    "DatabaseRestore": "id status size failure requestedBy finishedAt",
}
_EVENTS = """subscription($id: ID!, $after: Cursor) { databaseEvents(databaseId: $id, after: $after) {
    ... on DumpStatusChanged { dumped: status }
    ... on RestoreStatusChanged { restored: status } } }"""


async def ask_for_dump(database: Database) -> str:
    """The id of a dump that is on its way."""
    made = await database.world.do("dumpDatabase", "dump { id }", databaseId=database.id)
    return str(made["dump"]["id"])


async def ask_for_restore(database: Database, dump_id: str) -> str:
    """The id of a restore that is on its way."""
    fields = {"databaseId": database.id, "dumpId": dump_id, "confirmName": database.name}
    made = await database.world.do("restoreDatabase", "restore { id }", **fields)
    return str(made["restore"]["id"])


async def ended(world: Installation, copy_id: str, within: float = 60.0) -> Answer:
    """The dump or the restore, once it has ended, however it did."""
    kind, _ = read_global_id(copy_id) or ("", "")
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {SEEN[kind]} }} }} }}"
    async with asyncio.timeout(within):
        while True:
            found: Answer = (await world.ask(document, id=copy_id))["node"]
            if found["finishedAt"]:
                return found
            await asyncio.sleep(0.05)


async def dumped(database: Database) -> Answer:
    """A dump that has ended."""
    return await ended(database.world, await ask_for_dump(database))


async def restored(database: Database, dump_id: str) -> Answer:
    """A restore that has ended."""
    return await ended(database.world, await ask_for_restore(database, dump_id))


@asynccontextmanager
async def steps(database: Database) -> AsyncGenerator[AsyncGenerator[str, None]]:
    """The steps of dumps and restores of the database, from now on, as they are taken, each once."""
    after = (await database.world.ask("{ eventCursor }"))["eventCursor"]
    async with database.world.subscription(_EVENTS, id=database.id, after=after) as messages:

        async def statuses() -> AsyncGenerator[str, None]:
            last = ""
            async for message in messages:
                for status in message["databaseEvents"].values():
                    if status != last:
                        yield status
                    last = status

        yield statuses()


def file_of(world: World, dump: Answer) -> Path:
    return world.directory / "data" / str(dump["file"])


def left_over(world: World) -> list[str]:
    """The scratch containers and volumes of the installation, by name, and files that are not whole."""
    mine = ("--filter", f"label=wharf.instance={world.instance_id}", "--filter", "label=wharf.kind=scratch")
    names = docker("ps", "--all", *mine, "--format", "{{.Names}}") + docker("volume", "ls", *mine, "--quiet")
    return names.split() + [path.name for path in (world.directory / "data").glob("dumps/*.partial")]


def volumes_of(world: World, database: Database) -> list[str]:
    """The volumes that were made for the database."""
    mine = f"label=wharf.database={local_id('Database', database.id)}"
    return docker("volume", "ls", "--filter", mine, "--quiet").split()


async def reached(seen: AsyncGenerator[str, None], step: str) -> None:
    """Wait for the step."""
    async with asyncio.timeout(40):
        async for each in seen:
            if each == step:
                return
