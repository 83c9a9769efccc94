"""What `make demo` shows of databases: a PostgreSQL that is made, exposed, and used from outside by a real client."""

import subprocess

import psycopg

from demo.client import Answer, Client, Refused

IMAGE = "wharf.local/postgres"
_MADE = """subscription($id: ID!, $after: Cursor) { databaseEvents(databaseId: $id, after: $after) {
    ... on DatabaseStatusChanged { status message } } }"""
_EXPOSED = """subscription($id: ID!, $after: Cursor) { tcpProxyEvents(databaseId: $id, after: $after) {
    ... on TcpProxyStateChanged { state message } } }"""
_SEEN = """query($id: ID!) { database(id: $id) { status version
    tcpProxy { bindAddress port state activity { openConnections privateMemoryBytes } } } }"""


async def use_database(client: Client, environment_id: str) -> str | None:
    """The connection string of a database that was written and read from outside; None when that failed."""
    made = await client.do(
        "createDatabase",
        "database { id }",
        environmentId=environment_id,
        kind="POSTGRESQL",
        name="notes",
        version=_version(),
    )
    database_id = made["database"]["id"]
    await _until(client, _MADE, database_id, "status", "RUNNING", "database(id: $id) { status }")
    await client.do("exposeDatabase", "tcpProxy { id }", databaseId=database_id, allowedNetworks=["127.0.0.0/8"])
    await _until(client, _EXPOSED, database_id, "state", "LISTENING", "database(id: $id) { tcpProxy { state } }")
    document = "query($id: ID!) { databaseCredentials(databaseId: $id) { externalUrl } }"
    url = str((await client.ask(document, id=database_id))["databaseCredentials"]["externalUrl"])
    return url if await _written_and_read(client, database_id, url) else None


async def _written_and_read(client: Client, database_id: str, url: str) -> bool:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("CREATE TABLE note (text text)")
        await connection.execute("INSERT INTO note VALUES ('kept in custody')")
        found = await (await connection.execute("SELECT text FROM note")).fetchone()
        seen = (await client.ask(_SEEN, id=database_id))["database"]
    proxy, activity = seen["tcpProxy"], seen["tcpProxy"]["activity"]
    print(
        f"\nPostgreSQL {seen['version']} at {proxy['bindAddress']}:{proxy['port']} read back: {found and found[0]}\n"
        f"Its TCP proxy is {proxy['state']}, has {activity['openConnections']} connection and takes "
        f"{activity['privateMemoryBytes'] / 1024**2:.1f} MiB of memory.",
        flush=True,
    )
    return found == ("kept in custody",) and activity["openConnections"] == 1


async def _until(client: Client, events: str, database_id: str, field: str, wanted: str, state: str) -> None:
    """Follow the events until the field has the value, unless it has it already. Raises `Refused` on a failure."""
    found: Answer = await client.ask(f"query($id: ID!) {{ eventCursor {state} }}", id=database_id)
    if f"'{wanted}'" in str(found["database"]):
        return
    async for message in client.follow(events, id=database_id, after=found["eventCursor"]):
        (event,) = message.values()
        if event.get(field) == wanted:
            return
        if event.get(field) in ("FAILED", "FAILING"):
            raise Refused(event["message"])


def _version() -> str:
    """The version of the image that was built here."""
    done = subprocess.run(
        ["docker", "image", "ls", "--format", "{{.Tag}}", IMAGE], capture_output=True, text=True, check=True
    )
    return done.stdout.split()[0]
