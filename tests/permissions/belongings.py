"""One of everything there is, in one project of one team."""

from typing import Any

from sqlmodel import Session, col, select

from db.models import (
    ApiToken,
    Application,
    AuditEntry,
    Certificate,
    Container,
    Database,
    DatabaseContainer,
    DatabaseDump,
    DatabaseRestore,
    Deployment,
    Domain,
    EventKind,
    Membership,
    Release,
    RestoreStatus,
    TcpProxy,
    User,
)
from engine.accounts.authority import Place
from engine.databases.status import record_about_database
from engine.events import record
from engine.status import record_about
from graph.ids import global_id, local_id
from tests.graph.api.certificates import CERTIFICATE, PRIVATE_KEY
from tests.graph.api.conftest import Api
from tests.graph.api.rows import (
    add_dump,
    add_identity,
    add_owner,
    add_passkey,
    add_releases,
    add_restore,
    add_user_session,
    run_database,
)


async def belongings(api: Api) -> dict[str, str]:
    """The ids of everything, by the names of its types; "Elsewhere" is another project of the same team."""
    do, write = api.do, api.engine.sessions.write
    team = await api.team()
    environment = await api.environment("shop")
    application = await api.application(
        environment_id=environment,
        variables=[{"name": "MODE", "value": "1"}],
        volumes=[{"name": "data", "mountPath": "/data"}],
        healthCheck={"kind": "HTTP", "path": "/up"},
        registry={"username": "shop", "password": "canary"},
    )
    domain = await do("addDomain", "domain { id }", applicationId=application, host="shop.example.com")
    deployment = await do("deployApplication", "deployment { id }", applicationId=application)
    key = local_id("Application", application)
    (release, *_) = await write(add_releases, key, 2)
    made = await do("createDatabase", "database { id }", environmentId=environment, kind="POSTGRESQL", name="db")
    database = str(made["database"]["id"])
    database_key = local_id("Database", database)
    await write(run_database, database_key)
    link = await do("linkDatabase", "link { id }", databaseId=database, applicationId=application, variable="URL")
    proxy = await do("exposeDatabase", "tcpProxy { id }", databaseId=database)
    dump = await write(add_dump, database_key)
    restore = await write(add_restore, database_key, dump, RestoreStatus.RESTORING)
    await write(_watched, database_key)
    certificate = await do("uploadCertificate", "certificate { id }", teamId=team, chain=CERTIFICATE, key=PRIVATE_KEY)
    token = await do("createApiToken", "apiToken { id }", name="ci", within=environment)
    invitation = await do("inviteMember", "invitation { id }", teamId=team, email="new@example.com", role="VIEWER")
    membership = await write(add_owner, local_id("Team", team), "somebody")
    ids = await api.ask(
        """query($id: ID!) { application(id: $id) {
            server { id } volumes { id } variables { id } environment { project { id } } } }""",
        id=application,
    )
    found = ids["application"]
    user = await api.engine.sessions.read(_user_of, membership)
    await write(_tell, key, database_key)
    await write(_connect)
    return {
        "Team": team,
        "Membership": global_id("Membership", membership),
        "User": global_id("User", user),
        "UserSession": global_id("UserSession", await write(add_user_session, user)),
        "Passkey": global_id("Passkey", await write(add_passkey, user)),
        "Identity": global_id("Identity", await write(add_identity, user)),
        "Invitation": invitation["invitation"]["id"],
        "ApiToken": token["apiToken"]["id"],
        "Project": found["environment"]["project"]["id"],
        "Elsewhere": await api.project("elsewhere"),
        "Environment": environment,
        "Application": application,
        "EnvironmentVariable": found["variables"][0]["id"],
        "Volume": found["volumes"][0]["id"],
        "Domain": domain["domain"]["id"],
        "Deployment": deployment["deployment"]["id"],
        "Release": global_id("Release", release),
        "Database": database,
        "DatabaseLink": link["link"]["id"],
        "TcpProxy": proxy["tcpProxy"]["id"],
        "DatabaseDump": global_id("DatabaseDump", dump),
        "DatabaseRestore": global_id("DatabaseRestore", restore),
        "Certificate": certificate["certificate"]["id"],
        "Server": found["server"]["id"],
    }


