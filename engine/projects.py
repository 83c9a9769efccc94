"""Projects and their environments: made, renamed, removed."""

from collections.abc import Callable

from sqlmodel import Session, func, select

from db.models import Application, Database, Environment, EventKind, Project
from db.sessions import Sessions
from engine.accounts.teams import team_of
from engine.errors import Conflict, NameTaken, NotFound
from engine.events import record

_NAME = ("input", "name")


class Projects:
    """What the API may do to projects and environments.

    `environment_removed` is called with the id of an environment that is gone, for its network to go too.
    """

    def __init__(self, sessions: Sessions, environment_removed: Callable[[str], None]) -> None:
        self._sessions = sessions
        self._environment_removed = environment_removed

    async def create(self, team_id: str, name: str) -> Project:
        """Raises `NotFound` for a team that there is not, and `NameTaken`."""
        return await self._sessions.write(_create_project, team_id, name)

    async def rename(self, project_id: str, name: str) -> Project:
        """Raises `NotFound`, `NameTaken`."""
        return await self._sessions.write(_rename_project, project_id, name)

    async def remove(self, project_id: str) -> None:
        """Raises `NotFound`, and `Conflict` while the project has environments."""
        await self._sessions.write(_remove_project, project_id)

    async def create_environment(self, project_id: str, name: str) -> Environment:
        """Raises `NotFound`, `NameTaken`."""
        return await self._sessions.write(_create_environment, project_id, name)

    async def rename_environment(self, environment_id: str, name: str) -> Environment:
        """Raises `NotFound`, `NameTaken`."""
        return await self._sessions.write(_rename_environment, environment_id, name)

    async def remove_environment(self, environment_id: str) -> None:
        """Raises `NotFound`, and `Conflict` while the environment has applications or databases."""
        await self._sessions.write(_remove_environment, environment_id)
        self._environment_removed(environment_id)


def _project(session: Session, project_id: str) -> Project:
    project = session.get(Project, project_id)
    if project is None:
        raise NotFound("There is no such project.", field=("input", "projectId"))
    return project


def _environment(session: Session, environment_id: str) -> Environment:
    environment = session.get(Environment, environment_id)
    if environment is None:
        raise NotFound("There is no such environment.", field=("input", "environmentId"))
    return environment


def _create_project(session: Session, team_id: str, name: str) -> Project:
    team_of(session, team_id)
    _project_name_free(session, team_id, name)
    project = Project(team_id=team_id, name=name)
    session.add(project)
    _tell_project(session, EventKind.CREATED, project)
    return project


def _rename_project(session: Session, project_id: str, name: str) -> Project:
    project = _project(session, project_id)
    if project.name != name:
        _project_name_free(session, project.team_id, name)
        project.name = name
        session.add(project)
        _tell_project(session, EventKind.UPDATED, project)
    return project


def _remove_project(session: Session, project_id: str) -> None:
    project = _project(session, project_id)
    count = session.exec(select(func.count()).where(Environment.project_id == project_id)).one()
    if count:
        raise Conflict(
            f"{project.name} still has {count} environment(s); remove them first.", field=("input", "projectId")
        )
    session.delete(project)
    _tell_project(session, EventKind.REMOVED, project)


def _project_name_free(session: Session, team_id: str, name: str) -> None:
    if session.exec(select(Project.id).where(Project.team_id == team_id, Project.name == name)).first():
        raise NameTaken(f"There is a project named {name} already.", field=_NAME)


def _create_environment(session: Session, project_id: str, name: str) -> Environment:
    project = _project(session, project_id)
    _environment_name_free(session, project, name)
    environment = Environment(team_id=project.team_id, project_id=project_id, name=name)
    session.add(environment)
    _tell_environment(session, EventKind.CREATED, environment)
    return environment


def _rename_environment(session: Session, environment_id: str, name: str) -> Environment:
    environment = _environment(session, environment_id)
    if environment.name != name:
        _environment_name_free(session, session.get_one(Project, environment.project_id), name)
        environment.name = name
        session.add(environment)
        _tell_environment(session, EventKind.UPDATED, environment)
    return environment


def _remove_environment(session: Session, environment_id: str) -> None:
    environment = _environment(session, environment_id)
    for table, noun in ((Application, "application"), (Database, "database")):
        count = session.exec(select(func.count()).where(table.environment_id == environment_id)).one()
        if count:
            raise Conflict(
                f"{environment.name} still has {count} {noun}(s); remove them first.",
                field=("input", "environmentId"),
            )
    session.delete(environment)
    _tell_environment(session, EventKind.REMOVED, environment)


def _environment_name_free(session: Session, project: Project, name: str) -> None:
    same = select(Environment.id).where(Environment.project_id == project.id, Environment.name == name)
    if session.exec(same).first():
        raise NameTaken(f"{project.name} has an environment named {name} already.", field=_NAME)


def _tell_project(session: Session, kind: EventKind, project: Project) -> None:
    record(
        session,
        kind,
        "Project",
        project.id,
        team_id=project.team_id,
        project_id=project.id,
        data={"name": project.name},
    )


def _tell_environment(session: Session, kind: EventKind, environment: Environment) -> None:
    record(
        session,
        kind,
        "Environment",
        environment.id,
        team_id=environment.team_id,
        project_id=environment.project_id,
        environment_id=environment.id,
        data={"name": environment.name},
    )
