"""What people say of a database, and how the engine is told."""

from collections.abc import Mapping
from typing import Any, cast

import strawberry

from engine.databases.requests import DatabaseFields
from engine.names import ByteCount, EnvName, ResourceName
from engine.secrets import Secret
from engine.variables import VariableDraft
from graph.schema.database_enums import DatabaseKind


@strawberry.input(description="A value that the server of a database shall find in its environment.")
class DatabaseVariableInput:
    name: EnvName = strawberry.field(description="What the server finds it by.")
    value: Secret = strawberry.field(description="The value. It can never be read again.")

    def draft(self) -> VariableDraft:
        return VariableDraft(self.name, self.value, secret=True)


@strawberry.input(description="What createDatabase needs. Kind, name and environment are enough.")
class CreateDatabaseInput:
    environment_id: strawberry.ID = strawberry.field(description="The environment whose applications shall use it.")
    kind: DatabaseKind = strawberry.field(description="Which server it shall be.")
    name: ResourceName = strawberry.field(
        description="What people shall call it, and its host name; unique in its environment."
    )
    version: str | None = strawberry.field(
        default=None, description="One of the versions of its kind; null: the usual one."
    )
    username: str | None = strawberry.field(default=None, description="The user to make; null: the usual one.")
    database_name: str | None = strawberry.field(default=None, description="The database in it; null: the usual one.")
    password: Secret | None = strawberry.field(default=None, description="The user's password; null: a random one.")
    configuration: str | None = strawberry.field(
        default=None, description="Lines for the server's configuration file, in its own format."
    )
    variables: list[DatabaseVariableInput] = strawberry.field(
        default_factory=list, description="What else the server shall find in its environment."
    )
    cpu_limit: float | None = strawberry.field(
        default=None, description="Cores that it may use, such as 0.5; null: all."
    )
    memory_limit: ByteCount | None = strawberry.field(
        default=None, description="Memory that it may use; null: no limit."
    )


@strawberry.input(
    description="What updateDatabase needs. What is left out stays as it is; null clears what may be empty. Any "
    "change shuts the server down and starts it again."
)
class UpdateDatabaseInput:
    database_id: strawberry.ID = strawberry.field(description="The database to change.")
    version: strawberry.Maybe[str | None] = strawberry.field(
        description="A version that can open the data: where none can, dump it and restore the dump into a new one."
    )
    configuration: strawberry.Maybe[str | None] = strawberry.field(
        description="Lines for the server's configuration file, in its own format."
    )
    variables: strawberry.Maybe[list[DatabaseVariableInput] | None] = strawberry.field(
        description="What else the server shall find in its environment: all of it, in place of what was there."
    )
    cpu_limit: strawberry.Maybe[float | None] = strawberry.field(
        description="Cores that it may use, such as 0.5; null: all."
    )
    memory_limit: strawberry.Maybe[ByteCount | None] = strawberry.field(
        description="Memory that it may use; null: no limit."
    )


CLEARABLE = frozenset({"configuration", "cpu_limit", "memory_limit"})
_FIELDS = frozenset({"version", "configuration", "variables", "cpu_limit", "memory_limit"})


def new_fields(input: CreateDatabaseInput) -> DatabaseFields:
    """What the engine is told of a new database."""
    given = {name: value for name, value in vars(input).items() if name in _FIELDS and value is not None}
    return engine_fields(given)


def engine_fields(given: Mapping[str, Any]) -> DatabaseFields:
    """The fields of an input with the values that the engine knows."""
    told = dict(given)
    if "variables" in told:
        told["variables"] = [variable.draft() for variable in told["variables"]]
    return cast(DatabaseFields, told)
