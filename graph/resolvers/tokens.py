from datetime import datetime

import strawberry

from engine.names import ResourceName
from graph import loaders
from graph.context import Info
from graph.errors import Payload
from graph.ids import global_id, local_id
from graph.permissions import Action, Noun
from graph.resolvers.fields import Input, mutation, query
from graph.schema.tokens import ApiToken


@strawberry.type(description="Whoever asks: the token that the request or the socket came with.")
class Viewer:
    token_id: strawberry.ID = strawberry.field(description="The id of the token.")
    name: str = strawberry.field(description="What the token is called.")


@strawberry.input(description="What createApiToken needs.")
class CreateApiTokenInput:
    name: ResourceName = strawberry.field(description="What it is for, such as laptop.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it shall stop working; null: never."
    )


@strawberry.type(description="What createApiToken did.")
class CreateApiTokenPayload(Payload):
    api_token: ApiToken | None = strawberry.field(default=None, description="The new token.")
    secret: str | None = strawberry.field(
        default=None, description="The text to sign in with. It is shown only here, only now."
    )


@strawberry.input(description="What revokeApiToken needs.")
class RevokeApiTokenInput:
    token_id: strawberry.ID = strawberry.field(description="The token that nobody may use any more.")


@strawberry.type(description="What revokeApiToken did. Sockets that came with the token are closed.")
class RevokeApiTokenPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that the token had.")


@strawberry.type
class TokenQueries:
    @query(Action.READ, Noun.API_TOKEN, "Who asks this.")
    def viewer(self, info: Info) -> Viewer:
        viewer = info.context.viewer
        return Viewer(token_id=global_id("ApiToken", viewer.token_id), name=viewer.name)

    @query(Action.READ, Noun.API_TOKEN, "All tokens that were not revoked, oldest first.")
    async def api_tokens(self, info: Info) -> list[ApiToken]:
        return [ApiToken.of(row) for row in await info.context.engine.sessions.read(loaders.api_tokens)]


@strawberry.type
class TokenMutations:
    @mutation(Action.CREATE, Noun.API_TOKEN, "Make a token. The setup token can only do this, and only once.")
    async def create_api_token(self, info: Info, input: Input[CreateApiTokenInput]) -> CreateApiTokenPayload:
        access, by = info.context.engine.access, info.context.viewer.token_id
        row, text = await access.create_token(input.name, input.expires_at, by=by)
        return CreateApiTokenPayload(api_token=ApiToken.of(row), secret=text)

    @mutation(Action.REMOVE, Noun.API_TOKEN, "Have a token refused from now on.")
    async def revoke_api_token(self, info: Info, input: Input[RevokeApiTokenInput]) -> RevokeApiTokenPayload:
        key = local_id("ApiToken", input.token_id, field=("input", "tokenId"))
        await info.context.engine.access.revoke_token(key)
        await info.context.sockets.close_viewer(key)
        return RevokeApiTokenPayload(removed_id=input.token_id)
