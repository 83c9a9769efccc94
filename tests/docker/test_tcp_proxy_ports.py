"""Ports that cannot be had: the host has the last word, and nothing is left half made."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from db.models.tcp_proxies import TcpProxyReason, TcpProxyState
from engine.docker.gateway import DockerGateway
from engine.proxy.tcp import lookout
from engine.proxy.tcp.failure import TcpProxyFailure
from engine.proxy.tcp.ports import Holder
from engine.proxy.tcp.proxies import TcpProxies
from engine.proxy.tcp.spec import TcpProxySpec
from tests.conftest import free_port
from tests.docker.relay import Relay
from tests.docker.tcp_rig import UNPULLABLE, WAITING, TcpRig, rigged

pytestmark = pytest.mark.docker


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[TcpRig]:
    async with rigged(tmp_path / "tcp-proxies") as made:
        yield made


async def failure(rig: TcpRig, spec: TcpProxySpec) -> TcpProxyFailure:
    """Why it cannot be."""
    with pytest.raises(TcpProxyFailure) as failed:
        await rig.proxies.ensure(spec)
    return failed.value


async def nothing_is_left(rig: TcpRig, spec: TcpProxySpec) -> bool:
    assert rig.directory
    return not await rig.containers(spec) and not any(rig.directory.glob("*"))


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
async def test_a_port_that_a_process_listens_on_is_taken_by_that_process(rig: TcpRig, address: str) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as owner:
        spec = rig.spec(port=owner.getsockname()[1], bind_address=address)
        failed = await failure(rig, spec)
        assert failed.reason is TcpProxyReason.PORT_TAKEN
        us = Path("/proc/self/comm").read_text().strip()
        assert failed.holder == Holder(process=us, pid=os.getpid())
        assert failed.sentence == f"Port {spec.port} of {address} belongs to the process {us} ({os.getpid()})."
        assert await nothing_is_left(rig, spec)
    await rig.proxies.ensure(spec)
    assert await (await rig.connect(spec)).say(b"hello") == b"hello"


@pytest.mark.parametrize("ours", [True, False])
async def test_a_port_of_another_container_is_taken_by_that_container(rig: TcpRig, ours: bool) -> None:
    spec, name = rig.spec(), f"{rig.backend}-neighbour"
    published = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(spec.port)}]}
    whose = {} if ours else {"Labels": {"wharf.kind": "test"}}
    host = {"NetworkMode": rig.network, "PortBindings": published}
    neighbour = await rig.run(name, Cmd=WAITING, ExposedPorts={"80/tcp": {}}, HostConfig=host, **whose)
    try:
        failed = await failure(rig, spec)
        assert (failed.reason, failed.holder) == (TcpProxyReason.PORT_TAKEN, Holder(container=name, ours=ours))
        assert await nothing_is_left(rig, spec)
    finally:
        await rig.docker.remove_container(neighbour)


async def test_an_address_that_is_not_of_this_host_is_said_so(rig: TcpRig) -> None:
    spec = rig.spec(bind_address="192.0.2.1")
    failed = await failure(rig, spec)
    assert failed.reason is TcpProxyReason.ADDRESS_NOT_LOCAL
    assert "192.0.2.1" in failed.sentence
    assert await nothing_is_left(rig, spec)


async def test_moved_to_a_port_that_is_taken_it_stays_where_it_is_with_its_sessions(rig: TcpRig) -> None:
    spec = await rig.exposed()
    session = await rig.connect(spec)
    with socket.create_server(("127.0.0.1", free_port())) as owner:
        failed = await failure(rig, replace(spec, port=owner.getsockname()[1]))
    assert failed.reason is TcpProxyReason.PORT_TAKEN
    assert await session.say(b"still here") == b"still here"
    assert len(await rig.containers(spec)) == 1
    assert (await rig.observe(spec)).state is TcpProxyState.LISTENING


async def test_bound_to_an_address_that_is_not_there_it_comes_back_where_it_was(rig: TcpRig) -> None:
    spec = await rig.exposed()
    failed = await failure(rig, replace(spec, bind_address="192.0.2.1"))
    assert failed.reason is TcpProxyReason.ADDRESS_NOT_LOCAL
    assert (await rig.until(spec, TcpProxyState.LISTENING)).message == ""
    assert await (await rig.connect(spec)).say(b"hello") == b"hello"


async def test_a_network_that_is_not_there_is_said_so(rig: TcpRig) -> None:
    failed = await failure(rig, rig.spec(network="wharf-gone"))
    assert failed.reason is TcpProxyReason.START_REFUSED
    assert failed.sentence == "The network wharf-gone of the database is not there."


async def test_stopped_by_somebody_it_has_failed_and_is_made_anew(rig: TcpRig) -> None:
    spec = await rig.exposed()
    await rig.docker.stop_container((await rig.container(spec)).id, 1)
    seen = await rig.observe(spec)
    assert (seen.state, seen.reason) == (TcpProxyState.FAILED, TcpProxyReason.EXITED)
    await rig.proxies.ensure(spec)
    assert (await rig.observe(spec)).state is TcpProxyState.LISTENING


async def test_one_that_does_not_answer_is_on_its_way_and_after_a_while_it_has_failed(
    rig: TcpRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = await rig.exposed()
    os.kill(await rig.pid(spec), signal.SIGSTOP)
    assert (await rig.observe(spec)).state is TcpProxyState.PENDING
    monkeypatch.setattr(lookout, "START_TIME", timedelta(0))
    seen = await rig.observe(spec)
    assert (seen.state, seen.reason) == (TcpProxyState.FAILED, TcpProxyReason.NOT_LISTENING)
    assert seen.message == "The TCP proxy runs and does not answer."


async def test_a_port_that_was_taken_while_it_was_stopped_is_told_of_by_whoever_looks(rig: TcpRig) -> None:
    spec = await rig.exposed()
    container = (await rig.container(spec)).id
    await rig.docker.stop_container(container, 1)
    with socket.create_server(("127.0.0.1", spec.port)):
        with pytest.raises(Exception, match="address already in use"):
            await rig.docker.start_container(container)
        assert (await rig.observe(spec)).reason is TcpProxyReason.PORT_TAKEN


async def test_what_a_crash_left_half_made_is_finished(rig: TcpRig) -> None:
    spec = await rig.exposed()
    await rig.proxies.ensure(moved := replace(spec, port=free_port()))
    making = asyncio.create_task(rig.proxies.ensure(spec))
    while len(await rig.containers(spec)) < 2:
        await asyncio.sleep(0)
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)
    await rig.new_proxies().ensure(moved)
    assert await (await rig.connect(moved)).say(b"hello") == b"hello"
    assert len(await rig.containers(spec)) == 1


async def test_without_an_engine_nothing_is_known_and_sessions_go_on(rig: TcpRig, relay: Relay) -> None:
    spec = await rig.exposed()
    session = await rig.connect(spec)
    far = DockerGateway(relay.url)
    proxies = TcpProxies(far, image=UNPULLABLE, directory=rig.directory)
    relay.cut()
    try:
        seen = await proxies.observe(spec)
        assert (seen.state, seen.reason) == (TcpProxyState.FAILED, TcpProxyReason.ENGINE_UNREACHABLE)
        with pytest.raises(TcpProxyFailure) as failed:
            await proxies.ensure(spec)
        assert failed.value.reason is TcpProxyReason.ENGINE_UNREACHABLE
    finally:
        relay.mend()
        await far.close()
    assert await session.say(b"still here") == b"still here"
