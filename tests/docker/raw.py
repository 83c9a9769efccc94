"""Requests as they stand on the wire: nothing is tidied up on the way to the proxy."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer. The names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


async def ask(
    port: int,
    host: str,
    target: str = "/",
    *,
    tls: bool = False,
    method: str = "GET",
    lines: str = "",
    body: bytes = b"",
) -> Heard:
    """The answer to one request over a connection of its own. `lines` are further headers, each with its end."""
    reader, writer = await connected(port, host, tls=tls)
    try:
        head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}\r\n"
        writer.write(head.encode() + body)
        async with asyncio.timeout(_PATIENCE):
            answer = heard(await reader.readuntil(b"\r\n\r\n"))
            length = 0 if method == "HEAD" else int(answer.headers.get("content-length", -1))
            body = await (reader.read() if length < 0 else reader.readexactly(length))
            return Heard(answer.status, answer.headers, body.decode("latin-1"))
    finally:
        await hang_up(writer)


async def connected(port: int, host: str, *, tls: bool = False) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the proxy. With TLS any certificate will do."""
    if not tls:
        return await asyncio.open_connection("127.0.0.1", port)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=host)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection, whatever the other side did with it."""
    writer.close()
    with suppress(ConnectionError, ssl.SSLError):
        await writer.wait_closed()


def heard(content: bytes) -> Heard:
    """An answer taken apart."""
    head, _, body = content.decode("latin-1").partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Heard(int(status.split()[1]), headers, body)
