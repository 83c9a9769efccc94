"""Every answer has the strict headers, and none says what made it."""

import httpx2
import pytest
import websockets
from starlette.types import Message, Receive, Scope, Send

from graph.headers import STRICT, StrictHeaders
from tests.graph.conftest import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}


def assert_strict(headers: object) -> None:
    found = {name.lower(): value for name, value in headers.items()}  # type: ignore[attr-defined]
    assert {name.decode(): found.get(name.decode()) for name, _ in STRICT} == {
        name.decode(): value.decode() for name, value in STRICT
    }
    assert "server" not in found
    assert "x-powered-by" not in found
    assert "strict-transport-security" not in found


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/graphql", {"Authorization": "Bearer owner"}, 200),
        ("POST", "/graphql", {}, 401),
        ("POST", "/graphql", {"Authorization": "Bearer broken"}, 500),
        ("PUT", "/graphql", {}, 405),
        ("GET", "/graphql", {"Accept": "text/html"}, 400),
        ("GET", "/nothing", {}, 404),
        ("GET", "/graphql", UPGRADE, 400),
        ("GET", "/nothing", {**UPGRADE, "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}, 403),
    ],
)
async def test_every_answer_is_strict(
    served: Served, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    async with httpx2.AsyncClient() as client:
        body = {"json": {"query": "{ viewer }"}} if method == "POST" else {}
        response = await client.request(method, f"http://{served.address}{path}", headers=headers, **body)  # type: ignore[arg-type]
    assert response.status_code == status
    assert_strict(response.headers)


async def test_a_socket_that_is_not_let_in_is_answered_strictly(served: Served) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(served.websocket, origin="https://evil.example")  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403
    assert_strict(refused.value.response.headers)


async def test_what_an_answer_says_itself_stays_and_https_is_for_good() -> None:
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"Content-Security-Policy", b"default-src 'self'")],
            }
        )

    async def send(message: Message) -> None:
        sent.append(message)

    await StrictHeaders(app)({"type": "http", "scheme": "https"}, None, send)  # type: ignore[arg-type]
    headers = sent[0]["headers"]
    assert [value for name, value in headers if name.lower() == b"content-security-policy"] == [b"default-src 'self'"]
    assert (b"strict-transport-security", b"max-age=31536000") in headers
    assert len(headers) == len(STRICT) + 1
