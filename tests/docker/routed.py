"""A shop behind the real proxy, without the engine: its routes are delivered by the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.proxy.compiler import Compiled, compile_routes
from engine.proxy.delivery import Delivery
from engine.proxy.routes import Route, RoutedApplication, Serving
from tests.engine.proxy.rig import KEY, Rig, rigged


@asynccontextmanager
async def shops(directory: Path, count: int = 1) -> AsyncIterator[Rig]:
    """As many containers that could be the shop's."""
    async with rigged(directory) as rig:
        await rig.make_network()
        for number in range(1, count + 1):
            await rig.start_backend(f"{rig.network}-{number}")
        yield rig


async def proxied(rig: Rig) -> Delivery:
    """To a proxy that runs, and leads nobody anywhere yet."""
    proxy, delivery = rig.new_proxy()
    await proxy.ensure(document(rig), {rig.network})
    return delivery


def document(rig: Rig, *applications: RoutedApplication) -> Compiled:
    return compile_routes(applications, key=KEY, entrance=rig.settings.entrance)


def shop(rig: Rig, *routes: Route, container: str = "1") -> RoutedApplication:
    return RoutedApplication(f"shop-{container}", Serving("r1", (f"{rig.network}-{container}:8000",)), routes)
