"""How documents come to the proxy: through a directory that it shares with us, or through Docker's archive API."""

import resource
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from engine.docker.gateway import DockerGateway
from engine.errors import ProxyFailure
from engine.proxy.archive import DOCUMENT
from engine.proxy.container import HttpProxy
from engine.proxy.delivery import Delivery
from engine.proxy.routes import Holding, HoldingReason, Route, RoutedApplication
from tests.engine.proxy.rig import Rig, document, rigged

pytestmark = pytest.mark.docker

EMPTY = document()
CLOSED = document(RoutedApplication("shop", Holding(HoldingReason.STOPPED), (Route("d1", "shop.test"),)))
OTHER = document(RoutedApplication("shop", Holding(HoldingReason.FAILING), (Route("d1", "other.test"),)))


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rigged(tmp_path / "proxy") as made:
        yield made


async def started(rig: Rig) -> tuple[HttpProxy, Delivery]:
    proxy, delivery = rig.new_proxy()
    await proxy.ensure(EMPTY)
    await delivery.deliver(CLOSED)
    return proxy, delivery


def lies_in(rig: Rig, proxy: HttpProxy) -> Path:
    assert rig.directory is not None
    return rig.directory / proxy.name


async def serves(rig: Rig, host: str) -> bool:
    return (await rig.visit(host)).status == 503  # the page of an application that does not serve; else 404


async def test_the_document_lies_in_a_directory_of_the_containers_own_which_goes_with_it(rig: Rig) -> None:
    proxy, _ = await started(rig)
    document_file = lies_in(rig, proxy) / DOCUMENT
    assert document_file.read_text() == CLOSED.text
    assert [each.name for each in document_file.parent.iterdir()] == [DOCUMENT]
    newer, _ = rig.new_proxy(replace(rig.settings, memory_bytes=1 << 29))
    await newer.ensure(CLOSED)
    assert newer.name != proxy.name
    assert [each.name for each in document_file.parent.parent.iterdir()] == [newer.name]
    assert await serves(rig, "shop.test")


async def test_a_document_that_was_lost_is_written_again_though_traefik_still_knows_it(rig: Rig) -> None:
    proxy, delivery = await started(rig)
    document_file = lies_in(rig, proxy) / DOCUMENT
    document_file.unlink()
    await delivery.deliver(CLOSED)
    assert document_file.read_text() == CLOSED.text
    await delivery.deliver(OTHER)
    assert await serves(rig, "other.test")


@pytest.mark.parametrize("put_back", [False, True])
async def test_a_proxy_that_lost_its_directory_is_made_anew(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, put_back: bool
) -> None:
    proxy, delivery = await started(rig)
    lost = lies_in(rig, proxy)
    shutil.move(lost, lost.with_name("moved"))
    if put_back:
        shutil.copytree(lost.with_name("moved"), lost)
    with monkeypatch.context() as impatient:
        impatient.setattr("engine.proxy.delivery.loading_deadline", lambda document: 0.5)
        with pytest.raises(ProxyFailure):
            await delivery.deliver(OTHER)
    await proxy.ensure(OTHER)
    assert await serves(rig, "other.test")
    await delivery.deliver(CLOSED)
    assert await serves(rig, "shop.test")


async def test_a_full_disk_leaves_the_last_document_and_is_said(rig: Rig) -> None:
    proxy, delivery = await started(rig)
    with no_file_larger_than(1000), pytest.raises(ProxyFailure, match=r"cannot be written to .*: File too large\.$"):
        await delivery.deliver(OTHER)
    directory = lies_in(rig, proxy)
    assert [each.name for each in directory.iterdir()] == [DOCUMENT]
    assert (directory / DOCUMENT).read_text() == CLOSED.text
    assert await serves(rig, "shop.test")
    await delivery.deliver(OTHER)
    assert await serves(rig, "other.test")


async def test_what_a_crash_left_half_written_is_written_over(rig: Rig) -> None:
    proxy, delivery = await started(rig)
    (lies_in(rig, proxy) / DOCUMENT).with_suffix(".new").write_text('{"http":')
    assert await serves(rig, "shop.test")
    await delivery.deliver(OTHER)
    assert await serves(rig, "other.test")


async def test_an_engine_that_sees_another_directory_at_the_same_path_gets_documents_by_archive(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"

    async def path_on_host(docker: DockerGateway, path: Path) -> str:
        return str(elsewhere)

    monkeypatch.setattr("engine.outside.path_on_host", path_on_host)
    proxy, delivery = await started(rig)
    assert await serves(rig, "shop.test")
    assert not any(tmp_path.joinpath("proxy").iterdir())
    monkeypatch.undo()
    await rig.new_proxy()[0].ensure(OTHER)
    await delivery.deliver(OTHER)
    assert await serves(rig, "other.test")
    [found] = await rig.docker.list_containers(rig.settings.labels)
    assert found.name == proxy.name, "a proxy that runs is not replaced to try again"


async def test_an_engine_that_cannot_mount_our_directory_gets_documents_by_archive(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()

    async def path_on_host(docker: DockerGateway, path: Path) -> str:
        return str(tmp_path / "a file")

    monkeypatch.setattr("engine.outside.path_on_host", path_on_host)
    await started(rig)
    assert await serves(rig, "shop.test")
    assert len(await rig.docker.list_containers(rig.settings.labels)) == 1


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """The kernel refuses this process to write more into a file, as it does where the disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
