import strawberry

from engine.accounts.users import person_name
from graph.challenges import keep, site_of, take
from graph.context import Info
from graph.errors import Forbidden, Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.fields import Input, mutation, own_mutation, public_mutation
from graph.schema.passkeys import Passkey
from graph.schema.users import User

_CREDENTIAL = "What the browser has answered, as JSON: PublicKeyCredential.toJSON()."
_PASSKEY = ("input", "passkeyId")


@strawberry.input(description="What beginPasskey needs.")
class BeginPasskeyInput:
    add: bool = strawberry.field(
        default=False,
        description="Whether one is to be added to who is signed in; otherwise, somebody signs in by one.",
    )


@strawberry.type(description="What beginPasskey did. It goes on in the same browser, within five minutes.")
class BeginPasskeyPayload(Payload):
    options: str | None = strawberry.field(
        default=None,
        description="What to ask the browser for, as JSON: PublicKeyCredential.parseCreationOptionsFromJSON, or "
        "parseRequestOptionsFromJSON.",
    )


@strawberry.input(description="What addPasskey needs.")
class AddPasskeyInput:
    name: str = strawberry.field(description="What to call it, such as phone.")
    credential: str = strawberry.field(description=_CREDENTIAL)


@strawberry.type(description="What addPasskey did.")
class AddPasskeyPayload(Payload):
    passkey: Passkey | None = strawberry.field(default=None, description="The new passkey.")


@strawberry.input(description="What signInWithPasskey needs.")
class SignInWithPasskeyInput:
    credential: str = strawberry.field(description=_CREDENTIAL)


@strawberry.type(description="What signInWithPasskey did. The browser was given a cookie, and needs no token.")
class SignInWithPasskeyPayload(Payload):
    user: User | None = strawberry.field(default=None, description="Who it is.")


@strawberry.input(description="What renamePasskey needs.")
class RenamePasskeyInput:
    passkey_id: strawberry.ID = strawberry.field(description="The passkey.")
    name: str = strawberry.field(description="What to call it from now on.")


@strawberry.type(description="What renamePasskey did.")
class RenamePasskeyPayload(Payload):
    passkey: Passkey | None = strawberry.field(default=None, description="The passkey as it is now.")


@strawberry.input(description="What removePasskey needs.")
class RemovePasskeyInput:
    passkey_id: strawberry.ID = strawberry.field(description="The passkey that shall sign nobody in any more.")


@strawberry.type(description="What removePasskey did.")
class RemovePasskeyPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that the passkey had.")


@strawberry.type
class PasskeyMutations:
    @public_mutation("Begin to sign in by a passkey, or to add one. Over HTTP only.")
    async def begin_passkey(self, info: Info, input: Input[BeginPasskeyInput]) -> BeginPasskeyPayload:
        passkeys, site = info.context.engine.people.passkeys, site_of(info.context)
        if not input.add:
            options, challenge = passkeys.begin_to_sign_in(site)
        elif info.context.viewer.session_id is None:
            raise Forbidden("Sign in first, with a browser.")
        else:
            options, challenge = await passkeys.begin_to_add(info.context.viewer, site)
        keep(info.context, challenge, "add" if input.add else "sign in")
        return BeginPasskeyPayload(options=options)

    @own_mutation("Add a passkey, within ten minutes of signing in or of confirmPassword. Over HTTP only.")
    async def add_passkey(self, info: Info, input: Input[AddPasskeyInput]) -> AddPasskeyPayload:
        name, challenge = person_name(input.name), take(info.context, "add")
        row = await info.context.engine.people.passkeys.add(
            info.context.viewer, name, input.credential, challenge, site_of(info.context)
        )
        return AddPasskeyPayload(passkey=Passkey.of(row))

    @public_mutation("Sign in with this browser by a passkey. It counts as both factors. Over HTTP only.")
    async def sign_in_with_passkey(
        self, info: Info, input: Input[SignInWithPasskeyInput]
    ) -> SignInWithPasskeyPayload:
        visit, people = info.context.browser, info.context.engine.people
        people.sign_in.begin(visit.address)
        challenge = take(info.context, "sign in")
        row, text = await people.passkeys.sign_in(input.credential, challenge, site_of(info.context), visit.browser)
        people.sign_in.right(visit.address)
        visit.sign_in(text)
        return SignInWithPasskeyPayload(user=User.of(row))

    @mutation(Action.UPDATE, Noun.USER, "Give a passkey another name.", or_own=True)
    async def rename_passkey(self, info: Info, input: Input[RenamePasskeyInput]) -> RenamePasskeyPayload:
        key = local_id("Passkey", input.passkey_id, field=_PASSKEY)
        row = await info.context.engine.people.passkeys.rename(key, person_name(input.name))
        return RenamePasskeyPayload(passkey=Passkey.of(row))

    @mutation(Action.UPDATE, Noun.USER, "Have nobody sign in by a passkey any more.", or_own=True)
    async def remove_passkey(self, info: Info, input: Input[RemovePasskeyInput]) -> RemovePasskeyPayload:
        people = info.context.engine.people
        await people.sessions.check_recent(info.context.viewer)
        await people.passkeys.remove(local_id("Passkey", input.passkey_id, field=_PASSKEY))
        return RemovePasskeyPayload(removed_id=input.passkey_id)
