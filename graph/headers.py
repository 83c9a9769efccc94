"""The headers that keep browsers from doing with an answer what nobody meant."""

from collections.abc import Iterable
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers: TypeAlias = list[tuple[bytes, bytes]]

STRICT: Headers = [
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
_ALWAYS_HTTPS = (b"strict-transport-security", b"max-age=31536000")


class StrictHeaders:
    """Gives every answer the STRICT headers that it has not itself, and those over HTTPS one more.

    A websocket that is not let in is answered with 403 and them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        wanted = [*STRICT, _ALWAYS_HTTPS] if scope["scheme"] in ("https", "wss") else STRICT
        open_ = False

        async def strictly(message: Message) -> None:
            nonlocal open_
            open_ = open_ or message["type"] == "websocket.accept"
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                message["headers"] = completed(message.get("headers", ()), wanted)
            elif message["type"] == "websocket.close" and not open_ and _can_be_answered(scope):
                headers = [(b"content-length", b"0"), *wanted]
                await send({"type": "websocket.http.response.start", "status": 403, "headers": headers})
                message = {"type": "websocket.http.response.body", "body": b""}
            await send(message)

        await self._app(scope, receive, strictly)


def completed(headers: Iterable[tuple[bytes, bytes]], wanted: Headers) -> Headers:
    """The headers, and of those wanted the ones that are missing."""
    given = list(headers)
    names = {name.lower() for name, _ in given}
    return [*given, *(each for each in wanted if each[0] not in names)]


def _can_be_answered(scope: Scope) -> bool:
    return "websocket.http.response" in scope.get("extensions", {})
