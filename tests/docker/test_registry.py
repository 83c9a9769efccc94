"""The registry that other tests pull from is a real one: it keeps images, and asks who is there."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiodocker
import aiohttp
import pytest

from tests.docker.registry import Login, Registry, running_registry

pytestmark = pytest.mark.docker

OWNER = Login("harbour", "master: key")


@pytest.fixture
async def docker() -> AsyncIterator[aiodocker.Docker]:
    async with aiodocker.Docker() as engine:
        yield engine


@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[Registry]:
    async with running_registry(tmp_path) as registry:
        yield registry


@pytest.fixture
async def private(tmp_path: Path) -> AsyncIterator[Registry]:
    async with running_registry(tmp_path, OWNER) as registry:
        yield registry


async def pull_and_forget(docker: aiodocker.Docker, reference: str, login: Login | None = None) -> str:
    auth = {"username": login.username, "password": login.password} if login else None
    await docker.images.pull(reference, auth=auth)
    image: str = (await docker.images.inspect(reference))["Id"]
    await docker.images.delete(reference, noprune=True)
    return image


async def test_what_was_pushed_can_be_pulled(docker: aiodocker.Docker, public: Registry) -> None:
    reference = await public.push("wharf-sample:1", "team/sample:1")
    pushed = (await docker.images.inspect("wharf-sample:1"))["Id"]
    assert await pull_and_forget(docker, reference) == pushed


async def test_pushing_leaves_no_name_behind(docker: aiodocker.Docker, public: Registry) -> None:
    reference = await public.push("wharf-sample:1", "team/sample:1")
    with pytest.raises(aiodocker.DockerError, match="No such image"):
        await docker.images.inspect(reference)


async def test_what_was_never_pushed_is_not_found(docker: aiodocker.Docker, public: Registry) -> None:
    with pytest.raises(aiodocker.DockerError, match=r"not found|manifest unknown"):
        await docker.images.pull(public.reference("team/nothing:1"))


async def test_the_owner_pushes_and_pulls(docker: aiodocker.Docker, private: Registry) -> None:
    reference = await private.push("wharf-sample:2", "team/sample:2")
    pushed = (await docker.images.inspect("wharf-sample:2"))["Id"]
    assert await pull_and_forget(docker, reference, OWNER) == pushed


@pytest.mark.parametrize("login", [None, Login("harbour", "wrong"), Login("nobody", "master: key")])
async def test_nobody_else_does(docker: aiodocker.Docker, private: Registry, login: Login | None) -> None:
    reference = await private.push("wharf-sample:2", "team/sample:2")
    with pytest.raises(aiodocker.DockerError, match=r"no basic auth credentials|unauthorized"):
        await pull_and_forget(docker, reference, login)


async def test_it_is_gone_afterwards(tmp_path: Path) -> None:
    async with running_registry(tmp_path) as registry:
        pass
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"http://{registry.address}/v2/")
