"""Operations that clients name by the SHA-256 of their text, as the persisted queries of Apollo and urql do.

The dashboard's are known from the start, to everybody. Others a client registers by sending hash and text once; they
are known to whoever registered them, and forgotten with the document.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from graphql import GraphQLError, get_operation_ast

from graph.build import Schema
from graph.documents import Document
from graph.errors import BAD_REQUEST
from graph.permissions import Viewer

NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
OTHER = "other"  # what operations are called that are not known from the start

_EXTENSION = "persistedQuery"
_VERSION = 1


class Unresolved(GraphQLError):
    """What a request names is no operation that is known, in the form that clients expect."""


class Described(NamedTuple):
    """The type of an operation, "unknown" for what is none, and its name if it is known from the start."""

    type: str
    name: str


_UNKNOWN = Described("unknown", OTHER)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def names_one(extensions: object) -> bool:
    """Whether a request with these extensions may go without a query."""
    return isinstance(extensions, dict) and _EXTENSION in extensions


class Persisted:
    """The operations of a schema that can be asked for by hash. `known` are those that everybody may name."""

    def __init__(self, schema: Schema, known: Mapping[str, str] | None = None) -> None:
        self._schema = schema._schema
        self._documents = schema.documents
        self._known = dict(known or {})
        self._known_texts = frozenset(self._known.values())

    def text(self, query: str | None, extensions: Mapping[str, object] | None, viewer: Viewer) -> str:
        """The text that a request of `viewer` means. Raises `Unresolved`."""
        if not extensions or _EXTENSION not in extensions:
            return query or ""
        digest = _digest_in(extensions[_EXTENSION])
        if not query:
            return self._found(digest, viewer)
        if digest != digest_of(query):
            raise _refusal("extensions.persistedQuery.sha256Hash is not the SHA-256 of the query.")
        if digest not in self._known and not viewer.anonymous:
            self._register(digest, query, viewer)
        return query

    def described(self, text: str, chosen: str | None) -> Described:
        """What an operation may be called where all can read it: what others wrote is no name for that."""
        try:
            document = self._documents.read(text)
        except GraphQLError:
            return _UNKNOWN
        if not (type_ := document.type(chosen)):
            return _UNKNOWN
        return Described(type_, _name(document, chosen) if text in self._known_texts else OTHER)

    def _found(self, digest: str, viewer: Viewer) -> str:
        text = self._known.get(digest) or self._documents.registered(digest, viewer.key)
        if text is None:
            raise Unresolved("PersistedQueryNotFound", extensions={"code": NOT_FOUND})
        return text

    def _register(self, digest: str, text: str, viewer: Viewer) -> None:
        try:
            document = self._documents.read(text)
        except GraphQLError:
            return  # whoever executes it says so
        if not document.validated(self._schema):
            self._documents.register(digest, text, viewer.key)


def _name(document: Document, chosen: str | None) -> str:
    operation = get_operation_ast(document.node, chosen)
    return operation.name.value if operation and operation.name else OTHER


def _digest_in(value: object) -> str:
    if not isinstance(value, dict) or not isinstance(digest := value.get("sha256Hash"), str):
        raise _refusal("extensions.persistedQuery must be an object with version and sha256Hash.")
    if value.get("version") != _VERSION:
        raise _refusal("extensions.persistedQuery.version must be 1.")
    return digest


def _refusal(sentence: str) -> Unresolved:
    return Unresolved(sentence, extensions={"code": BAD_REQUEST})
