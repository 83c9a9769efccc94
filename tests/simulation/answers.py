"""What the simulated Docker does with each request, and what it answers."""

import asyncio
import io
import json
import posixpath
import re
import struct
import tarfile
from collections.abc import Callable, Mapping
from contextvars import Context
from functools import lru_cache
from typing import Any

import orjson

from engine.docker.connection import Request
from tests.simulation.machine import Machine
from tests.simulation.objects import Refusal, SimulatedContainer
from tests.simulation.pipe import Pipe

_START_SECONDS = (0.02, 0.2)
_FRAME = struct.Struct(">BxxxL")


class Answers:
    """The answers, by what is asked for. Whoever waits for a long one holds a pipe, which may be cut."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._nature = Context()
        self._pipes: dict[Pipe, Callable[[], None]] = {}
        self._execs: dict[str, tuple[SimulatedContainer, list[str]]] = {}

    async def to(self, request: Request) -> Any:
        """The answer to a request, once it was carried out. Raises `Refusal`."""
        handler, parts = _handler(request.method, request.path)
        return await handler(self, request, *parts)

    def cut_streams(self) -> None:
        """Break off every answer that is under way."""
        for pipe in list(self._pipes):
            pipe.cut()

    def _let_go(self, pipe: Pipe) -> None:
        if forget := self._pipes.pop(pipe, None):
            forget()

    def _pipe(self, *pieces: bytes) -> Pipe:
        pipe = Pipe(self._let_go)
        for piece in pieces:
            pipe.feed(piece)
        pipe.end()
        return pipe

    # About the engine.

    async def _ping(self, _request: Request) -> Pipe:
        return self._pipe(b"OK")

    async def _version(self, _request: Request) -> Any:
        return {"Version": "20.10.24", "ApiVersion": "1.41", "Os": "linux", "Arch": "amd64"}

    async def _info(self, _request: Request) -> Any:
        return {"SystemTime": self.machine.now.isoformat(), "NCPU": 2}

    async def _events(self, request: Request) -> Pipe:
        pipe = Pipe(self._let_go)
        since = round(float((request.params or {})["since"]) * 1e9)
        base = round((self.machine.now.timestamp() - self.machine.loop.time()) * 1e9)
        kinds = json.loads((request.params or {}).get("filters", "{}")).get("type") or ["container", "network"]

        def hear(event: Mapping[str, Any]) -> None:
            if event["Type"] in kinds:
                pipe.feed(orjson.dumps({**event, "timeNano": event["timeNano"] + base}) + b"\n")

        for event in self.machine.events:
            if event["timeNano"] + base >= since:
                hear(event)
        self.machine.listeners.append(hear)
        self._pipes[pipe] = lambda: self.machine.listeners.remove(hear)
        return pipe

    # Containers.

    async def _list(self, request: Request) -> Any:
        return [
            each.listed(self.machine.now)
            for each in self.machine.containers.values()
            if _labelled(request, each.labels)
        ]

    async def _inspect(self, _request: Request, ref: str) -> Any:
        return self.machine.find(ref).described()

    async def _create(self, request: Request) -> Any:
        assert isinstance(request.body, dict)
        return {"Id": self.machine.create((request.params or {})["name"], request.body).id}

    async def _start(self, _request: Request, ref: str) -> None:
        self.machine.find(ref)
        await asyncio.sleep(self.machine.weather.within(*_START_SECONDS))
        self.machine.start(self.machine.find(ref))

    async def _stop(self, request: Request, ref: str) -> None:
        container = self.machine.find(ref)
        if container.running or container.status == "restarting":
            over = self._over(container)
            self.machine.terminate(container, float((request.params or {})["t"]))
            await over

    async def _kill(self, request: Request, ref: str) -> None:
        container = self.machine.find(ref)
        if not container.running:
            raise Refusal(409, f"Container {container.id} is not running")
        self.machine.kill(container)

    async def _remove(self, _request: Request, ref: str) -> None:
        self.machine.remove(self.machine.find(ref))

    async def _update(self, request: Request, ref: str) -> Any:
        assert isinstance(request.body, dict)
        self.machine.set_policy(self.machine.find(ref), request.body["RestartPolicy"]["Name"])
        return {}

    async def _wait(self, request: Request, ref: str) -> Any:
        container = self.machine.find(ref)
        pipe = Pipe(self._let_go)
        self._pipes[pipe] = lambda: None

        def tell(over: "asyncio.Future[int]") -> None:
            if not over.cancelled():
                pipe.feed(orjson.dumps({"StatusCode": over.result()}))
                pipe.end()

        if container.running or container.status == "restarting":
            self._over(container).add_done_callback(tell, context=self._nature)
        else:
            pipe.feed(orjson.dumps({"StatusCode": container.exit_code}))
            pipe.end()
        return pipe

    def _over(self, container: SimulatedContainer) -> "asyncio.Future[int]":
        over: asyncio.Future[int] = self.machine.loop.create_future()
        container.ended.append(over)
        return over

    async def _put_archive(self, request: Request, ref: str) -> None:
        container = self.machine.find(ref)
        assert isinstance(request.upload, bytes)
        with tarfile.open(fileobj=io.BytesIO(request.upload)) as archive:
            for entry in archive:
                content = archive.extractfile(entry) if entry.isfile() else None
                target = posixpath.join(posixpath.dirname(entry.name), entry.linkname)
                container.files[entry.name] = content.read().decode() if content else container.files.get(target, "")
        for written in self.machine.file_written:
            written(container)

    async def _get_archive(self, request: Request, ref: str) -> Pipe:
        """Nothing has ever been written there: no domain of the simulation is over HTTPS."""
        self.machine.find(ref)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            directory = tarfile.TarInfo(posixpath.basename((request.params or {})["path"]))
            directory.type = tarfile.DIRTYPE
            archive.addfile(directory)
        return self._pipe(packed.getvalue())

    async def _logs(self, _request: Request, ref: str) -> Pipe:
        container = self.machine.find(ref)
        line = f"{container.started_at.replace('Z', '.000000001Z')} the last words of {container.image.id[:8]}\n"
        text = line.encode()
        return self._pipe(_FRAME.pack(2, len(text)) + text)

    # Commands inside containers.

    async def _exec(self, request: Request, ref: str) -> Any:
        container = self.machine.find(ref)
        if not container.running:
            raise Refusal(409, f"Container {container.id} is not running")
        number = f"{len(self._execs):064x}"
        assert isinstance(request.body, dict)
        self._execs[number] = container, request.body["Cmd"]
        return {"Id": number}

    async def _exec_start(self, _request: Request, _number: str) -> Pipe:
        return self._pipe()

    async def _exec_inspect(self, _request: Request, number: str) -> Any:
        container = self._execs[number][0]
        container.passed = container.passed or container.listening
        return {"Running": False, "ExitCode": 0 if container.listening else 1}

    # Images.

    async def _image(self, _request: Request, ref: str) -> Any:
        image = self.machine.images.get(ref) or next(
            (each for each in self.machine.images.values() if each.id == ref), None
        )
        if image is None:
            raise Refusal(404, f"No such image: {ref}")
        return {"Id": image.id, "RepoDigests": [], "Config": {}, "Architecture": "amd64"}

    async def _pull(self, request: Request) -> Pipe:
        params = request.params or {}
        name = f"{params['fromImage'].removeprefix('docker.io/library/')}:{params['tag']}"
        await asyncio.sleep(self.machine.weather.within(0.05, 1.5))
        if name not in self.machine.images:
            return self._pipe(orjson.dumps({"error": f"manifest for {name} not found: manifest unknown"}) + b"\n")
        lines = [{"status": "Pulling from shop"}, {"status": "Status: Image is up to date"}]
        return self._pipe(*(orjson.dumps(line) + b"\n" for line in lines))

    # Networks and volumes.

    async def _list_networks(self, request: Request) -> Any:
        found = [each for each in self.machine.networks.values() if _labelled(request, each.labels)]
        return [each.described([]) for each in found]

    async def _inspect_network(self, _request: Request, name: str) -> Any:
        return self.machine.network(name).described([each.id for each in self.machine.members(name)])

    async def _create_network(self, request: Request) -> Any:
        body = request.body
        assert isinstance(body, dict)
        subnet = body["IPAM"]["Config"][0]["Subnet"]
        return {"Id": self.machine.create_network(body["Name"], subnet, body["Labels"]).id}

    async def _remove_network(self, _request: Request, name: str) -> None:
        self.machine.remove_network(name)

    async def _connect(self, request: Request, name: str) -> None:
        body = request.body
        assert isinstance(body, dict)
        end = body["EndpointConfig"]
        wanted = (end.get("IPAMConfig") or {}).get("IPv4Address")
        self.machine.connect(name, self.machine.find(body["Container"]), end.get("Aliases") or [], wanted)

    async def _disconnect(self, request: Request, name: str) -> None:
        body = request.body
        assert isinstance(body, dict)
        self.machine.disconnect(name, self.machine.find(body["Container"]))

    async def _list_volumes(self, request: Request) -> Any:
        volumes = self.machine.volumes.items()
        return {"Volumes": [{"Name": name, "Labels": marks} for name, marks in volumes if _labelled(request, marks)]}

    async def _create_volume(self, request: Request) -> Any:
        assert isinstance(request.body, dict)
        self.machine.create_volume(request.body["Name"], request.body["Labels"])
        return {}

    async def _remove_volume(self, _request: Request, name: str) -> None:
        self.machine.remove_volume(name)


def _labelled(request: Request, labels: Mapping[str, str]) -> bool:
    wanted = json.loads((request.params or {}).get("filters", "{}")).get("label", [])
    return all(f"{name}={labels.get(name)}" == pair for pair in wanted for name in (pair.split("=", 1)[0],))


@lru_cache(10_000)
def _handler(method: str, path: str) -> tuple[Callable[..., Any], tuple[str, ...]]:
    for knows, pattern, handler in _HANDLERS:
        if knows == method and (found := pattern.fullmatch(path)):
            return handler, found.groups()
    raise AssertionError(f"The simulated Docker does not know {method} {path}.")


_HANDLERS: list[tuple[str, re.Pattern[str], Callable[..., Any]]] = [
    (method, re.compile(path), handler)
    for method, path, handler in (
        ("GET", "_ping", Answers._ping),
        ("GET", "version", Answers._version),
        ("GET", "info", Answers._info),
        ("GET", "events", Answers._events),
        ("GET", "containers/json", Answers._list),
        ("GET", "containers/([^/]+)/json", Answers._inspect),
        ("POST", "containers/create", Answers._create),
        ("POST", "containers/([^/]+)/start", Answers._start),
        ("POST", "containers/([^/]+)/stop", Answers._stop),
        ("POST", "containers/([^/]+)/kill", Answers._kill),
        ("POST", "containers/([^/]+)/update", Answers._update),
        ("POST", "containers/([^/]+)/wait", Answers._wait),
        ("POST", "containers/([^/]+)/exec", Answers._exec),
        ("GET", "containers/([^/]+)/logs", Answers._logs),
        ("PUT", "containers/([^/]+)/archive", Answers._put_archive),
        ("GET", "containers/([^/]+)/archive", Answers._get_archive),
        ("DELETE", "containers/([^/]+)", Answers._remove),
        ("POST", "exec/([^/]+)/start", Answers._exec_start),
        ("GET", "exec/([^/]+)/json", Answers._exec_inspect),
        ("POST", "images/create", Answers._pull),
        ("GET", "images/(.+)/json", Answers._image),
        ("GET", "networks", Answers._list_networks),
        ("POST", "networks/create", Answers._create_network),
        ("GET", "networks/([^/]+)", Answers._inspect_network),
        ("DELETE", "networks/([^/]+)", Answers._remove_network),
        ("POST", "networks/([^/]+)/connect", Answers._connect),
        ("POST", "networks/([^/]+)/disconnect", Answers._disconnect),
        ("GET", "volumes", Answers._list_volumes),
        ("POST", "volumes/create", Answers._create_volume),
        ("DELETE", "volumes/([^/]+)", Answers._remove_volume),
    )
]
