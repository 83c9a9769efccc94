import strawberry

from engine.accounts.addresses import EmailAddress
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun, Public
from graph.resolvers.fields import Input, mutation, own_mutation, public_mutation
from graph.schema.users import User
from graph.sso import begin

_CODE = "What the app shows, or a recovery code; null: none. Needed by those who have a second factor."


@strawberry.type(description="How one can sign in here.")
class SignInOptions:
    owner_needed: bool = strawberry.field(
        description="Whether there is no user yet: then createOwner makes the first one."
    )
    single_sign_on: str | None = strawberry.field(
        description="What the provider of single sign-on is called; null: there is none."
    )
    mail: bool = strawberry.field(description="Whether requestPasswordReset can send letters.")


@strawberry.input(description="What signIn needs.")
class SignInInput:
    email: EmailAddress = strawberry.field(description="The address.")
    password: str = strawberry.field(description="The password.")
    code: str | None = strawberry.field(default=None, description=_CODE)


@strawberry.type(description="What signIn did. The browser was given a cookie, and needs no token.")
class SignInPayload(Payload):
    user: User | None = strawberry.field(default=None, description="Who it is.")


@strawberry.input(description="What signOut needs.")
class SignOutInput:
    everywhere: bool = strawberry.field(default=False, description="Whether all other browsers are meant too.")


@strawberry.type(description="What signOut did. What was open is closed.")
class SignOutPayload(Payload):
    pass


@strawberry.input(description="What confirmPassword needs.")
class ConfirmPasswordInput:
    password: str = strawberry.field(description="The password.")
    code: str | None = strawberry.field(default=None, description=_CODE)


@strawberry.type(description="What confirmPassword did: for ten minutes, what one signs in with can be changed.")
class ConfirmPasswordPayload(Payload):
    pass


@strawberry.input(description="What revokeSession needs.")
class RevokeSessionInput:
    session_id: strawberry.ID = strawberry.field(description="The browser that shall be signed out.")


@strawberry.type(description="What revokeSession did. What the browser had open is closed.")
class RevokeSessionPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that the session had.")


@strawberry.input(description="What beginSingleSignOn needs.")
class BeginSingleSignOnInput:
    invitation: str | None = strawberry.field(
        default=None, description="The secret of an invitation to accept with it; null: none."
    )
    link: bool = strawberry.field(
        default=False, description="Whether who is signed in here shall be known by it from now on."
    )


@strawberry.type(description="What beginSingleSignOn did. It goes on in the same browser, within ten minutes.")
class BeginSingleSignOnPayload(Payload):
    url: str | None = strawberry.field(default=None, description="Where to send the browser.")


@strawberry.input(description="What removeIdentity needs.")
class RemoveIdentityInput:
    identity_id: strawberry.ID = strawberry.field(description="What shall not sign anybody in any more.")


@strawberry.type(description="What removeIdentity did.")
class RemoveIdentityPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that it had.")


@strawberry.type
class SignInQueries:
    @strawberry.field(description="How one can sign in here. Everybody may ask.", extensions=[Public()])
    async def sign_in_options(self, info: Info) -> SignInOptions:
        people = info.context.engine.people
        return SignInOptions(
            owner_needed=await people.users.owner_needed(),
            single_sign_on=people.oidc.settings.name if people.oidc else None,
            mail=people.settings.mail is not None,
        )


@strawberry.type
class SignInMutations:
    @public_mutation("Sign in with this browser. Over HTTP only.")
    async def sign_in(self, info: Info, input: Input[SignInInput]) -> SignInPayload:
        visit = info.context.browser
        row, text = await info.context.engine.people.sign_in.sign_in(
            input.email, input.password, input.code, visit.browser
        )
        visit.sign_in(text)
        return SignInPayload(user=User.of(row))

    @own_mutation("Sign this browser out. Over HTTP only.")
    async def sign_out(self, info: Info, input: Input[SignOutInput]) -> SignOutPayload:
        visit = info.context.browser
        await info.context.engine.people.sign_in.sign_out(info.context.viewer, everywhere=input.everywhere)
        visit.sign_out()
        return SignOutPayload()

    @own_mutation("Show that it is still you. Over HTTP only.")
    async def confirm_password(self, info: Info, input: Input[ConfirmPasswordInput]) -> ConfirmPasswordPayload:
        visit = info.context.browser
        text = await info.context.engine.people.sign_in.confirm(info.context.viewer, input.password, input.code)
        visit.sign_in(text)
        return ConfirmPasswordPayload()

    @mutation(Action.UPDATE, Noun.USER, "Sign a browser out.", or_own=True)
    async def revoke_session(self, info: Info, input: Input[RevokeSessionInput]) -> RevokeSessionPayload:
        key = local_id("UserSession", input.session_id, field=("input", "sessionId"))
        await info.context.engine.people.sessions.revoke(key)
        return RevokeSessionPayload(removed_id=input.session_id)

    @public_mutation("Begin to sign in by the provider, or to link it. Over HTTP only.")
    async def begin_single_sign_on(
        self, info: Info, input: Input[BeginSingleSignOnInput]
    ) -> BeginSingleSignOnPayload:
        url = await begin(info.context, input.invitation, link=input.link)
        return BeginSingleSignOnPayload(url=url)

    @mutation(Action.UPDATE, Noun.USER, "Have nobody sign in by this any more.", or_own=True)
    async def remove_identity(self, info: Info, input: Input[RemoveIdentityInput]) -> RemoveIdentityPayload:
        people = info.context.engine.people
        await people.sessions.check_recent(info.context.viewer)
        await people.identities.remove(local_id("Identity", input.identity_id, field=("input", "identityId")))
        return RemoveIdentityPayload(removed_id=input.identity_id)
