"""The gateway says what the real engine did."""

import asyncio
import io
import os
import socket
import tarfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiodocker
import pytest

from engine.docker.gateway import DockerGateway
from engine.docker.streams import EventStream
from engine.docker.values import ContainerState, DockerEvent, LogStream, RegistryCredentials
from engine.errors import (
    DockerConflict,
    DockerFailure,
    DockerNotFound,
    DockerTimeout,
    DockerUnreachable,
    ImageNotFound,
    PortTaken,
    RegistryDenied,
    RegistryUnreachable,
)
from engine.secrets import Secret
from tests.conftest import free_port
from tests.docker.registry import Login, running_registry

pytestmark = pytest.mark.docker

BUSYBOX = Path("/bin/busybox")
IMAGE = "wharf-test/gateway:1"
DOCKERFILE = b"FROM scratch\nCOPY busybox /bin/busybox\nEXPOSE 53/udp 8080 80\n"
FOREVER = ("/bin/busybox", "sleep", "3600")
# A loop of short sleeps may meet the signal while it forks, and end with another code.
UNTIL_TRAPPED = "echo ready; sleep 3600 & wait"


def tar_of(**files: bytes) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


class Bench:
    """The gateway, with names and a label that only this test uses."""

    def __init__(self, gateway: DockerGateway) -> None:
        self.gateway = gateway
        self.name = f"wharf-test-{uuid4().hex[:12]}"
        self.labels = {"wharf.test.gateway": self.name}

    async def create(self, *command: str, name: str = "", **spec: Any) -> str:
        wish = {"Image": IMAGE, "Cmd": list(command or FOREVER), "Labels": self.labels, **spec}
        return await self.gateway.create_container(name or self.name, wish)

    async def run(self, *command: str, name: str = "", **spec: Any) -> str:
        container = await self.create(*command, name=name, **spec)
        await self.gateway.start_container(container)
        return container

    async def shell(self, script: str, **spec: Any) -> str:
        return await self.run("/bin/busybox", "sh", "-c", script, **spec)

    async def clean(self) -> None:
        for container in await self.gateway.list_containers(self.labels):
            await self.gateway.remove_container(container.id)
        for network in await self.gateway.list_networks(self.labels):
            await self.gateway.remove_network(network.id)
        for volume in await self.gateway.list_volumes(self.labels):
            await self.gateway.remove_volume(volume.name)


async def _build_image() -> None:
    gateway = DockerGateway(None)
    await gateway.build_image(IMAGE, tar_of(Dockerfile=DOCKERFILE, busybox=BUSYBOX.read_bytes()))
    await gateway.close()


async def _remove_image(reference: str) -> None:
    async with aiodocker.Docker() as docker:
        await docker.images.delete(reference)


@pytest.fixture(scope="module", autouse=True)
def image() -> Iterator[None]:
    """The image that all containers here are made from."""
    asyncio.run(_build_image())
    yield
    asyncio.run(_remove_image(IMAGE))


@pytest.fixture
async def bench() -> AsyncGenerator[Bench]:
    gateway = DockerGateway(None)
    made = Bench(gateway)
    yield made
    await made.clean()
    await gateway.close()


async def test_the_engine_says_who_it_is(bench: Bench) -> None:
    assert (await bench.gateway.ping()).operating_system == "linux"


async def test_a_container_from_its_creation_to_its_removal(bench: Bench) -> None:
    gateway = bench.gateway
    container = await bench.shell(f"trap 'exit 5' TERM; {UNTIL_TRAPPED}")
    await gateway.start_container(container)
    await anext(gateway.logs(container, follow=True, tail=None, since=None))
    [listed] = await gateway.list_containers(bench.labels)
    assert (listed.id, listed.name, listed.state) == (container, bench.name, ContainerState.RUNNING)
    assert listed.labels == bench.labels
    running = await gateway.inspect_container(bench.name)
    assert running.addresses == listed.addresses
    assert list(running.addresses) == ["bridge"]
    assert running.pid is not None
    assert running.exit_code is None

    await gateway.stop_container(bench.name, 10)
    await gateway.stop_container(bench.name, 10)
    assert await gateway.wait_container(bench.name) == 5
    ended = await gateway.inspect_container(bench.name)
    assert (ended.state, ended.exit_code, ended.pid) == (ContainerState.EXITED, 5, None)
    assert ended.started_at is not None
    assert ended.finished_at is not None
    assert ended.started_at < ended.finished_at

    await gateway.remove_container(bench.name)
    await gateway.remove_container(bench.name)
    for ask in (gateway.inspect_container, gateway.start_container, gateway.wait_container):
        with pytest.raises(DockerNotFound, match=bench.name):
            await ask(bench.name)


