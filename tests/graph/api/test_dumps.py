"""What may be asked of dumps and restores, and when: the work itself is seen on real Docker."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from db.models import (
    Database,
    DatabaseDump,
    DatabaseKind,
    DatabaseProblem,
    DatabaseRestore,
    DumpStatus,
    RestoreStatus,
)
from engine.databases.copies import give_up_restores
from engine.databases.copy_records import GivenUp, fail_restore, switch_back, switch_volume, volume_serves
from engine.databases.dump_files import CopyFailed, directory_in
from engine.databases.failure import Trouble
from engine.databases.keeper import note_trouble
from engine.databases.side import DatabaseSide
from engine.databases.standing import forget_database
from graph.ids import global_id, local_id
from tests.graph.api.conftest import Api
from tests.graph.api.rows import add_dump, add_restore, run_database

ID = ["input", "databaseId"]
DUMP = ["input", "dumpId"]


@pytest.fixture(autouse=True)
def nothing_converges(monkeypatch: pytest.MonkeyPatch) -> None:
    async def converge(_side: DatabaseSide, _id: str) -> None: ...

    for name in ("_converge", "_carry_out_dump", "_carry_out_restore"):
        monkeypatch.setattr(DatabaseSide, name, converge)


async def running(api: Api, name: str = "db", **fields: object) -> str:
    """The key of a database that is said to run."""
    wanted = {"kind": "POSTGRESQL", "environmentId": await api.environment(name), "name": name, **fields}
    made = await api.do("createDatabase", "database { id }", **wanted)
    key = local_id("Database", made["database"]["id"])
    await api.engine.sessions.write(run_database, key)
    return key


async def refused_restore(api: Api, key: str, dump: str, name: str = "db") -> list[tuple[str, list[str] | None]]:
    fields = {"databaseId": global_id("Database", key), "dumpId": global_id("DatabaseDump", dump)}
    return await api.refused("restoreDatabase", confirmName=name, **fields)


async def change(api: Api, table: type[Any], key: str, **fields: object) -> None:
    def write(session: Session) -> None:
        row = session.get_one(table, key)
        for name, value in fields.items():
            setattr(row, name, value)
        session.add(row)

    await api.engine.sessions.write(write)


async def test_a_dump_is_queued_and_found_again(api: Api) -> None:
    key = await running(api)
    given = global_id("Database", key)
    made = await api.do("dumpDatabase", "dump { id status file database { id } }", databaseId=given)
    dump = made["dump"]
    assert dump == {"id": dump["id"], "status": "QUEUED", "file": None, "database": {"id": given}}
    query = """query($id: ID!, $dump: ID!) { dump(id: $dump) { name } node(id: $dump) { id }
        dumps(databaseId: $id) { nodes { id } } database(id: $id) { dumps { id } restores { id } } }"""
    found = await api.ask(query, id=given, dump=dump["id"])
    assert found == {
        "dump": {"name": "db"},
        "node": {"id": dump["id"]},
        "dumps": {"nodes": [{"id": dump["id"]}]},
        "database": {"dumps": [{"id": dump["id"]}], "restores": []},
    }


async def test_dumps_are_given_by_pages_newest_first(api: Api) -> None:
    key = await running(api)
    made = [await api.engine.sessions.write(add_dump, key) for _ in range(3)]
    expected = [global_id("DatabaseDump", each) for each in sorted(made, reverse=True)]
    query = (
        "query($after: Cursor) { dumps(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }"
    )
    page = (await api.ask(query))["dumps"]
    rest = (await api.ask(query, after=page["pageInfo"]["endCursor"]))["dumps"]
    assert [node["id"] for node in page["nodes"] + rest["nodes"]] == expected
    assert (page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


async def test_only_a_running_database_is_dumped(api: Api) -> None:
    key = await running(api)
    given = global_id("Database", key)
    await api.do("stopDatabase", "database { id }", databaseId=given)
    assert await api.refused("dumpDatabase", databaseId=given) == [("NOT_NOW", ID)]


@pytest.mark.parametrize("status", [DumpStatus.QUEUED, DumpStatus.DUMPING, DumpStatus.VERIFYING])
async def test_a_database_is_dumped_or_restored_once_at_a_time(api: Api, status: DumpStatus) -> None:
    key = await running(api)
    good, under_way = [await api.engine.sessions.write(add_dump, key, each) for each in (DumpStatus.GOOD, status)]
    assert await api.refused("dumpDatabase", databaseId=global_id("Database", key)) == [("NOT_NOW", ID)]
    assert await refused_restore(api, key, good) == [("NOT_NOW", ID)]
    assert await refused_restore(api, key, under_way) == [("NOT_NOW", DUMP)]
    assert await api.refused("removeDump", dumpId=global_id("DatabaseDump", under_way)) == [("NOT_NOW", DUMP)]


async def test_what_would_come_between_a_restore_is_refused_meanwhile(api: Api) -> None:
    key = await running(api)
    given = global_id("Database", key)
    dump = await api.engine.sessions.write(add_dump, key)
    restore = await api.engine.sessions.write(add_restore, key, dump, RestoreStatus.RESTORING)
    assert await refused_restore(api, key, dump) == [("NOT_NOW", ID)]
    for verb in ("dumpDatabase", "rotateDatabasePassword", "updateDatabase"):
        assert await api.refused(verb, databaseId=given) == [("NOT_NOW", ID)], verb
    assert await api.refused("removeDump", dumpId=global_id("DatabaseDump", dump)) == [("NOT_NOW", DUMP)]
    await api.do("restartDatabase", "database { id }", databaseId=given)
    await change(api, DatabaseRestore, restore, status=RestoreStatus.SWITCHING)
    for verb in ("restartDatabase", "stopDatabase"):
        assert await api.refused(verb, databaseId=given) == [("NOT_NOW", ID)], verb


async def test_only_what_can_be_read_is_restored(api: Api) -> None:
    key = await running(api, version="16")
    dump = await api.engine.sessions.write(add_dump, key)
    for fields, code in (
        ({"kind": DatabaseKind.MARIADB, "version": "11.8"}, "INVALID_INPUT"),
        ({"version": "17"}, "INVALID_INPUT"),
        ({"database_name": "shop"}, "INVALID_INPUT"),
        ({"status": DumpStatus.FAILED}, "NOT_NOW"),
    ):
        other = await api.engine.sessions.write(add_dump, key)
        await change(api, DatabaseDump, other, **fields)
        assert await refused_restore(api, key, other) == [(code, DUMP)], fields
    assert await refused_restore(api, key, dump, "shop") == [("INVALID_INPUT", ["input", "confirmName"])]
    assert await refused_restore(api, key, key) == [("NOT_FOUND", DUMP)]
    await change(api, DatabaseDump, dump, version="15")
    ids = {"databaseId": global_id("Database", key), "dumpId": global_id("DatabaseDump", dump)}
    await api.do("restoreDatabase", "restore { id dump { id } }", confirmName="db", **ids)


async def test_a_database_that_is_stopped_or_takes_a_password_is_not_restored(api: Api) -> None:
    key = await running(api)
    dump = await api.engine.sessions.write(add_dump, key)
    await change(api, Database, key, next_password="sealed")
    assert await refused_restore(api, key, dump) == [("NOT_NOW", ID)]
    await change(api, Database, key, next_password=None)
    await api.do("stopDatabase", "database { id }", databaseId=global_id("Database", key))
    assert await refused_restore(api, key, dump) == [("NOT_NOW", ID)]


async def test_a_removed_dump_takes_its_file_along(api: Api, tmp_path: Path) -> None:
    key = await running(api)
    dump = await api.engine.sessions.write(add_dump, key)
    file = directory_in(tmp_path) / f"{dump}.sql"
    file.parent.mkdir()
    file.write_text("--")
    document = """subscription($id: ID!, $after: Cursor) { databaseEvents(databaseId: $id, after: $after) {
        ... on ResourceRemoved { noun id name } } }"""
    after = (await api.ask("{ eventCursor }"))["eventCursor"]
    async with api.watch(document, id=global_id("Database", key), after=after) as events:
        asked = global_id("DatabaseDump", dump)
        await api.do("removeDump", "removedId", dumpId=asked)
        assert await events.next() == {"noun": "DATABASE_DUMP", "id": asked, "name": "db"}
    assert not file.exists()
    assert await api.refused("removeDump", dumpId=asked) == [("NOT_FOUND", DUMP)]


async def test_a_dump_outlives_its_database(api: Api) -> None:
    key = await running(api)
    dump = await api.engine.sessions.write(add_dump, key)
    await api.engine.sessions.write(forget_database, key)
    query = "query($id: ID!) { dump(id: $id) { name status database { id } } }"
    found = await api.ask(query, id=global_id("DatabaseDump", dump))
    assert found["dump"] == {"name": "db", "status": "GOOD", "database": None}


async def switching(api: Api) -> tuple[str, str, str]:
    """The keys of a database that is switched to a restored volume, of the restore, and the volume of before."""
    key = await running(api)
    dump = await api.engine.sessions.write(add_dump, key)
    restore = await api.engine.sessions.write(add_restore, key, dump, RestoreStatus.RESTORING)
    volume = (await api.engine.sessions.read(_row, Database, key)).volume_id
    await api.engine.sessions.write(switch_volume, restore, "18")
    return key, restore, volume


def _row(session: Session, table: type, key: str) -> Database:
    found: Database = session.get_one(table, key)
    return found


async def test_a_switch_is_undone_until_the_new_volume_serves_and_never_after(api: Api) -> None:
    key, restore, before = await switching(api)
    row = await api.engine.sessions.read(_row, Database, key)
    assert (row.previous_volume_id, row.data_version) == (before, "18")
    restored = row.volume_id
    assert not await api.engine.sessions.write(volume_serves, key, before), "it is on another volume"
    assert await api.engine.sessions.write(volume_serves, key, restored)
    with pytest.raises(GivenUp):
        await api.engine.sessions.write(switch_back, restore, "too late")
    assert (await api.engine.sessions.read(_row, Database, key)).volume_id == restored


async def test_what_is_switched_back_is_as_it_was(api: Api) -> None:
    key, restore, before = await switching(api)
    restored = (await api.engine.sessions.read(_row, Database, key)).volume_id
    await api.engine.sessions.write(switch_back, restore, "It did not come up.")
    row = await api.engine.sessions.read(_row, Database, key)
    assert (row.volume_id, row.previous_volume_id, row.data_version) == (before, None, None)
    assert not await api.engine.sessions.write(volume_serves, key, restored)


async def test_what_ails_the_server_of_one_volume_is_not_told_of_the_other(api: Api) -> None:
    key, _, before = await switching(api)
    trouble = Trouble(DatabaseProblem.EXITED, "It ended.")
    await api.engine.sessions.write(note_trouble, key, before, trouble)
    row = await api.engine.sessions.read(_row, Database, key)
    assert row.problem is None
    await api.engine.sessions.write(note_trouble, key, row.volume_id, trouble)
    assert (await api.engine.sessions.read(_row, Database, key)).problem is DatabaseProblem.EXITED


async def test_a_stopped_database_is_not_switched(api: Api) -> None:
    key = await running(api)
    dump = await api.engine.sessions.write(add_dump, key)
    restore = await api.engine.sessions.write(add_restore, key, dump, RestoreStatus.RESTORING)
    await api.do("stopDatabase", "database { id }", databaseId=global_id("Database", key))
    with pytest.raises(CopyFailed, match="was stopped meanwhile"):
        await api.engine.sessions.write(switch_volume, restore, "18")
    await api.engine.sessions.write(fail_restore, restore, "stopped")
    with pytest.raises(GivenUp):
        await api.engine.sessions.write(switch_volume, restore, "18")


@pytest.mark.parametrize("switched", [False, True])
async def test_with_a_database_its_restore_ends_and_a_volume_of_its_own_stays(api: Api, switched: bool) -> None:
    if switched:
        key, restore, _ = await switching(api)
    else:
        key = await running(api)
        dump = await api.engine.sessions.write(add_dump, key)
        restore = await api.engine.sessions.write(add_restore, key, dump, RestoreStatus.RESTORING)

    def remove(session: Session) -> None:
        give_up_restores(session, session.get_one(Database, key))

    await api.engine.sessions.write(remove)
    document = "query($id: ID!) { node(id: $id) { ... on DatabaseRestore { status failure } } }"
    node = (await api.ask(document, id=global_id("DatabaseRestore", restore)))["node"]
    assert node == (
        {"status": "SUCCEEDED", "failure": None} if switched else {"status": "FAILED", "failure": "db was removed."}
    )
