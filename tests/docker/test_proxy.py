"""The proxy's container on the real Docker: made, kept, replaced, and never lost."""

import io
import os
import signal
import socket
import tarfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import aiohttp
import pytest

from engine.docker.values import ContainerState
from engine.errors import ProxyFailure
from engine.proxy.archive import CONFIG_DIR, DOCUMENT, PLUGIN_DIR
from engine.proxy.image import available_image
from engine.proxy.internal import every_little_while
from engine.proxy.routes import Holding, HoldingReason, Route, RoutedApplication
from engine.proxy.spec import container_name, container_spec
from engine.proxy.templates import plugin_files
from tests.conftest import free_port
from tests.engine.proxy.rig import Rig, document, rigged
from tests.graph.api.certificates import CERTIFICATE, PRIVATE_KEY

pytestmark = pytest.mark.docker

CLOSED = RoutedApplication("shop", Holding(HoldingReason.STOPPED), (Route("d1", "shop.test"),))
NOTHING = document()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path / "proxy") as made:
        yield made


async def container_ids(rig: Rig) -> list[str]:
    return [each.id for each in await rig.docker.list_containers(rig.settings.labels)]


async def until_answers(rig: Rig, host: str, status: int, *, port: int = 0) -> None:
    async for _ in every_little_while(10):
        with suppress(aiohttp.ClientError):
            if (await rig.visit(host, port=port)).status == status:
                return
    pytest.fail(f"{host} never answered {status}.")


async def test_made_from_nothing_it_serves_and_made_again_it_is_the_same(rig: Rig) -> None:
    proxy, _ = rig.new_proxy()
    await proxy.ensure(document(CLOSED))
    assert (await rig.visit("shop.test")).status == 503
    before = await container_ids(rig)
    await proxy.ensure(NOTHING)
    await rig.new_proxy()[0].ensure(NOTHING)
    assert await container_ids(rig) == before
    assert (await rig.visit("shop.test")).status == 503


async def test_killed_it_runs_again_with_the_document_it_is_given(rig: Rig) -> None:
    proxy, _ = rig.new_proxy()
    await rig.make_network()
    await proxy.ensure(NOTHING, {rig.network})
    await rig.docker.kill_container(proxy.name, "KILL")
    await rig.docker.remove_network(rig.network)
    await proxy.ensure(document(CLOSED), {rig.network})
    assert (await rig.visit("shop.test")).status == 503


async def test_crashed_it_comes_back_by_itself_with_the_last_document(rig: Rig) -> None:
    proxy, delivery = rig.new_proxy()
    await proxy.ensure(NOTHING)
    await delivery.deliver(document(CLOSED))
    pid = (await rig.docker.inspect_container(proxy.name)).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    await until_answers(rig, "shop.test", 503)


async def test_removed_it_is_made_anew_on_the_networks_it_is_given(rig: Rig) -> None:
    proxy, _ = rig.new_proxy()
    await proxy.ensure(NOTHING)
    await rig.docker.remove_container(proxy.name)
    await rig.make_network()
    await proxy.ensure(document(CLOSED), {rig.network})
    assert await proxy.attached() == {rig.network}
    assert (await rig.visit("shop.test")).status == 503


async def test_another_spec_replaces_it_and_keeps_its_networks(rig: Rig) -> None:
    proxy, _ = rig.new_proxy()
    await proxy.ensure(document(CLOSED))
    await rig.make_network()
    await proxy.attach(rig.network)
    old = await container_ids(rig)
    newer, _ = rig.new_proxy(replace(rig.settings, memory_bytes=1 << 29))
    await newer.ensure(document(CLOSED))
    assert len(await container_ids(rig)) == 1
    assert await container_ids(rig) != old
    assert await newer.attached() == {rig.network}
    assert (await rig.visit("shop.test")).status == 503


async def test_a_replacement_that_a_crash_left_half_made_is_finished(rig: Rig) -> None:
    proxy, _ = rig.new_proxy()
    await proxy.ensure(NOTHING)
    settings = replace(rig.settings, memory_bytes=1 << 29)
    spec = container_spec(settings, await available_image(rig.docker, settings.image))
    name = container_name(settings, spec)
    await rig.docker.create_container(name, spec)
    await rig.make_network()
    await rig.docker.connect_network(rig.network, name)
    await rig.docker.stop_container(proxy.name, 1)
    newer, _ = rig.new_proxy(settings)
    await newer.ensure(document(CLOSED), {rig.network, "wharf-gone"})
    assert await newer.attached() == {rig.network}
    assert len(await container_ids(rig)) == 1
    assert (await rig.visit("shop.test")).status == 503


