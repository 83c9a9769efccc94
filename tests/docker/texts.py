"""A provider of DNS of the tests' own: it is told of TXT records over HTTP, as lego's provider `httpreq` does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import encode_basic_auth, web

from tests.conftest import free_port
from tests.docker.acme import host_address
from tests.docker.names import Names


@dataclass
class Records:
    """Where it is, what lets somebody in, and the names of the records that were made."""

    url: str
    password: str
    made: list[str] = field(default_factory=list)


@asynccontextmanager
async def text_records(names: Names, password: str = "a-password-of-the-provider") -> AsyncIterator[Records]:
    address, port = host_address(), free_port()
    records = Records(f"http://{address}:{port}", password)

    async def told(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != encode_basic_auth("somebody", password):
            return web.Response(status=401)
        record = await request.json()
        if request.path == "/present":
            records.made.append(record["fqdn"])
            names.text(record["fqdn"], record["value"])
        else:
            names.no_text(record["fqdn"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/{what}", told)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, address, port).start()
    try:
        yield records
    finally:
        await runner.cleanup()
