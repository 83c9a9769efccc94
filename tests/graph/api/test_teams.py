"""Teams and their members; what is of one team is not there for another."""

from typing import Any

import pytest

from db.models import Role
from graph.ids import global_id
from tests.graph.api.conftest import Api
from tests.graph.api.members import administrator, member, seen_as, team_of_others

MEMBERS = "{ teams { name memberships { id role user { name email } projects { name } } } }"


async def test_there_is_a_team_from_the_first_start_on(api: Api) -> None:
    assert await api.ask("{ teams { name projects { name } memberships { role } } }") == {
        "teams": [{"name": "default", "projects": [], "memberships": []}]
    }


async def test_two_teams_may_call_a_project_the_same_and_one_may_not_do_so_twice(api: Api) -> None:
    theirs = await team_of_others(api)
    await api.project("shop")
    made = await api.do("createProject", "project { team { name } }", name="shop", teamId=theirs)
    assert made == {"project": {"team": {"name": "others"}}}
    assert await api.refused("createProject", name="shop", teamId=theirs) == [("NAME_TAKEN", ["input", "name"])]


async def test_the_team_is_named_only_where_it_could_be_another(api: Api) -> None:
    made = await api.do("createProject", "project { team { name } }", name="one")
    assert made == {"project": {"team": {"name": "default"}}}
    theirs = await team_of_others(api)
    assert await api.refused("createProject", name="two") == [("INVALID_INPUT", ["input", "teamId"])]
    stranger = api.seen_by(await member(api, "sue", Role.DEVELOPER, team=theirs))
    made = await stranger.do("createProject", "project { team { name } }", name="two")
    assert made == {"project": {"team": {"name": "others"}}}


async def test_what_is_another_teams_is_as_if_it_were_not(api: Api) -> None:
    application = await api.application()
    theirs = await team_of_others(api)
    stranger = api.seen_by(await member(api, "sue", Role.OWNER, team=theirs))
    nothing = "nonsense"
    document = """query($id: ID!) { node(id: $id) { id } application(id: $id) { name } events { nodes { cursor } }
        applications { nodes { name } pageInfo { hasNextPage } }
        projects { name } teams { name } domains { host } }"""
    found = await stranger.ask(document, id=application)
    assert found == {
        "node": None,
        "application": None,
        "events": found["events"],
        "applications": {"nodes": [], "pageInfo": {"hasNextPage": False}},
        "projects": [],
        "teams": [{"name": "others"}],
        "domains": [],
    }
    for mutation, field in (("deployApplication", "applicationId"), ("removeApplication", "applicationId")):
        sentences = [
            (await stranger.ask(_messages(mutation), input={field: key}))["it"]["errors"]
            for key in (application, global_id("Application", "01m833z4wr47h397dvxhp6mbv0"))
        ]
        there, not_there = sentences
        assert [each["code"] for each in there] == ["NOT_FOUND"]
        assert there[0] | {"message": ""} == not_there[0] | {"message": ""}
        assert there[0]["message"].split(repr(application)) == not_there[0]["message"].split(
            repr(str(global_id("Application", "01m833z4wr47h397dvxhp6mbv0")))
        )
    assert await stranger.refused("deployApplication", applicationId=nothing) == [
        ("NOT_FOUND", ["input", "applicationId"])
    ]


def _messages(mutation: str) -> str:
    kind = mutation[0].upper() + mutation[1:]
    return f"mutation($input: {kind}Input!) {{ it: {mutation}(input: $input) {{ errors {{ code message field }} }} }}"


async def test_what_happens_in_another_team_is_not_told(api: Api) -> None:
    theirs = await team_of_others(api)
    stranger = api.seen_by(await member(api, "sue", Role.OWNER, team=theirs))
    asking = "subscription($after: Cursor) { events(after: $after) { ... on ResourceCreated { noun name teamId } } }"
    start = (await api.ask("{ eventCursor }"))["eventCursor"]
    async with stranger.watch(asking, after=start) as told:
        await api.application()
        await stranger.do("createProject", "project { id }", name="theirs")
        assert await told.next() == {"noun": "PROJECT", "name": "theirs", "teamId": theirs}


