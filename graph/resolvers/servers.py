from importlib.metadata import version

import strawberry

from graph import lists
from graph.context import Info
from graph.permissions import Action, Noun
from graph.resolvers.fields import Id, query
from graph.schema.loaded import listed
from graph.schema.nodes import found
from graph.schema.servers import Server

_VERSION = version("wharfinger")


@strawberry.type
class ServerQueries:
    @query(Action.READ, Noun.SERVER, "All servers, by name.")
    async def servers(self, info: Info) -> list[Server]:
        return listed(info, lists.servers, Server)

    @query(Action.READ, Noun.SERVER, "The server with this id; null: there is none.")
    async def server(self, info: Info, id: Id) -> Server | None:
        return found(info, Server, id)

    @query(Action.READ, Noun.SERVER, "The version of Wharfinger that answers.")
    def version(self) -> str:
        return _VERSION
