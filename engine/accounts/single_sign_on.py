"""What is said about single sign-on: who the provider is, and what it says of somebody.

Apart from what speaks with the provider, which takes a quarter of a second to load, and most servers never need.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from engine.errors import NotNow


class SignOnFailed(NotNow):
    """The provider's answer lets nobody in. The sentence says why, and holds nothing that it has sent."""


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """The provider, what we are to it, what people call it, and where it sends them back to."""

    issuer: str
    client_id: str
    name: str
    redirect_uri: str
    client_secret: str | None = field(default=None, repr=False)


class Begun(NamedTuple):
    """A way to the provider, and what must come back by it."""

    url: str
    state: str
    nonce: str
    verifier: str


class Claims(NamedTuple):
    """Who somebody is, as the provider says. `email` is empty unless it was verified there."""

    issuer: str
    subject: str
    email: str
    name: str
