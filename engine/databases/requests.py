"""What may be asked of databases: one transaction each, the work comes afterwards."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict

from sqlmodel import Session

from db.models import (
    Application,
    Certificate,
    Database,
    DatabaseKind,
    DatabaseLink,
    DatabaseStatus,
    DesiredState,
    Environment,
    EventKind,
    TlsMode,
    now,
)
from db.sessions import Sessions
from engine.application_rules import check_limits, check_variables
from engine.audit import note_action
from engine.certificates.uses import name_for_clients
from engine.databases.catalogue import (
    CATALOGUE,
    check_following,
    check_password,
    check_setup,
    new_credentials,
)
from engine.databases.catalogue import check_variables as check_allowed
from engine.databases.copies import check_no_restore, give_up_restores
from engine.databases.kinds import Credentials, Setup
from engine.databases.links import link, linked_applications, unlink
from engine.databases.order import setup_of, variables_of
from engine.databases.standing import name_free, standing_database
from engine.databases.status import record_about_database, settle_database
from engine.errors import Conflict, NotFound, NotNow
from engine.exposures.requests import proxy_of
from engine.secret_places import database_place
from engine.secrets import Cipher, Secret
from engine.servers import the_server
from engine.variables import VariableDraft

_DATABASE = ("input", "databaseId")


class DatabaseFields(TypedDict, total=False):
    """What can be changed of a database. `cpu_limit` is cores, `memory_limit` bytes."""

    version: str
    configuration: str | None
    variables: Sequence[VariableDraft]
    cpu_limit: float | None
    memory_limit: int | None


@dataclass(frozen=True, slots=True)
class NewDatabase:
    """What a new database shall be; None: as is usual for its kind."""

    environment_id: str
    name: str
    kind: DatabaseKind
    fields: DatabaseFields
    username: str | None = None
    database_name: str | None = None
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """How to sign in to a database, with the connection string for those in its environment."""

    database: Database
    setup: Setup
    internal_url: Secret
    external_url: Secret | None


class Databases:
    """What the API may do to databases.

    `wake` has a database looked at, `cores` says how many cores the server has, as far as that is known.
    `public_host` is what clients from outside reach this host by.
    """

    def __init__(
        self,
        sessions: Sessions,
        cipher: Cipher,
        wake: Callable[[str], None],
        cores: Callable[[], int | None],
        public_host: str,
    ) -> None:
        self._sessions = sessions
        self._cipher = cipher
        self._wake = wake
        self._cores = cores
        self._public_host = public_host

    async def create(self, wanted: NewDatabase) -> Database:
        """A database that is on its way up. Raises `NotFound`, `NameTaken`, `InvalidInput`."""
        database = await self._sessions.write(self._create, wanted)
        self._wake(database.id)
        return database

    async def update(self, database_id: str, changes: DatabaseFields) -> Database:
        """Change what is wanted; its container is made anew where it has to be. Raises as `create`, and `NotNow`."""
        database = await self._sessions.write(self._update, database_id, changes)
        self._wake(database_id)
        return database

    async def start(self, database_id: str) -> Database:
        """Raises `NotFound`, and `NotNow` unless it is stopped."""
        return await self._want(database_id, DesiredState.RUNNING)

    async def stop(self, database_id: str) -> Database:
        """Shut it down and keep it so until it is started. Raises `NotFound`, `NotNow`."""
        return await self._want(database_id, DesiredState.STOPPED)

    async def restart(self, database_id: str) -> Database:
        """Shut it down and start it again. Raises `NotFound`, and `NotNow` when it is stopped."""
        database = await self._sessions.write(_restart, database_id)
        self._wake(database_id)
        return database

    async def rotate_password(self, database_id: str, password: Secret | None) -> Database:
        """Have the live server take another password, by default a new one.

        Raises `NotFound`, `InvalidInput`, and `NotNow` unless it runs.
        """
        database = await self._sessions.write(self._rotate, database_id, password)
        self._wake(database_id)
        return database

    async def remove(self, database_id: str, *, remove_volume: bool) -> Database:
        """Ask for the database to go, its data only if that is said. Raises `NotFound`, `Conflict` while linked."""
        database = await self._sessions.write(_remove, database_id, remove_volume)
        self._wake(database_id)
        return database

    async def link(self, database_id: str, application_id: str, variable: str) -> DatabaseLink:
        """See `engine.databases.links.link`."""
        return await self._sessions.write(link, self._cipher, database_id, application_id, variable)

    async def unlink(self, link_id: str) -> Application:
        """See `engine.databases.links.unlink`."""
        return await self._sessions.write(unlink, link_id)

    async def access(self, database_id: str, by: str) -> Access:
        """How to sign in. That it was read, and by whom, is written down. Raises `NotFound`."""
        return await self._sessions.write(self._access, database_id, by)

    async def _want(self, database_id: str, desired: DesiredState) -> Database:
        database = await self._sessions.write(_want, database_id, desired)
        self._wake(database_id)
        return database

    def _create(self, session: Session, wanted: NewDatabase) -> Database:
        if session.get(Environment, wanted.environment_id) is None:
            raise NotFound("There is no such environment.", field=("input", "environmentId"))
        name_free(session, wanted.environment_id, wanted.name)
        kind = CATALOGUE[wanted.kind]
        fresh = new_credentials(kind, wanted.username, wanted.database_name)
        credentials = Credentials(
            fresh.user, fresh.password if wanted.password is None else wanted.password, fresh.database
        )
        version = wanted.fields.get("version", kind.default_version)
        check_setup(kind, Setup(version, credentials, wanted.fields.get("configuration") or ""))
        database = Database(
            environment_id=wanted.environment_id,
            server_id=the_server(session).id,
            name=wanted.name,
            kind=wanted.kind,
            version=version,
            username=credentials.user,
            database_name=credentials.database,
            password="",
        )
        database.password = self._cipher.encrypt(credentials.password, database_place(database.id, "password"))
        self._apply(database, {**wanted.fields, "version": version})
        session.add(database)
        session.flush()
        data = {"name": database.name}
        record_about_database(session, EventKind.CREATED, database, data=data)
        settle_database(session, database.id)
        return database

    def _update(self, session: Session, database_id: str, changes: DatabaseFields) -> Database:
        database = standing_database(session, database_id)
        check_no_restore(session, database)
        kind = CATALOGUE[database.kind]
        if "version" in changes and changes["version"] != database.version:
            check_following(kind, database.data_version or database.version, changes["version"])
        if "configuration" in changes:
            kind.check_configuration(changes["configuration"] or "")
        self._apply(database, changes)
        database.updated_at = now()
        database.restart_wanted = True  # also if we are killed before anybody compares it with its container
        session.add(database)
        settle_database(session, database_id)
        data = {"name": database.name, "changed": sorted(changes)}
        record_about_database(session, EventKind.UPDATED, database, data=data)
        return database

    def _apply(self, database: Database, fields: DatabaseFields) -> None:
        plain = {name: value for name, value in fields.items() if name not in ("variables", "configuration")}
        for name, value in plain.items():
            setattr(database, name, value)
        if "configuration" in fields:
            database.configuration = fields["configuration"] or None
        if "variables" in fields:
            database.variables = self._seal(database, fields["variables"])
        check_limits(database.cpu_limit, database.memory_limit, self._cores())

    def _seal(self, database: Database, drafts: Sequence[VariableDraft]) -> str | None:
        check_variables(drafts)
        variables = {draft.name: draft.value.reveal() for draft in drafts}
        check_allowed(CATALOGUE[database.kind], variables)
        text = Secret(json.dumps(variables, sort_keys=True))
        return self._cipher.encrypt(text, database_place(database.id, "variables")) if variables else None

    def variables(self, database: Database) -> dict[str, str]:
        """What the user wants in the environment of its server."""
        return variables_of(database, self._cipher)

    def _rotate(self, session: Session, database_id: str, password: Secret | None) -> Database:
        database = standing_database(session, database_id)
        kind = CATALOGUE[database.kind]
        if password is not None:
            check_password(kind, password)
        if database.status is not DatabaseStatus.RUNNING:
            raise NotNow(f"{database.name} has to run to take another password.", field=_DATABASE)
        check_no_restore(session, database)
        new = password if password is not None else new_credentials(kind).password
        database.next_password = self._cipher.encrypt(new, database_place(database_id, "next_password"))
        database.rotation_failure = ""
        session.add(database)
        return database

    def _access(self, session: Session, database_id: str, by: str) -> Access:
        database = session.get(Database, database_id)
        if database is None:
            raise NotFound("There is no such database.", field=("databaseId",))
        setup = setup_of(database, self._cipher)
        kind = CATALOGUE[database.kind]
        record_about_database(session, EventKind.CREDENTIALS_READ, database, data={"name": database.name, "by": by})
        note_action(session, database)
        internal = Secret(kind.connection_string(setup, database.name, kind.port, False))
        return Access(database, setup, internal, self._external_url(session, database, setup))

    def _external_url(self, session: Session, database: Database, setup: Setup) -> Secret | None:
        proxy = proxy_of(session, database.id)
        if proxy is None or proxy.closing:
            return None
        host = self._public_host if proxy.bind_address == "0.0.0.0" else proxy.bind_address
        certificate = session.get(Certificate, proxy.certificate_id) if proxy.certificate_id else None
        if certificate is not None:
            host = name_for_clients(certificate.names) or host
        tls = proxy.tls is not TlsMode.NONE
        return Secret(CATALOGUE[database.kind].connection_string(setup, host, proxy.port, tls))


def _want(session: Session, database_id: str, desired: DesiredState) -> Database:
    database = standing_database(session, database_id)
    if desired is DesiredState.RUNNING and database.desired is desired:
        raise NotNow(f"{database.name} is not stopped.", field=_DATABASE)
    check_no_restore(session, database, switching=True)
    database.desired = desired
    session.add(database)
    settle_database(session, database_id)
    return database


def _restart(session: Session, database_id: str) -> Database:
    database = standing_database(session, database_id)
    if database.desired is DesiredState.STOPPED:
        raise NotNow(f"{database.name} is stopped; start it.", field=_DATABASE)
    check_no_restore(session, database, switching=True)
    database.restart_wanted = True
    session.add(database)
    settle_database(session, database_id)
    return database


def _remove(session: Session, database_id: str, remove_volume: bool) -> Database:
    database = session.get(Database, database_id)
    if database is None:
        raise NotFound("There is no such database.", field=_DATABASE)
    if users := linked_applications(session, database_id):
        raise Conflict(
            f"{', '.join(users)} {'uses' if len(users) == 1 else 'use'} it; unlink it first.", field=_DATABASE
        )
    give_up_restores(session, database)
    database.desired = DesiredState.REMOVED
    database.remove_volume = database.remove_volume or remove_volume
    session.add(database)
    settle_database(session, database_id)
    return database
