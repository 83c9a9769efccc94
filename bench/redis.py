"""Redis from Debian's packages: a server to put behind a proxy, and its own benchmark as the client."""

import asyncio
import io
import re
import tarfile
import tempfile
from pathlib import Path

from engine.docker.gateway import DockerGateway
from engine.errors import ImageNotFound
from engine.proxy.internal import every_little_while
from tests.docker.tcp_rig import TcpRig

PORT = 6379
_IMAGE = "wharf-bench/redis:bookworm"
_DOCKERFILE = b"""\
FROM scratch
LABEL wharf.kind=test
ADD root.tar /
"""
_CLIENTS = 16
_RATE = re.compile(r'^"GET","([\d.]+)"', re.MULTILINE)


async def start_server(rig: TcpRig, name: str) -> None:
    """A server by this name on the network of the rig, which answers."""
    await _ensure_image(rig.docker)
    command = ["/usr/bin/redis-server", "--port", str(PORT), "--save", "", "--protected-mode", "no"]
    await rig.run(name, Image=_IMAGE, Cmd=command)
    async for _ in every_little_while(10):
        if (await rig.docker.exec(name, ["/usr/bin/redis-cli", "ping"], 10)).output.strip() == "PONG":
            return
    raise RuntimeError("redis-server does not answer.")


async def transactions_per_second(rig: TcpRig, address: str, port: int, number: int) -> float:
    """What so many GETs of redis-benchmark make, asked from this host."""
    command = ["/usr/bin/redis-benchmark", "-h", address, "-p", str(port), "-c", str(_CLIENTS), "-n", str(number)]
    name = f"{rig.backend}-client"
    await rig.run(name, Image=_IMAGE, Cmd=[*command, "-t", "get", "--csv"], HostConfig={"NetworkMode": "host"})
    try:
        code = await rig.docker.wait_container(name)
        said = "\n".join(line.text for line in await rig.docker.log_tail(name, 10))
    finally:
        await rig.docker.remove_container(name)
    found = _RATE.search(said)
    if code or not found:
        raise RuntimeError(f"redis-benchmark ended with {code} and said {said!r}.")
    return float(found[1])


async def _ensure_image(docker: DockerGateway) -> None:
    try:
        await docker.inspect_image(_IMAGE)
    except ImageNotFound:
        await docker.build_image(_IMAGE, await _context())


async def _context() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root.tar")
        making = await asyncio.create_subprocess_exec(
            "mmdebstrap", "--quiet", "--variant=extract", "--include=redis-server", "bookworm", str(root)
        )
        if await making.wait():
            raise RuntimeError("mmdebstrap could not unpack Debian's redis-server.")
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(root, "root.tar")
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(_DOCKERFILE)
            archive.addfile(entry, io.BytesIO(_DOCKERFILE))
        return packed.getvalue()
