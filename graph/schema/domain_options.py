"""What else is done with the requests for a domain."""

from datetime import timedelta

import strawberry

from engine.domains import options
from engine.names import HeaderName, HeaderValue


@strawberry.type(description="Somebody who may come in. The password cannot be read.")
class BasicAuthUser:
    name: str = strawberry.field(description="The name to sign in with.")


@strawberry.type(description="A header that is set, or taken away.")
class Header:
    name: HeaderName = strawberry.field(description="Its name.")
    value: HeaderValue = strawberry.field(description="What it says; empty: it is taken away.")


@strawberry.type(description="How often one client may ask; more is answered with status 429.")
class RateLimit:
    requests: int = strawberry.field(description="How many requests a client may send in the period, evenly spread.")
    period: timedelta = strawberry.field(description="The period.")
    burst: int = strawberry.field(description="How many may come at once.")

    @classmethod
    def of(cls, limit: options.RateLimit) -> "RateLimit":
        return cls(requests=limit.requests, period=timedelta(seconds=limit.period), burst=limit.burst)


@strawberry.type(description="That browsers are told to come by HTTPS only (Strict-Transport-Security).")
class Hsts:
    max_age: timedelta = strawberry.field(description="For how long they remember that.")
    include_subdomains: bool = strawberry.field(description="Whether it is said of all names below, too.")
    preload: bool = strawberry.field(description="Whether the name may be put on the list that browsers ship.")

    @classmethod
    def of(cls, hsts: options.Hsts) -> "Hsts":
        return cls(
            max_age=timedelta(seconds=hsts.max_age),
            include_subdomains=hsts.include_subdomains,
            preload=hsts.preload,
        )


def headers_of(headers: dict[str, str]) -> list[Header]:
    return [Header(name=HeaderName(name), value=HeaderValue(value)) for name, value in sorted(headers.items())]
