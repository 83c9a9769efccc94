"""The process of `wharf serve`: what it takes hold of, how it begins and how it ends."""

import asyncio
import os
import resource
import signal
import socket
from collections.abc import Callable
from contextlib import closing
from types import FrameType

import typer
import uvicorn
from starlette.applications import Starlette

from db.errors import database_errors
from db.migrate import migrate
from engine.engine import Engine
from engine.exposures.ports import Ports
from engine.settings import EngineSettings
from engine.telemetry import Telemetry
from graph.doors import Crowd, door
from graph.headers import StrictHeaders
from graph.http import MAX_BODY
from graph.wire import Wire
from wharf.app import create_app
from wharf.data_directory import held, prepare
from wharf.operations import OPERATIONS, read_operations
from wharf.people import people_settings
from wharf.settings import Settings, load_tracing_settings, unusable
from wharf.tracing import tracing_for


def serve(settings: Settings) -> None:
    """Serve until told to stop. Raises, before anything is served, what keeps it from starting."""
    tracing = tracing_for(load_tracing_settings())
    prepare(settings.data_directory)
    with (
        held(settings.data_directory, settings.database_file),
        closing(_listen(settings)) as listening,
        database_errors(settings.database),
    ):
        migrate(settings.database)
        _allow_many_files()
        app = create_app(
            Engine(engine_settings(settings), telemetry=Telemetry(tracing)),
            _announce(settings),
            read_operations(OPERATIONS),
            settings.metrics_network_list,
        )
        config = uvicorn.Config(
            StrictHeaders(app),
            http=door(Crowd(settings.proxies)),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.proxies),  # otherwise uvicorn believes what comes from this machine
            forwarded_allow_ips=settings.proxies,
            ws=Wire,
            ws_per_message_deflate=False,
            ws_max_size=MAX_BODY,
            timeout_graceful_shutdown=5,
        )
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_live(app, _Server(config), listening, settings))


class _Server(uvicorn.Server):
    """Ends when it is told to; told again by Ctrl-C, at once, as if killed: the next start carries on."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit and sig == signal.SIGINT:
            os._exit(128 + sig)
        self.should_exit = True


async def _live(app: Starlette, server: _Server, listening: socket.socket, settings: Settings) -> None:
    # uvicorn would only log what keeps the application from starting; here it is raised.
    with server.capture_signals():
        async with app.router.lifespan_context(app):
            typer.echo(f"The API is at http://{settings.listen}/graphql", err=True)
            await server.serve(sockets=[listening])


def engine_settings(settings: Settings) -> EngineSettings:
    """What of the settings the engine is told."""
    return EngineSettings(
        data_directory=settings.data_directory,
        database_url=settings.database,
        docker_host=settings.docker_host,
        network_pool=settings.network_pool,
        proxy_image=settings.proxy_image,
        proxy_address=settings.proxy_address,
        http_port=settings.http_port,
        https_port=settings.https_port,
        events_kept=settings.events_kept,
        database_images=settings.database_images,
        tcp_ports=Ports(*settings.tcp_port_range, _our_ports(settings)),
        tcp_address=settings.tcp_address,
        public_host=settings.public_host,
        dns_servers=settings.dns_server_list,
        people=people_settings(settings),
        secret_key=settings.secret_key,
    )


def _our_ports(settings: Settings) -> tuple[tuple[str, int, str], ...]:
    """The ports of this host that nobody else may have, with addresses and purposes."""
    proxy = settings.tcp_address
    return (
        (proxy, settings.http_port, "the HTTP proxy"),
        (proxy, settings.https_port, "the HTTP proxy"),
        *([(settings.host, settings.port, "the API")] if "." in settings.host else []),
    )


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        # Python adds to the reason in brackets what it tried, which the sentence says already.
        raise unusable("listen", settings.listen, str(error.strerror).partition(" (")[0]) from error


def _allow_many_files() -> None:
    # A subscriber is a file; what many systems begin with (1024) ends there soon.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _announce(settings: Settings) -> Callable[[str], None]:
    def announce(text: str) -> None:
        typer.echo(
            "\nThis is the first start. Make yourself the owner with this setup token, which is shown once and can\n"
            f"do nothing else (mutation createOwner, or createApiToken, at http://{settings.listen}/graphql):\n\n"
            f"    {text}\n\n"
            f"in a browser: {_here(settings)}/setup#token={text}\n"
            "or on this machine: wharf user create --email you@example.com --name You --administrator\n",
            err=True,
        )

    return announce


def _here(settings: Settings) -> str:
    anywhere = settings.host in ("0.0.0.0", "::")
    return settings.public_url or f"http://{settings.public_host if anywhere else settings.host}:{settings.port}"
