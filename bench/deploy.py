"""From the mutation to the first answer of the new release, against the same steps by hand."""

from statistics import median

from aiodocker.containers import DockerContainer

from bench.by_hand import ByHand, by_hand
from bench.report import Figure, noise, spread
from bench.server import Server, Stopwatch, running_server
from bench.sizes import Sizes
from bench.turns import by_turns
from tests.docker.world import Application

_IMAGE = "wharf-sample:1"
_HEALTH_CHECK = {"kind": "HTTP", "path": "/health"}
_HOST = "by-hand.test"


class _ByHand:
    """One application, deployed again and again with nothing but Docker and an editor."""

    def __init__(self, hand: ByHand) -> None:
        self._hand = hand
        self._current: DockerContainer | None = None
        self._text = ""

    async def deploy(self) -> float:
        """Milliseconds to the first answer; the old container goes afterwards."""
        watch, old = Stopwatch(), self._current
        self._current = await self._hand.run(_IMAGE)
        self._hand.write({_HOST: await self._hand.healthy(self._current)})
        self._text = await self._hand.until_answered(_HOST, besides=self._text)
        taken = watch.read()
        if old:
            await old.delete(force=True)
        return taken


class _Ours:
    """The same application, deployed through the API."""

    def __init__(self, server: Server, application: Application) -> None:
        self._server = server
        self._application = application

    async def deploy(self) -> float:
        """Milliseconds to the first answer; the old release is retired afterwards."""
        application = self._application
        before = await self._server.until_answered(application.host)
        watch = Stopwatch()
        asked = await self._server.client.do("deployApplication", "deployment { id }", applicationId=application.id)
        await self._server.until_answered(application.host, besides=before)
        taken = watch.read()
        await application.ended(asked["deployment"]["id"])
        return taken


async def measure(sizes: Sizes) -> list[Figure]:
    async with running_server() as server:
        environment = await server.environment("bench")
        application = await server.deployed(environment, "deploy", healthCheck=_HEALTH_CHECK)
        async with by_hand(server) as hand:
            ours, theirs = _Ours(server, application), _ByHand(hand)
            return [_figure(await by_turns(ours.deploy, theirs.deploy, sizes.deployments))]


def _figure(pairs: list[tuple[float, float]]) -> Figure:
    mine, others = (list(side) for side in zip(*pairs, strict=True))
    ours, theirs = median(mine), median(others)
    return Figure(
        name="deploy_ratio",
        value=round(ours / theirs, 3),
        unit="ratio",
        limit=1.5,
        against=f"the same steps by hand: {theirs:.0f} ms, ours {ours:.0f} ms",
        samples=len(pairs),
        spread=spread([mine / other for mine, other in pairs]),
        noise=noise(others),
    )
