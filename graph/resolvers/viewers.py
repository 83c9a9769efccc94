from typing import Annotated

import strawberry

from engine.accounts.authority import INSTALLATION, Action, Noun
from engine.accounts.visible import place_of
from graph import own
from graph.context import Info
from graph.ids import any_id, global_id
from graph.permissions import SignedIn
from graph.schema.passkeys import Passkey
from graph.schema.sessions import Identity, UserSession
from graph.schema.teams import Membership
from graph.schema.tokens import ApiToken
from graph.schema.users import User

_ACTION = strawberry.argument(description="What to do.")
_NOUN = strawberry.argument(description="With what kind of thing.")
_WITHIN = strawberry.argument(
    description="The id of that thing, or of what it is to be made in; null: what belongs to no team."
)


@strawberry.type(description="Whoever asks: the user who is signed in, or the token that the request came with.")
class Viewer:
    name: str = strawberry.field(description="What the user or the token is called.")
    token_id: strawberry.ID | None = strawberry.field(description="The id of the token; null: signed in without one.")

    @strawberry.field(description="Who is signed in, or whom the token acts for; null: nobody but itself.")
    async def user(self, info: Info) -> User | None:
        row = await info.context.read(own.user, info.context.viewer.user_id)
        return User.of(row) if row else None

    @strawberry.field(description="The teams that the user is in; none for a token.")
    async def memberships(self, info: Info) -> list[Membership]:
        rows = await info.context.read(own.memberships, info.context.viewer.in_person)
        return [Membership.of(row) for row in rows]

    @strawberry.field(description="The tokens of the user that were not revoked, oldest first; none for a token.")
    async def api_tokens(self, info: Info) -> list[ApiToken]:
        rows = await info.context.read(own.tokens, info.context.viewer.in_person)
        return [ApiToken.of(row) for row in rows]

    @strawberry.field(description="Where the user is signed in, the last used first; none where a token asks.")
    async def sessions(self, info: Info) -> list[UserSession]:
        rows = await info.context.read(own.sessions, info.context.viewer.in_person)
        return [UserSession.of(row) for row in rows]

    @strawberry.field(description="Who the user is to the provider of single sign-on; none where a token asks.")
    async def identities(self, info: Info) -> list[Identity]:
        rows = await info.context.read(own.identities, info.context.viewer.in_person)
        return [Identity.of(row) for row in rows]

    @strawberry.field(description="The passkeys of the user; none where a token asks.")
    async def passkeys(self, info: Info) -> list[Passkey]:
        return [Passkey.of(row) for row in await info.context.read(own.passkeys, info.context.viewer.in_person)]

    @strawberry.field(description="How many recovery codes the user has left; null: a token asks.")
    async def recovery_codes_left(self, info: Info) -> int | None:
        user_id = info.context.viewer.in_person
        return await info.context.read(own.recovery_codes, user_id) if user_id else None

    @strawberry.field(description="Whether the viewer may do this. With what they may not see they may do nothing.")
    async def may(
        self,
        info: Info,
        action: Annotated[Action, _ACTION],
        noun: Annotated[Noun, _NOUN],
        within: Annotated[strawberry.ID | None, _WITHIN] = None,
    ) -> bool:
        place = INSTALLATION
        if within is not None:
            found = info.context.engine.sessions.read_now(place_of, *any_id(within, field=("within",)))
            if found is None:
                return False
            place = found
        return info.context.viewer.authority.allows(action, noun, place)


@strawberry.type
class ViewerQueries:
    @strawberry.field(description="Who asks this.", extensions=[SignedIn()])
    def viewer(self, info: Info) -> Viewer:
        viewer = info.context.viewer
        return Viewer(name=viewer.name, token_id=global_id("ApiToken", viewer.token_id) if viewer.token_id else None)