async def test_who_ignores_sigterm_is_killed_after_the_grace(bench: Bench) -> None:
    container = await bench.run()
    await bench.gateway.stop_container(container, 0.2)
    assert await bench.gateway.wait_container(container) == 137


async def test_a_signal_reaches_the_process(bench: Bench) -> None:
    container = await bench.shell(f"trap 'exit 9' USR1; {UNTIL_TRAPPED}")
    await anext(bench.gateway.logs(container, follow=True, tail=None, since=None))
    await bench.gateway.kill_container(container, "SIGUSR1")
    assert await bench.gateway.wait_container(container) == 9
    with pytest.raises(DockerConflict):
        await bench.gateway.kill_container(container, "SIGUSR1")


async def test_two_who_remove_the_same_container_both_succeed(bench: Bench) -> None:
    container = await bench.run()
    await asyncio.gather(*(bench.gateway.remove_container(container) for _ in range(3)))
    assert await bench.gateway.list_containers(bench.labels) == []


async def test_a_name_is_given_once_and_an_image_must_be_here(bench: Bench) -> None:
    await bench.create()
    with pytest.raises(DockerConflict, match="already in use"):
        await bench.create()
    with pytest.raises(DockerNotFound, match="No such image"):
        await bench.create(name=f"{bench.name}-2", Image="wharf-test/absent:1")


async def test_a_container_that_cannot_start_says_why(bench: Bench) -> None:
    container = await bench.create("/nothing/here")
    with pytest.raises(DockerFailure, match="/nothing/here"):
        await bench.gateway.start_container(container)
    facts = await bench.gateway.inspect_container(container)
    assert facts.state is ContainerState.CREATED
    assert "/nothing/here" in facts.error


def _published(port: int) -> dict[str, Any]:
    binding = [{"HostIp": "127.0.0.1", "HostPort": str(port)}]
    return {"ExposedPorts": {"80/tcp": {}}, "HostConfig": {"PortBindings": {"80/tcp": binding}}}


async def test_a_port_of_another_container_is_taken(bench: Bench) -> None:
    port = free_port()
    await bench.run(name=f"{bench.name}-1", **_published(port))
    with pytest.raises(PortTaken, match=str(port)):
        await bench.run(**_published(port))


async def test_a_port_of_another_process_is_taken(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)):
            await bench.run(**_published(port))


async def test_the_restart_policy_changes_while_it_runs(bench: Bench) -> None:
    container = await bench.run()
    await bench.gateway.update_restart_policy(container, {"Name": "unless-stopped"})
    assert (await bench.gateway.inspect_container(container)).restart_policy == "unless-stopped"


async def test_out_of_memory_is_told(bench: Bench) -> None:
    limits = {"Memory": 16 << 20, "MemorySwap": 16 << 20}
    container = await bench.shell("x=a; while :; do x=$x$x; done", HostConfig=limits)
    assert await bench.gateway.wait_container(container) == 137
    assert (await bench.gateway.inspect_container(container)).out_of_memory


async def test_a_command_inside(bench: Bench) -> None:
    container = await bench.run()
    result = await bench.gateway.exec(container, ["/bin/busybox", "sh", "-c", "echo ü; exit 3"], 10)
    assert (result.exit_code, result.output) == (3, "ü\n")
    long = await bench.gateway.exec(container, ["/bin/busybox", "seq", "100000"], 10)
    assert (long.exit_code, len(long.output)) == (0, 64 * 1024)
    with pytest.raises(DockerTimeout):
        await bench.gateway.exec(container, FOREVER, 0.2)


