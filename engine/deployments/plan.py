"""What a deployment would do, found out without doing it."""

import shlex
from dataclasses import dataclass

from sqlmodel import Session, col, select

from db.models import (
    Application,
    Container,
    Domain,
    PullPolicy,
    Release,
    Strategy,
)
from db.sessions import Sessions
from engine.deployments.prepare import current_spec
from engine.deployments.requests import standing
from engine.docker.gateway import DockerGateway
from engine.docker.values import ImageFacts
from engine.errors import ImageNotFound, NotFound
from engine.release_spec import CheckKind, HealthCheck, ReleaseSpec

_UNKNOWN_IMAGE = ImageFacts(id="", repo_digests=(), exposed_ports=(), architecture="")


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
    application = standing(session, application_id)
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
    old, new = (_told(before) if before else {}), _told(after)
    changes = [Change(field, old.get(field), text) for field, text in new.items() if old.get(field) != text]
    return [*changes, *_variable_changes(before, after)]


def _told(spec: ReleaseSpec) -> dict[str, str | None]:
    """What is told of a spec, each part as text a person can compare; None where there is nothing."""
    return {
        "image": spec.image,
        "command": shlex.join(spec.command) if spec.command else None,
        "port": _text(spec.port),
        "replicas": str(spec.replicas),
        "strategy": spec.strategy.value,
        "mounts": ", ".join(f"{mount.path}{' (read only)' if mount.read_only else ''}" for mount in spec.mounts)
        or None,
        "health_check": _check_text(spec.health_check) if spec.health_check else None,
        "cpu_limit": _text(spec.cpu_limit),
        "memory_limit": _text(spec.memory_limit),
        "pids_limit": _text(spec.pids_limit),
        "capabilities": _capabilities_text(spec),
        "allow_privilege_escalation": str(spec.allow_privilege_escalation).lower(),
        "stop_grace": f"{spec.stop_grace:g}s",
        "restart_policy": spec.restart_policy.value,
    }


def _capabilities_text(spec: ReleaseSpec) -> str | None:
    if spec.capabilities is None:
        return None
    return ", ".join(each.value for each in spec.capabilities) or "none"


def _check_text(check: HealthCheck) -> str:
    seconds = (check.interval, check.timeout, check.start_period)
    every, within, start = (f"{each.total_seconds():g}s" for each in seconds)
    port = f" on port {check.port}" if check.port else ""
    return f"{_question(check)}{port}, every {every} within {within}, {check.retries} failures after {start}"


def _question(check: HealthCheck) -> str:
    match check.kind:
        case CheckKind.HTTP:
            return f"GET {check.path} answers {check.status_from} to {check.status_to}"
        case CheckKind.TCP:
            return "the port accepts connections"
        case CheckKind.COMMAND:
            return f"{shlex.join(check.command)} ends with 0"


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
    return None if value is None else str(value)
