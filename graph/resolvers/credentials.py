"""What people sign in with: passwords, the second factor, links for who has lost them."""

from datetime import datetime

import strawberry

from engine.accounts.addresses import EmailAddress
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.fields import Input, mutation, own_mutation, public_mutation
from graph.schema.users import User

_NEW = "At least 12 characters, whatever they are; not the address, and none that everybody has."


@strawberry.input(description="What changePassword needs.")
class ChangePasswordInput:
    password: str = strawberry.field(description=f"The new one. {_NEW}")


@strawberry.type(description="What changePassword did. All other browsers are signed out.")
class ChangePasswordPayload(Payload):
    pass


@strawberry.input(description="What beginSecondFactor needs: nothing but to be signed in.")
class BeginSecondFactorInput:
    again: bool = strawberry.field(default=True, description="Whether one that was begun and not confirmed shall go.")


@strawberry.type(description="What beginSecondFactor did. It is in force once confirmSecondFactor has seen a code.")
class BeginSecondFactorPayload(Payload):
    secret: str | None = strawberry.field(
        default=None, description="What the app shall be told. It is shown only here, only now."
    )
    uri: str | None = strawberry.field(default=None, description="The same as an otpauth address, for a QR code.")


@strawberry.input(description="What confirmSecondFactor needs.")
class ConfirmSecondFactorInput:
    code: str = strawberry.field(description="What the app shows.")


@strawberry.type(description="What confirmSecondFactor did: from now on it takes a code to sign in.")
class ConfirmSecondFactorPayload(Payload):
    recovery_codes: list[str] | None = strawberry.field(
        default=None, description="Each is good once in place of a code. They are shown only here, only now."
    )


@strawberry.input(description="What renewRecoveryCodes needs.")
class RenewRecoveryCodesInput:
    code: str = strawberry.field(description="What the app shows.")


@strawberry.type(description="What renewRecoveryCodes did. Those before are good for nothing.")
class RenewRecoveryCodesPayload(Payload):
    recovery_codes: list[str] | None = strawberry.field(
        default=None, description="Each is good once in place of a code. They are shown only here, only now."
    )


@strawberry.input(description="What removeSecondFactor needs.")
class RemoveSecondFactorInput:
    password: str = strawberry.field(description="The password.")
    code: str = strawberry.field(description="What the app shows, or a recovery code.")


@strawberry.type(description="What removeSecondFactor did: it takes no code any more to sign in.")
class RemoveSecondFactorPayload(Payload):
    pass


@strawberry.input(description="What createPasswordReset needs.")
class CreatePasswordResetInput:
    user_id: strawberry.ID = strawberry.field(description="Who shall choose a new password.")


@strawberry.type(description="What createPasswordReset did. Links before it are good for nothing.")
class CreatePasswordResetPayload(Payload):
    secret: str | None = strawberry.field(
        default=None, description="What resetPassword needs, once. It is shown only here, only now."
    )
    expires_at: datetime | None = strawberry.field(default=None, description="Until when it can be used.")


@strawberry.input(description="What requestPasswordReset needs.")
class RequestPasswordResetInput:
    email: EmailAddress = strawberry.field(description="The address to send a link to.")


@strawberry.type(description="What requestPasswordReset did: the same, whether or not somebody has the address.")
class RequestPasswordResetPayload(Payload):
    pass


@strawberry.input(description="What resetPassword needs.")
class ResetPasswordInput:
    secret: str = strawberry.field(description="What stands in the link.")
    password: str = strawberry.field(description=_NEW)


@strawberry.type(description="What resetPassword did. They are signed out everywhere, and sign in with it.")
class ResetPasswordPayload(Payload):
    user: User | None = strawberry.field(default=None, description="Whose password it is.")


@strawberry.type
class CredentialMutations:
    @own_mutation("Choose another password, within ten minutes of signing in or of confirmPassword. Over HTTP only.")
    async def change_password(self, info: Info, input: Input[ChangePasswordInput]) -> ChangePasswordPayload:
        visit = info.context.browser
        text = await info.context.engine.people.users.change_password(info.context.viewer, input.password)
        visit.sign_in(text)
        return ChangePasswordPayload()

    @own_mutation("Begin with a second factor: codes of an app (TOTP).")
    async def begin_second_factor(self, info: Info, input: Input[BeginSecondFactorInput]) -> BeginSecondFactorPayload:
        secret, uri = await info.context.engine.people.second_factor.begin(info.context.viewer, again=input.again)
        return BeginSecondFactorPayload(secret=secret, uri=uri)

    @own_mutation("Have the second factor in force. Over HTTP only.")
    async def confirm_second_factor(
        self, info: Info, input: Input[ConfirmSecondFactorInput]
    ) -> ConfirmSecondFactorPayload:
        visit, people = info.context.browser, info.context.engine.people
        codes, text = await people.second_factor.confirm(info.context.viewer, input.code)
        visit.sign_in(text)
        return ConfirmSecondFactorPayload(recovery_codes=codes)

    @own_mutation("Have other recovery codes.")
    async def renew_recovery_codes(
        self, info: Info, input: Input[RenewRecoveryCodesInput]
    ) -> RenewRecoveryCodesPayload:
        people, viewer = info.context.engine.people, info.context.viewer
        people.sign_in.begin(viewer.address, viewer.key)
        codes = await people.second_factor.renew_codes(viewer, input.code)
        people.sign_in.right(viewer.address, viewer.key)
        return RenewRecoveryCodesPayload(recovery_codes=codes)

    @own_mutation("Sign in without a code from now on.")
    async def remove_second_factor(
        self, info: Info, input: Input[RemoveSecondFactorInput]
    ) -> RemoveSecondFactorPayload:
        await info.context.engine.people.sign_in.remove_second_factor(info.context.viewer, input.password, input.code)
        return RemoveSecondFactorPayload()

    @mutation(Action.UPDATE, Noun.USER, "Make a link with which a user chooses a new password, within an hour.")
    async def create_password_reset(
        self, info: Info, input: Input[CreatePasswordResetInput]
    ) -> CreatePasswordResetPayload:
        people = info.context.engine.people
        await people.sessions.check_recent(info.context.viewer)
        row, text = await people.resets.create(local_id("User", input.user_id, field=("input", "userId")))
        return CreatePasswordResetPayload(secret=text, expires_at=row.expires_at)

    @public_mutation("Have a link mailed with which to choose a new password, within an hour.")
    async def request_password_reset(
        self, info: Info, input: Input[RequestPasswordResetInput]
    ) -> RequestPasswordResetPayload:
        people = info.context.engine.people
        people.sign_in.begin(info.context.viewer.address)
        await people.resets.request(input.email)
        return RequestPasswordResetPayload()

    @public_mutation("Choose a new password with the secret of a link.")
    async def reset_password(self, info: Info, input: Input[ResetPasswordInput]) -> ResetPasswordPayload:
        people, address = info.context.engine.people, info.context.viewer.address
        people.sign_in.begin(address)
        row = await people.resets.use(input.secret, input.password)
        people.sign_in.right(address)
        return ResetPasswordPayload(user=User.of(row))
