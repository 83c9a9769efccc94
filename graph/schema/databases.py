from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import models
from engine.databases.catalogue import CATALOGUE
from engine.databases.requests import Access
from engine.docker.values import ContainerHealth, ContainerState
from engine.names import ByteCount, EnvName, Port, ResourceName
from graph import loaders
from graph.context import Info
from graph.ids import Node, global_id
from graph.schema.application_enums import DesiredState
from graph.schema.database_enums import DatabaseKind, DatabaseProblem, DatabaseStatus
from graph.schema.dumps import DatabaseDump, DatabaseRestore
from graph.schema.owners import application_of, environment_of
from graph.schema.rows import of_row
from graph.schema.servers import Server
from graph.schema.tcp_proxies import TcpProxy

if TYPE_CHECKING:
    from graph.schema.applications import Application
    from graph.schema.environments import Environment


@strawberry.type(description="A kind of database that can be made.")
class DatabaseKindInfo:
    kind: DatabaseKind = strawberry.field(description="Which server it is.")
    title: str = strawberry.field(description="What people call it.")
    versions: list[str] = strawberry.field(description="The versions there are, newest first.")
    default_version: str = strawberry.field(description="The version of a new one for which nothing else is said.")
    image: str = strawberry.field(description="The repository of its image.")
    port: Port = strawberry.field(description="The port it listens on in its network.")


@strawberry.type(description="Why a database that shall run does not answer.")
class DatabaseTrouble:
    reason: DatabaseProblem = strawberry.field(description="What kind of problem it is.")
    message: str = strawberry.field(description="A sentence for a person.")
    exit_code: int | None = strawberry.field(description="With which code the server ended; null: it did not.")
    log: list[str] = strawberry.field(description="The last lines that the server wrote.")


@strawberry.type(description="The container of a database, as Docker last described it.")
class DatabaseContainer:
    id: strawberry.ID = strawberry.field(description="Docker's own id of it.")
    name: str = strawberry.field(description="Its name on the Docker host.")
    state: ContainerState = strawberry.field(description="What it does.")
    health: ContainerHealth | None = strawberry.field(description="What its health check says; null: it has none.")
    ready: bool = strawberry.field(description="Whether it runs and has answered since it was started.")
    exit_code: int | None = strawberry.field(description="With which code it ended; null: it did not.")
    out_of_memory: bool = strawberry.field(description="Whether it was killed for using too much memory.")
    restart_count: int = strawberry.field(description="How often Docker started it again.")
    started_at: datetime | None = strawberry.field(description="When it was last started.")
    finished_at: datetime | None = strawberry.field(description="When it last ended.")
    observed_at: datetime = strawberry.field(description="When Docker said so.")

    @classmethod
    def of(cls, row: models.DatabaseContainer) -> "DatabaseContainer":
        return of_row(
            cls,
            row,
            id=strawberry.ID(row.id),
            state=ContainerState(row.state),
            health=ContainerHealth(row.health) if row.health else None,
        )


@strawberry.type(description="How to sign in to a database. To read it is written down in the event log.")
class DatabaseCredentials:
    username: str = strawberry.field(description='The user to sign in as; "" where the kind has none.')
    password: str = strawberry.field(description="The password.")
    database: str = strawberry.field(description='The database to use; "" where the kind has none.')
    internal_url: str = strawberry.field(description="The connection string for applications of its environment.")
    external_url: str | None = strawberry.field(
        description="The connection string for everybody else who may connect; null: it is not exposed."
    )

    @classmethod
    def of(cls, access: Access) -> "DatabaseCredentials":
        credentials = access.setup.credentials
        return cls(
            username=credentials.user,
            password=credentials.password.reveal(),
            database=credentials.database,
            internal_url=access.internal_url.reveal(),
            external_url=access.external_url.reveal() if access.external_url else None,
        )


@strawberry.type(description="A variable in the environment of a database's server.")
class DatabaseVariable:
    name: EnvName = strawberry.field(description="What the server finds it by.")


