"""Who looks after people, and what cannot be taken away."""

import asyncio
from typing import Any

import pytest

from db.models import Event
from tests.graph.api.conftest import Api
from tests.graph.api.people import PASSWORD, at_a_browser, is_let_in, own_id, owner, signed_in, somebody
from wharf.app import close_revoked


async def test_users_are_seen_by_administrators(api: Api) -> None:
    ann = await owner(api)
    bob = await somebody(ann, "bob@example.com")
    seen = await ann.ask("{ users { email name administrator secondFactor } }")
    assert seen["users"] == [
        {"email": "ann@example.com", "name": "Ann", "administrator": True, "secondFactor": False},
        {"email": "bob@example.com", "name": "bob", "administrator": False, "secondFactor": False},
    ]
    assert await bob.error("{ users { email } }") == {"code": "FORBIDDEN"}


async def test_one_renames_oneself_and_nobody_else(api: Api) -> None:
    ann = await owner(api)
    bob = await somebody(ann, "bob@example.com")
    done = await bob.do("updateUser", "user { name }", userId=await own_id(bob), name=" Robert ")
    assert done["user"] == {"name": "Robert"}
    refused = await bob.error(
        'mutation($id: ID!) { updateUser(input: {userId: $id, name: "x"}) { errors { code } } }',
        id=await own_id(ann),
    )
    assert refused["code"] in ("FORBIDDEN", "NOT_FOUND")
    for name in ("", "  ", "a\nb", "x" * 101, "\u202ebob"):
        assert await bob.refused("updateUser", userId=await own_id(bob), name=name) == [
            ("INVALID_INPUT", ["input", "name"])
        ]


async def test_addresses_are_changed_by_administrators_and_belong_to_one_user(api: Api) -> None:
    ann = await owner(api)
    bob = await somebody(ann, "bob@example.com")
    bob_id = await own_id(bob)
    assert await bob.refused("updateUser", userId=bob_id, email="x@example.com") == [("NOT_NOW", ["input", "email"])]
    assert await ann.refused("updateUser", userId=bob_id, email="ANN@example.com") == [
        ("NAME_TAKEN", ["input", "email"])
    ]
    done = await ann.do("updateUser", "user { email }", userId=bob_id, email="Bob@Bücher.Example")
    assert done["user"] == {"email": "bob@xn--bcher-kva.example"}
    await signed_in(api, "bob@bücher.example")


async def test_the_last_administrator_stays(api: Api) -> None:
    ann = await owner(api)
    ann_id = await own_id(ann)
    conflict = [("CONFLICT", ["input", "userId"])]
    assert await ann.refused("setAdministrator", userId=ann_id, administrator=False) == conflict
    assert await ann.refused("disableUser", userId=ann_id) == conflict
    assert await ann.refused("removeUser", userId=ann_id) == conflict
    bob = await somebody(ann, "bob@example.com")
    bob_id = await own_id(bob)
    await ann.do("setAdministrator", "user { id }", userId=bob_id, administrator=True)
    await ann.do("disableUser", "user { id }", userId=bob_id)
    assert await ann.refused("setAdministrator", userId=ann_id, administrator=False) == conflict, "Bob cannot sign in"


async def test_who_is_removed_leaves_nothing_that_works(api: Api) -> None:
    ann = await owner(api)
    bob = await somebody(ann, "bob@example.com")
    token = await bob.do("createApiToken", "secret", name="ci")
    bob_id = await own_id(bob)
    await ann.do("removeUser", "removedId", userId=bob_id)
    assert not await is_let_in(bob)
    assert await api.engine.tokens.authenticate(token["secret"]) is None
    assert await at_a_browser(api).refused("signIn", email="bob@example.com", password=PASSWORD) != []
    left = "query($id: ID!) { user(id: $id) { id } teams { memberships { user { name } } } }"
    seen = await ann.ask(left, id=bob_id)
    assert seen == {"user": None, "teams": [{"memberships": [{"user": {"name": "Ann"}}]}]}
    await somebody(ann, "bob@example.com")


async def test_the_last_owner_of_a_team_stays_and_the_team_is_named(api: Api) -> None:
    ann = await owner(api)
    bob = await somebody(ann, "bob@example.com", role="OWNER")
    made = await ann.do("createTeam", "team { id }", name="blog")
    await ann.do("setAdministrator", "user { id }", userId=await own_id(bob), administrator=True)
    bob = await signed_in(api, "bob@example.com")
    payload = await bob._mutate("removeUser", "", {"userId": await own_id(ann)})
    assert [error["message"] for error in payload["errors"]] == [
        "Ann is the last owner of blog: make somebody else one first."
    ]
    await bob.do("addMember", "membership { id }", teamId=made["team"]["id"], userId=await own_id(bob), role="OWNER")
    await bob.do("removeUser", "removedId", userId=await own_id(ann))


@pytest.mark.parametrize(
    ("mutation", "values"),
    [
        ("disableUser", {}),
        ("removeUser", {}),
        ("setAdministrator", {"administrator": True}),
        ("updateUser", {"name": "B"}),
    ],
)
async def test_what_somebody_has_open_is_closed_when_they_change(
    api: Api, mutation: str, values: dict[str, Any]
) -> None:
    ann = await owner(api)
    bob = await somebody(ann, "bob@example.com")
    closed: list[str] = []
    sockets: Any = type("Sockets", (), {"revoke": lambda _self, ground: closed.append(ground)})()

    def note(event: Event) -> None:
        close_revoked(sockets, event)

    api.engine.events.on_event(note)
    await ann.do(mutation, "errors { code }", userId=await own_id(bob), **values)
    assert f"User:{bob.viewer.user_id}" in closed
    if mutation in ("disableUser", "removeUser"):
        assert f"UserSession:{bob.viewer.session_id}" in closed


async def test_administrators_see_who_signs_in_as_it_happens(api: Api) -> None:
    ann = await owner(api)
    async with ann.watch(
        "subscription { events { __typename ... on ResourceCreated { noun name node { id } } } }"
    ) as events:
        waiting = asyncio.create_task(events.next())
        await asyncio.sleep(0)
        await signed_in(api, "ann@example.com")
        seen = await waiting
    assert seen == {"__typename": "ResourceCreated", "noun": "USER", "name": "Ann", "node": None}
