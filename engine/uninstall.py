"""Taking everything of this instance off a Docker host again."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from sqlmodel import Session

from db.models import Application, Database, Volume
from db.sessions import Sessions
from engine import labels
from engine.databases import dump_files
from engine.docker.gateway import DockerGateway
from engine.docker.values import VolumeFacts
from engine.proxy import carriers
from engine.proxy.tcp import making


async def uninstall(
    docker: DockerGateway, instance_id: str, data_directory: Path, *, volumes: bool
) -> AsyncIterator[str]:
    """Remove the containers and networks that carry our label, and if so said the volumes; each as it is gone.

    Raises `DockerFailure`.
    """
    ours = labels.ours(instance_id)
    for container in await docker.list_containers(ours):
        await docker.remove_container(container.id)
        yield f"container {container.name}"
    for directory in (carriers.directory_in(data_directory), making.directory_in(data_directory)):
        shutil.rmtree(directory, ignore_errors=True)  # of no use but to a proxy
    for network in await docker.list_networks(ours):
        for member in (await docker.inspect_network(network.id)).members:
            await docker.disconnect_network(network.id, member)  # we ourselves, where we run in a container
        await docker.remove_network(network.id)
        yield f"network {network.name}"
    for volume in await docker.list_volumes(ours) if volumes else []:
        await docker.remove_volume(volume.name)
        yield f"volume {volume.name}"


async def volumes_of(docker: DockerGateway, sessions: Sessions, instance_id: str) -> list[str]:
    """The volumes of this instance, as Docker calls them, with whose they are. Raises `DockerFailure`."""
    found = await docker.list_volumes(labels.ours(instance_id))
    return sorted(f"{volume.name}{sessions.read_now(_whose, volume)}" for volume in found)


def _whose(session: Session, volume: VolumeFacts) -> str:
    told = volume.labels
    database = session.get(Database, told.get(labels.DATABASE, ""))
    application = session.get(Application, told.get(labels.APPLICATION, ""))
    named = session.get(Volume, told.get(labels.VOLUME, ""))
    if database:
        return f" of the database {database.name}"
    return f", {named.name} of the application {application.name}" if application and named else ""


def dumps_kept(data_directory: Path) -> int:
    """How many files of dumps there are."""
    return sum(1 for _ in dump_files.directory_in(data_directory).glob("*"))


async def volumes_kept(docker: DockerGateway, instance_id: str) -> int:
    """How many volumes of this instance there are. Raises `DockerFailure`."""
    return len(await docker.list_volumes(labels.ours(instance_id)))