async def test_files_arrive_before_and_after_the_start(bench: Bench) -> None:
    container = await bench.create()
    await bench.gateway.put_archive(container, "/", tar_of(one=b"1"))
    await bench.gateway.start_container(container)
    await bench.gateway.put_archive(container, "/bin", tar_of(two=b"2" * 2_000_000))
    listed = await bench.gateway.exec(container, ["/bin/busybox", "wc", "-c", "/one", "/bin/two"], 10)
    assert listed.output.split() == ["1", "/one", "2000000", "/bin/two", "2000001", "total"]
    with pytest.raises(DockerNotFound):
        await bench.gateway.put_archive(container, "/absent", tar_of(one=b"1"))


async def test_logs_have_their_streams_times_and_whole_lines(bench: Bench) -> None:
    script = "echo one; echo two >&2; for i in $(seq 9000); do printf 'äöü'; done; echo; printf half"
    container = await bench.shell(script)
    lines = [line async for line in bench.gateway.logs(container, follow=True, tail=None, since=None)]
    by_text = {line.text: line for line in lines}
    assert set(by_text) == {"one", "two", "äöü" * 9000, "half"}
    assert by_text["one"].stream is LogStream.STDOUT
    assert by_text["two"].stream is LogStream.STDERR
    facts = await bench.gateway.inspect_container(container)
    assert facts.started_at is not None
    assert all(abs(line.at - facts.started_at) < timedelta(minutes=1) for line in lines)
    assert await bench.gateway.log_tail(container, 1) == lines[-1:]
    since = [line async for line in bench.gateway.logs(container, follow=False, tail=None, since=lines[-1].at)]
    assert since[-1] == lines[-1]
    assert lines[0] not in since


async def test_logs_of_a_terminal_are_lines_too(bench: Bench) -> None:
    container = await bench.shell("echo one; echo two >&2", Tty=True)
    await bench.gateway.wait_container(container)
    assert [line.text for line in await bench.gateway.log_tail(container, 10)] == ["one", "two"]


async def test_stats_go_on_until_the_container_stops(bench: Bench) -> None:
    container = await bench.shell("while :; do :; done", HostConfig={"Memory": 64 << 20})
    samples = []
    async for sample in bench.gateway.stats(container):
        samples.append(sample)
        await bench.gateway.kill_container(container, "SIGKILL")
        await bench.gateway.wait_container(container)
    assert samples[0].cpu_cores > 0.05
    assert 0 < samples[0].memory_bytes <= samples[0].memory_limit_bytes == 64 << 20
    assert [sample async for sample in bench.gateway.stats(container)] == []


async def test_events_tell_everything_since_they_were_entered(bench: Bench) -> None:
    async with bench.gateway.events(bench.labels, None) as events:
        container = await bench.shell("exit 4")
        seen = await of_containers(events, 3)
    assert [(event.kind, event.action, event.id) for event in seen] == [
        ("container", action, container) for action in ("create", "start", "die")
    ]
    assert seen[-1].attributes["exitCode"] == "4"
    async with bench.gateway.events(bench.labels, seen[1].at_ns) as again:
        assert await of_containers(again, 2) == seen[1:]


async def of_containers(events: EventStream, number: int) -> list[DockerEvent]:
    """The next events that are not about networks, which containers join and leave."""
    found: list[DockerEvent] = []
    while len(found) < number:
        event = await anext(events)
        if event.kind == "container":
            found.append(event)
    return found


async def test_events_end_loudly(bench: Bench) -> None:
    gateway = DockerGateway(None)
    async with gateway.events(bench.labels, None) as events:
        await gateway.close()
        with pytest.raises(DockerUnreachable):
            await _all_of(events)


async def _all_of(events: AsyncIterator[DockerEvent]) -> list[DockerEvent]:
    return [event async for event in events]  # what tests before have done may be told first


async def test_what_is_known_about_an_image(bench: Bench) -> None:
    image = await bench.gateway.inspect_image(IMAGE)
    assert image.exposed_ports == (80, 8080)
    assert await bench.gateway.inspect_image(image.id) == image
    with pytest.raises(ImageNotFound, match="wharf-test/absent:1"):
        await bench.gateway.inspect_image("wharf-test/absent:1")