@strawberry.type(description="A database: one server, one container, one volume.")
class Database(Node):
    key: strawberry.Private[str]
    environment_id: strawberry.Private[str]
    server_id: strawberry.Private[str]
    sealed: strawberry.Private[models.Database]
    name: ResourceName = strawberry.field(description="What people call it, and its host name in its environment.")
    kind: DatabaseKind = strawberry.field(description="Which server it is.")
    version: str = strawberry.field(description="The version it runs.")
    username: str = strawberry.field(description='The user it was made with; "" where the kind has none.')
    database_name: str = strawberry.field(description='The database made with it; "" where the kind has none.')
    configuration: str | None = strawberry.field(description="What stands in its configuration file; null: nothing.")
    cpu_limit: float | None = strawberry.field(description="Cores that it may use; null: all.")
    memory_limit: ByteCount | None = strawberry.field(description="Memory that it may use; null: no limit.")
    desired_state: DesiredState = strawberry.field(description="What was asked for.")
    status: DatabaseStatus = strawberry.field(description="What is.")
    problem: DatabaseTrouble | None = strawberry.field(description="Why it does not answer; null: it does.")
    rotating: bool = strawberry.field(description="Whether it is about to take another password.")
    rotation_failure: str | None = strawberry.field(
        description="Why it kept its password when it was last asked to take another; null: it did not."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When what is wanted of it was last changed.")

    @classmethod
    def of(cls, row: models.Database) -> "Database":
        return of_row(
            cls,
            row,
            id=global_id("Database", row.id),
            key=row.id,
            sealed=row,
            desired_state=row.desired,
            problem=_trouble(row),
            rotating=row.next_password is not None,
            rotation_failure=row.rotation_failure or None,
        )

    @strawberry.field(description="The host name under which its environment reaches it.")
    def internal_host(self) -> str:
        return self.name

    @strawberry.field(description="The port under which its environment reaches it.")
    def internal_port(self) -> Port:
        return Port(CATALOGUE[self.kind].port)

    @strawberry.field(
        description="What else its server finds in its environment, by name. The values cannot be read."
    )
    def variables(self, info: Info) -> list[DatabaseVariable]:
        return [DatabaseVariable(name=EnvName(name)) for name in info.context.engine.databases.variables(self.sealed)]

    @strawberry.field(description="The environment it belongs to.")
    async def environment(self, info: Info) -> Annotated["Environment", strawberry.lazy("graph.schema.environments")]:
        return await environment_of(info, self.environment_id)

    @strawberry.field(description="The server it runs on.")
    async def server(self, info: Info) -> Server:
        return Server.of(await info.context.load(loaders.server_of, self.server_id))

    @strawberry.field(description="Its container; null while there is none.")
    async def container(self, info: Info) -> DatabaseContainer | None:
        rows = await info.context.load(loaders.database_containers_of, self.key)
        return DatabaseContainer.of(rows[-1]) if rows else None

    @strawberry.field(description="What leads to it from outside; null: it is not exposed.")
    async def tcp_proxy(self, info: Info) -> TcpProxy | None:
        rows = await info.context.load(loaders.proxies_of, self.key)
        return TcpProxy.of(rows[0]) if rows else None

    @strawberry.field(description="The applications that find its connection string in a variable of theirs.")
    async def links(self, info: Info) -> list["DatabaseLink"]:
        return [DatabaseLink.of(row) for row in await info.context.load(loaders.links_of_database, self.key)]

    @strawberry.field(description="Its dumps, newest first. `dumps` gives them by pages.")
    async def dumps(self, info: Info) -> list[DatabaseDump]:
        return [DatabaseDump.of(row) for row in await info.context.load(loaders.dumps_of, self.key)]

    @strawberry.field(description="When it was restored from dumps, the last time first.")
    async def restores(self, info: Info) -> list[DatabaseRestore]:
        return [DatabaseRestore.of(row) for row in await info.context.load(loaders.restores_of, self.key)]


@strawberry.type(description="A variable of an application that holds the connection string of a database.")
class DatabaseLink(Node):
    application_id: strawberry.Private[str]
    database_id: strawberry.Private[str]
    variable: EnvName = strawberry.field(description="The name of the variable.")
    created_at: datetime = strawberry.field(description="When they were linked.")

    @classmethod
    def of(cls, row: models.DatabaseLink) -> "DatabaseLink":
        return of_row(cls, row, id=global_id("DatabaseLink", row.id))

    @strawberry.field(description="The application.")
    async def application(self, info: Info) -> Annotated["Application", strawberry.lazy("graph.schema.applications")]:
        return await application_of(info, self.application_id)

    @strawberry.field(description="The database.")
    async def database(self, info: Info) -> Database:
        return Database.of(await info.context.load(loaders.database_of, self.database_id))


def _trouble(row: models.Database) -> DatabaseTrouble | None:
    if row.status is not DatabaseStatus.FAILING or row.problem is None:
        return None
    return DatabaseTrouble(
        reason=row.problem, message=row.problem_message, exit_code=row.problem_exit_code, log=row.problem_log
    )
