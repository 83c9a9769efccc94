"""Volumes: made, listed, removed."""

from collections.abc import Mapping

from engine.docker import facts
from engine.docker.connection import Connection, Request
from engine.docker.containers import label_filter
from engine.docker.references import checked
from engine.docker.values import VolumeFacts
from engine.errors import DockerNotFound


class Volumes(Connection):
    """Named volumes on this engine."""

    async def list_volumes(self, labels: Mapping[str, str]) -> list[VolumeFacts]:
        """All volumes that carry all of `labels`."""
        request = Request("list volumes", "GET", "volumes", {"filters": label_filter(labels)})
        rows = (await self._call(request))["Volumes"] or []
        return [facts.volume_facts(row) for row in rows]

    async def create_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """Afterwards there is one; one that was there keeps its data and its labels."""
        body = {"Name": name, "Labels": dict(labels)}
        await self._call(Request(f"create volume {name}", "POST", "volumes/create", body=body))

    async def remove_volume(self, name: str) -> None:
        """Afterwards there is none. DockerConflict while a container uses it."""
        try:
            await self._call(Request(f"remove volume {name}", "DELETE", f"volumes/{checked(name)}"))
        except DockerNotFound:
            return
