"""What a passkey is asked to sign, kept in a sealed cookie until it answers."""

import time
from datetime import timedelta
from urllib.parse import urlsplit

import orjson
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from engine.accounts.passkeys import Site
from engine.errors import InvalidInput, NotNow
from engine.secrets import Secret, SecretUnreadable
from graph.context import Context

_COOKIE = "wharf-passkey"
_LASTS = timedelta(minutes=5)
_INPUT = ("input",)


def site_of(context: Context) -> Site:
    """Where the browser is: at WHARF_PUBLIC_URL, or at the host that it has asked. Raises `InvalidInput`."""
    origin = context.engine.people.settings.public_url or context.browser.origin
    try:
        host = urlsplit(origin).hostname
    except ValueError:  # a bracket that is not closed, say
        host = None
    if not host:
        raise InvalidInput("A passkey is for one host, and the header Host of this request names none.", field=_INPUT)
    return Site(host, origin)


def keep(context: Context, challenge: bytes, purpose: str) -> None:
    """Give the browser the challenge to bring back, for "add" or "sign in"."""
    until = time.time() + _LASTS.total_seconds()
    text = orjson.dumps({"challenge": bytes_to_base64url(challenge), "until": until}).decode()
    context.browser.give(_COOKIE, context.engine.cipher.encrypt(Secret(text), _place(purpose)), _LASTS, "strict")


def take(context: Context, purpose: str) -> bytes:
    """The challenge that the browser brings back, which it has no more. Raises `NotNow`."""
    visit = context.browser
    visit.take_away(_COOKIE)
    try:
        kept = orjson.loads(context.engine.cipher.decrypt(visit.cookie(_COOKIE) or "", _place(purpose)).reveal())
    except (SecretUnreadable, ValueError):
        raise NotNow("Begin with beginPasskey, in this browser.", field=_INPUT) from None
    if kept["until"] < time.time():
        raise NotNow("That took too long: begin again.", field=_INPUT)
    return base64url_to_bytes(kept["challenge"])


def _place(purpose: str) -> str:
    return f"passkey:{purpose}"
