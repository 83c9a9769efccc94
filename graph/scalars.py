"""The scalars of the API: how time and engine.names look in GraphQL. `SCALARS` is for the schema's config."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NewType, NoReturn

import strawberry
from graphql import EnumValueNode, GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from engine import names
from engine.accounts.addresses import EmailAddress, email_address
from engine.errors import ErrorCode, InvalidInput
from engine.secrets import Secret

Cursor = NewType("Cursor", str)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput("A string is needed.")
    return value


def _of_text(parse: Callable[[str], object]) -> Callable[[object], object]:
    return lambda value: parse(_text(value))


def _whole_number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput("A whole number is needed.")
    return value


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value))
        if moment.tzinfo is None:
            raise InvalidInput(f"{names.shown(_text(value))} has no time zone. Add one, as in 2026-01-31T12:00:00Z.")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput("That is not a point in time. Write it like 2026-01-31T12:00:00Z.") from None


@lru_cache(4096)  # who looks again sees mostly what was there before
def _moment_text(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has reached the API")
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _size(value: object) -> names.ByteCount:
    return names.byte_count(value if isinstance(value, str) else _whole_number(value))


def _never(value: object) -> NoReturn:
    raise TypeError("A secret is never an answer.")


def _same(value: Any) -> Any:
    return value


def _scalar(
    name: str,
    description: str,
    parse: Callable[[object], object],
    serialize: Callable[[Any], object] = _same,
) -> ScalarDefinition:
    def parse_value(value: object) -> object:
        try:
            return parse(value)
        except InvalidInput as error:
            raise GraphQLError(error.sentence, extensions={"code": error.code.value}) from error

    def parse_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> object:
        try:
            if isinstance(node, EnumValueNode):
                raise GraphQLError("A string needs quotes.", extensions={"code": ErrorCode.INVALID_INPUT.value})
            return parse_value(value_from_ast_untyped(node, variables))
        except GraphQLError as error:
            raise GraphQLError(error.message, node, extensions=error.extensions) from error

    return strawberry.scalar(
        name=name,
        description=description,
        serialize=serialize,
        parse_value=parse_value,
        parse_literal=parse_literal,
    )


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: _scalar(
        "DateTime",
        "A point in time in ISO 8601, always with a time zone; answers are in UTC: 2026-01-31T12:00:00Z.",
        _moment,
        _moment_text,
    ),
    timedelta: _scalar(
        "Duration",
        "A length of time from days down to milliseconds, largest unit first: 1h30m, 10s, 500ms.",
        _of_text(names.duration),
        names.duration_text,
    ),
    names.Hostname: _scalar(
        "Hostname",
        "The name of a host, such as blog.example.com. Names with other letters than a to z are turned into "
        "punycode. No IP address, port, path or wildcard.",
        _of_text(names.hostname),
    ),
    names.DomainUrl: _scalar(
        "DomainUrl",
        "What visitors of a domain type: https:// or http://, a host name, and the beginning of the paths it is "
        "about, as in https://shop.example.com/api. The name may begin with *., which stands for one label. No port.",
        _of_text(names.domain_url),
    ),
    names.CertificateName: _scalar(
        "CertificateName",
        "A name that a certificate can be for: of a host, such as blog.example.com, or with *. before it, which "
        "stands for one label.",
        _of_text(names.certificate_name),
    ),
    names.Port: _scalar("Port", "A TCP port, from 1 to 65535.", lambda value: names.port(_whole_number(value))),
    names.HostAddress: _scalar(
        "IPv4Address",
        "The IPv4 address of a host, such as 203.0.113.7; 0.0.0.0 means all that this host has.",
        _of_text(names.host_address),
    ),
    names.AddressRange: _scalar(
        "IPv4Network",
        "An IPv4 network in CIDR notation, such as 203.0.113.0/24; a lone address is a network of one.",
        _of_text(names.address_range),
    ),
    names.ByteCount: _scalar(
        "Bytes",
        "A size in bytes, which may be larger than an Int. Answers are numbers; input may also be written "
        "with a unit: 512MiB, 2GB.",
        _size,
    ),
    names.EnvName: _scalar(
        "EnvName",
        "The name of an environment variable: letters, digits and underscores, no digit first.",
        _of_text(names.env_name),
    ),
    names.ResourceName: _scalar(
        "ResourceName",
        "A name of 1 to 40 lower-case letters, digits and hyphens, with a letter or digit at both ends.",
        _of_text(names.resource_name),
    ),
    names.ImageReference: _scalar(
        "ImageReference",
        "A container image, as in docker pull: nginx:1.29, ghcr.io/acme/shop@sha256:….",
        _of_text(names.image_reference),
    ),
    names.PathPrefix: _scalar(
        "PathPrefix",
        "The beginning of the paths that a domain routes, such as /api; / is the whole site.",
        _of_text(names.path_prefix),
    ),
    names.MountPath: _scalar(
        "MountPath",
        "The absolute path inside a container at which a volume appears.",
        _of_text(names.mount_path),
    ),
    names.HeaderName: _scalar(
        "HeaderName",
        "The name of an HTTP header, such as X-Frame-Options. None that concern a single connection, and none that "
        "the proxy itself needs.",
        _of_text(names.header_name),
    ),
    names.HeaderValue: _scalar(
        "HeaderValue",
        "What an HTTP header says: printable ASCII characters in one line.",
        _of_text(names.header_value),
    ),
    Secret: _scalar(
        "Secret",
        "A text that is kept encrypted and shown to nobody who has no right to it. It is given as a string, and no "
        "answer has this type.",
        _of_text(Secret),
        _never,
    ),
    EmailAddress: _scalar(
        "EmailAddress",
        "An e-mail address, such as ann@example.com: turned into lower case, its domain into punycode.",
        _of_text(email_address),
    ),
    Cursor: _scalar(
        "Cursor",
        "A place in a list or in the event log. Opaque: take it from an answer and give it back as it is.",
        _text,
    ),
}
