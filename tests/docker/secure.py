"""Visitors over HTTPS, who trust one authority and nobody else."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from cryptography import x509

from tests.engine.certificates.authority import Signed


class Connection:
    """A TLS connection that stays open for one request after the other."""

    def __init__(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._name = name
        self._reader = reader
        self._writer = writer

    @property
    def certificate(self) -> x509.Certificate:
        """What was shown."""
        return x509.load_der_x509_certificate(self._writer.get_extra_info("ssl_object").getpeercert(binary_form=True))

    async def status(self) -> int:
        """That of the answer to one request."""
        self._writer.write(f"GET / HTTP/1.1\r\nHost: {self._name}\r\n\r\n".encode())
        async with asyncio.timeout(10):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = head.partition("content-length: ")[2].partition("\r\n")[0]
            await self._reader.readexactly(int(length))
        return int(head.split()[1])


def trusting(root: Signed) -> ssl.SSLContext:
    """Believes what this authority has signed, and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=root.pem)
    return context


@asynccontextmanager
async def connected(port: int, name: str, trust: ssl.SSLContext) -> AsyncGenerator[Connection]:
    """A connection to who shows, on this port, a certificate for the name that is believed."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname=name)
    try:
        yield Connection(name, reader, writer)
    finally:
        writer.close()


async def believes(port: int, name: str, trust: ssl.SSLContext) -> bool:
    """Whether a certificate is shown for the name that is believed."""
    try:
        async with connected(port, name, trust):
            return True
    except (ssl.SSLError, OSError, TimeoutError):
        return False