async def test_a_conflict_tells_no_more_than_the_viewer_may_know(api: Api) -> None:
    application = await api.application("secret-name")
    await api.do("addDomain", "domain { id }", applicationId=application, url="http://shop.example.com")
    theirs = await team_of_others(api)
    stranger = api.seen_by(await member(api, "sue", Role.OWNER, team=theirs))
    project = await stranger.do("createProject", "project { id }", name="p")
    made = await stranger.do(
        "createEnvironment", "environment { id }", projectId=project["project"]["id"], name="live"
    )
    other = await stranger.application(environment_id=made["environment"]["id"])
    answer = await stranger.ask(
        _messages("addDomain"), input={"applicationId": other, "url": "http://shop.example.com"}
    )
    assert [each["message"] for each in answer["it"]["errors"]] == [
        "shop.example.com already leads to somewhere else."
    ]
    own = await api.ask(_messages("addDomain"), input={"applicationId": other, "url": "http://shop.example.com"})
    assert [each["message"] for each in own["it"]["errors"]] == ["shop.example.com already leads to secret-name."]


@pytest.mark.parametrize(("role", "code"), [(Role.VIEWER, "FORBIDDEN"), (Role.DEVELOPER, None), (Role.ADMIN, None)])
async def test_who_sees_a_thing_and_may_not_change_it_is_told_so(api: Api, role: Role, code: str | None) -> None:
    application = await api.application()
    asker = api.seen_by(await member(api, "sue", role))
    kind = "UpdateApplicationInput"
    document = f"mutation($input: {kind}!) {{ updateApplication(input: $input) {{ errors {{ code }} }} }}"
    values = {"input": {"applicationId": application, "replicas": 2}}
    if code:
        assert (await asker.error(document, **values))["code"] == code
    else:
        assert await asker.ask(document, **values) == {"updateApplication": {"errors": []}}


async def test_a_member_who_is_narrowed_to_a_project_sees_no_other(api: Api) -> None:
    shop, blog = await api.project("shop"), await api.project("blog")
    for project in (shop, blog):
        await api.do("createEnvironment", "environment { id }", projectId=project, name="production")
    narrowed = api.seen_by(await member(api, "sue", Role.DEVELOPER, projects=[shop]))
    found = await narrowed.ask("{ projects { name team { name projects { name } } } }")
    assert found == {"projects": [{"name": "shop", "team": {"name": "default", "projects": [{"name": "shop"}]}}]}
    assert (await narrowed.ask("query($id: ID!) { project(id: $id) { name } }", id=blog)) == {"project": None}
    document = "mutation($input: CreateProjectInput!) { createProject(input: $input) { errors { code } } }"
    assert (await narrowed.error(document, input={"name": "new"}))["code"] == "FORBIDDEN"


async def test_members_are_let_in_changed_and_taken_out(api: Api) -> None:
    owner = api.seen_by(await member(api, "ann", Role.OWNER))
    team, shop = await api.team(), await api.project("shop")
    boss = api.seen_by(await administrator(api))
    user = global_id("User", (await member(api, "bob", Role.VIEWER, team=await team_of_others(api))).user_id or "")
    made = await boss.do("addMember", "membership { id role }", teamId=team, userId=user, role="DEVELOPER")
    membership = made["membership"]["id"]
    again = await boss.refused("addMember", teamId=team, userId=user, role="DEVELOPER")
    assert again == [("CONFLICT", None)]
    changed = await owner.do(
        "updateMembership", "membership { role projects { name } }", membershipId=membership, projectIds=[shop]
    )
    assert changed == {"membership": {"role": "DEVELOPER", "projects": [{"name": "shop"}]}}
    changed = await owner.do(
        "updateMembership", "membership { role projects { name } }", membershipId=membership, projectIds=None
    )
    assert changed == {"membership": {"role": "DEVELOPER", "projects": None}}
    assert await owner.do("removeMembership", "removedId", membershipId=membership) == {"removedId": membership}
    (found,) = (await owner.ask(MEMBERS))["teams"]
    assert [each["user"] for each in found["memberships"]] == [{"name": "ann", "email": "ann@example.com"}]


async def test_nobody_gives_more_than_they_have_nor_takes_from_those_above_them(api: Api) -> None:
    owner, admin = await member(api, "ann", Role.OWNER), await member(api, "bob", Role.ADMIN)
    await member(api, "second", Role.OWNER)
    memberships = {each["user"]["name"]: each["id"] for each in (await api.ask(MEMBERS))["teams"][0]["memberships"]}
    asking = api.seen_by(admin)
    for name, role in (("bob", "OWNER"), ("ann", "VIEWER")):
        refused = await asking.refused("updateMembership", membershipId=memberships[name], role=role)
        assert [code for code, _ in refused] == ["NOT_NOW"]
    assert [code for code, _ in await asking.refused("removeMembership", membershipId=memberships["ann"])] == [
        "NOT_NOW"
    ]
    done = await api.seen_by(owner).do(
        "updateMembership", "membership { role }", membershipId=memberships["bob"], role="VIEWER"
    )
    assert done == {"membership": {"role": "VIEWER"}}
    assert (await seen_as(api, admin.user_id or "")).authority != admin.authority


