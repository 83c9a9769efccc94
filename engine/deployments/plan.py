"""What a deployment would do, found out without doing it."""

from dataclasses import dataclass

import orjson
from sqlmodel import Session, col, select

from db.models import (
    Application,
    Container,
    DesiredState,
    Domain,
    PullPolicy,
    Release,
    Strategy,
)
from db.sessions import Sessions
from engine.deployments.prepare import current_spec
from engine.docker.gateway import DockerGateway
from engine.docker.values import ImageFacts
from engine.errors import ImageNotFound, NotFound, NotNow
from engine.release_spec import ReleaseSpec

_UNKNOWN_IMAGE = ImageFacts(id="", repo_digests=(), exposed_ports=(), architecture="")
_NOT_COMPARED = {"image_id", "image_digest", "variables", "domains"}


@dataclass(frozen=True, slots=True)
class PlannedContainer:
    replica: int
    image: str


@dataclass(frozen=True, slots=True)
class PlannedRoute:
    """A domain whose requests would go to the new release. `from_release` is where they go now, if anywhere."""

    domain: Domain
    from_release: Release | None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing in which the new release would differ from the live one, as text; None where there is nothing."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deployment would do. `pulls`: the registry is asked. `interrupts`: nobody answers for a while."""

    creates: tuple[PlannedContainer, ...]
    removes: tuple[Container, ...]
    replaces_release: Release | None
    moves: tuple[PlannedRoute, ...]
    changes: tuple[Change, ...]
    pulls: bool
    interrupts: bool


async def plan(sessions: Sessions, docker: DockerGateway, application_id: str, release_id: str | None) -> Plan:
    """The plan of deploying the application as it is, or of rolling back to the release `release_id`.

    Raises `NotFound`, `NotNow` for an application that is being removed, and `DockerFailure`.
    """
    wanted, policy = await sessions.read(_wanted, application_id, release_id)
    present = await _present(docker, wanted.image_id or wanted.image)
    pulls = not present or (release_id is None and policy is PullPolicy.ALWAYS)
    return await sessions.read(_plan, application_id, wanted, pulls)


async def _present(docker: DockerGateway, image: str) -> bool:
    try:
        await docker.inspect_image(image)
    except ImageNotFound:
        return False
    return True


def _wanted(session: Session, application_id: str, release_id: str | None) -> tuple[ReleaseSpec, PullPolicy]:
    application = session.get(Application, application_id)
    if application is None:
        raise NotFound("There is no such application.", field=("input", "applicationId"))
    if application.desired is DesiredState.REMOVED:
        raise NotNow(f"{application.name} is being removed.", field=("input", "applicationId"))
    if release_id is None:
        return current_spec(session, application, _UNKNOWN_IMAGE), application.pull_policy
    release = session.get(Release, release_id)
    if release is None or release.application_id != application_id:
        raise NotFound(f"{application.name} has no such release.", field=("input", "releaseId"))
    return ReleaseSpec.model_validate(release.spec), application.pull_policy


def _plan(session: Session, application_id: str, wanted: ReleaseSpec, pulls: bool) -> Plan:
    application = session.get_one(Application, application_id)
    live = session.get(Release, application.live_release_id) if application.live_release_id else None
    live_spec = ReleaseSpec.model_validate(live.spec) if live else None
    containers = session.exec(select(Container).where(Container.application_id == application_id)).all()
    domains = session.exec(
        select(Domain).where(Domain.application_id == application_id).order_by(col(Domain.host))
    ).all()
    return Plan(
        creates=tuple(PlannedContainer(number, wanted.image) for number in range(1, wanted.replicas + 1)),
        removes=tuple(containers),
        replaces_release=live,
        moves=tuple(PlannedRoute(domain, live) for domain in domains) if wanted.port else (),
        changes=tuple(differences(live_spec, wanted)),
        pulls=pulls,
        interrupts=live is not None and wanted.strategy is Strategy.RECREATE,
    )


def differences(before: ReleaseSpec | None, after: ReleaseSpec) -> list[Change]:
    """How two specs differ, by field. Of a variable only its name is told, never a value."""
    old = before.model_dump(mode="json", exclude=_NOT_COMPARED) if before else {}
    new = after.model_dump(mode="json", exclude=_NOT_COMPARED)
    changes = [
        Change(field, _text(old.get(field)), _text(value)) for field, value in new.items() if old.get(field) != value
    ]
    return [*changes, *_variable_changes(before, after)]


def _variable_changes(before: ReleaseSpec | None, after: ReleaseSpec) -> list[Change]:
    old = {reference.name: reference.id for reference in before.variables} if before else {}
    new = {reference.name: reference.id for reference in after.variables}
    return [
        Change(f"variables.{name}", _presence(old.get(name)), _presence(new.get(name), "a new value"))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def _presence(variable_id: str | None, words: str = "a value") -> str | None:
    return words if variable_id else None


def _text(value: object) -> str | None:
    if value is None or value == []:
        return None
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
