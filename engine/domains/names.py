"""Which names a domain stands for, and its parts."""

from dataclasses import dataclass

from db.models import Scheme, WwwMode
from engine.errors import InvalidInput
from engine.names import DomainUrl

_WWW = "www."


@dataclass(frozen=True, slots=True)
class UrlParts:
    """A URL taken apart: the path prefix is "/" for all of it."""

    scheme: Scheme
    host: str
    path_prefix: str


def parts_of(url: DomainUrl) -> UrlParts:
    """The parts of a URL that `engine.names.domain_url` has given."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return UrlParts(Scheme[scheme.upper()], host, f"{slash}{path}" or "/")


def url_of(scheme: Scheme, host: str, path_prefix: str) -> DomainUrl:
    """The URL with these parts."""
    return DomainUrl(f"{scheme.value.lower()}://{host}{path_prefix.removesuffix('/')}")


def is_wildcard(host: str) -> bool:
    """Whether a host stands for every name with one label more than it has."""
    return host.startswith("*.")


def other_name(host: str) -> str:
    """The name without www. of one that has it, and with it of one that has not."""
    return host.removeprefix(_WWW) if host.startswith(_WWW) else _WWW + host


def names_of(host: str, mode: WwwMode) -> tuple[str, ...]:
    """Every name that a domain stands for, the one given first.

    Raises `InvalidInput` where there is no other name that could be served or redirected.
    """
    if mode is WwwMode.NONE:
        return (host,)
    other = other_name(host)
    if is_wildcard(host) or "." not in other:
        raise InvalidInput(f"{host} has no counterpart with or without www.", field=("input", "wwwMode"))
    return (host, other)