async def test_a_team_keeps_an_owner(api: Api) -> None:
    owner = api.seen_by(await member(api, "ann", Role.OWNER))
    (membership,) = (await api.ask(MEMBERS))["teams"][0]["memberships"]
    for mutation, more in (
        ("removeMembership", {}),
        ("updateMembership", {"role": "ADMIN"}),
        ("updateMembership", {"projectIds": [await api.project()]}),
    ):
        refused = await owner.refused(mutation, membershipId=membership["id"], **more)
        assert refused == [("CONFLICT", ["input", "membershipId"])]


async def test_a_member_may_leave(api: Api) -> None:
    await member(api, "ann", Role.OWNER)
    viewer = await member(api, "bob", Role.VIEWER)
    memberships = (await api.ask(MEMBERS))["teams"][0]["memberships"]
    by_name = {each["user"]["name"]: each["id"] for each in memberships}
    document = "mutation($input: RemoveMembershipInput!) { removeMembership(input: $input) { errors { code } } }"
    error = await api.seen_by(viewer).error(document, input={"membershipId": by_name["ann"]})
    assert error["code"] == "FORBIDDEN"
    left = await api.seen_by(viewer).do("removeMembership", "removedId", membershipId=by_name["bob"])
    assert left == {"removedId": by_name["bob"]}


async def test_a_team_goes_when_it_has_nothing_left_and_is_not_the_last(api: Api) -> None:
    first = await api.team()
    assert await api.refused("removeTeam", teamId=first) == [("CONFLICT", ["input", "teamId"])]
    theirs = await team_of_others(api)
    sue = await member(api, "sue", Role.OWNER, team=theirs)
    project = (await api.do("createProject", "project { id }", name="p", teamId=theirs))["project"]["id"]
    asking = api.seen_by(sue)
    made = await asking.do("createApiToken", "secret", name="ci", within=theirs)
    assert await asking.refused("removeTeam", teamId=theirs) == [("CONFLICT", ["input", "teamId"])]
    await api.do("removeProject", "removedId", projectId=project)
    assert await asking.do("removeTeam", "removedId", teamId=theirs) == {"removedId": theirs}
    assert await api.engine.tokens.authenticate(made["secret"]) is None
    assert (await seen_as(api, sue.user_id or "")).authority.allowances == frozenset()


TOKEN_LIMITS: list[tuple[dict[str, Any], str, str | None]] = [
    ({"permissions": [{"action": "READ"}]}, "removeApplication", "FORBIDDEN"),
    ({"permissions": [{"action": "READ"}]}, "deployApplication", "FORBIDDEN"),
    ({"permissions": [{"action": "DEPLOY"}]}, "deployApplication", None),
    ({"permissions": [{"action": "DEPLOY", "noun": "DATABASE"}]}, "deployApplication", "FORBIDDEN"),
    ({"permissions": [{"action": "DEPLOY"}]}, "removeApplication", "FORBIDDEN"),
    ({"permissions": [{"action": "REMOVE", "noun": "APPLICATION"}]}, "removeApplication", None),
    ({}, "removeApplication", None),
]


@pytest.mark.parametrize(("limits", "mutation", "code"), TOKEN_LIMITS)
async def test_a_token_does_what_it_says_and_nothing_else(
    api: Api, limits: dict[str, Any], mutation: str, code: str | None
) -> None:
    application = await api.application()
    asking = api.seen_by(await member(api, "ann", Role.DEVELOPER))
    made = await asking.do("createApiToken", "secret", name="ci", within=await api.team(), **limits)
    token = await api.engine.tokens.authenticate(made["secret"])
    assert token is not None
    answer = await api.seen_by(token).execute(_messages(mutation), {"input": {"applicationId": application}})
    codes = [(error.extensions or {})["code"] for error in answer.errors or ()]
    assert codes == ([code] if code else [])


async def test_a_token_can_never_do_more_than_whoever_made_it_can_now(api: Api) -> None:
    application, ann = await api.application(), await member(api, "ann", Role.DEVELOPER)
    await member(api, "owner", Role.OWNER)
    made = await api.seen_by(ann).do("createApiToken", "secret apiToken { user { name } }", name="ci")
    assert made["apiToken"] == {"user": {"name": "ann"}}
    memberships = {each["user"]["name"]: each["id"] for each in (await api.ask(MEMBERS))["teams"][0]["memberships"]}

    async def sees() -> bool:
        token = await api.engine.tokens.authenticate(made["secret"])
        assert token is not None
        found = await api.seen_by(token).ask("query($id: ID!) { application(id: $id) { id } }", id=application)
        return found["application"] is not None

    assert await sees()
    await api.do("removeMembership", "removedId", membershipId=memberships["ann"])
    token = await api.engine.tokens.authenticate(made["secret"])
    assert token is not None
    error = await api.seen_by(token).error("query($id: ID!) { application(id: $id) { id } }", id=application)
    assert error["code"] == "FORBIDDEN"


