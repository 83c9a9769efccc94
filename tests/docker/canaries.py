"""Texts that are nowhere else, in every form that a leak could have, and every place where one could lie."""

import base64
import json
import secrets
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path

from graphql import get_named_type, is_leaf_type

from engine import labels
from tests.docker.composed import docker
from tests.docker.world import World
from tests.graph.api.fuzzed import INPUTS
from tests.graph.api.fuzzing import walk
from tests.permissions.fields import reached, selection

Places = dict[str, bytes]


def canary() -> str:
    """A secret whose middle survives every way of writing it down, between characters that do not."""
    return f'nest/+"ü{secrets.token_hex(12)}&= %'


def forms(text: str) -> list[bytes]:
    """What to look for: the core in plain, which is its form in JSON and URLs too, in hex, and in base64."""
    core = max(text.replace("&", "ü").split("ü"), key=len).encode()
    found = [core, core.hex().encode()]
    for shift in range(3):  # wherever in the text it begins, three bytes make four characters
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.append(encode(b"-" * shift + core)[4:].rstrip(b"=")[:-2])
    return found


def found(places: Places, canaries: Mapping[str, str]) -> set[tuple[str, str]]:
    """Which canary lies where."""
    return {
        (name, place)
        for name, text in canaries.items()
        for place, content in places.items()
        if any(form in content for form in forms(text))
    }


def on_disk(world: World) -> Places:
    """All files of the data directory but for dumps, which hold what the databases hold; and the server's log."""
    data = world.directory / "data"
    files = [path for path in data.rglob("*") if path.is_file() and path.relative_to(data).parts[0] != "dumps"]
    return {str(path.relative_to(world.directory)): path.read_bytes() for path in (*files, world.log)}


def in_docker(world: World, since: str) -> Places:
    """What Docker tells of all that is the installation's, and the files that proxies were given."""
    for _ in range(5):
        with suppress(subprocess.CalledProcessError):  # a proxy that was replaced meanwhile
            return _in_docker(world, since)
    return _in_docker(world, since)


def _in_docker(world: World, since: str) -> Places:
    mine = f"label={labels.INSTANCE}={world.instance_id}"
    places = {"docker events": _docker("events", "--since", since, "--until", "0s", "--format", "{{json .}}")}
    images = set()
    for name in docker("ps", "--all", "--filter", mine, "--format", "{{.Names}}").split():
        (facts,) = json.loads(docker("container", "inspect", name))
        variables = facts["Config"].pop("Env")
        images.add(facts["Image"])
        places[f"variables of {name}"] = json.dumps(variables, ensure_ascii=False).encode()
        places[f"inspect {name}"] = json.dumps(facts, ensure_ascii=False).encode()
        if facts["Config"]["Labels"].get(labels.KIND, "").endswith("proxy"):
            places[f"files of {name}"] = _docker("cp", f"{name}:/etc/wharf", "-")
    for image in images:
        places[f"history of {image}"] = _docker("history", "--no-trunc", image)
    for noun in ("network", "volume"):
        for name in docker(noun, "ls", "--filter", mine, "--quiet").split():
            places[f"{noun} {name}"] = _docker(noun, "inspect", name)
    return places


def _docker(*words: str) -> bytes:
    return subprocess.run(["docker", *words], stdout=subprocess.PIPE, check=True).stdout


@contextmanager
def command_lines(server: int) -> Iterator[Places]:
    """Meanwhile, the command lines of everything on this machine are collected; and the server's environment."""
    seen: set[bytes] = set()
    over = threading.Event()
    places: Places = {}

    def watch() -> None:
        while not over.wait(0.05):
            seen.update(_read(path) for path in Path("/proc").glob("[0-9]*/cmdline"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield places
    finally:
        over.set()
        watcher.join()
        places["command lines"] = b"\n".join(seen)
        places["the server's environment"] = _read(Path(f"/proc/{server}/environ"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended
        return b""


def secret_inputs() -> set[tuple[str, ...]]:
    """Every place of the schema where a secret is typed: the mutation, and the names of its fields."""
    return {
        (mutation, *(step for step in place if isinstance(step, str)))
        for mutation, kind in INPUTS.items()
        for place, inner in walk(kind)
        if place and get_named_type(inner).name == "Secret"
    }


async def told(world: World, token: str, ids: Mapping[str, str]) -> Places:
    """All that the API answers whoever has this token: every value there is, but for credentials; by the type."""
    asking = copy(world)
    asking.token = token
    places: Places = {}
    for way in reached(ids).values():
        if "databaseCredentials" not in way.document(""):
            leaves = [name for name, field in way.kind.fields.items() if is_leaf_type(get_named_type(field.type))]
            asked = [selection(way, name, way.kind.fields[name], ids) for name in leaves]
            answer = await asking.post(way.document(" ".join(filter(None, [*asked, "__typename"]))))
            places[way.kind.name] = json.dumps(answer, ensure_ascii=False).encode()
    return places
