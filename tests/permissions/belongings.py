"""One of everything there is, in one project of one team."""

from typing import Any

from sqlmodel import Session, col, select

from db.models import (
    ApiToken,
    Application,
    AuditEntry,
    Certificate,
    CertificateState,
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
)
from engine.accounts.authority import Place
from engine.certificates.record import become, tell
from engine.databases.status import record_about_database
from engine.events import record
from engine.status import record_about
from graph.ids import global_id, local_id
from tests.graph.api.certificates import CERTIFICATE, PRIVATE_KEY, certificate_for
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


async def belongings(api: Api, team: str = "", word: str = "", secret: str = "canary") -> dict[str, str]:
    """The ids of everything, by the names of its types; "Elsewhere" is another project of the same team.

    It is in the first team unless another is given. Every name begins with `word`, and every secret holds `secret`.
    """
    do, write = api.do, api.engine.sessions.write
    team = team or await api.team()
    made = await do("createProject", "project { id }", name=f"{word}shop", teamId=team)
    project = str(made["project"]["id"])
    made = await do("createEnvironment", "environment { id }", projectId=project, name=f"{word}production")
    environment = str(made["environment"]["id"])
    application = await api.application(
        f"{word}web",
        environment,
        variables=[
            {"name": _constant(f"{word}MODE"), "value": f"{word}1", "secret": False},
            {"name": _constant(f"{word}KEY"), "value": f"{secret}-variable", "secret": True},
        ],
        volumes=[{"name": f"{word}data", "mountPath": f"/{word}data"}],
        healthCheck={"kind": "HTTP", "path": f"/{word}up"},
        registry={"username": f"{word}shop", "password": f"{secret}-registry"},
    )
    domain = await do(
        "addDomain",
        "domain { id }",
        applicationId=application,
        url=f"https://{word}shop.example.com",
        basicAuth=[{"name": f"{word}ann", "password": f"{secret}-visitor"}],
        allowedNetworks=["203.0.113.0/24"],
        maxBodySize=1024,
        requestHeaders=[{"name": "X-Shop", "value": f"{word}shop"}],
        responseHeaders=[{"name": "X-Shop", "value": f"{word}shop"}],
        rateLimit={"requests": 10},
        hsts={"maxAge": "1d"},
    )
    deployment = await do("deployApplication", "deployment { id }", applicationId=application)
    key = local_id("Application", application)
    (release, *_) = await write(add_releases, key, 2)
    wanted = {"kind": "POSTGRESQL", "name": f"{word}db", "password": f"{secret}-password"}
    made = await do("createDatabase", "database { id }", environmentId=environment, **wanted)
    database = str(made["database"]["id"])
    database_key = local_id("Database", database)
    await write(run_database, database_key)
    variable = _constant(f"{word}URL")
    link = await do("linkDatabase", "link { id }", databaseId=database, applicationId=application, variable=variable)
    proxy = await do("exposeDatabase", "tcpProxy { id }", databaseId=database)
    dump = await write(add_dump, database_key)
    restore = await write(add_restore, database_key, dump, RestoreStatus.RESTORING)
    await write(_watched, database_key)
    chain, private_key = certificate_for(f"{word}.example.com") if word else (CERTIFICATE, PRIVATE_KEY)
    certificate = await do("uploadCertificate", "certificate { id }", teamId=team, chain=chain, key=private_key)
    token = await do("createApiToken", "apiToken { id }", name=f"{word}ci", within=environment)
    invitation = await do(
        "inviteMember", "invitation { id }", teamId=team, email=f"{word}new@example.com", role="VIEWER"
    )
    membership = await write(add_owner, local_id("Team", team), f"{word}somebody")
    ids = await api.ask(
        "query($id: ID!) { application(id: $id) {"
        " server { id defaultResolver { id } } volumes { id } variables { id } } }",
        id=application,
    )
    found = ids["application"]
    user = await api.engine.sessions.read(_user_of, membership)
    await write(_tell, key, database_key, word)
    certificate_key = local_id("Certificate", certificate["certificate"]["id"])
    await write(_connect, key, database_key, certificate_key, user)
    await write(_warn, certificate_key)
    elsewhere = await do("createProject", "project { id }", name=f"{word}elsewhere", teamId=team)
    return {
        "Team": team,
        "Membership": global_id("Membership", membership),
        "User": global_id("User", user),
        "UserSession": global_id("UserSession", await write(add_user_session, user)),
        "Passkey": global_id("Passkey", await write(add_passkey, user)),
        "Identity": global_id("Identity", await write(add_identity, user)),
        "Invitation": invitation["invitation"]["id"],
        "ApiToken": token["apiToken"]["id"],
        "Project": project,
        "Elsewhere": elsewhere["project"]["id"],
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
        "CertificateResolver": found["server"]["defaultResolver"]["id"],
    }


