import strawberry

from engine.accounts.addresses import EmailAddress
from engine.accounts.users import person_name
from engine.errors import NotNow
from graph import lists
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.changes import changes
from graph.resolvers.fields import Id, Input, mutation, query
from graph.schema.loaded import listed
from graph.schema.nodes import found
from graph.schema.users import User

_USER = ("input", "userId")
_PASSWORD = "At least 12 characters, whatever they are; not the address, and none that everybody has."


@strawberry.input(description="What createOwner needs.")
class CreateOwnerInput:
    email: EmailAddress = strawberry.field(description="The address they shall sign in with.")
    name: str = strawberry.field(description="What they are called.")
    password: str = strawberry.field(description=_PASSWORD)


@strawberry.type(description="What createOwner did. The setup token is good for nothing more.")
class CreateOwnerPayload(Payload):
    user: User | None = strawberry.field(default=None, description="The owner, who can sign in now.")


@strawberry.input(description="What updateUser needs. What is left out stays as it is.")
class UpdateUserInput:
    user_id: strawberry.ID = strawberry.field(description="Who it is.")
    name: strawberry.Maybe[str | None] = strawberry.field(description="What they are called from now on.")
    email: strawberry.Maybe[EmailAddress | None] = strawberry.field(
        description="The address they sign in with from now on. Only administrators change it."
    )


@strawberry.type(description="What updateUser did. What they had open is closed: they come again.")
class UpdateUserPayload(Payload):
    user: User | None = strawberry.field(default=None, description="The user as they are now.")


@strawberry.input(description="What disableUser needs.")
class DisableUserInput:
    user_id: strawberry.ID = strawberry.field(description="Who shall not be able to sign in any more.")


@strawberry.type(description="What disableUser did. They are signed out everywhere, and their tokens are refused.")
class DisableUserPayload(Payload):
    user: User | None = strawberry.field(default=None, description="The user as they are now.")


@strawberry.input(description="What enableUser needs.")
class EnableUserInput:
    user_id: strawberry.ID = strawberry.field(description="Who shall be able to sign in again.")


@strawberry.type(description="What enableUser did.")
class EnableUserPayload(Payload):
    user: User | None = strawberry.field(default=None, description="The user as they are now.")


@strawberry.input(description="What setAdministrator needs.")
class SetAdministratorInput:
    user_id: strawberry.ID = strawberry.field(description="Who it is.")
    administrator: bool = strawberry.field(
        description="Whether they shall look after the installation: its users, its teams, its servers."
    )


@strawberry.type(description="What setAdministrator did. What they had open is closed: they come again.")
class SetAdministratorPayload(Payload):
    user: User | None = strawberry.field(default=None, description="The user as they are now.")


@strawberry.input(description="What removeUser needs.")
class RemoveUserInput:
    user_id: strawberry.ID = strawberry.field(description="Who shall go.")


@strawberry.type(description="What removeUser did. Their memberships, sessions and tokens have ended.")
class RemoveUserPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that the user had.")


@strawberry.input(description="What removeSecondFactorOf needs.")
class RemoveSecondFactorOfInput:
    user_id: strawberry.ID = strawberry.field(description="Who has lost their app and their recovery codes.")


@strawberry.type(description="What removeSecondFactorOf did.")
class RemoveSecondFactorOfPayload(Payload):
    user: User | None = strawberry.field(default=None, description="The user, who signs in without a code now.")


@strawberry.type
class UserQueries:
    @query(Action.READ, Noun.USER, "Everybody who can sign in, by their addresses.")
    async def users(self, info: Info) -> list[User]:
        return listed(info, lists.users, User)

    @query(Action.READ, Noun.USER, "The user with this id; null: there is none.")
    async def user(self, info: Info, id: Id) -> User | None:
        return found(info, User, id)


@strawberry.type
class UserMutations:
    @mutation(
        Action.CREATE,
        Noun.USER,
        "Make the first user, with the setup token, or with a token that may do everything: an administrator who "
        "owns the team there is.",
    )
    async def create_owner(self, info: Info, input: Input[CreateOwnerInput]) -> CreateOwnerPayload:
        name = person_name(input.name)
        row = await info.context.engine.people.users.create_owner(input.email, name, input.password)
        return CreateOwnerPayload(user=User.of(row))

    @mutation(Action.UPDATE, Noun.USER, "Give a user another name, or another address.", or_own=True)
    async def update_user(self, info: Info, input: Input[UpdateUserInput]) -> UpdateUserPayload:
        given = changes(input)
        if "name" in given:
            given["name"] = person_name(str(given["name"]))
        if "email" in given:
            if not info.context.viewer.authority.allows_somewhere(Action.UPDATE, Noun.USER):
                raise NotNow("Only an administrator changes an address.", field=("input", "email"))
            await _confirmed(info)
        row = await info.context.engine.people.users.update(_key(input.user_id), given)
        return UpdateUserPayload(user=User.of(row))

    @mutation(Action.UPDATE, Noun.USER, "Have a user not sign in any more.")
    async def disable_user(self, info: Info, input: Input[DisableUserInput]) -> DisableUserPayload:
        row = await info.context.engine.people.users.disable(_key(input.user_id))
        return DisableUserPayload(user=User.of(row))

    @mutation(Action.UPDATE, Noun.USER, "Have a user sign in again.")
    async def enable_user(self, info: Info, input: Input[EnableUserInput]) -> EnableUserPayload:
        row = await info.context.engine.people.users.enable(_key(input.user_id))
        return EnableUserPayload(user=User.of(row))

    @mutation(Action.UPDATE, Noun.USER, "Make a user an administrator, or no longer one. The last one stays.")
    async def set_administrator(self, info: Info, input: Input[SetAdministratorInput]) -> SetAdministratorPayload:
        await _confirmed(info)
        row = await info.context.engine.people.users.set_administrator(_key(input.user_id), input.administrator)
        return SetAdministratorPayload(user=User.of(row))

    @mutation(Action.REMOVE, Noun.USER, "Remove a user. The last owner of a team and the last administrator stay.")
    async def remove_user(self, info: Info, input: Input[RemoveUserInput]) -> RemoveUserPayload:
        await _confirmed(info)
        await info.context.engine.people.users.remove(_key(input.user_id))
        return RemoveUserPayload(removed_id=input.user_id)

    @mutation(Action.UPDATE, Noun.USER, "Have a user sign in without a code.")
    async def remove_second_factor_of(
        self, info: Info, input: Input[RemoveSecondFactorOfInput]
    ) -> RemoveSecondFactorOfPayload:
        await _confirmed(info)
        row = await info.context.engine.people.second_factor.remove_of(_key(input.user_id))
        return RemoveSecondFactorOfPayload(user=User.of(row))


async def _confirmed(info: Info) -> None:
    await info.context.engine.people.sessions.check_recent(info.context.viewer)


def _key(given: strawberry.ID) -> str:
    return local_id("User", given, field=_USER)
