"""The containers of a release: started, examined, drained, stopped, removed."""

import asyncio
import logging
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from db.models import Application, Container, Release, ReleaseStatus
from db.sessions import Sessions
from engine import labels
from engine.concurrency import together
from engine.deployments.container_spec import Place, container_spec, restart_policy
from engine.deployments.health import Patient
from engine.deployments.steps import become_release
from engine.deployments.work_order import (
    containers_beside,
    containers_of_release,
    place_of,
    variables_of,
)
from engine.docker.values import ContainerState
from engine.errors import DockerConflict, DockerNotFound
from engine.host import Host
from engine.release_spec import ReleaseSpec
from engine.secret_places import variable_place
from engine.secrets import Cipher, Secret

log = logging.getLogger(__name__)

_DRAIN_LOOK_SECONDS = 0.1
_UNRETIRED = select(Release).where(
    Release.application_id == bindparam("application_id"),
    Release.id != bindparam("release_id"),
    col(Release.status) != ReleaseStatus.RETIRED,
)
HOLDING_ON = {ContainerState.RUNNING.value, ContainerState.RESTARTING.value, ContainerState.PAUSED.value}
"""The states of a container that has to be stopped."""
_GOING = {ContainerState.REMOVING, ContainerState.DEAD}


class Replicas:
    """Works on the containers of the releases of one server. Everything here may be done twice."""

    def __init__(self, sessions: Sessions, host: Host, cipher: Cipher) -> None:
        self._sessions = sessions
        self._host = host
        self._cipher = cipher

    async def start(self, application: Application, release: Release, spec: ReleaseSpec) -> None:
        """Have one running container per replica of `release`. Raises `DockerFailure`."""
        await self._host.networks.ensure(application.environment_id)
        for mount in spec.mounts:
            marks = labels.volume_labels(self._host.instance_id, application.id, mount.volume_id)
            await self._host.docker.create_volume(labels.volume_name(mount.volume_id), marks)
        rows = await self._sessions.read(variables_of, spec)
        values = {row.name: self._cipher.decrypt(row.value, variable_place(row.id)) for row in rows}
        place = place_of(self._host.instance_id, application, release)
        await self._give_back_names(release.id)
        await together(*(self._start_one(place, spec, number, values) for number in range(1, spec.replicas + 1)))

    async def _start_one(self, place: Place, spec: ReleaseSpec, replica: int, values: dict[str, Secret]) -> None:
        docker, name = self._host.docker, labels.container_name(place.release_id, replica)
        wanted = container_spec(place, spec, replica, values)
        try:
            container_id = await self._make(name, wanted)
        except DockerConflict:
            if await self._started_again(name):
                container_id = await self._brought_back_to_network(place, name)
            else:
                await docker.remove_container(name)
                container_id = await self._make(name, wanted)
        await self._host.observer.look(container_id)

    async def _make(self, name: str, wanted: dict[str, Any]) -> str:
        container_id = await self._host.docker.create_container(name, wanted)
        await self._host.docker.start_container(name)
        return container_id

    async def _started_again(self, name: str) -> bool:
        """Whether a container that was there runs now; not if somebody is removing it, or has just done so."""
        try:
            return await self._running_again(name)
        except DockerNotFound:
            return False

    async def _running_again(self, name: str) -> bool:
        try:
            await self._host.docker.start_container(name)
        except DockerConflict:
            facts = await self._host.docker.inspect_container(name)
            if facts.state is ContainerState.PAUSED:
                await self._host.docker.unpause_container(name)
            return facts.state not in _GOING
        return True

    async def _give_back_names(self, release_id: str) -> None:
        """Containers are found by name; somebody may have given them others."""
        for row in await self._sessions.read(containers_of_release, release_id):
            name = labels.container_name(release_id, row.replica)
            if row.name != name:
                await self._host.docker.rename_container(row.id, name)

    async def _brought_back_to_network(self, place: Place, name: str) -> str:
        """The id of a container that was there, and may have lost its network since."""
        network = labels.network_name(place.environment_id)
        facts = await self._host.docker.inspect_container(name)
        if network not in facts.addresses:
            await self._host.docker.connect_network(network, name, aliases=[place.application_name])
        return facts.id

    async def until_ready(self, application: Application, release: Release, spec: ReleaseSpec) -> None:
        """Wait until every replica has passed its check. Raises `DeploymentFailed` for the first that has not."""
        numbers = range(1, spec.replicas + 1)
        await together(*(self._until_ready(application, release, spec, number) for number in numbers))

    async def _until_ready(self, application: Application, release: Release, spec: ReleaseSpec, replica: int) -> None:
        name = labels.container_name(release.id, replica)
        facts = await self._host.docker.inspect_container(name)
        address = facts.addresses.get(labels.network_name(application.environment_id), "")
        await self._host.checker.until_healthy(Patient(facts.id, replica, address, spec))
        await self._host.observer.look(facts.id, passed=True)

    async def keep_running(self, release_id: str, spec: ReleaseSpec) -> None:
        """From now on Docker restarts these containers as the release wants it."""
        for row in await self._sessions.read(containers_of_release, release_id):
            await self._host.docker.update_restart_policy(row.id, restart_policy(spec.restart_policy))

    async def stop(self, release_id: str) -> None:
        """Drain and stop the containers of a release; they stay, stopped."""
        rows = await self._sessions.read(containers_of_release, release_id)
        await self._drain_and_stop(rows)

    async def retire_beside(self, application_id: str, release_id: str | None) -> None:
        """Drain, stop and remove every container of the application that is not of this release."""
        rows = await self._sessions.read(containers_beside, application_id, release_id)
        await self._drain_and_stop(rows)
        await self._remove(rows)
        await self._sessions.write(retired_beside, application_id, release_id)

    async def remove(self, release_id: str) -> None:
        """Remove the containers of a release that nobody is sent to."""
        await self._remove(await self._sessions.read(containers_of_release, release_id))

    async def _remove(self, rows: list[Container]) -> None:
        for row in rows:
            await self._host.docker.remove_container(row.id)
            await self._host.observer.look(row.id)

    async def _drain_and_stop(self, rows: list[Container]) -> None:
        running = [row for row in rows if row.state in HOLDING_ON]
        graces = await self._sessions.read(_graces, {row.release_id for row in running})
        await together(*(self._drain_and_stop_one(row, graces.get(row.release_id, 0.0)) for row in running))

    async def _drain_and_stop_one(self, row: Container, grace: float) -> None:
        await self._drained(row, grace)
        try:
            await self._host.docker.stop_container(row.id, grace)
        except DockerNotFound:
            log.info("Container %s was gone before it was stopped.", row.name)
        await self._host.observer.look(row.id)

    async def _drained(self, row: Container, grace: float) -> None:
        """Wait until the proxy has no connection to the container any more, at most `grace` seconds."""
        if row.address is None or not row.ready:
            return
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        while loop.time() < deadline:
            if await self._host.publisher.open_connections({row.address}) == 0:
                return
            await asyncio.sleep(_DRAIN_LOOK_SECONDS)


def _graces(session: Session, release_ids: set[str]) -> dict[str, float]:
    rows = session.exec(select(Release).where(col(Release.id).in_(release_ids)))
    return {row.id: ReleaseSpec.model_validate(row.spec).stop_grace for row in rows}


def retired_beside(session: Session, application_id: str, release_id: str | None) -> None:
    """Note that no other release of the application runs any more."""
    beside = {"application_id": application_id, "release_id": release_id or ""}
    for release in session.exec(_UNRETIRED, params=beside).all():
        become_release(session, release, ReleaseStatus.RETIRED)
