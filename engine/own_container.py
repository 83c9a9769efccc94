"""Whether we run in a container of the Docker engine that we drive."""

import socket
from pathlib import Path

from engine.docker.gateway import DockerGateway
from engine.errors import DockerNotFound

_SOME_CONTAINER = Path("/.dockerenv").exists()


async def own_container(docker: DockerGateway) -> str | None:
    """The id of the container that this process runs in; None on the host, or in a container of another engine.

    Found by the host name, which is the container's id unless somebody chose another.
    """
    if not _SOME_CONTAINER:
        return None
    try:
        return (await docker.inspect_container(socket.gethostname())).id
    except DockerNotFound:
        return None
