"""Transactions through a TCP proxy of ours and through a Traefik started by hand; and what each further proxy takes.

The client asks each proxy at its address on the network that all of them are on, as Docker lets in what comes from
other machines. From this machine it would come through Docker's userland proxy, and that would be measured too.
"""

import asyncio
import json
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory

from bench.redis import PORT, start_server, transactions_per_second
from bench.report import Figure, noise, spread
from bench.sizes import Sizes
from bench.turns import by_turns
from engine.proxy.tcp.container import INSIDE_PORT
from engine.proxy.tcp.spec import Backend
from tests.docker.tcp_rig import TcpRig, rigged
from tests.docker.usage import private_mib

_LOOKS = 5  # as a server that watches them takes
_SETTLED_SECONDS = 5.0


async def measure_transactions(sizes: Sizes) -> list[Figure]:
    with TemporaryDirectory(prefix="wharf-bench-") as folder:
        async with rigged(Path(folder, "tcp-proxies")) as rig:
            server = f"{rig.backend}-redis"
            await start_server(rig, server)
            proxy = await rig.container(await rig.exposed(backend=Backend(server, PORT)))
            routes = _write_routes(Path(folder, "by-hand"), f"{server}:{PORT}")
            hand = await _by_hand(rig, routes, (await rig.docker.inspect_container(proxy.id)).image_id)

            async def rate(name: str, port: int) -> float:
                address = (await rig.docker.inspect_container(name)).addresses[rig.network]
                return await transactions_per_second(rig, address, port, sizes.transactions)

            pairs = await by_turns(
                lambda: rate(proxy.name, INSIDE_PORT), lambda: rate(hand, INSIDE_PORT), sizes.transaction_runs
            )
            direct = [await rate(server, PORT) for _ in range(max(3, sizes.transaction_runs // 4))]
            return [_ratio(pairs, median(direct))]


async def measure_memory(sizes: Sizes) -> list[Figure]:
    with TemporaryDirectory(prefix="wharf-bench-") as folder:
        async with rigged(Path(folder, "tcp-proxies")) as rig:
            # The first one is no further one: it alone would hold the pages of the binary that all share.
            specs = [await rig.exposed() for _ in range(1 + sizes.tcp_proxies)]
            for _ in range(_LOOKS):
                await asyncio.gather(*map(rig.observe, specs))
            await asyncio.sleep(_SETTLED_SECONDS)
            taken = [private_mib(await rig.pid(each)) for each in specs[1:]]
            against = f"the limit itself; the mean of {len(taken)} idle proxies, the most {max(taken):.1f} MiB"
            return [
                Figure("tcp_proxy_private_mib", round(mean(taken), 1), "MiB", 14, against, len(taken), spread(taken))
            ]


def _write_routes(directory: Path, server: str) -> Path:
    """One router and one service, as Traefik's manual shows them."""
    router = {"rule": "HostSNI(`*`)", "entryPoints": ["database"], "service": "database"}
    service = {"loadBalancer": {"servers": [{"address": server}]}}
    directory.mkdir()
    document = {"tcp": {"routers": {"database": router}, "services": {"database": service}}}
    (directory / "tcp.yml").write_text(json.dumps(document))
    return directory


async def _by_hand(rig: TcpRig, routes: Path, image: str) -> str:
    """The name of a Traefik that somebody has started for one port, and no more."""
    name = f"{rig.backend}-by-hand"
    arguments = [f"--entryPoints.database.address=:{INSIDE_PORT}", "--providers.file.filename=/routes/tcp.yml"]
    host = {"NetworkMode": rig.network, "Binds": [f"{routes}:/routes:ro"]}
    await rig.run(name, Image=image, Entrypoint=["/usr/local/bin/traefik"], Cmd=arguments, HostConfig=host)
    return name


def _ratio(pairs: list[tuple[float, float]], direct: float) -> Figure:
    mine, others = (list(side) for side in zip(*pairs, strict=True))
    ours, theirs = median(mine), median(others)
    return Figure(
        name="tcp_proxy_ratio",
        value=round(ours / theirs, 3),
        unit="ratio",
        limit=0.95,
        against=(
            f"a Traefik started by hand: {theirs:,.0f} GETs of Redis a second, ours {ours:,.0f}; "
            f"directly {direct:,.0f}, of which ours are {ours / direct:.2f}"
        ),
        samples=len(pairs),
        spread=spread([mine / other for mine, other in pairs]),
        noise=noise(others),
        at_least=True,
    )
