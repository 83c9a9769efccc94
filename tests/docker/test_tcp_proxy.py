"""A TCP proxy on the real Docker: what its clients see, and what becomes of it."""

import asyncio
import logging
import os
import signal
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from db.models.tcp_proxies import TcpProxyReason, TcpProxyState, TlsMode
from engine.proxy.tcp.observation import TcpProxyObservation
from engine.proxy.tcp.spec import Opening, TcpProxySpec
from tests.conftest import free_port
from tests.docker.tcp_backend import AUTHENTICATED
from tests.docker.tcp_clients import listening_ports, listens
from tests.docker.tcp_rig import (
    ECHO,
    GREETING,
    POSTGRESQL,
    POSTGRESQL_TLS,
    SERVER,
    TLS_ECHO,
    TcpRig,
    rigged,
)
from tests.docker.usage import private_mib
from tests.engine.proxy.tcp.examples import OURS, certificate

log = logging.getLogger(__name__)
pytestmark = pytest.mark.docker

START_UP = (
    struct.pack("!ii", 20, 196608) + b"user\0app\0\0\0\0"
)  # PostgreSQL's first words where TLS is not asked for


@pytest.fixture
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TcpRig]:
    directory = getattr(request, "param", "by directory") == "by directory"
    async with rigged(tmp_path / "tcp-proxies" if directory else None) as made:
        yield made


by_both_carriers = pytest.mark.parametrize("rig", ["by directory", "by archive"], indirect=True)


@by_both_carriers
async def test_exposed_it_leads_to_the_database_and_removed_nothing_is_left(rig: TcpRig) -> None:
    spec = await rig.exposed()
    session = await rig.connect(spec)
    assert await session.say(b"hello") == b"hello"
    assert (await rig.observe(spec)).state is TcpProxyState.LISTENING
    await rig.proxies.remove(spec.instance_id, spec.id)
    assert await session.hear(1) == b"", "its sessions have ended"
    assert await rig.containers(spec) == []
    assert (await rig.observe(spec)).state is TcpProxyState.CLOSED
    with pytest.raises(ConnectionRefusedError):
        await rig.connect(spec)
    if rig.directory:
        assert list(rig.directory.iterdir()) == []


async def test_a_server_that_speaks_first_is_heard_at_once(rig: TcpRig) -> None:
    spec = await rig.exposed(GREETING, opening=Opening.SERVER_SPEAKS)
    session = await rig.connect(spec)
    greeting = await session.hear(len("hello 10."), seconds=1.0)
    assert greeting == b"hello 10."


async def test_in_tls_clients_verify_our_certificate_with_a_name_and_without(rig: TcpRig) -> None:
    spec = await rig.exposed(tls=TlsMode.TERMINATE, certificate=OURS)
    for name in ("database.test", None):
        session = await rig.connect_tls(spec, OURS, name)
        assert await session.say(b"secret") == b"secret"
    with pytest.raises(ssl.SSLCertVerificationError):
        await rig.connect_tls(spec, OURS, "other.test")


@pytest.mark.parametrize("alpn", ["", "postgresql"])
async def test_postgresql_begins_tls_in_its_own_way(rig: TcpRig, alpn: str) -> None:
    spec = await rig.exposed(POSTGRESQL, tls=TlsMode.TERMINATE, certificate=OURS, opening=Opening.POSTGRESQL)
    for name in ("database.test", None):
        session = await rig.connect_tls(spec, OURS, name, postgresql=True, alpn=alpn)
        session.writer.write(START_UP)
        assert await session.hear(len(AUTHENTICATED)) == AUTHENTICATED
        assert await session.say(b"select 1") == b"select 1"


async def test_passed_through_tls_is_the_databases_own(rig: TcpRig) -> None:
    spec = await rig.exposed(TLS_ECHO, tls=TlsMode.PASSTHROUGH)
    for name in ("server.test", None):
        session = await rig.connect_tls(spec, SERVER, name)
        assert await session.say(b"secret") == b"secret"


async def test_passed_through_postgresqls_way_is_the_databases_own_too(rig: TcpRig) -> None:
    spec = await rig.exposed(POSTGRESQL_TLS, tls=TlsMode.PASSTHROUGH, opening=Opening.POSTGRESQL)
    for name in ("server.test", None):
        session = await rig.connect_tls(spec, SERVER, name, postgresql=True)
        assert await session.say(b"secret") == b"secret"