def _constant(name: str) -> str:
    return name.replace("-", "_")


def _user_of(session: Session, membership_id: str) -> str:
    return session.get_one(Membership, membership_id).user_id


def _watched(session: Session, database_id: str) -> None:
    database = session.get_one(Database, database_id)
    session.add(
        DatabaseContainer(
            id=f"c0ffee-{database_id}",
            name=database.name,
            server_id=database.server_id,
            database_id=database_id,
            state="running",
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


def _tell(session: Session, application_id: str, database_id: str, word: str) -> None:
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
        key = _part(session, table, application)
        record_about(session, kind, application, noun=table.__name__, noun_id=key, data=_named(told, word))
    database = session.get_one(Database, database_id)
    for kind, table, told in (
        (EventKind.DATABASE_CONTAINER, DatabaseContainer, _CONTAINER),
        (EventKind.DATABASE_STATUS, Database, {"status": "RUNNING", "problem": None, "message": ""}),
        (EventKind.DUMP_STATUS, DatabaseDump, {"status": "GOOD", **_COPY}),
        (EventKind.RESTORE_STATUS, DatabaseRestore, {"status": "RESTORING", **_COPY}),
        (EventKind.TCP_PROXY_STATE, TcpProxy, _PROXY),
        (EventKind.CREDENTIALS_READ, Database, {"by": f"{word}owner", "name": "db"}),
    ):
        key = _part(session, table, database)
        record_about_database(session, kind, database, noun=table.__name__, noun_id=key, data=_named(told, word))
    for kind in (EventKind.SERVER_STATE, EventKind.PROXY_STATE):
        record(session, kind, "Server", server_id, server_id=server_id, data={"state": "UNKNOWN", "reason": ""})


def _warn(session: Session, certificate_id: str) -> None:
    """What is told of a certificate when time passes."""
    row = session.get_one(Certificate, certificate_id)
    become(session, row, CertificateState.ISSUED)
    assert row.not_after
    tell(session, EventKind.CERTIFICATE_EXPIRY, row, daysLeft=21, notAfter=row.not_after.isoformat())


def _part(session: Session, table: Any, owner: Application | Database) -> str | None:
    """The id of the first row of a table that belongs to the owner, which may be itself."""
    owned = "id" if isinstance(owner, table) else f"{type(owner).__name__.lower()}_id"
    key: str | None = session.exec(select(table.id).where(getattr(table, owned) == owner.id)).first()
    return key


def _named(told: dict[str, Any], word: str) -> dict[str, Any]:
    return told | ({"name": f"{word}{told['name'].removeprefix(word)}"} if "name" in told else {})


def _connect(session: Session, application_id: str, database_id: str, certificate_id: str, user_id: str) -> None:
    """What leads from one thing to another, and is only there at times."""
    mine = col(Release.application_id) == application_id
    releases = session.exec(select(Release).where(mine).order_by(col(Release.number))).all()
    for deployment in session.exec(select(Deployment).where(Deployment.application_id == application_id)):
        deployment.release_id = deployment.source_release_id = deployment.previous_release_id = releases[0].id
    releases[0].origin_id = releases[1].id
    for proxy in session.exec(select(TcpProxy).where(TcpProxy.database_id == database_id)):
        proxy.certificate_id = certificate_id
    # Nobody's yet: those of users are who they act for.
    for token in session.exec(select(ApiToken).where(col(ApiToken.user_id).is_(None))):
        token.user_id, token.permissions = user_id, ["read Application"]
        place = Place(token.team_id, token.project_id, token.environment_id)
        session.add(AuditEntry(user_id=user_id, token_id=token.id, **_DEED, **place._asdict()))
