"""A container image to route to, made on this machine once: the sample application on Debian's Python."""

import asyncio
import hashlib
import io
import tarfile
import tempfile
from pathlib import Path

from engine.docker.gateway import DockerGateway
from engine.errors import ImageNotFound

_SERVER = Path(__file__).parents[3] / "demo" / "sample" / "server.py"
_DOCKERFILE = b"""\
FROM scratch
LABEL wharf.kind=test
ADD root.tar /
COPY server.py /server.py
CMD ["/usr/bin/python3", "-I", "-S", "/server.py"]
"""
IMAGE = f"wharf-test/proxy-backend:{hashlib.sha256(_SERVER.read_bytes()).hexdigest()[:8]}"


async def ensure_image(docker: DockerGateway) -> None:
    try:
        await docker.inspect_image(IMAGE)
    except ImageNotFound:
        await docker.build_image(IMAGE, await _context())


async def _context() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root.tar")
        making = await asyncio.create_subprocess_exec(
            "mmdebstrap", "--quiet", "--variant=extract", "--include=python3", "bookworm", str(root)
        )
        assert await making.wait() == 0
        return _tar({"root.tar": root.read_bytes(), "server.py": _SERVER.read_bytes(), "Dockerfile": _DOCKERFILE})


def _tar(contents: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
