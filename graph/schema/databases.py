from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from engine.databases.catalogue import CATALOGUE
from engine.databases.requests import Access
from engine.docker.values import ContainerHealth, ContainerState
from engine.names import ByteCount, EnvName, Port, ResourceName
from graph import loaders
from graph.context import Info
from graph.ids import Node
from graph.schema.application_enums import DesiredState
from graph.schema.database_enums import DatabaseKind, DatabaseProblem, DatabaseStatus
from graph.schema.dumps import DatabaseDump, DatabaseRestore
from graph.schema.loaded import loaded
from graph.schema.rows import View, made, node_id, reads
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

    @classmethod
    def of(
        cls,
        status: DatabaseStatus,
        reason: DatabaseProblem | None,
        message: str,
        exit_code: int | None,
        log: list[str],
    ) -> "DatabaseTrouble | None":
        if status is not DatabaseStatus.FAILING or reason is None:
            return None
        return cls(reason=reason, message=message, exit_code=exit_code, log=log)


@strawberry.type(description="The container of a database, as Docker last described it.")
class DatabaseContainer(View):
    id: strawberry.ID = strawberry.field(description="Docker's own id of it.")
    name: str = strawberry.field(description="Its name on the Docker host.")
    state: ContainerState = made("What it does.", ContainerState, "state")
    health: ContainerHealth | None = made(
        "What its health check says; null: it has none.",
        lambda health: ContainerHealth(health) if health else None,
        "health",
    )
    ready: bool = strawberry.field(description="Whether it runs and has answered since it was started.")
    exit_code: int | None = strawberry.field(description="With which code it ended; null: it did not.")
    out_of_memory: bool = strawberry.field(description="Whether it was killed for using too much memory.")
    restart_count: int = strawberry.field(description="How often Docker started it again.")
    started_at: datetime | None = strawberry.field(description="When it was last started.")
    finished_at: datetime | None = strawberry.field(description="When it last ended.")
    observed_at: datetime = strawberry.field(description="When Docker said so.")


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
class Database(View, Node):
    id: strawberry.ID = node_id("Database")
    name: ResourceName = strawberry.field(description="What people call it, and its host name in its environment.")
    kind: DatabaseKind = strawberry.field(description="Which server it is.")
    version: str = strawberry.field(description="The version it runs.")
    username: str = strawberry.field(description='The user it was made with; "" where the kind has none.')
    database_name: str = strawberry.field(description='The database made with it; "" where the kind has none.')
    configuration: str | None = strawberry.field(description="What stands in its configuration file; null: nothing.")
    cpu_limit: float | None = strawberry.field(description="Cores that it may use; null: all.")
    memory_limit: ByteCount | None = strawberry.field(description="Memory that it may use; null: no limit.")
    desired_state: DesiredState = made("What was asked for.", lambda desired: desired, "desired")
    status: DatabaseStatus = strawberry.field(description="What is.")
    problem: DatabaseTrouble | None = made(
        "Why it does not answer; null: it does.",
        DatabaseTrouble.of,
        "status",
        "problem",
        "problem_message",
        "problem_exit_code",
        "problem_log",
    )
    rotating: bool = made(
        "Whether it is about to take another password.", lambda password: password is not None, "next_password"
    )
    rotation_failure: str | None = made(
        "Why it kept its password when it was last asked to take another; null: it did not.",
        lambda failure: failure or None,
        "rotation_failure",
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When what is wanted of it was last changed.")
    internal_host: str = made("The host name under which its environment reaches it.", lambda name: name, "name")
    internal_port: Port = made(
        "The port under which its environment reaches it.", lambda kind: Port(CATALOGUE[kind].port), "kind"
    )

    environment: Annotated["Environment", strawberry.lazy("graph.schema.environments")] = loaded(
        "The environment it belongs to.", loaders.environment_of, "environment_id"
    )
    server: Server = loaded("The server it runs on.", loaders.server_of, "server_id")
    container: DatabaseContainer | None = loaded(
        "Its container; null while there is none.", loaders.database_container_of, "id"
    )
    tcp_proxy: TcpProxy | None = loaded(
        "What leads to it from outside; null: it is not exposed.", loaders.proxy_of, "id"
    )
    links: list["DatabaseLink"] = loaded(
        "The applications that find its connection string in a variable of theirs.", loaders.links_of_database, "id"
    )
    dumps: list[DatabaseDump] = loaded(
        "Its dumps, newest first. `dumps` gives them by pages.", loaders.dumps_of, "id"
    )
    restores: list[DatabaseRestore] = loaded(
        "When it was restored from dumps, the last time first.", loaders.restores_of, "id"
    )

    @strawberry.field(
        description="What else its server finds in its environment, by name. The values cannot be read.",
        metadata=reads("id", "variables"),
    )
    def variables(self, info: Info) -> list[DatabaseVariable]:
        return [DatabaseVariable(name=EnvName(name)) for name in info.context.engine.databases.variables(self._row)]


@strawberry.type(description="A variable of an application that holds the connection string of a database.")
class DatabaseLink(View, Node):
    id: strawberry.ID = node_id("DatabaseLink")
    variable: EnvName = strawberry.field(description="The name of the variable.")
    created_at: datetime = strawberry.field(description="When they were linked.")

    application: Annotated["Application", strawberry.lazy("graph.schema.applications")] = loaded(
        "The application.", loaders.application_of, "application_id"
    )
    database: Database = loaded("The database.", loaders.database_of, "database_id")
