"""Images: looked at, pulled, built."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from typing import IO

from engine.docker import facts
from engine.docker.connection import Connection, Request
from engine.docker.references import ImageReference, parse_reference
from engine.docker.translation import docker_errors, image_refused
from engine.docker.values import ImageFacts, PullProgress, RegistryCredentials
from engine.errors import DockerTimeout, RegistryUnreachable

PULL_PAUSE = 60.0
BUILD_DEADLINE = 600.0


class Images(Connection):
    """Images on this engine, and the way from registries to it."""

    async def inspect_image(self, ref: str) -> ImageFacts:
        """What Docker knows about an image that is here; ImageNotFound when it is not."""
        parse_reference(ref)
        request = Request(f"inspect image {ref}", "GET", f"images/{ref}/json", refusal=image_refused)
        return facts.image_facts(await self._call(request))

    async def pull_image(
        self, ref: str, credentials: RegistryCredentials | None
    ) -> AsyncGenerator[PullProgress, None]:
        """Fetches an image, telling how far it is; when the generator ends, the image is here.

        Ends in ImageNotFound, RegistryDenied, RegistryUnreachable (also when nothing moves for 60 s)
        or ImageFailure.
        """
        request = _pull_request(ref, parse_reference(ref), credentials)
        try:
            async with self._stream(request, deadline=PULL_PAUSE, pause=PULL_PAUSE) as answer:
                async for line in answer:
                    _raise_in_band(request, line)
                    yield facts.pull_progress(line)
        except DockerTimeout as error:
            raise RegistryUnreachable(f"Pulling {ref} made no progress for {PULL_PAUSE:g} seconds.") from error

    async def build_image(self, tag: str, context: bytes | IO[bytes], *, deadline: float = BUILD_DEADLINE) -> None:
        """Builds the Dockerfile at the root of a tar. A file is read in pieces, and closed afterwards."""
        params = {"t": tag, "rm": "1", "forcerm": "1"}
        request = Request(f"build image {tag}", "POST", "build", params, upload=context, refusal=image_refused)
        with docker_errors(request.doing):
            async with asyncio.timeout(deadline), self._stream(request, deadline=None) as answer:
                async for line in answer:
                    _raise_in_band(request, line)


def _pull_request(ref: str, reference: ImageReference, credentials: RegistryCredentials | None) -> Request:
    params = {"fromImage": reference.name, "tag": reference.version}
    headers = _registry_auth(credentials, reference.server_address) if credentials else None
    return Request(f"pull {ref}", "POST", "images/create", params, headers=headers, refusal=image_refused)


def _registry_auth(credentials: RegistryCredentials, server: str) -> dict[str, str]:
    login = {"username": credentials.username, "password": credentials.password.reveal(), "serveraddress": server}
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(login).encode()).decode("ascii")}


def _raise_in_band(request: Request, line: facts.Json) -> None:
    """Docker has said 200 by the time these go wrong; the "no" is a line among the others."""
    if "error" in line:
        raise request.refusal(request.doing, None, str(line["error"]))
