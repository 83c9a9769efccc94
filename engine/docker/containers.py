"""Containers: created, started, stopped, looked at, removed."""

import asyncio
import json
import math
from collections.abc import Mapping, Sequence

from engine.concurrency import patiently
from engine.docker import facts
from engine.docker.connection import Connection, Request, Upload
from engine.docker.rawstream import Frames
from engine.docker.references import checked
from engine.docker.translation import docker_errors
from engine.docker.values import ContainerFacts, ContainerSummary, ExecResult, PathFacts
from engine.errors import DockerConflict, DockerFailure, DockerNotFound, DockerUnreachable

LONGEST_OUTPUT = 64 * 1024
LARGEST_ARCHIVE = 256 * 1024 * 1024
EXIT_CODE_PAUSE = 0.01
PATIENCE_SECONDS = 5.0


class Containers(Connection):
    """Everything about containers but what they write, use and go through: that is in `streams`."""

    async def list_containers(self, labels: Mapping[str, str]) -> list[ContainerSummary]:
        """All containers that carry all of `labels`, whatever their state."""
        params = {"all": "1", "filters": label_filter(labels)}
        rows = await self._call(Request("list containers", "GET", "containers/json", params))
        return [facts.container_summary(row) for row in rows]

    async def containers_on_port(self, port: int) -> list[ContainerSummary]:
        """The running containers, whosever they are, that this TCP port of the host leads to, on any address."""
        params = {"filters": json.dumps({"publish": [f"{port}/tcp"]})}
        rows = await self._call(Request(f"say who has port {port}", "GET", "containers/json", params))
        found = (facts.container_summary(row) for row in rows)
        return [each for each in found if any(public == port for _, public in each.published)]

    async def inspect_container(self, ref: str) -> ContainerFacts:
        """What Docker knows about a container; DockerNotFound when there is none."""
        request = Request(f"inspect container {ref}", "GET", f"containers/{checked(ref)}/json")
        return facts.container_facts(await self._call(request))

    async def create_container(self, name: str, spec: Mapping[str, object]) -> str:
        """The new container's id. DockerConflict when the name is taken, DockerNotFound without the image."""
        request = Request(f"create container {name}", "POST", "containers/create", {"name": name}, spec)
        # Docker makes it also when nobody waits for the answer: who gives it up is to know that it is there.
        container_id: str = (await patiently(self._call(request), PATIENCE_SECONDS))["Id"]
        return container_id

    async def start_container(self, ref: str) -> None:
        """Starts it, or leaves it running. PortTaken when a host port belongs to somebody else."""
        await self._call(self._on(ref, "start"))

    async def unpause_container(self, ref: str) -> None:
        """Lets it go on; DockerConflict when it is not paused."""
        await self._call(self._on(ref, "unpause"))

    async def rename_container(self, ref: str, name: str) -> None:
        """Gives it another name, running or not. DockerConflict when the name is taken."""
        await self._call(self._on(ref, "rename", {"name": name}))

    async def stop_container(self, ref: str, grace: float) -> None:
        """Returns when it has ended: by SIGTERM, or by SIGKILL after `grace` seconds (rounded up)."""
        seconds = math.ceil(grace)
        await self._call(self._on(ref, "stop", {"t": str(seconds)}), deadline=seconds + self._deadline)

    async def kill_container(self, ref: str, signal: str) -> None:
        """Sends a signal; DockerConflict when the container does not run."""
        await self._call(self._on(ref, "kill", {"signal": signal}))

    async def remove_container(self, ref: str) -> None:
        """Ends and removes it with its anonymous volumes; returns when it is gone."""
        path = f"containers/{checked(ref)}"
        try:
            await self._call(Request(f"remove container {ref}", "DELETE", path, {"force": "1", "v": "1"}))
        except DockerNotFound:
            return
        except DockerConflict as error:
            if "already in progress" not in error.sentence:
                raise
            await self._until_removed(ref)

    async def update_restart_policy(self, ref: str, policy: Mapping[str, object]) -> None:
        """Gives the container another restart policy, running or not."""
        request = self._on(ref, "update", body={"RestartPolicy": policy})
        await self._call(request)

    async def wait_container(self, ref: str) -> int:
        """The exit code, however long it takes; at once where the container does not run."""
        request = self._on(ref, "wait", doing="wait for")
        async with self._stream(request, deadline=None) as answer:
            async for message in answer:
                code: int = message["StatusCode"]
                return code
        raise DockerUnreachable(f"Docker stopped waiting for container {ref} before it had ended.")

    async def exec(self, ref: str, command: Sequence[str], deadline: float) -> ExecResult:
        """Runs a command in a running container.

        DockerTimeout after the deadline; Docker cannot end the command then, only the container's end does.
        """
        doing = f"run {command[0]} in container {ref}"
        with docker_errors(doing):
            async with asyncio.timeout(deadline):
                wish = {"Cmd": list(command), "AttachStdout": True, "AttachStderr": True}
                path = f"containers/{checked(ref)}/exec"
                created = await self._call(Request(doing, "POST", path, body=wish), deadline=deadline)
                output = await self._run_exec(created["Id"], doing)
                return ExecResult(await self._exec_code(created["Id"], doing), output)

    async def put_archive(self, ref: str, path: str, tar: Upload, deadline: float | None = None) -> None:
        """Unpacks a tar at `path`, which must exist, inside a created or running container, volumes included.

        It may come in pieces, and takes `deadline` seconds in all at most (None: as long as every call).
        """
        doing = f"write into {path} of container {ref}"
        where = f"containers/{checked(ref)}/archive"
        await self._call(Request(doing, "PUT", where, {"path": path}, upload=tar), deadline=deadline)

    async def get_archive(self, ref: str, path: str, limit: int = LARGEST_ARCHIVE) -> bytes:
        """A tar of what is at `path` inside a created or running container, mounts included.

        DockerNotFound where nothing is, DockerFailure when it is longer than `limit` bytes.
        """
        where = f"containers/{checked(ref)}/archive"
        request = Request(f"read {path} of container {ref}", "GET", where, {"path": path})
        packed = bytearray()
        async with self._stream(request, deadline=self._deadline, pause=self._deadline) as answer:
            while piece := await answer.piece():
                packed += piece
                if len(packed) > limit:
                    raise DockerFailure(f"There are more than {limit} bytes at {path} of container {ref}.")
        return bytes(packed)

    async def stat_path(self, ref: str, path: str) -> PathFacts | None:
        """What is at `path` inside a created or running container, mounts included; None where nothing is."""
        where = f"containers/{checked(ref)}/archive"
        # HEAD would do, but aiodocker looks for a reason in the body of a "no", and there is none.
        request = Request(f"look at {path} of container {ref}", "GET", where, {"path": path})
        try:
            async with self._stream(request, deadline=self._deadline) as answer:
                return facts.path_facts(answer.header("X-Docker-Container-Path-Stat"))
        except DockerNotFound:
            return None

    async def _run_exec(self, exec_id: str, doing: str) -> str:
        frames, output = Frames(), bytearray()
        request = Request(doing, "POST", f"exec/{exec_id}/start", body={"Detach": False, "Tty": False})
        async with self._stream(request, deadline=None) as answer:
            while piece := await answer.piece():
                for _, message in frames.feed(piece):
                    output += message[: LONGEST_OUTPUT - len(output)]
        return output.decode("utf-8", errors="replace")

    async def _exec_code(self, exec_id: str, doing: str) -> int:
        # The output can end a moment before Docker has noticed that the process did.
        while True:
            seen = await self._call(Request(doing, "GET", f"exec/{exec_id}/json"))
            if not seen["Running"]:
                code: int = seen["ExitCode"]
                return code
            await asyncio.sleep(EXIT_CODE_PAUSE)

    async def _until_removed(self, ref: str) -> None:
        try:
            await self._call(self._on(ref, "wait", {"condition": "removed"}, doing="remove"))
        except DockerNotFound:
            return

    @staticmethod
    def _on(
        ref: str, verb: str, params: Mapping[str, str] | None = None, body: object = None, doing: str = ""
    ) -> Request:
        path = f"containers/{checked(ref)}/{verb}"
        return Request(f"{doing or verb} container {ref}", "POST", path, params, body)


def label_filter(labels: Mapping[str, str]) -> str:
    """Docker's filter for what carries all of `labels`."""
    return json.dumps({"label": [f"{name}={value}" for name, value in labels.items()]})
