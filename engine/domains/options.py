"""What else is done with the requests for a domain: who may come in, how often, how much, with which headers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, Any

import bcrypt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from db.models import Scheme
from engine.errors import InvalidInput, raise_together
from engine.names import HEADER_NAME, HEADER_VALUE, shown
from engine.secrets import Secret

MOST_NETWORKS = 200
MOST_HEADERS = 50
MOST_USERS = 50
LONGEST_PASSWORD = 72
"""Bytes: bcrypt reads no more."""

_MOST_REQUESTS = 1_000_000
_LONGEST_PERIOD = 86_400.0
# Browsers take a name into the list that they ship only if it lasts so long, for all that is below it.
_PRELOAD_SECONDS = 31_536_000
# Every request is checked, so that a stronger one would let a page of many parts, or a flood, take the proxy's time:
# this is the strength that `htpasswd` uses, about 2 ms.
_BCRYPT_ROUNDS = 5
_USER_NAME = re.compile(r"[ -9;-~]{1,255}")
_USER = re.compile(rf"({_USER_NAME.pattern}):\$2b\$[0-9]{{2}}\$[./A-Za-z0-9]{{53}}\Z")

_Name = Annotated[str, StringConstraints(pattern=f"^{HEADER_NAME}$")]
_Value = Annotated[str, StringConstraints(pattern=f"^{HEADER_VALUE}$")]
_Network = Annotated[str, AfterValidator(lambda text: str(IPv4Network(text)))]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RateLimit(_Frozen):
    """So many requests of one client in `period` seconds, and `burst` at once."""

    requests: int
    period: float
    burst: int


class Hsts(_Frozen):
    """That browsers are to ask by HTTPS only, for `max_age` seconds from now on."""

    max_age: int
    include_subdomains: bool = False
    preload: bool = False


class DomainOptions(_Frozen):
    """What is in the column `options`. Headers with an empty value are taken away."""

    allowed_networks: tuple[_Network, ...] = ()
    max_body_size: int | None = Field(default=None, ge=0)
    request_headers: dict[_Name, _Value] = {}
    response_headers: dict[_Name, _Value] = {}
    compress: bool = False
    rate_limit: RateLimit | None = None
    hsts: Hsts | None = None


NO_OPTIONS = DomainOptions()


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody who may come in. Without a password: with the one they have."""

    name: str
    password: Secret | None


def read_options(kept: dict[str, Any]) -> DomainOptions | None:
    """The options in a column; None where they cannot be read."""
    try:
        return DomainOptions.model_validate(kept) if kept else NO_OPTIONS
    except ValidationError:
        return None


def hashed(user: NewUser) -> str:
    """ "name:hash", as the proxy takes it, of a user with a password. Takes a few milliseconds of computing."""
    assert user.password is not None
    secret = user.password.reveal().encode()
    return f"{user.name}:{bcrypt.hashpw(secret, bcrypt.gensalt(_BCRYPT_ROUNDS)).decode()}"


def user_names(basic_auth: Sequence[str]) -> list[str]:
    """The names of those who may come in."""
    return [user.partition(":")[0] for user in basic_auth]


def is_acceptable(user: NewUser) -> bool:
    """Whether there is a password that `hashed` can take."""
    return user.password is not None and not [*_in_password(user, (), ())]


def is_user(text: str) -> bool:
    """Whether this is what `hashed` gives."""
    return _USER.match(text) is not None


def check_users(users: Sequence[NewUser], known: Sequence[str]) -> None:
    """Raises `InvalidInput` for users whom nobody can be, or whose password nobody has said."""
    raise_together(_in_users(users, user_names(known)))


def check_options(options: DomainOptions, scheme: Scheme) -> None:
    """Raises `InvalidInput` for what is too much, or contradicts itself or the scheme."""
    raise_together(_in_options(options, scheme))


def _in_users(users: Sequence[NewUser], known: Sequence[str]) -> Iterator[InvalidInput]:
    if len(users) > MOST_USERS:
        yield _mistake(f"basicAuth can have at most {MOST_USERS} users.", "basicAuth")
    seen: set[str] = set()
    for step, user in enumerate(users):
        place = ("basicAuth", str(step))
        if not _USER_NAME.fullmatch(user.name):
            yield _mistake("A user's name has 1 to 255 printable ASCII characters, and no colon.", *place, "name")
        elif user.name in seen:
            yield _mistake(f"{shown(user.name)} is given twice.", *place, "name")
        seen.add(user.name)
        yield from _in_password(user, known, (*place, "password"))


def _in_password(user: NewUser, known: Sequence[str], place: tuple[str, ...]) -> Iterator[InvalidInput]:
    if user.password is None:
        if user.name not in known:
            yield _mistake(f"{shown(user.name)} has no password yet; give one.", *place)
        return
    secret = user.password.reveal().encode("utf-8", "surrogatepass")
    if not 1 <= len(secret) <= LONGEST_PASSWORD or b"\0" in secret or not _is_text(user.password.reveal()):
        yield _mistake(f"A password has 1 to {LONGEST_PASSWORD} bytes, and none of them is zero.", *place)


def _in_options(options: DomainOptions, scheme: Scheme) -> Iterator[InvalidInput]:
    if len(options.allowed_networks) > MOST_NETWORKS:
        yield _mistake(f"allowedNetworks can be at most {MOST_NETWORKS}.", "allowedNetworks")
    for name, headers in (("requestHeaders", options.request_headers), ("responseHeaders", options.response_headers)):
        if len(headers) > MOST_HEADERS:
            yield _mistake(f"{name} can be at most {MOST_HEADERS}.", name)
    if "strict-transport-security" in map(str.lower, options.response_headers):
        yield _mistake("Strict-Transport-Security is what hsts is for.", "responseHeaders")
    if options.rate_limit:
        yield from _in_rate_limit(options.rate_limit)
    if options.hsts:
        yield from _in_hsts(options.hsts, scheme)


def _in_rate_limit(limit: RateLimit) -> Iterator[InvalidInput]:
    for name, value in (("requests", limit.requests), ("burst", limit.burst)):
        if not 1 <= value <= _MOST_REQUESTS:
            yield _mistake(f"{name} must be between 1 and {_MOST_REQUESTS}.", "rateLimit", name)
    if not 1 <= limit.period <= _LONGEST_PERIOD:
        yield _mistake("period must be between 1 s and 24 h.", "rateLimit", "period")


def _in_hsts(hsts: Hsts, scheme: Scheme) -> Iterator[InvalidInput]:
    if scheme is not Scheme.HTTPS:
        yield _mistake("hsts needs an https URL: over plain HTTP browsers do not listen to it.", "hsts")
    if hsts.max_age < (_PRELOAD_SECONDS if hsts.preload else 1):
        yield _mistake("maxAge must be at least 1 s, and 365 d with preload.", "hsts", "maxAge")
    if hsts.preload and not hsts.include_subdomains:
        yield _mistake("preload needs includeSubdomains.", "hsts", "preload")


def _is_text(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _mistake(sentence: str, *place: str) -> InvalidInput:
    return InvalidInput(sentence, field=("input", *place))