async def test_a_token_that_may_do_nothing_is_not_made_and_least_of_all_one_that_may_do_everything(api: Api) -> None:
    refused = await api.refused("createApiToken", name="ci", within=await api.team(), permissions=[])
    assert refused == [("INVALID_INPUT", ["input", "permissions"])]


async def test_a_token_makes_no_token(api: Api) -> None:
    made = await api.seen_by(await member(api, "ann", Role.OWNER)).do("createApiToken", "secret", name="ci")
    token = await api.engine.tokens.authenticate(made["secret"])
    assert token is not None
    document = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { errors { code } } }"
    assert (await api.seen_by(token).error(document, input={"name": "more"}))["code"] == "FORBIDDEN"


async def test_a_token_is_good_in_its_networks_only(api: Api) -> None:
    made = await api.do("createApiToken", "secret", name="ci", networks=["203.0.113.0/24", "192.0.2.7/32"])
    let_in = {
        address: await api.engine.tokens.authenticate(made["secret"], address) is not None
        for address in ("203.0.113.9", "192.0.2.7", "192.0.2.8", "::ffff:203.0.113.9", "::1", "")
    }
    assert let_in == {
        "203.0.113.9": True,
        "192.0.2.7": True,
        "192.0.2.8": False,
        "::ffff:203.0.113.9": True,
        "::1": False,
        "": False,
    }


async def test_somebody_elses_token_is_theirs_to_revoke_and_an_admins(api: Api) -> None:
    ann, bob = await member(api, "ann", Role.DEVELOPER), await member(api, "bob", Role.DEVELOPER)
    admin = await member(api, "admin", Role.ADMIN)
    team = await api.team()
    tokens = [
        (await api.seen_by(ann).do("createApiToken", "apiToken { id }", name=name, within=team))["apiToken"]["id"]
        for name in ("one", "two")
    ]
    assert await api.seen_by(bob).refused("revokeApiToken", tokenId=tokens[0]) == [
        ("NOT_FOUND", ["input", "tokenId"])
    ]
    for asker, token in ((ann, tokens[0]), (admin, tokens[1])):
        assert await api.seen_by(asker).do("revokeApiToken", "removedId", tokenId=token) == {"removedId": token}


async def test_the_viewer_knows_what_they_may_do(api: Api) -> None:
    application = await api.application()
    asking = api.seen_by(await member(api, "ann", Role.VIEWER))
    found = await asking.ask(
        """query($id: ID!) { viewer { name user { email } memberships { role team { name } } apiTokens { name }
            sees: may(action: READ, noun: APPLICATION, within: $id)
            deploys: may(action: DEPLOY, noun: APPLICATION, within: $id)
            servers: may(action: READ, noun: SERVER) users: may(action: READ, noun: USER) } }""",
        id=application,
    )
    assert found["viewer"] == {
        "name": "ann",
        "user": {"email": "ann@example.com"},
        "memberships": [{"role": "VIEWER", "team": {"name": "default"}}],
        "apiTokens": [],
        "sees": True,
        "deploys": False,
        "servers": True,
        "users": False,
    }


async def test_what_may_be_done_with_what_has_no_id_is_an_error(api: Api) -> None:
    document = "query($id: ID!) { viewer { may(action: READ, noun: APPLICATION, within: $id) } }"
    error = await api.seen_by(await member(api, "ann", Role.VIEWER)).error(document, id="nothing")
    assert (error["code"], error["field"]) == ("NOT_FOUND", ["within"])


async def test_what_is_wrong_with_an_input_is_told_to_those_who_might_do_it(api: Api) -> None:
    application = await api.application()
    values = {"applicationId": application, "url": "not a URL"}
    asking = api.seen_by(await member(api, "ann", Role.DEVELOPER))
    assert await asking.refused("addDomain", **values) == [("INVALID_INPUT", ["input", "url"])]
    document = "mutation($input: AddDomainInput!) { addDomain(input: $input) { errors { code } } }"
    viewer = api.seen_by(await member(api, "bob", Role.VIEWER))
    assert (await viewer.error(document, input=values))["code"] == "FORBIDDEN"
