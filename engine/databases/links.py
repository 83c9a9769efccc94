"""Applications that find a database's connection string in a variable of theirs, also after a new password."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from db.models import (
    Application,
    Database,
    DatabaseLink,
    DeploymentKind,
    DesiredState,
    EnvironmentVariable,
    EventKind,
    now,
)
from engine.databases.catalogue import CATALOGUE
from engine.databases.order import setup_of
from engine.databases.standing import standing_database
from engine.deployments.requests import request_deployment, standing
from engine.errors import Conflict, InvalidInput, NotFound
from engine.secrets import Cipher, Secret
from engine.status import record_about
from engine.variables import VariableDraft, retire_variables, write_variables


def internal_connection_string(database: Database, cipher: Cipher) -> Secret:
    """What an application in the database's environment connects with."""
    kind = CATALOGUE[database.kind]
    return Secret(kind.connection_string(setup_of(database, cipher), database.name, kind.port, False))


def link(session: Session, cipher: Cipher, database_id: str, application_id: str, variable: str) -> DatabaseLink:
    """Put the connection string into a variable of the application, and keep it right.

    Raises `NotFound`, `NotNow`, `InvalidInput` for an application of another environment, and `Conflict` for a
    variable that is in use.
    """
    database, application = standing_database(session, database_id), standing(session, application_id)
    if application.environment_id != database.environment_id:
        raise InvalidInput(
            f"{application.name} is in another environment than {database.name}, and cannot reach it.",
            field=("input", "applicationId"),
        )
    if _current(session, application_id, variable) is not None:
        raise Conflict(f"{application.name} has a variable named {variable} already.", field=("input", "variable"))
    row = DatabaseLink(database_id=database_id, application_id=application_id, variable=variable)
    session.add(row)
    _write(session, cipher, database, application, variable)
    return row


def unlink(session: Session, link_id: str) -> Application:
    """Take the variable away again, from the next deployment on. Raises `NotFound`, `NotNow`."""
    row = session.get(DatabaseLink, link_id)
    if row is None:
        raise NotFound("There is no such link.", field=("input", "linkId"))
    application = standing(session, row.application_id)
    retire_variables(session, application.id, {row.variable})
    session.delete(row)
    _touch(session, application)
    return application


def follow_links(session: Session, cipher: Cipher, database: Database) -> list[str]:
    """Give every application that is linked the connection string of now.

    What runs is deployed again with it, and nothing else changed; the ids of those applications.
    """
    redeployed = []
    for row in session.exec(select(DatabaseLink).where(DatabaseLink.database_id == database.id)).all():
        application = session.get_one(Application, row.application_id)
        if application.desired is DesiredState.REMOVED:
            continue
        _write(session, cipher, database, application, row.variable)
        if application.desired is DesiredState.RUNNING and application.live_release_id is not None:
            request_deployment(session, application.id, DeploymentKind.RESTART, None, database.name)
            redeployed.append(application.id)
    return redeployed


def linked_applications(session: Session, database_id: str) -> list[str]:
    """The names of the applications that use a database."""
    query = select(Application.name).join(DatabaseLink, col(DatabaseLink.application_id) == col(Application.id))
    return list(session.exec(query.where(DatabaseLink.database_id == database_id).order_by(Application.name)))


def not_linked(session: Session, application_id: str, variables: Collection[str], field: tuple[str, ...]) -> None:
    """Raises `Conflict` for a variable that follows a database: it is not to be changed by hand."""
    query = select(DatabaseLink).where(
        DatabaseLink.application_id == application_id, col(DatabaseLink.variable).in_(variables)
    )
    if row := session.exec(query).first():
        name = session.get_one(Database, row.database_id).name
        raise Conflict(f"{row.variable} follows the database {name}; unlink it first.", field=field)


def linked_variables(session: Session, application_id: str) -> dict[str, str]:
    """The ids of the values that the linked variables of an application have now, by their names."""
    query = (
        select(EnvironmentVariable)
        .join(
            DatabaseLink,
            (col(DatabaseLink.application_id) == col(EnvironmentVariable.application_id))
            & (col(DatabaseLink.variable) == col(EnvironmentVariable.name)),
        )
        .where(EnvironmentVariable.application_id == application_id, col(EnvironmentVariable.current))
    )
    return {row.name: row.id for row in session.exec(query)}


def _write(session: Session, cipher: Cipher, database: Database, application: Application, variable: str) -> None:
    value = internal_connection_string(database, cipher)
    write_variables(session, cipher, application.id, [VariableDraft(variable, value, secret=True)])
    _touch(session, application)


def _current(session: Session, application_id: str, name: str) -> EnvironmentVariable | None:
    query = select(EnvironmentVariable).where(
        EnvironmentVariable.application_id == application_id,
        EnvironmentVariable.name == name,
        col(EnvironmentVariable.current),
    )
    return session.exec(query).first()


def _touch(session: Session, application: Application) -> None:
    application.updated_at = now()
    session.add(application)
    record_about(session, EventKind.UPDATED, application, data={"name": application.name, "changed": ["variables"]})
