"""One network per environment, with an address range out of a pool of ours.

Docker's own pools end near 30 networks, so ranges are chosen here: the lowest that no row claims. Where
Docker says that a range overlaps with something of the host's own, that range is remembered as foreign
and the next one is tried.
"""

import asyncio
import ipaddress

from sqlalchemy import BindParameter, bindparam
from sqlmodel import Session, select

from db.models import Subnet
from db.sessions import Sessions
from engine import labels
from engine.docker.gateway import DockerGateway
from engine.errors import Conflict, DockerConflict, DockerNotFound, EngineError
from engine.outside import REAL, Outside

_PREFIX_LENGTH = 26
_PROXY = "proxy"
_FOREIGN = "foreign"
_SERVER: BindParameter[str] = bindparam("server_id")
_CLAIM = select(Subnet).where(Subnet.server_id == _SERVER, Subnet.owner == bindparam("owner"))
_CLAIMED = select(Subnet.cidr).where(Subnet.server_id == _SERVER)
_OWNERS = select(Subnet.owner).where(Subnet.server_id == _SERVER)


class Networks:
    """The networks of one server. `pool` is in CIDR notation, e.g. "10.213.0.0/16"."""

    def __init__(
        self,
        sessions: Sessions,
        docker: DockerGateway,
        *,
        instance_id: str,
        server_id: str,
        pool: str,
        outside: Outside = REAL,
    ) -> None:
        self._sessions = sessions
        self._docker = docker
        self._instance_id = instance_id
        self._server_id = server_id
        self._outside = outside
        self._own: str | None = None
        self._asked_for_own = False
        self._making = asyncio.Lock()
        self._pool = ipaddress.IPv4Network(pool)

    async def ensure(self, environment_id: str) -> str:
        """The name of the environment's network, made if it was not there."""
        name = labels.network_name(environment_id)
        # Docker makes two networks of one name when it is asked twice at once.
        async with self._making:
            try:
                await self._docker.inspect_network(name)
            except DockerNotFound:
                wanted = labels.network_labels(self._instance_id, environment_id)
                await self._create(environment_id, name, wanted)
        await self.join(name)
        return name

    async def join(self, network: str, address: str | None = None) -> None:
        """Where we run in a container ourselves: be on this network, at this address, to reach what is on it."""
        if own := await self._ourselves():
            await self._docker.connect_network(network, own, address=address)

    async def leave(self, network: str) -> None:
        """Undo `join`."""
        if own := await self._ourselves():
            await self._docker.disconnect_network(network, own)

    async def proxy_subnet(self) -> str:
        """The range of the network that only the proxy and we are on."""
        return await self._claim(_PROXY)

    async def another_proxy_subnet(self) -> str:
        """Another range than `proxy_subnet` gave, which Docker has refused."""
        await self._sessions.write(_disown, self._server_id, _PROXY)
        return await self.proxy_subnet()

    async def remove(self, environment_id: str) -> None:
        """Remove the environment's network and give its range back."""
        name = labels.network_name(environment_id)
        await self.leave(name)
        await self._docker.remove_network(name)
        await self._sessions.write(_release, self._server_id, environment_id)

    async def environments(self) -> set[str]:
        """The ids of the environments that have a range, with or without a network."""
        return await self._sessions.read(_owners, self._server_id) - {_PROXY, _FOREIGN}

    async def _ourselves(self) -> str | None:
        if not self._asked_for_own:
            self._own, self._asked_for_own = await self._outside.own_container(self._docker), True
        return self._own

    async def _create(self, environment_id: str, name: str, wanted: dict[str, str]) -> None:
        while True:
            subnet = await self._claim(environment_id)
            try:
                await self._docker.create_network(name, subnet=subnet, labels=wanted)
                return
            except DockerConflict as error:
                if not is_overlap(error):
                    return  # somebody of ours made it in the meantime
                await self._sessions.write(_disown, self._server_id, environment_id)

    async def _claim(self, owner: str) -> str:
        return await self._sessions.write(_claim, self._server_id, owner, self._pool)


def is_overlap(error: EngineError) -> bool:
    """Whether Docker refused a network because of its addresses, not because of its name."""
    return "overlap" in error.sentence.lower()


def _owned(session: Session, server_id: str, owner: str) -> Subnet | None:
    return session.exec(_CLAIM, params={"server_id": server_id, "owner": owner}).first()


def _claim(session: Session, server_id: str, owner: str, pool: ipaddress.IPv4Network) -> str:
    if row := _owned(session, server_id, owner):
        return row.cidr
    taken = set(session.exec(_CLAIMED, params={"server_id": server_id}))
    for subnet in pool.subnets(new_prefix=_PREFIX_LENGTH):
        if str(subnet) not in taken:
            session.add(Subnet(server_id=server_id, cidr=str(subnet), owner=owner))
            return str(subnet)
    raise Conflict(f"Every address range of the pool {pool} is in use; enlarge WHARF_NETWORK_POOL.")


def _owners(session: Session, server_id: str) -> set[str]:
    return set(session.exec(_OWNERS, params={"server_id": server_id}))


def _disown(session: Session, server_id: str, owner: str) -> None:
    if row := _owned(session, server_id, owner):
        row.owner = _FOREIGN
        session.add(row)


def _release(session: Session, server_id: str, owner: str) -> None:
    if row := _owned(session, server_id, owner):
        session.delete(row)
