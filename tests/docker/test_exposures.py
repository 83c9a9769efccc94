"""Databases reached from outside: through a TCP proxy of their own, by whom it was said, as long as it was said."""

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.conftest import free_ports
from tests.docker.clients import AWKWARD
from tests.docker.composed import docker
from tests.docker.world import Database, World, eventually
from tests.engine.certificates.authority import Signed, authority, leaf
from tests.graph.api.certificates import CERTIFICATE, PRIVATE_KEY

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

PONG = b"+PONG\r\n"


class Session:
    """A client of Redis that has connected to a port of this host."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, *words: str) -> bytes:
        """The first line of the answer; b"" when the connection was closed."""
        encoded = [word.encode() for word in words]
        parts = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
        self._writer.write(b"*%d\r\n%s" % (len(words), parts))
        async with asyncio.timeout(10):
            return await self._reader.readline()


@asynccontextmanager
async def session(port: int, password: str, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Session]:
    """Somebody who has signed in from outside."""
    name = "db.example.com" if tls else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name)
    try:
        client = Session(reader, writer)
        assert await client.ask("AUTH", password) == b"+OK\r\n"
        yield client
    finally:
        writer.close()


async def lets_in(port: int, password: str) -> bool:
    """Whether somebody from this host can sign in."""
    try:
        async with session(port, password):
            return True
    except (OSError, AssertionError, TimeoutError):
        return False


@pytest.fixture
async def redis(world: World, environment: str, unique: Callable[[str], str]) -> Database:
    return await running(world, environment, unique("db"))


async def running(world: World, environment: str, name: str) -> Database:
    database = await world.database(environment, "REDIS", name, version="7.0")
    await database.until("RUNNING")
    return database


async def test_an_exposed_database_is_reached_and_keeps_its_port_through_a_stop(redis: Database) -> None:
    before = (await redis.see("container { startedAt }"))["container"]
    asked = await redis.expose()
    assert asked["state"] == "PENDING"
    port = (await redis.until_proxy("LISTENING"))["port"]
    assert (await redis.see("container { startedAt }"))["container"] == before, "the database was not touched"
    credentials = await redis.credentials()
    password = credentials["password"]
    assert credentials["externalUrl"] == f"redis://default:{password}@127.0.0.1:{port}/0"
    async with session(port, password) as client:
        assert await client.ask("PING") == PONG
        seen = (await redis.proxy("activity { state openConnections receivedBytes privateMemoryBytes }"))["activity"]
        assert seen["state"] == "LISTENING"
        assert seen["openConnections"] == 1
        assert seen["receivedBytes"] > 0
        assert 0 < seen["privateMemoryBytes"] < 40_000_000
    await redis.do("stopDatabase")
    await redis.until("STOPPED")
    assert (await redis.proxy("state port")) == {"state": "LISTENING", "port": port}
    await redis.do("startDatabase")
    await redis.until("RUNNING")
    async with session(port, password) as client:
        assert await client.ask("PING") == PONG
    await redis.world.do("unexposeDatabase", databaseId=redis.id)
    await redis.until_true("tcpProxy { id }", lambda seen: seen["tcpProxy"] is None)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_port_that_somebody_else_has_is_told_and_taken_when_it_is_free(redis: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        await redis.expose(port=port)
        told = await redis.until_proxy("FAILED")
        assert told["reason"] == "PORT_TAKEN"
        assert f"Port {port} of 127.0.0.1 belongs to the process" in told["message"]
        assert f"({os.getpid()})" in told["message"]
        mine = f"label=wharf.instance={redis.world.instance_id}"
        kind = "label=wharf.kind=tcp-proxy"
        assert docker("container", "ls", "--all", "--quiet", "--filter", mine, "--filter", kind) == ""
    await redis.until_proxy("LISTENING")
    assert await lets_in(port, (await redis.credentials())["password"])


async def test_a_port_that_nobody_named_gives_way_to_who_has_it(redis: Database) -> None:
    first = int(redis.world.environ["WHARF_TCP_PORTS"].partition("-")[0])
    reserved = {row["port"] for row in (await redis.world.ask("{ tcpProxies { port } }"))["tcpProxies"]}
    lowest = next(port for port in range(first, first + 8) if port not in reserved)
    with socket.create_server(("127.0.0.1", lowest)):
        assert (await redis.expose())["port"] == lowest
        assert (await redis.until_proxy("LISTENING"))["port"] == lowest + 1


async def test_a_port_is_reserved_for_one_database(
    world: World, environment: str, unique: Callable[[str], str], redis: Database
) -> None:
    other = await world.database(environment, "REDIS", unique("db"), version="7.0")
    port = (await redis.expose())["port"]
    for address in ("127.0.0.1", "0.0.0.0"):
        refused = await world.mutate("exposeDatabase", databaseId=other.id, port=port, bindAddress=address)
        assert [(each["code"], each["field"]) for each in refused["errors"]] == [("CONFLICT", ["input", "port"])]
        assert redis.name in refused["errors"][0]["message"]
    of_the_proxy = await world.mutate("exposeDatabase", databaseId=other.id, port=world.http_port)
    assert "the HTTP proxy" in of_the_proxy["errors"][0]["message"]
    assert (await other.expose())["port"] != port


async def test_who_may_connect_is_changed_under_open_sessions(redis: Database) -> None:
    await redis.expose(allowedNetworks=["127.0.0.0/8"])
    port = (await redis.until_proxy("LISTENING"))["port"]
    password = (await redis.credentials())["password"]
    async with session(port, password) as client:
        await redis.world.do("updateExposure", databaseId=redis.id, allowedNetworks=["203.0.113.0/24"])
        await redis.until_proxy("LISTENING")
        assert not await lets_in(port, password)
        assert await client.ask("PING") == PONG
    await redis.world.do("updateExposure", databaseId=redis.id, allowedNetworks=[])
    await redis.until_proxy("LISTENING")
    assert await lets_in(port, password)


async def test_an_exposure_ends_when_it_was_said_to(redis: Database) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=6)
    port = (await redis.expose(expiresAt=ends.isoformat()))["port"]
    await redis.until_proxy("LISTENING")
    await redis.until_true("tcpProxy { id }", lambda seen: seen["tcpProxy"] is None, within=15)
    assert datetime.now(UTC) >= ends
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_client_sees_the_certificate_that_was_brought(redis: Database, tmp_path: Path) -> None:
    brought = await redis.world.do(
        "uploadCertificate", "certificate { id names }", chain=CERTIFICATE, key=PRIVATE_KEY
    )
    certificate = brought["certificate"]
    assert certificate["names"] == ["db.example.com"]
    await redis.expose(tls={"mode": "TERMINATE", "certificateId": certificate["id"]})
    port = (await redis.until_proxy("LISTENING"))["port"]
    credentials = await redis.credentials()
    assert credentials["externalUrl"].startswith("rediss://")
    assert f"@db.example.com:{port}" in credentials["externalUrl"]
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    verifying = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    async with session(port, credentials["password"], verifying) as client:
        assert await client.ask("PING") == PONG
    assert not await lets_in(port, credentials["password"]), "nobody gets in without TLS"
    in_use = await redis.world.mutate("removeCertificate", certificateId=certificate["id"])
    assert [error["code"] for error in in_use["errors"]] == ["CONFLICT"]
    await redis.world.do("updateExposure", databaseId=redis.id, tls={"mode": "NONE"})
    await redis.until_proxy("LISTENING")
    await redis.world.do("removeCertificate", certificateId=certificate["id"])


async def test_sessions_outlive_the_server_and_a_killed_proxy_comes_back(
    mortal_world: World, mortal_environment: str, unique: Callable[[str], str]
) -> None:
    world = mortal_world
    redis = await running(world, mortal_environment, unique("db"))
    await redis.expose()
    port = (await redis.until_proxy("LISTENING"))["port"]
    password = (await redis.credentials())["password"]
    async with session(port, password) as client:
        world.kill()
        assert await client.ask("PING") == PONG
        world.start()
        await redis.until("RUNNING")
        assert (await redis.proxy("state"))["state"] == "LISTENING"
        assert await client.ask("PING") == PONG
        mine = f"label=wharf.instance={world.instance_id}"
        (name,) = docker(
            "container", "ls", "--format", "{{.Names}}", "--filter", mine, "--filter", "label=wharf.kind=tcp-proxy"
        ).split()
        pid = docker("inspect", "--format", "{{.State.Pid}}", name).strip()
        cursor = (await world.ask("{ eventCursor }"))["eventCursor"]
        told = """subscription($after: Cursor) { tcpProxyEvents(after: $after) {
            ... on TcpProxyStateChanged { state } } }"""
        async with world.subscription(told, after=cursor) as messages:
            os.kill(int(pid), signal.SIGKILL)
            states = [(await anext(messages))["tcpProxyEvents"]["state"] for _ in range(2)]
        assert states == ["PENDING", "LISTENING"]
        assert await client.ask("PING") == b"", "its session has ended with it"

    async def back() -> bool:
        return await lets_in(port, password)

    await eventually(back, within=5)


async def test_postgresql_is_used_from_outside_by_its_own_client_whatever_its_password_holds(
    world: World, environment: str, unique: Callable[[str], str], tmp_path: Path
) -> None:
    database = await world.database(environment, "POSTGRESQL", unique("db"), version="15", password=AWKWARD)
    await database.until("RUNNING")
    await database.expose()
    await database.until_proxy("LISTENING")
    url = (await database.credentials())["externalUrl"]
    async with await psycopg.AsyncConnection.connect(url) as connection:
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    first, second = (leaf(authority(), "db.example.com") for _ in range(2))
    brought = await world.do("uploadCertificate", "certificate { id }", chain=first.chain, key=first.key)
    certificate = brought["certificate"]["id"]
    terminate = {"mode": "TERMINATE", "certificateId": certificate}
    await world.do("updateExposure", databaseId=database.id, tls=terminate)
    await database.until_proxy("LISTENING")
    verified = (await database.credentials())["externalUrl"].replace("sslmode=require", "sslmode=verify-full")

    def trusting(made: Signed) -> str:
        assert made.issuer
        (tmp_path / "ca.pem").write_text(made.issuer.pem)
        return f"{verified}&sslrootcert={tmp_path / 'ca.pem'}&hostaddr=127.0.0.1"

    async def believes_the_second() -> bool:
        try:
            async with await psycopg.AsyncConnection.connect(trusting(second)) as newer:
                return newer.pgconn.ssl_in_use
        except psycopg.OperationalError:
            return False

    async with await psycopg.AsyncConnection.connect(trusting(first)) as connection:
        assert connection.pgconn.ssl_in_use
        assert not await believes_the_second()
        await world.do("updateCertificate", certificateId=certificate, chain=second.chain, key=second.key)
        await eventually(believes_the_second)
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,), "what was open goes on"


async def test_mariadb_which_speaks_first_answers_at_once(
    world: World, environment: str, unique: Callable[[str], str]
) -> None:
    database = await world.database(environment, "MARIADB", unique("db"), version="10.11")
    await database.until("RUNNING")
    await database.expose()
    port = (await database.until_proxy("LISTENING"))["port"]
    async with asyncio.timeout(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        greeting = await reader.read(200)
    writer.close()
    assert b"MariaDB" in greeting
    refused = await world.mutate("updateExposure", databaseId=database.id, tls={"mode": "PASSTHROUGH"})
    assert refused["errors"][0]["field"] == ["input", "tls", "mode"]


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_what_takes_eleven_minutes_and_who_says_nothing_for_as_long_are_not_cut_off(
    world: World, environment: str, unique: Callable[[str], str]
) -> None:
    database = await world.database(environment, "POSTGRESQL", unique("db"), version="15")
    await database.until("RUNNING")
    await database.expose()
    await database.until_proxy("LISTENING")
    url = (await database.credentials())["externalUrl"]
    async with (
        await psycopg.AsyncConnection.connect(url) as idle,
        await psycopg.AsyncConnection.connect(url) as busy,
    ):
        assert await (await busy.execute("SELECT pg_sleep(660)::text")).fetchone() == ("",)
        assert await (await idle.execute("SELECT 1")).fetchone() == (1,)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_thirty_exposed_databases_bind_thirty_ports_and_no_other(fragile_world: World) -> None:
    world = fragile_world
    environment = await world.environment("shop")
    first, last = free_ports(30)
    databases = [await world.database(environment, "REDIS", f"db-{n}", version="7.0") for n in range(30)]
    for database in databases:
        await database.until("RUNNING", within=300)
    for number, database in enumerate(databases):
        await database.expose(port=first + number)
    for database in databases:
        await database.until_proxy("LISTENING", within=300)
    mine = ("--filter", f"label=wharf.instance={world.instance_id}", "--filter", "label=wharf.kind=tcp-proxy")
    published = docker("container", "ls", "--format", "{{.Ports}}", *mine).split("\n")
    wanted = {f"127.0.0.1:{port}->9000/tcp" for port in range(first, last + 1)}
    assert {line.strip() for line in published if line} == wanted
    passwords = [(await database.credentials())["password"] for database in databases]
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(session(first + number, password))
            for number, password in enumerate(passwords)
        ]
        world.kill()
        world.start()
        assert [await client.ask("PING") for client in clients] == [PONG] * 30


async def test_removing_a_database_gives_its_port_back(
    world: World, environment: str, unique: Callable[[str], str], redis: Database
) -> None:
    port = (await redis.expose())["port"]
    await redis.until_proxy("LISTENING")
    await world.do("removeDatabase", databaseId=redis.id)
    await eventually(redis.is_gone)
    assert port not in {row["port"] for row in (await world.ask("{ tcpProxies { port } }"))["tcpProxies"]}
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
