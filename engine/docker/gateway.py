"""The one door to a Docker engine."""

from engine.docker import facts
from engine.docker.connection import Request
from engine.docker.containers import Containers
from engine.docker.executions import Executions
from engine.docker.images import Images
from engine.docker.logs import Logs
from engine.docker.networks import Networks
from engine.docker.streams import Streams
from engine.docker.values import EngineVersion
from engine.docker.volumes import Volumes


class DockerGateway(Containers, Executions, Logs, Streams, Images, Networks, Volumes):
    """One Docker engine: "unix:///…", "tcp://…", or None for the one that the `docker` command would use.

    Making it connects to nothing. Every call has a deadline, and every failure is one of engine.errors.
    """

    async def beat(self, deadline: float) -> None:
        """Returns when Docker has said that it is there; costs it next to nothing. DockerUnreachable."""
        request = Request("say that it is there", "GET", "_ping")
        async with self._stream(request, deadline=deadline, pause=deadline) as answer:
            await answer.piece()

    async def ping(self, deadline: float = 5.0) -> EngineVersion:
        """Who answers; DockerUnreachable when nobody does."""
        return facts.engine_version(await self._call(Request("say its version", "GET", "version"), deadline=deadline))

    async def cores(self, deadline: float = 30.0) -> int:
        """How many cores the containers of this engine can share."""
        info = await self._call(Request("say what it runs on", "GET", "info"), deadline=deadline)
        return int(info["NCPU"])
