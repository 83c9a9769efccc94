"""What the schema lets people type, found by walking it: good values, bad ones, and what is given back."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from typing import Any, TypeAlias

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    parse,
)

from engine import names
from engine.accounts.addresses import email_address
from graph import root
from graph.http import MAX_BODY
from graph.limits import MAX_LENGTH
from tests.graph.api.bad_values import TOO_LARGE_A_NUMBER
from tests.graph.api.certificates import CERTIFICATE, PRIVATE_KEY

SCHEMA: GraphQLSchema = root.schema._schema
Place: TypeAlias = tuple[str | int, ...]

_numbers = count(1)
_BY_NAME: dict[str, Any] = {
    "path": "/health?deep=1",
    "confirmName": "web",
    "pidsLimit": 64,
    "statusFrom": 200,
    "statusTo": 299,
    "version": "18",
    "username": "shop",
    "databaseName": "shop",
    "configuration": "max_connections = 200",
    "variable": "DATABASE_URL",
    "chain": CERTIFICATE,
    "key": PRIVATE_KEY,
    "mode": "TERMINATE",
    "wwwMode": "REDIRECT",
    "directoryUrl": "https://acme.example.com/directory",
    "caCertificates": CERTIFICATE,
    "challenge": "DNS_01",
    "dnsProvider": "cloudflare",
    "hmacKey": "c2VjcmV0LWtleQ",
    "certificateDuration": "2160h",
}
_BY_PLACE = {
    ("RestoreDatabaseInput", "confirmName"): "db",
    ("SetAdministratorInput", "administrator"): True,
    ("AddDomainInput", "generateSslForWwwAndNonWww"): True,
    ("UpdateDomainInput", "generateSslForWwwAndNonWww"): True,
}  # where another value than of the name's is good
_BY_TYPE: dict[str, Callable[[], Any]] = {
    "String": lambda: "text",
    "Secret": lambda: "text",
    "Int": lambda: 2,
    "Float": lambda: 0.5,
    "Boolean": lambda: False,
    "ResourceName": lambda: f"fresh-{next(_numbers)}",
    "ImageReference": lambda: "ghcr.io/acme/shop:2",
    "Hostname": lambda: f"fresh-{next(_numbers)}.example.com",
    "CertificateName": lambda: f"fresh-{next(_numbers)}.example.com",
    "DomainUrl": lambda: f"https://fresh-{next(_numbers)}.example.com/api",
    "PathPrefix": lambda: "/api",
    "MountPath": lambda: f"/data/{next(_numbers)}",
    "EnvName": lambda: "MODE",
    "Port": lambda: 8080,
    "IPv4Address": lambda: "127.0.0.1",
    "IPv4Network": lambda: "203.0.113.0/24",
    "Bytes": lambda: "64MiB",
    "Duration": lambda: "2s",
    "DateTime": lambda: "2999-01-31T12:00:00Z",
    "HeaderName": lambda: "X-Frame-Options",
    "HeaderValue": lambda: "DENY",
    "EmailAddress": lambda: f"Fresh-{next(_numbers)}@Example.com",
}
_READ_BACK: dict[str, Callable[[Any], Any]] = {
    "Duration": names.duration,
    "Bytes": names.byte_count,
    "Hostname": names.hostname,
    "CertificateName": names.certificate_name,
    "DomainUrl": names.domain_url,
    "PathPrefix": names.path_prefix,
    "MountPath": names.mount_path,
    "DateTime": datetime.fromisoformat,
    "IPv4Network": names.address_range,
    "EmailAddress": email_address,
    "IPv4Address": names.host_address,
}


def walk(kind: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every place of an input, the whole and its parts, with its type."""
    yield place, kind
    bare = get_nullable_type(kind)
    if isinstance(bare, GraphQLList):
        yield from walk(bare.of_type, (*place, 0))
    elif isinstance(bare, GraphQLInputObjectType):
        for name, field in bare.fields.items():
            yield from walk(field.type, (*place, name))


