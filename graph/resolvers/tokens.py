from datetime import datetime

import strawberry

from engine.accounts.authority import INSTALLATION, Place
from engine.accounts.tokens import Limits
from engine.accounts.visible import place_of
from engine.errors import InvalidInput, NotFound
from engine.names import AddressRange, ResourceName
from graph import lists
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id, read_global_id
from graph.permissions import Action, Noun
from graph.resolvers.fields import Input, mutation, query
from graph.schema.loaded import listed
from graph.schema.permissions import PermissionInput
from graph.schema.tokens import ApiToken

_TOKEN = ("input", "tokenId")
_PLACES = ("Team", "Project", "Environment")


@strawberry.input(
    description="What createApiToken needs. A token acts for whoever makes it, and can never do more than they can."
)
class CreateApiTokenInput:
    name: ResourceName = strawberry.field(description="What it is for, such as laptop.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it shall stop working; null: never."
    )
    permissions: list[PermissionInput] | None = strawberry.field(
        default=None, description="What it may do; null: all that whoever makes it may do."
    )
    within: strawberry.ID | None = strawberry.field(
        default=None,
        description="The id of the only team, project or environment in which it may do something; null: everywhere.",
    )
    networks: list[AddressRange] | None = strawberry.field(
        default=None, description="The addresses it may be used from; null: any."
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
    @query(
        Action.READ,
        Noun.API_TOKEN,
        "All tokens that were not revoked, of the teams whose tokens the viewer may see, oldest first.",
    )
    async def api_tokens(self, info: Info) -> list[ApiToken]:
        return listed(info, lists.api_tokens, ApiToken)


@strawberry.type
class TokenMutations:
    @mutation(
        Action.CREATE,
        Noun.API_TOKEN,
        "Make a token. The setup token can make one that may do everything, once. Of other tokens, only those that "
        "may do everything can make any.",
        anywhere=True,
    )
    async def create_api_token(self, info: Info, input: Input[CreateApiTokenInput]) -> CreateApiTokenPayload:
        await info.context.engine.people.sessions.check_recent(info.context.viewer)
        row, text = await info.context.engine.tokens.create(
            input.name, input.expires_at, _limits(info, input), by=info.context.viewer.token_id
        )
        return CreateApiTokenPayload(api_token=ApiToken.of(row), secret=text)

    @mutation(Action.REMOVE, Noun.API_TOKEN, "Have a token refused from now on.", or_own=True)
    async def revoke_api_token(self, info: Info, input: Input[RevokeApiTokenInput]) -> RevokeApiTokenPayload:
        key = local_id("ApiToken", input.token_id, field=_TOKEN)
        await info.context.engine.tokens.revoke(key)
        await info.context.sockets.close(f"ApiToken:{key}")
        return RevokeApiTokenPayload(removed_id=input.token_id)


def _limits(info: Info, input: CreateApiTokenInput) -> Limits | None:
    viewer, place = info.context.viewer, _place(info, input.within)
    if input.permissions == []:
        raise InvalidInput("A token must be allowed something; null is everything.", field=("input", "permissions"))
    if viewer.user_id is None and input.permissions is None and input.networks is None and place == INSTALLATION:
        return None
    permissions = tuple(each.text() for each in input.permissions or ())
    return Limits(permissions, place, tuple(input.networks) if input.networks is not None else None, viewer.user_id)


def _place(info: Info, within: strawberry.ID | None) -> Place:
    """Where a token may do something. Raises `NotFound`."""
    if within is None:
        return INSTALLATION
    kind, key = read_global_id(within) or ("", "")
    place = info.context.engine.sessions.read_now(place_of, kind, key) if kind in _PLACES else None
    if place is None:
        raise NotFound(f"No team, project or environment has the id {within[:80]!r}.", field=("input", "within"))
    return place
