"""What goes into commands in containers, and what comes out of them, arrives whole."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from uuid import uuid4

import pytest

from engine.archives import File, tar_of, tar_of_stream
from engine.docker.gateway import DockerGateway
from engine.errors import DockerNotFound, DockerTimeout

pytestmark = pytest.mark.docker

IMAGE = "wharf-sample:1"
PIECE = bytes(range(256)) * 256
PIECES = 1600  # 100 MiB
DIGEST = hashlib.sha256(PIECE * PIECES).hexdigest()


class Box:
    """A container that only waits for commands."""

    def __init__(self, gateway: DockerGateway, name: str) -> None:
        self.gateway = gateway
        self.name = name
        self.output = bytearray()

    async def keep(self, piece: bytes) -> None:
        self.output += piece

    async def processes(self) -> str:
        return (await self.gateway.exec(self.name, ["/bin/busybox", "ps", "-o", "args"], 10)).output


async def hundred_mebibytes() -> AsyncIterator[bytes]:
    for _ in range(PIECES):
        yield PIECE


async def nothing_ever() -> AsyncIterator[bytes]:
    yield b"a beginning\n"
    await asyncio.Event().wait()


async def disk_fails() -> AsyncIterator[bytes]:
    yield b"a beginning\n"
    raise OSError(5, "the disk is broken")


async def _make(name: str) -> None:
    gateway = DockerGateway(None)
    spec = {
        "Image": IMAGE,
        "Entrypoint": ["/bin/busybox", "sleep", "3600"],
        "Labels": {"wharf.test.executions": name},
        "HostConfig": {"Mounts": [{"Type": "volume", "Source": name, "Target": "/data"}]},
    }
    await gateway.create_container(name, spec)
    await gateway.start_container(name)
    await gateway.close()


async def _remove(name: str) -> None:
    gateway = DockerGateway(None)
    await gateway.remove_container(name)
    await gateway.remove_volume(name)
    await gateway.close()


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    name = f"wharf-test-{uuid4().hex[:12]}"
    asyncio.run(_make(name))
    yield name
    asyncio.run(_remove(name))


@pytest.fixture
async def box(container: str) -> AsyncGenerator[Box]:
    gateway = DockerGateway(None)
    yield Box(gateway, container)
    await gateway.close()


async def test_a_hundred_mebibytes_go_in_and_the_command_sees_their_end(box: Box) -> None:
    result = await box.gateway.stream_exec(
        box.name, ["sha256sum"], source=hundred_mebibytes(), sink=box.keep, idle=20
    )
    assert result.exit_code == 0
    assert box.output.decode().split()[0] == DIGEST


async def test_a_hundred_mebibytes_come_out(box: Box) -> None:
    digest, count = hashlib.sha256(), 0

    async def add(piece: bytes) -> None:
        nonlocal count
        count += len(piece)
        digest.update(piece)

    write = ["sh", "-c", "cat > /it; cat /it"]
    result = await box.gateway.stream_exec(box.name, write, source=hundred_mebibytes(), sink=add, idle=20)
    assert (result.exit_code, count) == (0, len(PIECE) * PIECES)
    assert digest.hexdigest() == DIGEST


async def test_both_ways_at_once_the_slower_side_is_waited_for(box: Box) -> None:
    sent = received = most = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal sent
        async for piece in hundred_mebibytes():
            sent += len(piece)
            yield piece

    async def slowly(piece: bytes) -> None:
        nonlocal received, most
        received += len(piece)
        most = max(most, sent - received)
        await asyncio.sleep(0)

    result = await box.gateway.stream_exec(box.name, ["cat"], source=counted(), sink=slowly, idle=20)
    assert (result.exit_code, received) == (0, len(PIECE) * PIECES)
    assert most < 8 * 1024 * 1024, "what is on its way is bounded"


async def test_output_errors_and_exit_code_are_told_apart(box: Box) -> None:
    script = 'echo out; echo err >&2; echo "$SECRET"; exit 7'
    result = await box.gateway.stream_exec(
        box.name, ["sh", "-c", script], environment={"SECRET": "two\nlines"}, sink=box.keep, idle=20
    )
    assert result.exit_code == 7
    assert result.errors == "err\n"
    assert bytes(box.output) == b"out\ntwo\nlines\n"


async def test_errors_are_kept_from_their_end(box: Box) -> None:
    script = "seq 1 100000 >&2"
    result = await box.gateway.stream_exec(box.name, ["sh", "-c", script], idle=20)
    assert len(result.errors) == 64 * 1024
    assert result.errors.endswith("\n99999\n100000\n")


async def test_a_command_without_input_does_not_wait_for_any(box: Box) -> None:
    assert (await box.gateway.stream_exec(box.name, ["cat"], idle=20)).exit_code == 0


async def test_a_command_that_ends_before_it_has_read_everything_says_how_it_ended(box: Box) -> None:
    result = await box.gateway.stream_exec(
        box.name, ["sh", "-c", "head -c 10; exit 3"], source=hundred_mebibytes(), sink=box.keep, idle=20
    )
    assert result.exit_code == 3
    assert bytes(box.output) == PIECE[:10]


async def test_a_command_that_ends_at_once_does_not_wait_for_its_source(box: Box) -> None:
    result = await box.gateway.stream_exec(box.name, ["true"], source=nothing_ever(), idle=20)
    assert result.exit_code == 0


async def test_a_silent_command_is_given_up(box: Box) -> None:
    begun = time.monotonic()
    with pytest.raises(DockerTimeout, match=r"For 0\.5 seconds nothing came of it to run sleep"):
        await box.gateway.stream_exec(box.name, ["sleep", "60"], idle=0.5)
    assert time.monotonic() - begun < 10


async def test_a_command_that_writes_now_and_then_is_not_given_up(box: Box) -> None:
    script = "for i in 1 2 3 4 5 6; do sleep 0.3; echo $i; done"
    result = await box.gateway.stream_exec(box.name, ["sh", "-c", script], sink=box.keep, idle=1)
    assert (result.exit_code, bytes(box.output)) == (0, b"1\n2\n3\n4\n5\n6\n")


async def test_what_is_wrong_with_the_source_comes_out_as_it_is(box: Box) -> None:
    with pytest.raises(OSError, match="the disk is broken"):
        await box.gateway.stream_exec(box.name, ["cat"], source=disk_fails(), idle=20)


async def test_what_is_wrong_with_the_sink_comes_out_as_it_is(box: Box) -> None:
    async def full(piece: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        await box.gateway.stream_exec(box.name, ["cat"], source=hundred_mebibytes(), sink=full, idle=20)


async def test_a_cancelled_command_finds_its_input_at_an_end(box: Box) -> None:
    task = asyncio.create_task(
        box.gateway.stream_exec(box.name, ["cat"], source=nothing_ever(), sink=box.keep, idle=60)
    )
    async with asyncio.timeout(10):
        while not box.output:
            await asyncio.sleep(0.01)
        assert "cat" in (await box.processes()).split("\n")
        task.cancel()
        while "cat" in (await box.processes()).split("\n"):
            await asyncio.sleep(0.05)


async def test_there_is_no_container_to_run_in(box: Box) -> None:
    with pytest.raises(DockerNotFound):
        await box.gateway.stream_exec("wharf-test-nobody", ["true"], idle=20)


async def test_a_command_that_is_not_there_fails_like_one(box: Box) -> None:
    assert (await box.gateway.stream_exec(box.name, ["no-such-command"], idle=20)).exit_code in (126, 127)


async def test_files_arrive_with_their_owner_and_mode_in_a_container_that_never_ran(box: Box) -> None:
    other = f"{box.name}-still"
    spec = {"Image": IMAGE, "HostConfig": {"Mounts": [{"Type": "volume", "Source": box.name, "Target": "/data"}]}}
    await box.gateway.create_container(other, spec)
    try:
        files = (File("/etc/wharf/a", b"one", 999), File("/data/b", b"two", 101, 0o640))
        await box.gateway.put_archive(other, "/", tar_of(files, made=("/etc/wharf",)))
        pieces = tar_of_stream("/data/c", 999, 0o600, len(PIECE) * PIECES, hundred_mebibytes())
        await box.gateway.put_archive(other, "/", pieces, 60)
        seen = await box.gateway.exec(box.name, ["sh", "-c", "stat -c '%n %u:%g %a %s' /data/*"], 10)
        assert seen.output.split("\n") == ["/data/b 101:101 640 3", f"/data/c 999:999 600 {100 * 1024 * 1024}", ""]
        digest = await box.gateway.exec(box.name, ["sha256sum", "/data/c"], 20)
        assert digest.output.split()[0] == DIGEST
    finally:
        await box.gateway.remove_container(other)
