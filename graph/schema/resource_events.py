from typing import Any, Self

import strawberry

from db import models
from engine.accounts.visible import noun_of
from graph.ids import Node, global_id
from graph.permissions import Noun
from graph.schema.events import Event
from graph.schema.names import field_name
from graph.schema.nodes import node_told


@strawberry.type(description="Something was made.")
class ResourceCreated(Event):
    noun: Noun = strawberry.field(description="What kind of thing it is.")
    id: strawberry.ID = strawberry.field(description="The id of the thing.")
    name: str = strawberry.field(description="What people call it; a domain's host and path; a release's number.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls.told(row, **_thing(row))

    node: Node | None = node_told("The thing as it is now; null once it is gone.")


@strawberry.type(description="What is wanted of something was changed.")
class ResourceUpdated(Event):
    noun: Noun = strawberry.field(description="What kind of thing it is.")
    id: strawberry.ID = strawberry.field(description="The id of the thing.")
    name: str = strawberry.field(description="What people call it; a domain's host and path.")
    changed: list[str] = strawberry.field(description="The fields that were given a value; empty: not recorded.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls.told(row, **_thing(row), changed=[field_name(each) for each in row.data.get("changed", ())])

    node: Node | None = node_told("The thing as it is now; null once it is gone.")


@strawberry.type(description="Something is gone.")
class ResourceRemoved(Event):
    noun: Noun = strawberry.field(description="What kind of thing it was.")
    id: strawberry.ID = strawberry.field(description="The id that the thing had.")
    name: str = strawberry.field(description="What people called it; a domain's host and path.")

    @classmethod
    def of(cls, row: models.Event) -> Self:
        return cls.told(row, **_thing(row))


def _thing(row: models.Event) -> dict[str, Any]:
    return {"noun": noun_of(row.noun), "id": global_id(row.noun, row.noun_id), "name": _name(row.data)}


def _name(data: dict[str, Any]) -> str:
    if "host" in data:
        return str(data["host"]) + str(data["pathPrefix"]).removesuffix("/")
    return str(data["name"] if "name" in data else data["number"])