@pytest.mark.parametrize("tls", [TlsMode.TERMINATE, TlsMode.PASSTHROUGH])
@pytest.mark.parametrize("words", [b"PING\r\n", START_UP], ids=["redis", "postgresql"])
async def test_where_tls_is_demanded_plain_text_is_hung_up_on(rig: TcpRig, tls: TlsMode, words: bytes) -> None:
    spec = await rig.exposed(tls=tls, certificate=OURS if tls is TlsMode.TERMINATE else None)
    session = await rig.connect(spec)
    session.writer.write(words)
    assert await session.hear(1, seconds=2.0) == b""


@by_both_carriers
async def test_another_document_is_taken_up_under_an_open_session(rig: TcpRig) -> None:
    spec = await rig.exposed(tls=TlsMode.TERMINATE, certificate=OURS)
    before, session = await rig.pid(spec), await rig.connect_tls(spec, OURS, None)
    renewed = certificate("database.test")
    spec = replace(spec, certificate=renewed)
    await rig.proxies.ensure(spec)
    newer = await rig.connect_tls(spec, renewed, "database.test")
    assert newer.certificate != session.certificate

    closed = replace(spec, allowed_networks=("192.0.2.0/24",))
    await rig.proxies.ensure(closed)
    with pytest.raises(ConnectionError):
        await rig.connect_tls(closed, renewed, None)
    for each in (session, newer):
        assert await each.say(b"still here") == b"still here"
    assert await rig.pid(spec) == before
    assert (await rig.observe(spec)).reason is TcpProxyReason.NOT_LISTENING, "that was another document"
    assert (await rig.observe(closed)).state is TcpProxyState.LISTENING


@by_both_carriers
async def test_killed_it_listens_again_by_itself_and_serves_what_it_was_told_last(rig: TcpRig) -> None:
    spec = await rig.exposed(TLS_ECHO)
    spec = replace(spec, backend=replace(spec.backend, port=ECHO))
    await rig.proxies.ensure(spec)
    killed, container = await rig.pid(spec), (await rig.container(spec)).id
    os.kill(killed, signal.SIGKILL)
    while (await rig.docker.inspect_container(container)).pid == killed:
        await asyncio.sleep(0.01)
    await until_answered(rig, spec)
    answered_at = datetime.now(UTC)
    started_at = (await rig.docker.inspect_container((await rig.container(spec)).id)).started_at
    assert started_at
    assert answered_at - started_at < timedelta(seconds=2)
    assert (await rig.observe(spec)).state is TcpProxyState.LISTENING


@by_both_carriers
async def test_without_us_sessions_go_on_and_our_next_run_changes_nothing(rig: TcpRig) -> None:
    spec = await rig.exposed()
    session, before = await rig.connect(spec), await rig.pid(spec)
    await rig.new_proxies().ensure(spec)
    assert await session.say(b"still here") == b"still here"
    assert await rig.pid(spec) == before


async def test_a_session_may_be_silent_for_longer_than_beginning_one_may_take(rig: TcpRig) -> None:
    plain, secure = await rig.exposed(), await rig.exposed(tls=TlsMode.TERMINATE, certificate=OURS)
    postgresql = await rig.exposed(POSTGRESQL_TLS, tls=TlsMode.PASSTHROUGH, opening=Opening.POSTGRESQL)
    sessions = [
        await rig.connect(plain),
        await rig.connect_tls(secure, OURS, None),
        await rig.connect_tls(postgresql, SERVER, None, postgresql=True),
    ]
    mute = await rig.connect(secure)
    assert await mute.hear(1) == b"", "who never begins is hung up on, after 5 s"
    for session in sessions:
        assert await session.say(b"still here") == b"still here"


async def test_what_a_client_sends_last_is_answered_after_it_has_hung_up_half(rig: TcpRig) -> None:
    spec = await rig.exposed()
    session = await rig.connect(spec)
    words = b"x" * 5_000_000
    session.writer.write(words)
    session.writer.write_eof()
    assert await session.hear(len(words)) == words


async def test_another_port_is_another_container_and_the_old_port_is_closed(rig: TcpRig) -> None:
    spec = await rig.exposed()
    moved = replace(spec, port=free_port())
    await rig.proxies.ensure(moved)
    assert await (await rig.connect(moved)).say(b"hello") == b"hello"
    assert not listens("127.0.0.1", spec.port)
    assert len(await rig.containers(spec)) == 1