async def test_a_taken_port_is_named_and_the_old_proxy_runs_on(rig: Rig) -> None:
    proxy, delivery = rig.new_proxy()
    await proxy.ensure(document(CLOSED))
    before = await container_ids(rig)
    with socket.create_server(("127.0.0.1", 0)) as owner:
        taken = owner.getsockname()[1]
        newer, _ = rig.new_proxy(replace(rig.settings, http_port=taken))
        with pytest.raises(ProxyFailure, match=f"^Port {taken} of this host, which the proxy needs, belongs to"):
            await newer.ensure(document(CLOSED))
    assert await container_ids(rig) == before
    await until_answers(rig, "shop.test", 503)
    assert await delivery.deliver(NOTHING) == {}


async def test_a_taken_port_at_the_first_start_loses_nothing(rig: Rig) -> None:
    proxy, _ = rig.new_proxy()
    with (
        socket.create_server(("127.0.0.1", rig.settings.http_port)),
        pytest.raises(ProxyFailure, match=f"^Port {rig.settings.http_port} "),
    ):
        await proxy.ensure(NOTHING)
    await proxy.ensure(document(CLOSED))
    assert (await rig.visit("shop.test")).status == 503


async def test_a_proxy_that_does_not_come_up_gives_way_to_the_old_one_and_says_why(rig: Rig) -> None:
    proxy, _ = rig.new_proxy()
    await proxy.ensure(document(CLOSED))
    before = await container_ids(rig)
    # Traefik needs more than this to start at all.
    newer, _ = rig.new_proxy(replace(rig.settings, memory_bytes=8 << 20))
    with pytest.raises(ProxyFailure, match="The proxy did not load its first configuration"):
        await newer.ensure(document(CLOSED))
    assert await container_ids(rig) == before
    await until_answers(rig, "shop.test", 503)


async def test_joining_and_leaving_networks_refuses_no_connection(rig: Rig) -> None:
    proxy, _ = rig.new_proxy()
    await proxy.ensure(document(CLOSED))
    await rig.make_network()
    async with rig.visitors("shop.test") as seen:
        for _ in range(2):
            await proxy.attach(rig.network)
            await proxy.attach(rig.network)
            assert await proxy.attached() == {rig.network}
            await proxy.detach(rig.network)
            await proxy.detach(rig.network)
            assert await proxy.attached() == set()
    assert set(seen) == {"503"}


async def test_it_owns_nothing_and_may_nothing(rig: Rig) -> None:
    proxy, _ = rig.new_proxy()
    await proxy.ensure(NOTHING)
    pid = (await rig.docker.inspect_container(proxy.name)).pid
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert status["Uid"].split() == ["65532"] * 4
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")} == {0}
    assert status["NoNewPrivs"] == "1"


async def test_traefik_accepts_every_template_as_it_stands(rig: Rig) -> None:
    proxy, _ = rig.new_proxy()
    await proxy.ensure(NOTHING)
    spec = container_spec(rig.settings, (await rig.docker.inspect_container(proxy.name)).image_id)
    port = free_port()
    spec["HostConfig"] |= {
        "NetworkMode": "bridge",
        "PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]},
    }
    name = f"{rig.settings.network}-templates"
    await rig.docker.create_container(name, {**spec, "NetworkingConfig": {}})
    await rig.docker.put_archive(name, CONFIG_DIR, templates())
    await rig.docker.put_archive(name, "/", packed({"an/example.crt": CERTIFICATE, "an/example.key": PRIVATE_KEY}))
    await rig.docker.start_container(name)
    await until_answers(rig, "shop.example.com", 503, port=port)
    errors = [line.text for line in await rig.docker.log_tail(name, 100) if '"level":"error"' in line.text]
    # The authority of the example is nowhere.
    assert [error for error in errors if '"providerName":"example.acme"' not in error] == []
    assert (await rig.docker.inspect_container(name)).state is ContainerState.RUNNING


def templates() -> bytes:
    source = files("proxy_templates")
    plugin = {f"{PLUGIN_DIR}/{name}": content.decode() for name, content in plugin_files()}
    return packed(
        plugin
        | {"static.yml": (source / "static.yml").read_text(), f"live/{DOCUMENT}": (source / DOCUMENT).read_text()}
    )


def packed(contents: dict[str, str]) -> bytes:
    archived = io.BytesIO()
    with tarfile.open(fileobj=archived, mode="w") as archive:
        for path, content in contents.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content.encode())
            archive.addfile(entry, io.BytesIO(content.encode()))
    return archived.getvalue()
