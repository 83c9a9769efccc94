"""Networks: one bridge each, with a subnet of our choice."""

from collections.abc import Mapping, Sequence

from engine.docker import facts
from engine.docker.connection import Connection, Request
from engine.docker.containers import label_filter
from engine.docker.references import checked
from engine.docker.values import NetworkFacts
from engine.errors import DockerFailure, DockerNotFound


class Networks(Connection):
    """Networks, and who is attached to them."""

    async def list_networks(self, labels: Mapping[str, str]) -> list[NetworkFacts]:
        """All networks that carry all of `labels`; Docker does not list their members."""
        request = Request("list networks", "GET", "networks", {"filters": label_filter(labels)})
        return [facts.network_facts(row) for row in await self._call(request)]

    async def inspect_network(self, name: str) -> NetworkFacts:
        """What Docker knows about a network; DockerNotFound when there is none."""
        request = Request(f"inspect network {name}", "GET", f"networks/{checked(name)}")
        return facts.network_facts(await self._call(request))

    async def create_network(self, name: str, *, subnet: str, labels: Mapping[str, str]) -> str:
        """The new network's id. DockerConflict when its name or a part of its subnet is in use."""
        body = {
            "Name": name,
            "CheckDuplicate": True,
            "Driver": "bridge",
            "IPAM": {"Driver": "default", "Config": [{"Subnet": subnet}]},
            "Labels": dict(labels),
        }
        doing = f"create network {name} with the subnet {subnet}"
        network_id: str = (await self._call(Request(doing, "POST", "networks/create", body=body)))["Id"]
        return network_id

    async def remove_network(self, name: str) -> None:
        """Afterwards there is none. DockerConflict while containers are attached."""
        try:
            await self._call(Request(f"remove network {name}", "DELETE", f"networks/{checked(name)}"))
        except DockerNotFound:
            return

    async def connect_network(
        self, name: str, container: str, *, aliases: Sequence[str] = (), address: str | None = None
    ) -> None:
        """Attaches a container, or leaves it as it is attached."""
        end = {"Aliases": list(aliases), "IPAMConfig": {"IPv4Address": address} if address else None}
        body = {"Container": container, "EndpointConfig": end}
        doing = f"connect container {container} to network {name}"
        try:
            await self._call(Request(doing, "POST", f"networks/{checked(name)}/connect", body=body))
        except DockerFailure as error:
            if "already exists in network" not in error.sentence:
                raise

    async def disconnect_network(self, name: str, container: str) -> None:
        """Afterwards the container is not attached, be it that one of the two does not exist."""
        body = {"Container": container, "Force": True}
        doing = f"disconnect container {container} from network {name}"
        try:
            await self._call(Request(doing, "POST", f"networks/{checked(name)}/disconnect", body=body))
        except DockerNotFound:
            return
        except DockerFailure as error:
            if "is not connected to" not in error.sentence:
                raise
