import strawberry

from db.models import Role
from engine.accounts.addresses import EmailAddress
from engine.accounts.invitations import Newcomer
from engine.accounts.users import person_name
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.fields import Input, mutation, public_mutation
from graph.resolvers.teams import projects
from graph.schema.invitations import Invitation
from graph.schema.users import User


@strawberry.input(description="What inviteMember needs.")
class InviteMemberInput:
    team_id: strawberry.ID = strawberry.field(description="The team.")
    email: EmailAddress = strawberry.field(description="The only address that it is for.")
    role: Role = strawberry.field(description="What they shall be allowed to do.")
    project_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The only projects in which they may do it; null: in all of the team."
    )


@strawberry.type(description="What inviteMember did. An earlier invitation of the same address is good for nothing.")
class InviteMemberPayload(Payload):
    invitation: Invitation | None = strawberry.field(default=None, description="The invitation.")
    secret: str | None = strawberry.field(
        default=None,
        description="What acceptInvitation needs, once, within a week. It is shown only here, only now; where "
        "letters can be sent, they have it by mail.",
    )


@strawberry.input(description="What revokeInvitation needs.")
class RevokeInvitationInput:
    invitation_id: strawberry.ID = strawberry.field(description="The invitation that nobody shall accept any more.")


@strawberry.type(description="What revokeInvitation did.")
class RevokeInvitationPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id of the invitation.")


@strawberry.input(description="What acceptInvitation needs.")
class AcceptInvitationInput:
    secret: str = strawberry.field(description="What stands in the link.")
    name: str | None = strawberry.field(
        default=None, description="What you are called; null: you are signed in with the address it is for."
    )
    password: str | None = strawberry.field(
        default=None, description="The password of your new account; null: you are signed in."
    )


@strawberry.type(description="What acceptInvitation did. Who is new here signs in now.")
class AcceptInvitationPayload(Payload):
    user: User | None = strawberry.field(default=None, description="Who came into the team.")


@strawberry.type
class InvitationMutations:
    @mutation(
        Action.CREATE,
        Noun.INVITATION,
        "Invite somebody into a team, by their address. Nobody gives more than they have.",
    )
    async def invite_member(self, info: Info, input: Input[InviteMemberInput]) -> InviteMemberPayload:
        row, text = await info.context.engine.people.invitations.create(
            local_id("Team", input.team_id, field=("input", "teamId")),
            input.email,
            input.role,
            projects(input.project_ids),
        )
        return InviteMemberPayload(invitation=Invitation.of(row), secret=text)

    @mutation(Action.REMOVE, Noun.INVITATION, "Have nobody accept an invitation any more.")
    async def revoke_invitation(self, info: Info, input: Input[RevokeInvitationInput]) -> RevokeInvitationPayload:
        key = local_id("Invitation", input.invitation_id, field=("input", "invitationId"))
        await info.context.engine.people.invitations.revoke(key)
        return RevokeInvitationPayload(removed_id=input.invitation_id)

    @public_mutation("Come into a team, with the secret of an invitation, as a new user or as who is signed in.")
    async def accept_invitation(self, info: Info, input: Input[AcceptInvitationInput]) -> AcceptInvitationPayload:
        people, viewer = info.context.engine.people, info.context.viewer
        people.sign_in.begin(viewer.address)
        newcomer = Newcomer(person_name(input.name) if input.name is not None else None, input.password)
        user, _ = await people.invitations.accept(input.secret, newcomer, viewer)
        people.sign_in.right(viewer.address)
        return AcceptInvitationPayload(user=User.of(user))