async def _pull(gateway: DockerGateway, reference: str, credentials: RegistryCredentials | None = None) -> str:
    statuses = [progress.status async for progress in gateway.pull_image(reference, credentials)]
    return statuses[-1]


async def test_pulls_succeed_or_say_what_is_missing(bench: Bench, tmp_path: Path) -> None:
    gateway = bench.gateway
    async with running_registry(tmp_path, Login("harbour", "master: key")) as registry:
        reference = await registry.push(IMAGE, f"{bench.name}:1")
        owner = RegistryCredentials("harbour", Secret("master: key"))
        for stranger in (None, RegistryCredentials("harbour", Secret("wrong"))):
            with pytest.raises(RegistryDenied, match=reference):
                await _pull(gateway, reference, stranger)
        assert reference in await _pull(gateway, reference, owner)
        [digest] = [name for name in (await gateway.inspect_image(reference)).repo_digests if bench.name in name]
        assert digest in await _pull(gateway, digest, owner)
        for absent in (f"{bench.name}:2", f"{bench.name}-absent:1"):
            with pytest.raises(ImageNotFound, match=absent):
                await _pull(gateway, registry.reference(absent), owner)
    with pytest.raises(RegistryUnreachable, match=reference):
        await _pull(gateway, reference, owner)
    await _remove_image(reference)


async def test_a_build_reads_a_file_and_says_what_fails(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "context.tar"
    path.write_bytes(tar_of(Dockerfile=DOCKERFILE, busybox=BUSYBOX.read_bytes()))
    with path.open("rb") as context:
        await bench.gateway.build_image(IMAGE, context)
    with pytest.raises(DockerFailure, match="absent"):
        await bench.gateway.build_image(IMAGE, tar_of(Dockerfile=b"FROM scratch\nCOPY absent /\n"))


async def test_networks_are_made_joined_left_and_removed(bench: Bench) -> None:
    gateway, name = bench.gateway, bench.name
    subnet = f"10.213.{os.getpid() % 256}.0/26"
    network = await gateway.create_network(name, subnet=subnet, labels=bench.labels)
    with pytest.raises(DockerConflict, match="already exists"):
        await gateway.create_network(name, subnet="10.214.0.0/26", labels=bench.labels)
    with pytest.raises(DockerConflict, match="Pool overlaps"):
        await gateway.create_network(f"{name}-2", subnet=subnet, labels=bench.labels)

    container = await bench.run()
    wanted = subnet.replace(".0/26", ".9")
    for _ in range(2):
        await gateway.connect_network(name, container, aliases=["web"], address=wanted)
    assert (await gateway.inspect_container(container)).addresses[name] == wanted
    inspected = await gateway.inspect_network(name)
    assert (inspected.id, inspected.subnets, inspected.members) == (network, (subnet,), frozenset({container}))
    assert [found.name for found in await gateway.list_networks(bench.labels)] == [name]
    with pytest.raises(DockerConflict, match="active endpoints"):
        await gateway.remove_network(name)

    for who in (container, container, "wharf-test-absent"):
        await gateway.disconnect_network(name, who)
    for _ in range(2):
        await gateway.remove_network(name)
    await gateway.disconnect_network(name, container)
    for missing in (gateway.inspect_network(name), gateway.connect_network(name, container)):
        with pytest.raises(DockerNotFound):
            await missing


async def test_volumes_are_made_once_and_removed_when_free(bench: Bench) -> None:
    gateway, name = bench.gateway, bench.name
    for _ in range(2):
        await gateway.create_volume(name, bench.labels)
    assert [(found.name, found.labels) for found in await gateway.list_volumes(bench.labels)] == [
        (name, bench.labels)
    ]
    container = await bench.create(HostConfig={"Binds": [f"{name}:/data"]})
    with pytest.raises(DockerConflict, match="in use"):
        await gateway.remove_volume(name)
    await gateway.remove_container(container)
    for _ in range(2):
        await gateway.remove_volume(name)
    assert await gateway.list_volumes(bench.labels) == []
