"""What a query has read from the database is what it asks for, in one statement for each thing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from db.models import EventKind
from db.sealed import sealed_columns
from engine.events import record
from graph.compiled import plainly
from graph.ids import event_cursor, local_id
from tests.graph.api.conftest import Api
from tests.graph.api.rows import add_releases

NESTED = """{ applications { nodes { name
    environment { name project { name } }
    domains { url }
    latestDeployment { number }
    containers { name }
} } }"""

_SECRETS = {f"{each.model.__tablename__}.{each.name}" for each in sealed_columns()} | {
    "user.password",
    "api_token.hash",
}


def _shown(statement: str) -> str:
    """The columns that it finds."""
    return statement.split(" \nFROM")[0].removeprefix("SELECT ").replace('"', "")


@contextmanager
def statements(api: Api) -> Iterator[list[str]]:
    """The questions to the database that are asked within."""
    asked: list[str] = []
    connection = api.engine.sessions._reader.raw_connection()
    drivers: list[Any] = [connection.driver_connection, api.engine.sessions._changes.connection]
    connection.close()
    for driver in drivers:
        driver.set_trace_callback(lambda text: asked.append(text) if text.startswith("SELECT") else None)
    try:
        yield asked
    finally:
        for driver in drivers:
            driver.set_trace_callback(None)


@pytest.mark.usefixtures("nothing_converges")
async def test_each_thing_of_all_applications_is_read_at_once(api: Api) -> None:
    environment_id = await api.environment()
    for name in ("web", "worker", "mail"):
        await api.application(name, environment_id)
    with statements(api) as asked:
        await api.ask(NESTED)
    tables = ["application", "environment", "project", "domain", "deployment", "container"]
    assert [text.split("FROM ")[1].split()[0] for text in asked] == tables


async def test_only_what_is_asked_for_is_read(api: Api, application_id: str) -> None:
    with statements(api) as asked:
        await api.ask("{ applications { nodes { name status latestDeployment { status } } } }")
    columns = [text.split(" \nFROM")[0].replace("SELECT ", "").split(", ") for text in asked]
    assert columns == [
        ["application.id", "application.name", "application.status"],
        ["deployment.application_id", "deployment.status"],
    ]


async def test_no_secret_is_read_for_what_shows_none(api: Api, application_id: str) -> None:
    with statements(api) as asked:
        await api.ask("{ applications { nodes { registry { username } variables { name secret } } } }")
    assert not any("registry_password" in text or "environment_variable.value" in text for text in asked)


async def test_no_list_of_the_root_reads_a_secret(api: Api, application_id: str) -> None:
    with statements(api) as asked:
        await api.ask("""{ databases { nodes { name status container { state } } } dumps { nodes { name } }
            certificates { names } certificateResolvers { name } tcpProxies { port } servers { name }
            teams { name } users { email secondFactor } apiTokens { name }
            domains { url certificates { names } } }""")
    read = {name for text in asked for name in _shown(text).split(", ")}
    assert {"database.name", "certificate.names", "user.email", "api_token.name"} <= read
    assert not read & _SECRETS


async def test_an_event_reads_only_what_is_asked_of_its_application(api: Api, application_id: str) -> None:
    document = """subscription($after: Cursor) { events(after: $after) {
        ... on ApplicationStatusChanged { status application { name } } } }"""
    before = event_cursor(api.engine.events.last)
    await api.engine.sessions.write(
        record,
        EventKind.APPLICATION_STATUS,
        "Application",
        local_id("Application", application_id),
        data={"status": "RUNNING"},
    )
    async with api.watch(document, after=before) as events:
        with statements(api) as asked:
            told = await events.until(status="RUNNING")
    assert told["application"] == {"name": "web"}
    assert [text.split(" \nFROM")[0] for text in asked if "FROM application" in text] == [
        "SELECT application.id, application.name"
    ]


@pytest.mark.usefixtures("nothing_converges")
async def test_everything_of_a_database_is_the_same_by_columns_and_by_rows(api: Api) -> None:
    environment_id = await api.environment()
    await api.do(
        "createDatabase",
        "database { id }",
        environmentId=environment_id,
        name="orders",
        kind="POSTGRESQL",
        variables=[{"name": "TZ", "value": "UTC"}],
    )
    document = """{ databases { nodes { id name kind version username databaseName configuration cpuLimit memoryLimit
        desiredState status problem { reason message } rotating rotationFailure createdAt updatedAt internalHost
        internalPort variables { name } environment { id } server { id } container { id } tcpProxy { id }
        links { id } dumps { id } restores { id } } } }"""
    served = await api.ask(document)
    with plainly():
        assert await api.ask(document) == served
    (shown,) = served["databases"]["nodes"]
    assert (shown["internalHost"], shown["internalPort"]) == ("orders", 5432)
    assert (shown["variables"], shown["rotating"]) == ([{"name": "TZ"}], False)


@pytest.mark.usefixtures("nothing_converges")
async def test_pages_of_all_applications_are_read_at_once(api: Api) -> None:
    environment_id = await api.environment()
    for name in ("web", "worker"):
        key = local_id("Application", await api.application(name, environment_id))
        await api.engine.sessions.write(add_releases, key, 3)
    with statements(api) as asked:
        found = await api.ask("{ applications { nodes { releases(first: 2) { nodes { number status } } } } }")
    assert [_shown(text) for text in asked] == [
        "application.id",
        "release.application_id, release.number, release.status",
    ]
    numbers = [[each["number"] for each in node["releases"]["nodes"]] for node in found["applications"]["nodes"]]
    assert numbers == [[3, 2], [3, 2]]


@pytest.mark.usefixtures("nothing_converges")
async def test_a_page_of_a_fragment_has_what_is_asked_for_wherever_it_is(api: Api, application_id: str) -> None:
    """The same nodes of a document, with and without others beside them."""
    await api.engine.sessions.write(add_releases, local_id("Application", application_id), 1)
    document = """query($id: ID!) { applications { nodes { ...F } }
            node(id: $id) { ... on Application { ...F releases { nodes { createdAt } } } } }
        fragment F on Application { releases { nodes { status } } }"""
    served = await api.ask(document, id=application_id)
    with plainly():
        assert await api.ask(document, id=application_id) == served
    assert set(served["node"]["releases"]["nodes"][0]) == {"status", "createdAt"}


async def test_a_page_that_shows_nothing_reads_ids(api: Api, application_id: str) -> None:
    with statements(api) as asked:
        await api.ask("{ applications { pageInfo { hasNextPage endCursor } } }")
    assert [text.split(" \nFROM")[0] for text in asked] == ["SELECT application.id"]


async def test_everything_of_an_application_is_the_same_by_columns_and_by_rows(api: Api, application_id: str) -> None:
    await api.engine.sessions.write(add_releases, local_id("Application", application_id), 2)
    document = """{ applications { nodes { id name image pullPolicy registry { username } command port replicas
        strategy healthCheck { path } cpuLimit memoryLimit pidsLimit capabilities allowPrivilegeEscalation
        stopGracePeriod restartPolicy maintenance maintenanceMessage desiredState status createdAt updatedAt
        environment { id name createdAt project { id name team { name } } } server { id name state createdAt }
        liveRelease { number } containers { id name state health ready observedAt release { number } } } } }"""
    served = await api.ask(document)
    with plainly():
        assert await api.ask(document) == served
    assert served["applications"]["nodes"][0]["liveRelease"] == {"number": 2}
