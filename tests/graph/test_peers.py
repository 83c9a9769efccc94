"""Whose address counts, and whose word for it."""

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from graph.peers import UNKNOWN, peer

TRUSTED = ["10.0.0.0/8", "fd00::/64", "192.0.2.7/32"]


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("192.0.2.1", 5), "192.0.2.1"),
        (("2001:DB8:0::1", 5), "2001:db8::1"),
        (("::ffff:192.0.2.1", 5), "192.0.2.1"),
        (None, UNKNOWN),
        (("/run/wharf.sock", 0), UNKNOWN),
        (("<script>", 0), UNKNOWN),
    ],
)
def test_a_peer_is_an_address(client: tuple[str, int] | None, address: str) -> None:
    assert peer({"client": client}) == address


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("fd00::5", ["198.51.100.1"], "198.51.100.1"),
        ("192.0.2.7", ["198.51.100.1"], "198.51.100.1"),
        ("192.0.2.8", ["198.51.100.1"], "192.0.2.8"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, nonsense"], UNKNOWN),
    ],
)
async def test_the_right_most_address_that_is_no_trusted_proxy_counts(
    client: str, forwarded: list[str], address: str
) -> None:
    found = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(peer(scope))

    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded] + [(b"forwarded", b"for=1.1.1.1")]
    scope = {"type": "http", "client": (client, 4000), "scheme": "http", "headers": headers}
    await ProxyHeadersMiddleware(app, TRUSTED)(scope, None, None)  # type: ignore[arg-type]
    assert found == [address]