def _user_of(session: Session, membership_id: str) -> str:
    return session.get_one(Membership, membership_id).user_id


def _watched(session: Session, database_id: str) -> None:
    database = session.get_one(Database, database_id)
    session.add(
        DatabaseContainer(
            id="c0ffee", name="db", server_id=database.server_id, database_id=database_id, state="running"
        )
    )


_CONTAINER = {
    "releaseId": "01m833z4wr47h397dvxhp6mbv0",
    "name": "web-1",
    "replica": 1,
    "state": "running",
    "health": None,
    "ready": True,
    "exitCode": None,
    "outOfMemory": False,
}
_DEED: dict[str, Any] = {
    "actor": "somebody",
    "action": "deployApplication",
    "noun": "Application",
    "noun_id": "01m833z4wr47h397dvxhp6mbv0",
    "name": "web",
    "changes": {"image": {"old": "web:1", "new": "web:2"}},
}
_COPY = {"name": "db", "size": 1, "failure": ""}
_PROXY = {"state": "LISTENING", "reason": None, "message": "", "bindAddress": "127.0.0.1", "port": 9000}


def _tell(session: Session, application_id: str, database_id: str) -> None:
    """An event of every kind that only a Docker engine which answers would lead to."""
    application = session.get_one(Application, application_id)
    server_id = application.server_id
    table: Any
    told: dict[str, Any]
    for kind, table, told in (
        (EventKind.APPLICATION_STATUS, Application, {"status": "RUNNING"}),
        (EventKind.CONTAINER_STATE, Container, _CONTAINER),
        (EventKind.DOMAIN_STATE, Domain, {"problem": ""}),
        (EventKind.RELEASE_STATUS, Release, {"status": "LIVE", "number": 1}),
        (EventKind.UPDATED, Application, {"name": application.name, "changed": ["image"]}),
        (EventKind.REMOVED, Application, {"name": application.name}),
    ):
        key = session.exec(select(table.id)).first()
        record_about(session, kind, application, noun=table.__name__, noun_id=key, data=dict(told))
    database = session.get_one(Database, database_id)
    for kind, table, told in (
        (EventKind.DATABASE_CONTAINER, DatabaseContainer, _CONTAINER),
        (EventKind.DATABASE_STATUS, Database, {"status": "RUNNING", "problem": None, "message": ""}),
        (EventKind.DUMP_STATUS, DatabaseDump, {"status": "GOOD", **_COPY}),
        (EventKind.RESTORE_STATUS, DatabaseRestore, {"status": "RESTORING", **_COPY}),
        (EventKind.TCP_PROXY_STATE, TcpProxy, _PROXY),
        (EventKind.CREDENTIALS_READ, Database, {"by": "owner", "name": "db"}),
    ):
        key = session.exec(select(table.id)).first()
        record_about_database(session, kind, database, noun=table.__name__, noun_id=key, data=dict(told))
    for kind in (EventKind.SERVER_STATE, EventKind.PROXY_STATE):
        record(session, kind, "Server", server_id, server_id=server_id, data={"state": "UNKNOWN", "reason": ""})


def _connect(session: Session) -> None:
    """What leads from one thing to another, and is only there at times."""
    releases = session.exec(select(Release).order_by(col(Release.number))).all()
    for deployment in session.exec(select(Deployment)):
        deployment.release_id = deployment.source_release_id = deployment.previous_release_id = releases[0].id
    releases[0].origin_id = releases[1].id
    for proxy in session.exec(select(TcpProxy)):
        proxy.certificate_id = session.exec(select(Certificate.id)).first()
    user_id = session.exec(select(User.id)).first()
    for token in session.exec(select(ApiToken)):
        token.user_id, token.permissions = user_id, ["read Application"]
        place = Place(token.team_id, token.project_id, token.environment_id)
        session.add(AuditEntry(user_id=user_id, token_id=token.id, **_DEED, **place._asdict()))
