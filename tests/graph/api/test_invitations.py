"""Invitations: for one address, once, for a week, and never more than whoever invites may give."""

from datetime import timedelta

import pytest

from db.models import now
from tests.graph.api.conftest import OWNER, Api
from tests.graph.api.people import (
    OTHER_PASSWORD,
    PASSWORD,
    at_a_browser,
    at_time,
    invited,
    own_id,
    owner,
    signed_in,
    somebody,
)

BOB = "bob@example.com"
GONE = [("INVALID_INPUT", ["input", "secret"])]
INVITATIONS = "{ teams { invitations { id email role inviter { name } projects { name } } } }"


async def test_an_invitation_is_accepted_once_by_somebody_new(api: Api) -> None:
    ann = await owner(api)
    secret = await invited(ann, "Bob@Example.com", role="VIEWER")
    (waiting,) = (await ann.ask(INVITATIONS))["teams"][0]["invitations"]
    assert waiting | {"id": ""} == {
        "id": "",
        "email": BOB,
        "role": "VIEWER",
        "inviter": {"name": "Ann"},
        "projects": None,
    }
    accepted = {"secret": secret, "name": "Bob", "password": PASSWORD}
    browser = at_a_browser(api)
    assert (await browser.do("acceptInvitation", "user { email }", **accepted))["user"] == {"email": BOB}
    assert await browser.refused("acceptInvitation", **accepted) == GONE
    bob = await signed_in(api, BOB)
    found = await bob.ask("{ viewer { memberships { role } user { administrator } } }")
    assert found["viewer"] == {"memberships": [{"role": "VIEWER"}], "user": {"administrator": False}}
    assert (await ann.ask(INVITATIONS))["teams"][0]["invitations"] == []
    assert await ann.refused("inviteMember", teamId=await ann.team(), email=BOB, role="VIEWER") == [
        ("CONFLICT", ["input", "email"])
    ]


async def test_whoever_has_an_account_accepts_as_the_user_with_exactly_this_address(api: Api) -> None:
    ann = await owner(api)
    bob, eve = await somebody(ann, BOB), await somebody(ann, "eve@example.com")
    made = await ann.do("createTeam", "team { id }", name="blog")
    secret = await invited(ann, BOB, team=made["team"]["id"])
    taken = await at_a_browser(api).refused("acceptInvitation", secret=secret, name="Bob", password=OTHER_PASSWORD)
    assert taken == [("NOT_NOW", ["input", "secret"])]
    assert await eve.refused("acceptInvitation", secret=secret) == [("NOT_NOW", ["input", "secret"])]
    await bob.do("acceptInvitation", "user { id }", secret=secret)
    assert len((await bob.ask("{ viewer { memberships { role } } }"))["viewer"]["memberships"]) == 2
    await signed_in(api, BOB)


async def test_an_invitation_ends_when_it_is_revoked_replaced_or_a_week_old(api: Api) -> None:
    ann = await owner(api)
    accepted = {"name": "Bob", "password": PASSWORD}
    first = await invited(ann, BOB)
    second = await invited(ann, BOB)
    browser = at_a_browser(api)
    assert await browser.refused("acceptInvitation", secret=first, **accepted) == GONE
    (waiting,) = (await ann.ask(INVITATIONS))["teams"][0]["invitations"]
    await ann.do("revokeInvitation", "removedId", invitationId=waiting["id"])
    assert await browser.refused("acceptInvitation", secret=second, **accepted) == GONE
    assert await ann.refused("revokeInvitation", invitationId=waiting["id"]) != []
    third = await invited(ann, BOB)
    with at_time(now() + timedelta(days=7, minutes=1)):
        assert await browser.refused("acceptInvitation", secret=third, **accepted) == GONE
    await browser.do("acceptInvitation", "user { id }", secret=third, **accepted)


async def test_nobody_invites_to_more_than_they_have(api: Api) -> None:
    ann = await owner(api)
    admin = await somebody(ann, "admin@example.com", role="ADMIN")
    team = await ann.team()
    assert await admin.refused("inviteMember", teamId=team, email=BOB, role="OWNER") == [
        ("NOT_NOW", ["input", "role"])
    ]
    developer = await somebody(ann, "dev@example.com")
    document = (
        'mutation($id: ID!) { inviteMember(input: {teamId: $id, email: "x@example.com", role: VIEWER}) { secret } }'
    )
    assert await developer.error(document, id=team) == {"code": "FORBIDDEN"}
    assert (await developer.ask(INVITATIONS))["teams"][0]["invitations"] == []


async def test_an_invitation_is_worth_what_its_inviter_may_give_when_it_is_accepted(api: Api) -> None:
    ann = await owner(api)
    admin = await somebody(ann, "admin@example.com", role="ADMIN")
    secret = await invited(admin, BOB, role="ADMIN")
    await ann.do("disableUser", "user { id }", userId=await own_id(admin))
    accepted = {"secret": secret, "name": "Bob", "password": PASSWORD}
    assert await at_a_browser(api).refused("acceptInvitation", **accepted) == [("NOT_NOW", ["input", "secret"])]
    seen = await ann.ask("{ users { email } }")
    assert BOB not in [user["email"] for user in seen["users"]], "the account is not left behind"
    await ann.do("enableUser", "user { id }", userId=await own_id(admin))
    await at_a_browser(api).do("acceptInvitation", "user { id }", **accepted)


async def test_an_invitation_may_be_narrowed_to_projects(api: Api) -> None:
    ann = await owner(api)
    shop, blog = await api.seen_by(OWNER).project("shop"), await api.seen_by(OWNER).project("blog")
    assert blog
    made = await ann.do(
        "inviteMember",
        "secret invitation { projects { name } }",
        teamId=await ann.team(),
        email=BOB,
        role="DEVELOPER",
        projectIds=[shop],
    )
    assert made["invitation"] == {"projects": [{"name": "shop"}]}
    await at_a_browser(api).do(
        "acceptInvitation", "user { id }", secret=made["secret"], name="Bob", password=PASSWORD
    )
    bob = await signed_in(api, BOB)
    assert (await bob.ask("{ projects { name } }"))["projects"] == [{"name": "shop"}]


@pytest.mark.parametrize("values", [{}, {"name": "Bob"}, {"password": PASSWORD}])
async def test_somebody_new_needs_a_name_and_a_password(api: Api, values: dict[str, str]) -> None:
    secret = await invited(await owner(api), BOB)
    assert await at_a_browser(api).refused("acceptInvitation", secret=secret, **values) == [
        ("INVALID_INPUT", ["input", "name"])
    ]
