"""Whether we run in a container of the Docker engine that we drive, and what that means for our files."""

import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerFacts
from engine.errors import DockerNotFound

_SOME_CONTAINER = Path("/.dockerenv").exists()
_MOUNTS = Path("/proc/self/mountinfo")
_OWN_HOST_NAME = re.compile(r"/containers/([0-9a-f]{64})/hostname /etc/hostname ")  # a file that Docker mounts


async def own_container(docker: DockerGateway) -> str | None:
    """The id of the container that this process runs in; None on the host, or in a container of another engine."""
    facts = await _own_facts(docker)
    return facts.id if facts else None


async def path_on_host(docker: DockerGateway, path: Path) -> str | None:
    """Where the engine's host should have what we see at `path`; None where it does not have it.

    Whether it is there is for the caller to see: not every container and not every host can be told.
    """
    if not docker.on_this_machine:
        return None
    facts = await _own_facts(docker)
    return behind_mounts(facts.mounts, path) if facts else str(path)


def behind_mounts(mounts: Mapping[str, str], path: Path) -> str | None:
    """Where the host has a path of a container with these mounts; None where the container has it to itself."""
    for outer in (path, *path.parents):
        if str(outer) in mounts:
            return str(PurePosixPath(mounts[str(outer)]) / path.relative_to(outer))
    return None


def id_in(mountinfo: str) -> str | None:
    """The id of the Docker container that sees these mounts; None when it is none, as far as they tell."""
    found = _OWN_HOST_NAME.search(mountinfo)
    return found[1] if found else None


def _own_id() -> str | None:
    with suppress(OSError):
        if found := id_in(_MOUNTS.read_text()):
            return found
    # The host name is the container's id too, unless somebody chose another.
    return socket.gethostname() if _SOME_CONTAINER else None


async def _own_facts(docker: DockerGateway) -> ContainerFacts | None:
    own = _own_id()
    try:
        return await docker.inspect_container(own) if own else None
    except DockerNotFound:
        return None