def good(kind: Any, ids: dict[str, str], name: str = "") -> Any:
    """A value that is accepted, with everything in it that may be left out. `ids` are what exists, by field name."""
    bare = get_nullable_type(kind)
    if isinstance(bare, GraphQLList):
        return [good(bare.of_type, ids, name)]
    if isinstance(bare, GraphQLInputObjectType):
        named = {part: _BY_PLACE.get((bare.name, part)) for part in bare.fields}
        return {part: named[part] or good(field.type, ids, part) for part, field in bare.fields.items()}
    if isinstance(bare, GraphQLEnumType):
        return _BY_NAME[name] if _BY_NAME.get(name) in bare.values else next(iter(bare.values))
    if bare.name == "ID":
        return ids[name]
    return _BY_NAME[name] if name in _BY_NAME else _BY_TYPE[bare.name]()


def is_there(kind: Any, given: Any, place: list[str]) -> bool:
    """Whether a value given for this kind has such a place, or could have a field of this name."""
    bare = get_nullable_type(kind)
    if not place:
        return True
    step, rest = place[0], place[1:]
    if isinstance(bare, GraphQLList) and not isinstance(given, list):  # taken for a list of one
        return is_there(bare.of_type, given, rest if step == "0" else place)
    if isinstance(bare, GraphQLList):
        return step.isdecimal() and int(step) < len(given) and is_there(bare.of_type, given[int(step)], rest)
    if not isinstance(bare, GraphQLInputObjectType) or step not in bare.fields:
        return False
    return is_there(bare.fields[step].type, given.get(step) if isinstance(given, dict) else None, rest)


def put(whole: Any, place: Place, value: Any) -> Any:
    """As `whole`, whose lists have one item each, with another value at a place."""
    if not place:
        return value
    inner = put(whole[place[0]], place[1:], value)
    return whole | {place[0]: inner} if isinstance(whole, dict) else [inner]


def selection(given: Any, answered: Any) -> str:
    """What to ask of an answer, to see in it everything of the input that it has a field for."""
    kind, thing = get_named_type(given), get_named_type(answered)
    if not isinstance(kind, GraphQLInputObjectType) or not isinstance(thing, GraphQLObjectType):
        return ""
    both = (
        name + selection(kind.fields[name].type, thing.fields[name].type)
        for name in kind.fields.keys() & thing.fields.keys()
    )
    return f"{{ {'id' if 'id' in thing.fields else '__typename'} {' '.join(sorted(both))} }}"


def assert_echoed(kind: Any, given: Any, answer: Any) -> None:
    """What was typed is what is given back, wherever the answer has a field for it."""
    bare = get_nullable_type(kind)
    if given is None or answer is None:
        return
    if isinstance(bare, GraphQLList):
        _assert_all_echoed(bare.of_type, given if isinstance(given, list) else [given], answer)
    elif isinstance(bare, GraphQLInputObjectType):
        for name in given.keys() & answer.keys():
            assert_echoed(bare.fields[name].type, given[name], answer[name])
    else:
        read = _READ_BACK.get(bare.name, lambda value: value)
        assert read(given) == read(answer), (given, answer)


def _assert_all_echoed(kind: Any, given: list[Any], answer: list[Any]) -> None:
    if answer and isinstance(answer[0], dict) and "name" in answer[0]:
        by_name = {item["name"]: item for item in answer}
        answer = [by_name[item["name"]] for item in given]
    assert len(given) == len(answer)
    for one, other in zip(given, answer, strict=True):
        assert_echoed(kind, one, other)


def literal(kind: Any, value: Any) -> str:
    """The value as it is written into a document."""
    named = get_named_type(kind)
    if isinstance(value, list):
        return f"[{', '.join(literal(kind, item) for item in value)}]"
    if isinstance(value, dict):
        fields = named.fields if isinstance(named, GraphQLInputObjectType) else {}
        parts = (f"{name}: {literal(fields[name].type if name in fields else None, value[name])}" for name in value)
        return f"{{{', '.join(parts)}}}"
    is_symbol = isinstance(named, GraphQLEnumType) and isinstance(value, str) and value in named.values
    return str(value) if is_symbol else encoded(value)


def encoded(value: object) -> str:
    """JSON, and what looks like it: NaN, lone surrogates, numbers that no computer holds."""
    return json.dumps(value).replace(f'"{TOO_LARGE_A_NUMBER}"', "1e999")


def is_readable(value: object) -> bool:
    """Whether a request that holds it is JSON, and none that is too long to be read."""
    text = encoded(value)
    if len(text) > MAX_BODY - 10_000:
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def is_document(text: str) -> bool:
    try:
        parse(text, max_tokens=2000)
    except GraphQLError:
        return False
    return len(text) <= MAX_LENGTH
