"""Who may do what: one decision function, and `Needs`, which asks it before a field resolves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry.permission import BasePermission, PermissionExtension

from graph.ids import read_global_id


class Action(Enum):
    """What somebody wants to do with a noun."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    REMOVE = "remove"
    DEPLOY = "deploy"  # also: roll back, restart, stop, start, cancel
    REVEAL = "reveal"  # read what is secret, such as a password
    MANAGE = "manage"  # the settings of the installation itself


class Noun(Enum):
    """What is acted upon. The values are GraphQL type names."""

    PROJECT = "Project"
    ENVIRONMENT = "Environment"
    APPLICATION = "Application"
    DATABASE = "Database"
    TCP_PROXY = "TcpProxy"
    CERTIFICATE = "Certificate"
    DATABASE_DUMP = "DatabaseDump"
    DATABASE_RESTORE = "DatabaseRestore"
    DOMAIN = "Domain"
    DEPLOYMENT = "Deployment"
    RELEASE = "Release"
    SERVER = "Server"
    API_TOKEN = "ApiToken"
    EVENT = "Event"


class Grant(Enum):
    """What a token was given."""

    OWNER = "owner"  # everything
    SETUP = "setup"  # only to make the first API token


@dataclass(frozen=True)
class Viewer:
    """Whoever holds the token with which a request or a socket came."""

    token_id: str
    name: str
    grants: frozenset[Grant]
    expires_at: datetime | None = None  # when the token stops working


def anyone_with(grants: frozenset[Grant]) -> Viewer:
    """Who asks for what all viewers with these grants are told alike. Has no token, and no name."""
    return Viewer(token_id="", name="", grants=grants)


def decide(viewer: Viewer, action: Action, noun: Noun) -> bool:
    """Whether this viewer may. Roles and teams are added here, and nowhere else."""
    if Grant.OWNER in viewer.grants:
        return True
    return Grant.SETUP in viewer.grants and (action, noun) == (Action.CREATE, Noun.API_TOKEN)


class _Signed(BasePermission):
    message = "Sign in with an API token."
    error_extensions = {"code": "UNAUTHENTICATED"}

    def has_permission(self, source: object, info: strawberry.Info[Any, Any], **kwargs: object) -> bool:
        return isinstance(info.context.viewer, Viewer)


class _Allowed(BasePermission):
    error_extensions = {"code": "FORBIDDEN"}

    def __init__(self, action: Action, noun: Noun) -> None:
        self.action = action
        self.noun = noun
        self.message = f"Your token does not allow this. It needs: {action.value} {noun.value}."

    def has_permission(self, source: object, info: strawberry.Info[Any, Any], **kwargs: object) -> bool:
        return decide(info.context.viewer, self.action, self.noun)


class _MayReadNode(BasePermission):
    message = "Your token does not allow this."
    error_extensions = {"code": "FORBIDDEN"}

    def has_permission(self, source: object, info: strawberry.Info[Any, Any], **kwargs: object) -> bool:
        kind, _ = read_global_id(str(kwargs["id"])) or (None, None)
        return any(noun.value == kind and decide(info.context.viewer, Action.READ, noun) for noun in Noun)


class Needs(PermissionExtension):
    """Refuses a query, mutation or subscription field to everybody who may not do this action with this noun.

    A top-level error says so, with extensions.code UNAUTHENTICATED or FORBIDDEN; the resolver does not run.
    """

    def __init__(self, action: Action, noun: Noun) -> None:
        super().__init__([_Signed(), _Allowed(action, noun)], use_directives=False)


class NeedsToReadNode(PermissionExtension):
    """For `node(id:)`: null, as for what does not exist, when the id is of a noun the viewer may not read."""

    def __init__(self) -> None:
        super().__init__([_Signed(), _MayReadNode()], use_directives=False, fail_silently=True)


def unguarded(schema: strawberry.Schema) -> list[str]:
    """The fields of Query, Mutation and Subscription that anybody could use, such as `Query.node`."""
    return sorted(_unguarded(schema))


def _unguarded(schema: strawberry.Schema) -> Iterator[str]:
    for root in filter(None, (schema.query, schema.mutation, schema.subscription)):
        definition = root.__strawberry_definition__  # type: ignore[attr-defined]
        for field in definition.fields:
            if not any(isinstance(extension, Needs | NeedsToReadNode) for extension in field.extensions):
                yield f"{definition.name}.{schema.config.name_converter.get_graphql_name(field)}"
