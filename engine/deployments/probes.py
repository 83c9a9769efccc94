"""One question to a container over the network: does somebody listen, does it answer as it should."""

import asyncio
from contextlib import suppress

import aiohttp

from engine.release_spec import HealthCheck


class ProbeFailed(Exception):
    """One answer was wrong. `listening` is False when nobody accepted the connection."""

    def __init__(self, sentence: str, *, listening: bool = True) -> None:
        super().__init__(sentence)
        self.listening = listening


def nobody_listens(port: int) -> ProbeFailed:
    return ProbeFailed(f"nothing accepts connections on port {port}.", listening=False)


async def probe_tcp(address: str, port: int, check: HealthCheck) -> None:
    """Return once a connection was accepted. Raises `ProbeFailed`."""
    try:
        async with asyncio.timeout(check.timeout.total_seconds()):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError) as error:
        raise nobody_listens(port) from error
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def probe_http(address: str, port: int, check: HealthCheck) -> None:
    """Return once the path was answered with a status that is wanted. Raises `ProbeFailed`."""
    url = f"http://{address}:{port}{check.path}"
    timeout = aiohttp.ClientTimeout(total=check.timeout.total_seconds())
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            status = answer.status
    except aiohttp.ClientConnectorError as error:
        raise nobody_listens(port) from error
    except TimeoutError as error:
        seconds = check.timeout.total_seconds()
        raise ProbeFailed(f"GET {check.path} was not answered within {seconds:g} s.") from error
    except aiohttp.ClientError as error:
        raise ProbeFailed(f"GET {check.path} was not answered with HTTP: {error}.") from error
    if not check.status_from <= status <= check.status_to:
        wanted = f"{check.status_from} to {check.status_to}"
        raise ProbeFailed(f"GET {check.path} was answered with status {status}; {wanted} is wanted.")
