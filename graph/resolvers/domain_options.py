"""What people say of the options of a domain, and how the engine is told."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import strawberry

from engine.domains import options
from engine.errors import InvalidInput
from engine.names import HeaderName, HeaderValue
from engine.secrets import Secret

BASIC_AUTH = "Who may come in, by HTTP basic authentication; null or empty: everybody."
NETWORKS = "From where one may come in, as the proxy sees it; others get status 403; null or empty: from everywhere."
BODY = "How large the body of a request may be; a larger one is answered with status 413; null: any size."
REQUEST_HEADERS = "Headers that the application shall get, or not get; they are no place for secrets."
RESPONSE_HEADERS = "Headers that visitors shall get, or not get, beside those that the application sends."
COMPRESS = "Whether answers are compressed for clients that take it."
RATE_LIMIT = "How often one client may ask; null: no limit. The count begins anew with each change of any route."
HSTS = "That browsers shall come by HTTPS only, for an https URL; null: nothing is said to them."


@strawberry.input(description="Somebody who may come in.")
class BasicAuthUserInput:
    name: str = strawberry.field(description="The name to sign in with, without a colon.")
    password: Secret | None = strawberry.field(
        default=None, description="The password, of at most 72 bytes; null: the one that the user of this name has."
    )


@strawberry.input(description="A header to set, or to take away.")
class HeaderInput:
    name: HeaderName = strawberry.field(description="Its name.")
    value: HeaderValue = strawberry.field(description="What it shall say; empty: take it away.")


@strawberry.input(description="How often one client may ask.")
class RateLimitInput:
    requests: int = strawberry.field(description="How many requests a client may send in the period, evenly spread.")
    period: timedelta = strawberry.field(default=timedelta(seconds=1), description="The period, from 1s to 24h.")
    burst: int | None = strawberry.field(
        default=None, description="How many may come at once; null: as many as in a whole period."
    )


@strawberry.input(description="That browsers shall come by HTTPS only (Strict-Transport-Security).")
class HstsInput:
    max_age: timedelta = strawberry.field(description="For how long they shall remember that, in whole seconds.")
    include_subdomains: bool = strawberry.field(default=False, description="Whether to say it of all names below.")
    preload: bool = strawberry.field(
        default=False,
        description="Whether the name may be put on the list that browsers ship; needs includeSubdomains and 365d.",
    )


def told(given: dict[str, Any]) -> dict[str, Any]:
    """The options among the fields of an input, as the engine has them. Null is what an option is without it."""
    return {name: _TOLD[name](value) for name, value in given.items() if name in _TOLD}


def users(given: Sequence[BasicAuthUserInput] | None) -> list[options.NewUser]:
    return [options.NewUser(user.name, user.password) for user in given or ()]


def _headers(field: str) -> Callable[[Sequence[HeaderInput] | None], dict[str, str]]:
    def headers(given: Sequence[HeaderInput] | None) -> dict[str, str]:
        seen: set[str] = set()
        for step, header in enumerate(given or ()):
            if header.name.lower() in seen:
                raise InvalidInput(f"{header.name} is given twice.", field=("input", field, str(step), "name"))
            seen.add(header.name.lower())
        return {header.name: header.value for header in given or ()}

    return headers


def _rate_limit(given: RateLimitInput | None) -> options.RateLimit | None:
    if given is None:
        return None
    burst = given.requests if given.burst is None else given.burst
    return options.RateLimit(requests=given.requests, period=given.period.total_seconds(), burst=burst)


def _hsts(given: HstsInput | None) -> options.Hsts | None:
    if given is None:
        return None
    return options.Hsts(
        max_age=int(given.max_age.total_seconds()),
        include_subdomains=given.include_subdomains,
        preload=given.preload,
    )


_TOLD: dict[str, Callable[[Any], Any]] = {
    "basic_auth": users,
    "allowed_networks": lambda given: tuple(given or ()),
    "max_body_size": lambda given: given,
    "request_headers": _headers("requestHeaders"),
    "response_headers": _headers("responseHeaders"),
    "compress": bool,
    "rate_limit": _rate_limit,
    "hsts": _hsts,
}
OPTIONS = frozenset(_TOLD)
"""The names of all of them: each can be cleared with null."""