async def test_another_making_on_the_same_port_takes_its_place(rig: TcpRig) -> None:
    spec = await rig.exposed()
    await rig.proxies.ensure(replace(spec, bind_address="0.0.0.0"))
    assert await (await rig.connect(spec)).say(b"hello") == b"hello"
    assert len(await rig.containers(spec)) == 1


async def test_while_the_database_is_away_clients_are_hung_up_on_and_its_return_is_enough(rig: TcpRig) -> None:
    spec = await rig.exposed()
    await rig.docker.remove_container(rig.backend)
    session = await rig.connect(spec)
    assert await session.say(b"hello") == b""
    assert (await rig.observe(spec)).state is TcpProxyState.LISTENING
    await rig.start_backend(SERVER.chain + SERVER.key.reveal())
    await until_answered(rig, spec)


async def test_open_sessions_bytes_and_memory_are_seen(rig: TcpRig) -> None:
    spec = await rig.exposed()
    before = await rig.observe(spec)
    sessions = [await rig.connect(spec) for _ in range(3)]
    for session in sessions:
        assert await session.say(b"x" * 1_000_000) == b"x" * 1_000_000
    after = await rig.observe(spec)
    assert (before.open_connections, after.open_connections) == (0, 3)
    for seen in (count(after) - count(before) for count in (received, sent)):
        assert 6_000_000 < seen < 6_500_000, "three megabytes each way, and headers"
    rollup = Path(f"/proc/{await rig.pid(spec)}/smaps_rollup").read_text()
    anonymous = int(rollup.partition("Anonymous:")[2].split()[0]) * 1024
    assert after.private_memory_bytes == pytest.approx(anonymous, rel=0.1)


async def test_what_it_may_do_is_next_to_nothing(rig: TcpRig) -> None:
    spec = await rig.exposed()
    pid = await rig.pid(spec)
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert status["Uid"].split() == ["65532"] * 4
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")} == {0}
    assert status["NoNewPrivs"] == "1"
    mounts = [line.split() for line in Path(f"/proc/{pid}/mounts").read_text().splitlines()]
    writable = {where for _, where, kind, options, *_ in mounts if options.startswith("rw") and kind != "proc"}
    assert not {"/", "/etc/wharf/live"} & writable
    assert not any("docker.sock" in where for _, where, *_ in mounts)
    assert set((await rig.container(spec)).addresses) == {rig.network}


async def test_inside_its_network_it_is_mute_without_the_key(rig: TcpRig) -> None:
    spec = await rig.exposed()
    address = (await rig.container(spec)).addresses[rig.network]
    async with aiohttp.ClientSession() as member:
        for path in ("/", "/metrics", "/api/rawdata", "/revision/x"):
            async with member.get(f"http://{address}:8090{path}", headers={"X-Wharf-Key": "guessed"}) as answer:
                assert (answer.status, await answer.text()) == (404, "404 page not found\n")
        async with member.get(f"http://{address}:8090/metrics", headers={"X-Wharf-Key": spec.key}) as answer:
            assert answer.status == 200


async def test_thirty_at_once_are_thirty_ports_and_no_other(rig: TcpRig) -> None:
    ports_before = listening_ports()
    specs = [rig.spec() for _ in range(30)]
    await asyncio.gather(*(rig.proxies.ensure(each) for each in specs))
    sessions = [await rig.connect(each) for each in specs]
    assert [await each.say(b"hello") for each in sessions] == [b"hello"] * 30
    assert {each.state for each in await asyncio.gather(*map(rig.observe, specs))} == {TcpProxyState.LISTENING}
    published = [(await rig.container(each)).published for each in specs]
    assert published == [{("127.0.0.1", each.port)} for each in specs]
    assert {each.port for each in specs} <= listening_ports() - ports_before
    memory = sorted([private_mib(await rig.pid(each)) for each in specs])
    log.info("Private MiB of 30 proxies: median %.1f, most %.1f", memory[15], memory[-1])
    assert memory[15] <= 14


async def until_answered(rig: TcpRig, spec: TcpProxySpec) -> None:
    async with asyncio.timeout(10):
        while True:
            # Who comes while Traefik listens and has not been told where to lead had better come again.
            with suppress(ConnectionError, TimeoutError):
                if await (await rig.connect(spec)).say(b"hello", seconds=0.3) == b"hello":
                    return


def received(seen: TcpProxyObservation) -> int:
    assert seen.received_bytes is not None
    return seen.received_bytes


def sent(seen: TcpProxyObservation) -> int:
    assert seen.sent_bytes is not None
    return seen.sent_bytes
