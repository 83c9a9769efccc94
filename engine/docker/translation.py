"""Every error of aiodocker, aiohttp and the operating system, as one of ours. The only place that does so."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import aiodocker
import aiodocker.exceptions
import aiohttp

from engine.errors import (
    AddressNotLocal,
    DockerConflict,
    DockerFailure,
    DockerNotFound,
    DockerTimeout,
    DockerUnreachable,
    ImageFailure,
    ImageNotFound,
    PortTaken,
    RegistryDenied,
    RegistryUnreachable,
)

Refusal = Callable[[str, int | None, str], DockerFailure]
"""Names a "no" of Docker's from what it was asked to do, its HTTP status and its own words."""

NO_CONNECTION = 900
"""aiodocker's own status for "nobody answered"."""

BY_WORDS: Mapping[str, type[DockerFailure]] = {
    r"cannot assign requested address": AddressNotLocal,
    # "Address already in use", with a capital, is about the address of a container in its network.
    r"port is already allocated|(?-i:address already in use)|\bbind: ": PortTaken,
    r"Pool overlaps|has active endpoints": DockerConflict,
}
BY_STATUS: Mapping[int, type[DockerFailure]] = {
    404: DockerNotFound,
    409: DockerConflict,
    NO_CONNECTION: DockerUnreachable,
}
VIA = re.compile(r"Cannot connect to Docker Engine via (\S+) ")
LONG_ID = re.compile(r"(?<![:\w])([0-9a-f]{12})[0-9a-f]{52}(?!\w)")
"""A container's id in full. Digests of images, which follow a colon, are what somebody wrote and stay."""

QUOTED_ADDRESS = re.compile(r'"https?://[^"]*"')
IMAGE_BY_WORDS: Mapping[str, type[ImageFailure]] = {
    r"manifest unknown|manifest for \S* ?not found|repository \S* ?not found|name unknown|No such image": (
        ImageNotFound
    ),
    r"access denied|\bdenied: |\bunauthorized: |no basic auth credentials|authentication required"
    r"|401 Unauthorized|403 Forbidden|incorrect username or password": RegistryDenied,
    r"dial tcp|no such host|connection (refused|reset)|timeout|deadline exceeded|request canceled"
    r"|\bEOF\b|HTTP response to HTTPS client|\bx509: |\btls: |server misbehaving"
    r"|50[0234] (Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time)": RegistryUnreachable,
}


def refused(doing: str, status: int | None, words: str) -> DockerFailure:
    """The failure for a "no" about a container, a network or a volume."""
    kind = _by_words(BY_WORDS, words) or BY_STATUS.get(status or 0, DockerFailure)
    return kind(_sentence(doing, words), status=status)


def image_refused(doing: str, status: int | None, words: str) -> DockerFailure:
    """The failure for a "no" about an image. Addresses in the words decide nothing: users name images."""
    if status == NO_CONNECTION:
        return refused(doing, status, words)
    kind = _by_words(IMAGE_BY_WORDS, QUOTED_ADDRESS.sub("", words)) or ImageFailure
    return kind(_sentence(doing, words), status=status)


@contextmanager
def docker_errors(doing: str, refusal: Refusal = refused) -> Iterator[None]:
    """Raises what goes wrong inside as an error of ours, whose sentence says what was being done."""
    try:
        yield
    except tuple(TABLE) as error:
        raise translate(error, doing, refusal) from error


def translate(error: Exception, doing: str, refusal: Refusal = refused) -> DockerFailure:
    """Our error for `error`, by the nearest class in the table."""
    nearest = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    return nearest(error, doing, refusal)


def _by_words(table: Mapping[str, type[DockerFailure]], words: str) -> type[DockerFailure] | None:
    return next((kind for pattern, kind in table.items() if re.search(pattern, words, re.IGNORECASE)), None)


def _sentence(doing: str, words: str) -> str:
    return LONG_ID.sub(r"\1", f"Docker could not {doing}: {words.strip().rstrip('.')}.")


def _refused(error: Exception, doing: str, refusal: Refusal) -> DockerFailure:
    status, words = getattr(error, "status", None), getattr(error, "message", "")
    # aiodocker puts aiohttp's words into its own; the error behind them says the same more plainly.
    if (via := VIA.match(words)) and error.__context__:
        return DockerUnreachable(f"Docker does not answer at {via[1]}: {_reason(error.__context__)}.", status=status)
    return refusal(doing, status or None, words)


def _reason(error: BaseException) -> str:
    number = getattr(error, "errno", None) or 0
    # Those of name servers are below zero.
    return os.strerror(number) if number > 0 else getattr(error, "strerror", None) or str(error)


def _unreachable(error: Exception, doing: str, refusal: Refusal) -> DockerFailure:
    reason = _reason(error) or type(error).__name__
    return DockerUnreachable(f"Docker did not answer when asked to {doing}: {reason}.")


def _broken_off(error: Exception, doing: str, refusal: Refusal) -> DockerFailure:
    return DockerUnreachable(f"The connection to Docker broke while it was to {doing}.")


def _timed_out(error: Exception, doing: str, refusal: Refusal) -> DockerFailure:
    return DockerTimeout(f"Docker gave no answer in time when asked to {doing}.")


def _nobody_found(error: Exception, doing: str, refusal: Refusal) -> DockerFailure:
    return DockerUnreachable(f"No Docker engine was found that could be asked to {doing}.")


TABLE: Mapping[type[Exception], Callable[[Exception, str, Refusal], DockerFailure]] = {
    aiodocker.DockerError: _refused,
    aiodocker.DockerContainerError: _refused,
    aiodocker.exceptions.DockerStreamError: _refused,
    aiodocker.exceptions.DockerContextError: _unreachable,
    aiodocker.exceptions.DockerContextInvalidError: _unreachable,
    aiodocker.exceptions.DockerContextTLSError: _unreachable,
    aiohttp.ClientError: _unreachable,
    aiohttp.ClientPayloadError: _broken_off,
    aiohttp.ServerTimeoutError: _timed_out,
    aiohttp.http.HttpProcessingError: _unreachable,
    TimeoutError: _timed_out,
    OSError: _unreachable,
    # aiodocker asserts that it found a socket,
    AssertionError: _nobody_found,
    # and stumbles like this over an address without a scheme and over servers that do not speak Docker's API.
    KeyError: _unreachable,
    TypeError: _unreachable,
    ValueError: _unreachable,
    # aiohttp's word for reading from a connection that we closed ourselves.
    RuntimeError: _unreachable,
}
