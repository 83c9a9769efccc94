"""Whether it is this proxy that answers at an address: it knows a word that nobody else does."""

import asyncio
import errno
import hashlib
import hmac
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

import aiohttp
from yarl import URL

_SECONDS = 3.0
_WORD_LENGTH = 32
_LONGEST_SERVER = 40


@dataclass(frozen=True, slots=True)
class Reach:
    """The one path that the proxy answers on both of its public entry points for every host, and with what."""

    path: str
    word: str


@dataclass(frozen=True, slots=True)
class Met:
    """What somebody answered. `status` is None when it was not HTTP, `server` is what it calls itself."""

    status: int | None
    server: str = ""
    word: str = ""


class NobodyAnswers(Exception):
    """The sentence says, without a full stop, what happened. `no_way`: from here nobody gets there at all."""

    def __init__(self, sentence: str, *, no_way: bool = False) -> None:
        super().__init__(sentence)
        self.no_way = no_way


def reach_of(key: str) -> Reach:
    """The path and the word of the proxy with this key, which neither of them tells."""
    return Reach(f"/.well-known/wharfinger/{_derived(key, 'path')}", _derived(key, "word"))


async def who_answers(address: str, port: int, host: str, path: str, *, secure: bool) -> Met:
    """What is answered at this very address to one GET in the name of `host`. Raises `NobodyAnswers`.

    No redirect is followed, no certificate looked at, and no more read than the word of a proxy of ours.
    """
    url = URL.build(scheme="https" if secure else "http", host=address, port=port, path=path)
    try:
        async with (
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=_SECONDS),
                auto_decompress=False,
            ) as session,
            session.get(
                url,
                headers={"Host": host, "User-Agent": "Wharfinger"},
                allow_redirects=False,
                ssl=_trusting() if secure else True,
                server_hostname=host if secure else None,
            ) as met,
        ):
            return Met(met.status, _printable(met.headers.get("Server", "")), await _first_word(met.content))
    except (aiohttp.ClientSSLError, ssl.SSLError):
        return Met(None)
    except aiohttp.ClientConnectorError as error:
        raise _nobody(error.os_error.errno) from error
    except TimeoutError as error:
        raise NobodyAnswers(f"nothing answered within {_SECONDS:g} s") from error
    except (aiohttp.ClientError, OSError):
        return Met(None)


def is_own_address(address: str) -> bool:
    """Whether this machine, or the container that we run in, has the address."""
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as trying:
        trying.bind((address, 0))
        return True
    return False


def _nobody(number: int | None) -> NobodyAnswers:
    if number in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return NobodyAnswers("there is no way there from here", no_way=True)
    if number == errno.ECONNREFUSED:
        return NobodyAnswers("nothing listens there")
    return NobodyAnswers("nothing can be reached there")


async def _first_word(content: aiohttp.StreamReader) -> str:
    try:
        found = await content.readexactly(_WORD_LENGTH)
    except asyncio.IncompleteReadError as error:
        found = error.partial
    return found.decode("ascii", "replace")


def _printable(text: str) -> str:
    return "".join(each for each in text if each.isascii() and each.isprintable())[:_LONGEST_SERVER]


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _derived(key: str, purpose: str) -> str:
    return hmac.new(key.encode(), f"wharfinger reach {purpose}".encode(), hashlib.sha256).hexdigest()[:_WORD_LENGTH]
