"""Rows that only a Docker engine which answers would lead to."""

from datetime import timedelta

from sqlmodel import Session, delete, select

from db.models import (
    Application,
    Certificate,
    CertificateReason,
    CertificateSource,
    CertificateState,
    Container,
    Database,
    DatabaseDump,
    DatabaseRestore,
    DatabaseStatus,
    Deployment,
    DeploymentKind,
    DeploymentStatus,
    DumpStatus,
    Environment,
    EnvironmentVariable,
    FailureReason,
    Identity,
    Membership,
    Passkey,
    Release,
    ReleaseStatus,
    RestoreStatus,
    Role,
    Server,
    TcpProxy,
    User,
    UserSession,
    Volume,
    now,
)
from engine.hardening import USUAL_CAPABILITIES
from engine.release_spec import ClaimedDomain, HealthCheck, Mount, ReleaseSpec, VariableReference
from engine.secret_places import totp_place
from engine.secrets import Cipher, Secret


def add_releases(session: Session, application_id: str, count: int) -> list[str]:
    """Releases of the application as it is, the last of them live, with a container."""
    application = session.get_one(Application, application_id)
    mine = EnvironmentVariable.application_id == application_id
    variables = session.exec(select(EnvironmentVariable).where(mine).order_by(EnvironmentVariable.name)).all()
    volumes = session.exec(select(Volume).where(Volume.application_id == application_id))
    spec = ReleaseSpec(
        image=application.image,
        image_id="sha256:1",
        image_digest="nginx@sha256:2",
        command=("serve",),
        port=application.port,
        variables=tuple(VariableReference(name=row.name, id=row.id) for row in variables),
        mounts=tuple(Mount(volume_id=row.id, path=row.mount_path) for row in volumes),
        health_check=HealthCheck(),
        pids_limit=application.pids_limit,
        capabilities=USUAL_CAPABILITIES,
        allow_privilege_escalation=False,
        domains=(ClaimedDomain(host="shop.example.com", path_prefix="/"),),
    ).model_dump(mode="json")
    releases = [
        Release(
            application_id=application_id,
            number=number,
            spec=spec,
            status=ReleaseStatus.LIVE if number == count else ReleaseStatus.RETIRED,
            live_at=now(),
        )
        for number in range(1, count + 1)
    ]
    session.add_all(releases)
    session.flush()
    live = releases[-1]
    application.live_release_id = application.last_release_id = live.id
    session.add(application)
    session.add(
        Container(
            id=f"c0ffee-{application_id}",
            name=f"{application.name}-1",
            server_id=application.server_id,
            application_id=application_id,
            release_id=live.id,
            replica=1,
            state="running",
            ready=True,
        )
    )
    return [release.id for release in releases]


def add_failed_deployments(session: Session, application_id: str, count: int) -> list[str]:
    deployments = [
        Deployment(
            application_id=application_id,
            number=number,
            kind=DeploymentKind.DEPLOY,
            status=DeploymentStatus.FAILED,
            failure_reason=FailureReason.EXITED,
            failure_message="Replica 1 ended with exit code 3 before it was healthy.",
            failure_exit_code=3,
            failure_log=["no such table"],
            requested_by="laptop",
            finished_at=now(),
        )
        for number in range(1, count + 1)
    ]
    session.add_all(deployments)
    session.flush()
    return [deployment.id for deployment in deployments]


def add_failed_certificate(session: Session, team_id: str, host: str) -> str:
    """The id of a certificate that an authority refused."""
    server = session.exec(select(Server)).one()
    row = Certificate(
        team_id=team_id,
        source=CertificateSource.ACME,
        server_id=server.id,
        host=host,
        names=[host],
        resolver_id=server.default_resolver_id,
        state=CertificateState.FAILED,
        reason=CertificateReason.REFUSED,
        problem="No.",
        failures=1,
        next_attempt_at=now() + timedelta(days=1),
        standing=True,
    )
    session.add(row)
    return row.id


def add_user(session: Session, name: str) -> str:
    """The id of somebody who could sign in."""
    user = User(email=f"{name}@example.com", name=name)
    session.add(user)
    return user.id


def protect_user(session: Session, user_id: str, cipher: Cipher) -> None:
    """Let them have a second factor."""
    user = session.get_one(User, user_id)
    user.totp, user.totp_confirmed_at = cipher.encrypt(Secret("JBSWY3DPEHPK3PXP"), totp_place(user.id)), now()
    session.add(user)


def add_user_session(session: Session, user_id: str) -> str:
    """The id of a browser that they are signed in with."""
    row = UserSession(user_id=user_id, hash=user_id, expires_at=now() + timedelta(days=1))
    session.add(row)
    return row.id


def add_passkey(session: Session, user_id: str) -> str:
    """The id of a passkey that no device has."""
    row = Passkey(user_id=user_id, name="phone", credential_id=user_id, public_key="")
    session.add(row)
    return row.id


def add_identity(session: Session, user_id: str) -> str:
    """The id of who they are to a provider, one of two."""
    rows = [Identity(user_id=user_id, issuer="https://id.example.com", subject=f"{user_id}-{n}") for n in (1, 2)]
    session.add_all(rows)
    return rows[0].id


def add_owner(session: Session, team_id: str, name: str) -> str:
    """The id of the membership of a new user who owns the team."""
    user_id = add_user(session, name)
    session.flush()
    membership = Membership(team_id=team_id, user_id=user_id, role=Role.OWNER)
    session.add(membership)
    return membership.id


def run_database(session: Session, database_id: str) -> None:
    """Have it be said to run."""
    database = session.get_one(Database, database_id)
    database.status = DatabaseStatus.RUNNING
    session.add(database)


def close_ports(session: Session) -> None:
    """Give back all ports that are reserved for databases."""
    session.exec(delete(TcpProxy))


def add_dump(session: Session, database_id: str, status: DumpStatus = DumpStatus.GOOD) -> str:
    """The id of a dump of the database, with no file."""
    database = session.get_one(Database, database_id)
    ended = status in (DumpStatus.GOOD, DumpStatus.FAILED)
    environment = session.get_one(Environment, database.environment_id)
    dump = DatabaseDump(
        database_id=database.id,
        team_id=environment.team_id,
        project_id=environment.project_id,
        environment_id=environment.id,
        name=database.name,
        kind=database.kind,
        version=database.version,
        database_name=database.database_name,
        status=status,
        finished_at=now() if ended else None,
    )
    session.add(dump)
    return dump.id


def add_restore(session: Session, database_id: str, dump_id: str, status: RestoreStatus) -> str:
    """The id of a restore that is under way."""
    database = session.get_one(Database, database_id)
    environment = session.get_one(Environment, database.environment_id)
    restore = DatabaseRestore(
        database_id=database.id,
        team_id=environment.team_id,
        project_id=environment.project_id,
        environment_id=environment.id,
        dump_id=dump_id,
        status=status,
    )
    session.add(restore)
    return restore.id
