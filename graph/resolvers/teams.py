import strawberry

from db.models import Role
from engine.names import ResourceName
from graph import lists
from graph.context import Info
from graph.errors import Payload
from graph.ids import local_id
from graph.permissions import Action, Noun
from graph.resolvers.changes import changes
from graph.resolvers.fields import Id, Input, mutation, query
from graph.schema.loaded import listed
from graph.schema.nodes import found
from graph.schema.teams import Membership, Team

_TEAM = ("input", "teamId")
_MEMBERSHIP = ("input", "membershipId")
_PROJECTS = "The only projects in which they may do it; null: in all of the team."


@strawberry.input(description="What createTeam needs.")
class CreateTeamInput:
    name: ResourceName = strawberry.field(description="What people shall call it. No two teams share a name.")


@strawberry.type(description="What createTeam did.")
class CreateTeamPayload(Payload):
    team: Team | None = strawberry.field(default=None, description="The new team.")


@strawberry.input(description="What updateTeam needs.")
class UpdateTeamInput:
    team_id: strawberry.ID = strawberry.field(description="The team to change.")
    name: ResourceName = strawberry.field(description="What people shall call it from now on.")


@strawberry.type(description="What updateTeam did.")
class UpdateTeamPayload(Payload):
    team: Team | None = strawberry.field(default=None, description="The team as it is now.")


@strawberry.input(description="What removeTeam needs.")
class RemoveTeamInput:
    team_id: strawberry.ID = strawberry.field(description="The team that shall go.")


@strawberry.type(description="What removeTeam did.")
class RemoveTeamPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id that the team had.")


@strawberry.input(description="What addMember needs.")
class AddMemberInput:
    team_id: strawberry.ID = strawberry.field(description="The team.")
    user_id: strawberry.ID = strawberry.field(description="Somebody who can sign in already.")
    role: Role = strawberry.field(description="What they shall be allowed to do.")
    project_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=_PROJECTS)


@strawberry.type(description="What addMember did.")
class AddMemberPayload(Payload):
    membership: Membership | None = strawberry.field(default=None, description="The new membership.")


@strawberry.input(description="What updateMembership needs. What is left out stays as it is.")
class UpdateMembershipInput:
    membership_id: strawberry.ID = strawberry.field(description="The membership to change.")
    role: strawberry.Maybe[Role | None] = strawberry.field(description="What they may do from now on.")
    project_ids: strawberry.Maybe[list[strawberry.ID] | None] = strawberry.field(description=_PROJECTS)


@strawberry.type(description="What updateMembership did. What they had open is closed: they come again.")
class UpdateMembershipPayload(Payload):
    membership: Membership | None = strawberry.field(default=None, description="The membership as it is now.")


@strawberry.input(description="What removeMembership needs.")
class RemoveMembershipInput:
    membership_id: strawberry.ID = strawberry.field(description="The membership that shall end.")


@strawberry.type(description="What removeMembership did. What they had open is closed.")
class RemoveMembershipPayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The id of the membership.")


@strawberry.type
class TeamQueries:
    @query(Action.READ, Noun.TEAM, "The teams that the viewer may know of, by name.")
    async def teams(self, info: Info) -> list[Team]:
        return listed(info, lists.teams, Team)

    @query(Action.READ, Noun.TEAM, "The team with this id; null: there is none.")
    async def team(self, info: Info, id: Id) -> Team | None:
        return found(info, Team, id)


@strawberry.type
class TeamMutations:
    @mutation(Action.CREATE, Noun.TEAM, "Make a team. Whoever makes it owns it.")
    async def create_team(self, info: Info, input: Input[CreateTeamInput]) -> CreateTeamPayload:
        row = await info.context.engine.teams.create(input.name, info.context.viewer.user_id)
        return CreateTeamPayload(team=Team.of(row))

    @mutation(Action.UPDATE, Noun.TEAM, "Give a team another name.")
    async def update_team(self, info: Info, input: Input[UpdateTeamInput]) -> UpdateTeamPayload:
        row = await info.context.engine.teams.rename(local_id("Team", input.team_id, field=_TEAM), input.name)
        return UpdateTeamPayload(team=Team.of(row))

    @mutation(Action.REMOVE, Noun.TEAM, "Remove a team that has nothing left, with its memberships and tokens.")
    async def remove_team(self, info: Info, input: Input[RemoveTeamInput]) -> RemoveTeamPayload:
        await info.context.engine.teams.remove(local_id("Team", input.team_id, field=_TEAM))
        return RemoveTeamPayload(removed_id=input.team_id)

    @mutation(Action.CREATE, Noun.MEMBERSHIP, "Let a user into a team. Nobody can give more than they have.")
    async def add_member(self, info: Info, input: Input[AddMemberInput]) -> AddMemberPayload:
        row = await info.context.engine.teams.add_member(
            local_id("Team", input.team_id, field=_TEAM),
            local_id("User", input.user_id, field=("input", "userId")),
            input.role,
            projects(input.project_ids),
        )
        return AddMemberPayload(membership=Membership.of(row))

    @mutation(Action.UPDATE, Noun.MEMBERSHIP, "Let a member do more or less than before.")
    async def update_membership(self, info: Info, input: Input[UpdateMembershipInput]) -> UpdateMembershipPayload:
        key = local_id("Membership", input.membership_id, field=_MEMBERSHIP)
        given = changes(input, clearable=("project_ids",))
        if "project_ids" in given:
            given["project_ids"] = projects(given["project_ids"])  # type: ignore[arg-type]
        row = await info.context.engine.teams.update_membership(key, given)
        return UpdateMembershipPayload(membership=Membership.of(row))

    @mutation(Action.REMOVE, Noun.MEMBERSHIP, "Take a member out of a team.", or_own=True)
    async def remove_membership(self, info: Info, input: Input[RemoveMembershipInput]) -> RemoveMembershipPayload:
        key = local_id("Membership", input.membership_id, field=_MEMBERSHIP)
        await info.context.engine.teams.remove_membership(key)
        return RemoveMembershipPayload(removed_id=input.membership_id)


def projects(given: list[strawberry.ID] | None) -> list[str] | None:
    """The keys of these projects. Raises `NotFound`."""
    if given is None:
        return None
    return [local_id("Project", each, field=("input", "projectIds")) for each in given]
