"""Requests that are made to hurt: each is refused fast and without much memory, and others are served meanwhile."""

import http.client
import json
import re
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.wharf.shell import Shell

TIMES = 5
MOST_SECONDS = 0.05
MOST_MIB = 64

Request: TypeAlias = tuple[str | bytes, int, str]


@dataclass
class Server:
    pid: int
    address: str
    token: str
    token_of_others: str

    def post(self, body: bytes) -> tuple[int, dict[str, Any]]:
        with closing(http.client.HTTPConnection(self.address, timeout=30)) as connection:
            connection.request("POST", "/graphql", body, headers(self.token))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def begun(self, *more: str) -> socket.socket:
        """A connection on which a request has begun: its first line, and these."""
        host, _, port = self.address.partition(":")
        connection = socket.create_connection((host, int(port)), timeout=30)
        connection.sendall("\r\n".join(["POST /graphql HTTP/1.1", "Host: api", *more]).encode())
        return connection

    def cpu_seconds(self) -> float:
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def resident_mib(self, what: str) -> float:
        """What the process has of memory now (VmRSS), or had at most since `watch_peak` (VmHWM)."""
        found = re.search(rf"^{what}:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text(), re.MULTILINE)
        assert found
        return int(found[1]) / 1024

    def watch_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    @contextmanager
    def asked_by_others(self) -> Iterator[list[float]]:
        """Somebody asks all the time; the seconds that each answer took."""
        latencies: list[float] = []
        ended = threading.Event()
        with ThreadPoolExecutor(1) as executor:
            asking = executor.submit(self._ask_until, ended, latencies)
            try:
                yield latencies
            finally:
                ended.set()
            asking.result()

    def _ask_until(self, ended: threading.Event, latencies: list[float]) -> None:
        with closing(http.client.HTTPConnection(self.address, timeout=30)) as connection:
            while not ended.wait(0.005):
                began = time.perf_counter()
                connection.request("POST", "/graphql", asking("{ version }"), headers(self.token_of_others))
                assert b'"data"' in connection.getresponse().read()
                latencies.append(time.perf_counter() - began)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    shell = Shell(tmp_path_factory.mktemp("abused"))
    with shell.serving() as process:
        tokens = [shell.run("token", "create", "--name", name).stdout.strip() for name in ("laptop", "others")]
        server = Server(process.pid, shell.settings["WHARF_LISTEN"], *tokens)
        assert server.post(asking("{ version }"))[0] == 200
        yield server


def headers(token: str) -> dict[str, str]:
    accept = "application/graphql-response+json"
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept": accept}


def asking(query: str, **variables: object) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def fragments(count: int, inside: Callable[[int], str], number: int) -> str:
    return f"#{number}\n{{ ...F0 }}" + "".join(f"fragment F{n} on Query {{ {inside(n)} }}" for n in range(count))


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": [value]}
    return value


LARGE, BAD, INVALID = "TOO_LARGE", "BAD_REQUEST", "INVALID_INPUT"
ALL_28 = " ".join(f"...F{n}" for n in range(28))
PAGES = """query($n: Int!) { applications(first: $n) { nodes { deployments(first: $n) { nodes {
    application { releases(first: $n) { nodes { id } } } } } } } }"""
SCHEMAS = " ".join(f"a{n}: __schema {{ types {{ name fields {{ name }} }} }}" for n in range(9))
REMOVE = 'removeProject(input: {projectId: "x"}) { removedId } '
TAKES = "query($a: ID!) { project(id: $a) { id } }"

ABUSES: dict[str, Callable[[int], Request]] = {
    "10,000 aliases": lambda n: ("{ " + " ".join(f"a{m}x{n}: version" for m in range(10_000)) + " }", 400, LARGE),
    "480 aliases": lambda n: ("{ " + " ".join(f"a{m}x{n}: version" for m in range(480)) + " }", 400, LARGE),
    "1,000 levels": lambda n: (f"#{n}\n" + "{ a " * 1000 + "}" * 1000, 400, LARGE),
    "50 levels": lambda n: (f"#{n}\n" + "{ a " * 50 + "}" * 50, 400, LARGE),
    "5 MB": lambda n: (b'{"query": "{ version }", "x": "' + b"x" * 5_000_000 + b'"}', 413, LARGE),
    "fragments in a circle": lambda n: (fragments(90, lambda m: f"...F{(m + 1) % 90}", n), 400, BAD),
    "fragments in each other": lambda n: (fragments(28, lambda m: ALL_28, n), 400, BAD),
    "fragments that double": lambda n: (
        fragments(90, lambda m: f"version {f'...F{m + 1} ' * 2 * (m < 89)}", n),
        400,
        LARGE,
    ),
    "10,000 fragments": lambda n: (fragments(10_000, lambda m: "version", n), 400, LARGE),
    "180 fragments": lambda n: (fragments(180, lambda m: "version", n), 400, LARGE),
    "a flood of directives": lambda n: (f"#{n}\n{{ version {'@skip(if: false) ' * 240}}}", 400, LARGE),
    "directives nobody knows": lambda n: (f"#{n}\n{{ version {'@a' * 900}}}", 400, LARGE),
    "a field again and again": lambda n: (f"#{n}\n{{ {'viewer { name } ' * 240}}}", 400, LARGE),
    "fields that do not exist": lambda n: ("{ " + " ".join(f"a{m}x{n}" for m in range(950)) + " }", 400, BAD),
    "pages of pages": lambda n: (f"#{n}\n{PAGES}", 400, LARGE),
    "the schema again and again": lambda n: (f"#{n}\n{{ {SCHEMAS} }}", 400, LARGE),
    "a hundred mutations": lambda n: (f"#{n}\nmutation {{ {REMOVE * 100} }}", 400, LARGE),
    "a batch": lambda n: (b"[" + b",".join([asking("{ version }")] * 10_000) + b"]", 400, BAD),
    "deep lists": lambda n: (f"#{n}\n{{ project(id: {'[' * 900}{']' * 900}) {{ id }} }}", 400, LARGE),
    "deep objects": lambda n: (f"#{n}\n{{ project(id: {'{a:' * 600}1{'}' * 600}) {{ id }} }}", 400, LARGE),
    "deep variables": lambda n: (asking(TAKES, a=nested(120)), 400, INVALID),
    "variables too deep for JSON": lambda n: (
        b'{"variables": {"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        400,
        BAD,
    ),
    "a variable of 1 MB": lambda n: (asking(TAKES, a=[*range(140_000)]), 400, INVALID),
    "a number of 60,000 digits": lambda n: (f"#{n}\nquery($a: Int = {'9' * 60_000}) {{ version }}", 400, BAD),
}


@pytest.mark.parametrize("abuse", ABUSES)
def test_it_is_refused_fast_and_without_much_memory(server: Server, abuse: str) -> None:
    seconds = []
    server.watch_peak()
    resident = server.resident_mib("VmRSS")
    for request, status, code in map(ABUSES[abuse], range(TIMES)):  # each another, lest one is only remembered
        body = request if isinstance(request, bytes) else asking(request, n=100)
        used = server.cpu_seconds()
        answer = server.post(body)
        seconds.append(server.cpu_seconds() - used)
        assert answer[0] == status
        assert answer[1]["errors"][0]["extensions"]["code"] == code
    assert statistics.median(seconds) < MOST_SECONDS
    assert server.resident_mib("VmHWM") - resident < MOST_MIB


def test_others_are_served_while_abuse_goes_on(server: Server) -> None:
    bodies = [
        request if isinstance(request, bytes) else asking(request, n=100)
        for number, abuse in enumerate(ABUSES.values())
        for request, _, _ in [abuse(TIMES + number)]
    ]
    with server.asked_by_others() as latencies:
        for body in bodies * 2:
            server.post(body)
    assert statistics.median(latencies) < MOST_SECONDS


def test_others_are_served_while_500_dawdle(server: Server) -> None:
    server.watch_peak()
    resident = server.resident_mib("VmRSS")
    head = (
        f"Authorization: Bearer {server.token}",
        "Content-Type: application/json",
        "Content-Length: 900000",
        "",
        "",
    )
    with ExitStack() as opened:
        dawdling = [
            opened.enter_context(server.begun(*(head if number % 2 else ("X-A: b",)))) for number in range(500)
        ]
        with server.asked_by_others() as latencies:
            for _ in range(8):
                time.sleep(0.25)
                for connection in dawdling:
                    with suppress(ConnectionError):
                        connection.send(b" ")
    assert statistics.median(latencies) < MOST_SECONDS
    assert server.resident_mib("VmHWM") - resident < MOST_MIB
