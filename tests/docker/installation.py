"""A server process of an installation: started, killed, paused, and asked through the API."""

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import aiohttp
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport

from db.sessions import Sessions
from engine.accounts.tokens import Tokens
from engine.docker.gateway import DockerGateway
from engine.uninstall import uninstall
from tests.conftest import free_port, free_ports
from tests.docker.preloaded import Preloaded, Process

WHARF = str(Path(sys.executable).with_name("wharf"))
_STARTED_WITHIN = 60.0

Answer = dict[str, Any]
T = TypeVar("T")


class Failed(AssertionError):
    """The API answered with errors."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a visitor got."""

    status: int
    text: str
    headers: Mapping[str, str]


class Installation:
    """One installation. `start`, `kill` and `stop` are about its server process; the rest asks it."""

    preloads = True
    """Whether the server may share its memory with others, which saves most of its start."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        self.program = [WHARF]
        self.port, self.http_port, self.https_port = free_port(), free_port(), free_port()
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WHARF_")},
            "WHARF_LISTEN": f"127.0.0.1:{self.port}",
            "WHARF_DATA_DIRECTORY": str(directory / "data"),
            "WHARF_HTTP_PORT": str(self.http_port),
            "WHARF_HTTPS_PORT": str(self.https_port),
            "WHARF_PROXY_ADDRESS": "127.0.0.1",
            "WHARF_DATABASE_IMAGES": "wharf.local",
            "WHARF_TCP_PORTS": "{}-{}".format(*free_ports(8)),
            "WHARF_PUBLIC_HOST": "127.0.0.1",
            # What an earlier run may have left behind does not overlap with a range drawn by lot.
            "WHARF_NETWORK_POOL": f"10.{random.randrange(128, 200)}.{random.randrange(0, 256, 8)}.0/21",
            **settings,
        }
        self._process: Process | None = None
        self.token = ""
        self.started_in = 0.0  # seconds that the last start took, which tell how busy the machine is

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Started; and afterwards gone, with all that it has made."""
        try:
            self.start()
            yield self
        finally:
            self.stop()
            self.uninstall()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        begun = time.monotonic()
        self.launch()
        assert self._process is not None
        deadline = begun + _STARTED_WITHIN
        while not self.answers():
            assert self._process.poll() is None, f"The server ended:\n{self.log.read_text()}"
            assert time.monotonic() < deadline, f"The server does not answer:\n{self.log.read_text()}"
            time.sleep(0.02)
        self.started_in = time.monotonic() - begun
        if not self.token:
            self.token = _aside(self.make_token)

    def launch(self) -> None:
        """Start the server, and do not wait for it."""
        if self.preloads and self.program == [WHARF] and "LD_PRELOAD" not in self.environ:
            self._process = Preloaded(self.environ, self.log)
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([*self.program, "serve"], env=self.environ, stderr=log, stdout=log)

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    @asynccontextmanager
    async def logging(self, words: str) -> AsyncGenerator[None]:
        """Returns once the server has logged these words, which it has not before what is done inside."""
        seen = self.log.stat().st_size
        yield
        async with asyncio.timeout(30):
            while words.encode() not in self.log.read_bytes()[seen:]:
                await asyncio.sleep(0.001)

    def command(self, *words: str) -> str:
        """What the command `wharf` prints."""
        done = subprocess.run(
            [*self.program, *words], env=self.environ, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def uninstall(self) -> None:
        """As `wharf uninstall --volumes` does, and sooner: no other process is started."""
        _aside(self._uninstall)

    async def _uninstall(self) -> None:
        docker = DockerGateway(None)
        try:
            async for _ in uninstall(docker, self.instance_id, self.directory / "data", volumes=True):
                pass
        finally:
            await docker.close()

    async def make_token(self) -> str:
        """The text of a new token that may do everything, and is nobody's."""
        sessions = Sessions(f"sqlite:///{self.directory / 'data' / 'wharf.db'}")
        try:
            _, text = await Tokens(sessions).create("tests")
        finally:
            sessions.close()
        return text

    def kill(self) -> None:
        """SIGKILL: nothing is written, nothing is closed."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and wait until the process is gone."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """SIGSTOP: it does nothing until `resume`."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, what: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(what)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(timeout=20)
        self._process = None

    def answers(self) -> bool:
        """Whether the server is there for its clients."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def open_files(self) -> int:
        """How many files and connections the server process holds."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    @property
    def pid(self) -> int:
        """The server process."""
        assert self._process is not None
        return self._process.pid

    def private_bytes(self) -> int:
        """How much memory the server process has for itself alone."""
        assert self._process is not None
        assert not isinstance(self._process, Preloaded), "It shares its memory: set `preloads` to False."
        rollup = Path(f"/proc/{self._process.pid}/smaps_rollup").read_text()
        return sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Private_"))

    @property
    def instance_id(self) -> str:
        with sqlite3.connect(self.directory / "data" / "wharf.db") as connection:
            found: tuple[str] = connection.execute("SELECT id FROM instance").fetchone()
        connection.close()
        return found[0]

    # What a client of the API does.

    async def post(self, document: str, variables: Mapping[str, object] | None = None) -> Answer:
        """The whole answer to an operation."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        body = {"query": document, "variables": variables or {}}
        url = f"http://127.0.0.1:{self.port}/graphql"
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(url, json=body) as answer,
        ):
            parsed: Answer = await answer.json(content_type=None)
            return parsed

    async def ask(self, document: str, /, **variables: object) -> Answer:
        """The data of an operation. Raises `Failed` if there are errors of any kind."""
        answer = await self.post(document, variables)
        if answer.get("errors"):
            raise Failed(json.dumps(answer["errors"], indent=1))
        data: Answer = answer["data"]
        for payload in data.values():
            if isinstance(payload, dict) and payload.get("errors"):
                raise Failed(json.dumps(payload["errors"], indent=1))
        return data

    async def mutate(self, name: str, selection: str = "", /, **fields: object) -> Answer:
        """The payload of one mutation, its user errors included."""
        kind = f"{name[0].upper()}{name[1:]}Input!"
        document = (
            f"mutation($input: {kind}) {{ {name}(input: $input) {{ {selection} errors {{ code message field }} }} }}"
        )
        answer = await self.post(document, {"input": fields})
        assert "errors" not in answer, answer["errors"]
        payload: Answer = answer["data"][name]
        return payload

    async def do(self, name: str, selection: str = "", /, **fields: object) -> Answer:
        """The payload of one mutation, which must succeed."""
        payload = await self.mutate(name, selection, **fields)
        if payload["errors"]:
            raise Failed(json.dumps(payload["errors"], indent=1))
        return payload

    @asynccontextmanager
    async def subscription(
        self, document: str, /, **variables: object
    ) -> AsyncGenerator[AsyncGenerator[Answer, None]]:
        """The messages of a subscription, by the client library that Python programs use."""
        transport = WebsocketsTransport(
            url=f"ws://127.0.0.1:{self.port}/graphql", init_payload={"authorization": f"Bearer {self.token}"}
        )
        async with Client(transport=transport) as session:
            operation = gql(document)
            operation.variable_values = dict(variables)
            messages = session.subscribe(operation)
            try:
                yield messages
            finally:
                await messages.aclose()

    # What a visitor of an application does.

    async def visit(self, host: str, path: str = "/", method: str = "GET", **how: Any) -> Reply:
        """One request on a connection of its own, through the proxy."""
        url = f"http://127.0.0.1:{self.http_port}{path}"
        headers = {"Host": host, **how.pop("headers", {})}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, headers=headers, allow_redirects=False, **how) as answer,
        ):
            return Reply(answer.status, await answer.text(), dict(answer.headers))


async def eventually(condition: Callable[[], Awaitable[object]], within: float = 10.0) -> None:
    """Ask again and again until the answer is true; what is asked lies outside this process."""
    async with asyncio.timeout(within):
        while not await condition():
            await asyncio.sleep(0.02)


def _aside(job: Callable[[], Coroutine[object, object, T]]) -> T:
    """What a coroutine function returns, also where an event loop is running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(job())).result()
