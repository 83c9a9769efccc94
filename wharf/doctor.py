"""`wharf doctor`: what would keep the server from working, and what to do about it."""

import errno
import os
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum

import aiohttp

from db.errors import DatabaseUnusable, database_errors
from db.migrate import check, pending
from db.sessions import Sessions
from engine import labels
from engine.docker.gateway import DockerGateway
from engine.docker.values import ContainerState, ContainerSummary
from engine.errors import DockerFailure
from engine.instance import instance_of
from engine.own_container import own_container
from wharf.settings import Settings, unusable

_ENOUGH_DISK = 2 * 1024**3
_OLDEST_API = (1, 40)


class Verdict(Enum):
    FINE = "ok"
    ODD = "note"
    BROKEN = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, and what was found."""

    verdict: Verdict
    subject: str
    sentence: str

    @property
    def broken(self) -> bool:
        return self.verdict is Verdict.BROKEN

    def __str__(self) -> str:
        return f"{self.verdict.value:<5} {self.subject}: {self.sentence}"


async def examine(settings: Settings, *, quick: bool = False) -> list[Finding]:
    """Everything that was found, in the order in which a person would mend it."""
    if quick:
        return [await _server(settings)]
    findings = [_disk(settings), _database(settings)]
    async for finding in _docker(settings):
        findings.append(finding)
    return [*findings, await _server(settings, needed=False)]


def _disk(settings: Settings) -> Finding:
    directory = settings.data_directory
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        reason = f"{existing} is not a directory in which this user may write"
        return Finding(Verdict.BROKEN, "disk", str(unusable("data_directory", str(directory), reason)))
    free = shutil.disk_usage(existing).free
    sentence = f"{free / 1024**3:.1f} GiB are free at {directory}."
    if free < _ENOUGH_DISK:
        return Finding(Verdict.BROKEN, "disk", sentence + " Images and logs need more: make room.")
    return Finding(Verdict.FINE, "disk", sentence)


def _database(settings: Settings) -> Finding:
    if not settings.database_file.exists():
        return Finding(Verdict.ODD, "database", "There is none yet; `wharf serve` makes it.")
    try:
        check(settings.database)
        missing = pending(settings.database)
    except DatabaseUnusable as error:
        return Finding(Verdict.BROKEN, "database", str(error))
    if missing:
        return Finding(Verdict.ODD, "database", f"{len(missing)} migration(s) to do; `wharf serve` does them.")
    return Finding(Verdict.FINE, "database", "It is up to date.")


def _instance_id(settings: Settings) -> str | None:
    """What our things are marked with on the Docker host; None before the first start."""
    if not settings.database_file.exists():
        return None
    sessions = Sessions(settings.database)
    try:
        with database_errors(settings.database):
            instance = sessions.read_now(instance_of)
        return instance.id if instance else None
    except DatabaseUnusable:
        return None  # it was reported already
    finally:
        sessions.close()


async def _docker(settings: Settings) -> AsyncIterator[Finding]:
    docker = DockerGateway(settings.docker_host, deadline=10)
    try:
        version = await docker.ping()
        if tuple(map(int, version.api.split("."))) < _OLDEST_API:
            sentence = f"Engine {version.engine} speaks API {version.api}; 1.40 or newer is needed. Upgrade it."
            yield Finding(Verdict.BROKEN, "docker", sentence)
        else:
            yield Finding(Verdict.FINE, "docker", f"Engine {version.engine} answers (API {version.api}).")
        inside = await own_container(docker)
        instance_id = _instance_id(settings)
        ours = {labels.KIND: "proxy", **labels.ours(instance_id or "")}
        proxies = await docker.list_containers(ours) if instance_id else []
    except DockerFailure as error:
        advice = "Start Docker, or set WHARF_DOCKER_HOST to where it listens; this user must be allowed to use it."
        yield Finding(Verdict.BROKEN, "docker", f"{error} {advice}")
        proxies, inside = [], None
    finally:
        await docker.close()
    running = any(proxy.state is ContainerState.RUNNING for proxy in proxies)
    yield _proxy(proxies, running)
    # While our proxy runs the ports are its own, and inside a container they would not be the host's.
    if not running and not inside:
        for port in (settings.http_port, settings.https_port):
            yield _port(settings.proxy_address, port)


def _proxy(proxies: list[ContainerSummary], running: bool) -> Finding:
    if running:
        return Finding(Verdict.FINE, "proxy", "It runs.")
    if proxies:
        return Finding(Verdict.ODD, "proxy", "It is there but does not run; `wharf serve` starts it.")
    return Finding(Verdict.ODD, "proxy", "There is none yet; `wharf serve` makes it.")


def _port(address: str, port: int) -> Finding:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except OSError as error:
            return _port_not_free(port, error)
    return Finding(Verdict.FINE, f"port {port}", "It is free for the proxy.")


def _port_not_free(port: int, error: OSError) -> Finding:
    if error.errno == errno.EACCES:
        return Finding(Verdict.ODD, f"port {port}", "This user cannot try it; Docker itself can.")
    advice = "Stop what uses it, or set WHARF_HTTP_PORT and WHARF_HTTPS_PORT to others."
    return Finding(Verdict.BROKEN, f"port {port}", f"The proxy cannot have it: {error.strerror}. {advice}")


async def _server(settings: Settings, *, needed: bool = True) -> Finding:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    url = f"http://{host}:{settings.port}/healthz"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
            session.get(url) as answer,
        ):
            answer.raise_for_status()
    except (aiohttp.ClientError, TimeoutError) as error:
        verdict = Verdict.BROKEN if needed else Verdict.ODD
        return Finding(verdict, "server", f"{url}: {_no_server(error)}")
    return Finding(Verdict.FINE, "server", "It answers.")


def _no_server(error: aiohttp.ClientError | TimeoutError) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return "nobody answers there; `wharf serve` starts the server."
    if isinstance(error, TimeoutError):
        return "no answer came within 5 seconds; the log of `wharf serve` may say why."
    return "something else answers there; set WHARF_LISTEN to another address."
