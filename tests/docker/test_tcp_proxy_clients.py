"""Whose address a TCP proxy sees, and whom an allow-list lets in."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine.proxy.tcp.spec import Opening, TcpProxySpec
from tests.docker.tcp_clients import Namespace, namespaces
from tests.docker.tcp_rig import GREETING, WAITING, TcpRig, rigged

pytestmark = pytest.mark.docker

ASK = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5) as server:
        server.sendall(b"hello")
        print(server.recv(5).decode())
except OSError:
    pass
"""


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[TcpRig]:
    async with rigged(tmp_path / "tcp-proxies") as made:
        yield made


@pytest.fixture(scope="module")
def machines() -> Iterator[tuple[Namespace, Namespace]]:
    """Two other machines, as far as the network tells."""
    with namespaces(2) as (one, two):
        yield one, two


async def test_other_machines_are_let_in_by_their_own_addresses(
    rig: TcpRig, machines: tuple[Namespace, Namespace]
) -> None:
    one, two = machines
    spec = await rig.exposed(bind_address="0.0.0.0", allowed_networks=(f"{one.address}/32",))
    assert lets_in(spec, one)
    assert not lets_in(spec, two)
    assert not await lets_this_host_in(rig, spec)
    both = rig.spec(id=spec.id, port=spec.port, bind_address="0.0.0.0", allowed_networks=("10.249.0.0/16",))
    await rig.proxies.ensure(both)
    assert lets_in(both, one)
    assert lets_in(both, two)


async def test_without_a_list_everybody_is_let_in(rig: TcpRig, machines: tuple[Namespace, Namespace]) -> None:
    spec = await rig.exposed(bind_address="0.0.0.0")
    assert all(lets_in(spec, machine) for machine in machines)
    assert await lets_this_host_in(rig, spec)


async def test_a_server_that_speaks_first_says_nothing_to_others(
    rig: TcpRig, machines: tuple[Namespace, Namespace]
) -> None:
    one, two = machines
    spec = await rig.exposed(
        GREETING, opening=Opening.SERVER_SPEAKS, bind_address="0.0.0.0", allowed_networks=(f"{one.address}/32",)
    )
    assert one.session(one.host, spec.port).startswith("hello ")
    assert two.session(two.host, spec.port) == ""


async def test_bound_to_one_address_it_is_on_no_other(rig: TcpRig, machines: tuple[Namespace, Namespace]) -> None:
    one, two = machines
    spec = await rig.exposed(bind_address=one.host)
    assert lets_in(spec, one)
    assert not two.session(two.host, spec.port, "hello")
    assert not await lets_this_host_in(rig, spec)


@pytest.mark.parametrize("listed", ["127.0.0.1/32", "127.0.0.0/8"])
async def test_bound_to_loopback_a_list_with_loopback_lets_this_host_in_and_nobody_else(
    rig: TcpRig, machines: tuple[Namespace, Namespace], listed: str
) -> None:
    spec = await rig.exposed(bind_address="127.0.0.1", allowed_networks=(listed,))
    assert await lets_this_host_in(rig, spec)
    assert not any(lets_in(spec, machine) for machine in machines)
    assert not await lets_a_container_in(rig, spec, await rig.gateway())


async def test_bound_to_loopback_a_list_without_it_keeps_this_host_out(rig: TcpRig) -> None:
    spec = await rig.exposed(bind_address="127.0.0.1", allowed_networks=("10.0.0.0/8",))
    assert not await lets_this_host_in(rig, spec)


async def test_containers_come_by_the_gateways_address_and_no_list_but_everybodys_lets_them_in(
    rig: TcpRig, machines: tuple[Namespace, Namespace]
) -> None:
    """Why a list with loopback is refused unless the proxy is bound to loopback."""
    one, _ = machines
    everybody = await rig.exposed(bind_address="0.0.0.0")
    assert await lets_a_container_in(rig, everybody, one.host)
    # The gateway's address is one of these, but who comes by it may be anybody.
    listed = await rig.exposed(bind_address="0.0.0.0", allowed_networks=("10.0.0.0/8",))
    assert lets_in(listed, one)
    assert not await lets_a_container_in(rig, listed, one.host)


def lets_in(spec: TcpProxySpec, machine: Namespace) -> bool:
    return machine.session(machine.host, spec.port, "hello") == "hello"


async def lets_this_host_in(rig: TcpRig, spec: TcpProxySpec) -> bool:
    try:
        return await (await rig.connect(spec)).say(b"hello") == b"hello"
    except ConnectionError:
        return False


async def lets_a_container_in(rig: TcpRig, spec: TcpProxySpec, host: str) -> bool:
    """Whether a container on a network of its own gets in by an address of this host."""
    network = f"{rig.network}-stranger-{spec.port}"
    await rig.make_network(network)
    stranger = await rig.run(network, Cmd=WAITING, HostConfig={"NetworkMode": network})
    said = await rig.docker.exec(stranger, ["/usr/bin/python3", "-c", ASK, host, str(spec.port)], 20)
    return said.output.strip() == "hello"
