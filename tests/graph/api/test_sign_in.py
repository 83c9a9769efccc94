"""Signing in with a password: who is let in, for how long, and what those learn who are not."""

import asyncio
import statistics
import time
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from db.models import AuditEntry, User, UserSession, now
from engine.accounts import user_sessions
from engine.accounts.passwords import OWASP, Hashing, Passwords
from engine.accounts.tokens import hashed
from engine.errors import NotNow
from graph.ids import local_id
from tests.graph.api.conftest import OWNER, SETUP, Api
from tests.graph.api.people import (
    OTHER_PASSWORD,
    PASSWORD,
    at_a_browser,
    at_time,
    given_cookie,
    is_let_in,
    long_ago,
    own_id,
    owner,
    signed_in,
    somebody,
    with_cookie,
)

ANN = "ann@example.com"
OPTIONS = "{ signInOptions { ownerNeeded singleSignOn mail } }"


async def test_the_setup_token_makes_the_owner_and_nothing_after_that(api: Api) -> None:
    text = await api.engine.tokens.create_setup_token()
    assert text
    setup = await api.engine.tokens.authenticate(text)
    assert setup
    assert (await api.ask(OPTIONS))["signInOptions"] == {"ownerNeeded": True, "singleSignOn": None, "mail": False}
    wanted = {"email": "Ann@Example.com", "name": " Ann ", "password": PASSWORD}
    made = await api.seen_by(setup).do("createOwner", "user { name email administrator }", **wanted)
    assert made["user"] == {"name": "Ann", "email": ANN, "administrator": True}
    assert await api.engine.tokens.authenticate(text) is None
    assert await api.seen_by(setup).refused("createOwner", **wanted) == [("CONFLICT", ["input"])]
    assert not (await api.ask(OPTIONS))["signInOptions"]["ownerNeeded"]
    ann = await signed_in(api, ANN)
    found = await ann.ask("{ viewer { name user { email } memberships { role team { name } } } }")
    assert found["viewer"]["memberships"] == [{"role": "OWNER", "team": {"name": "default"}}]
    assert found["viewer"]["user"] == {"email": ANN}


async def test_of_two_who_hold_the_setup_token_one_becomes_the_owner(api: Api) -> None:
    text = await api.engine.tokens.create_setup_token()
    setup = await api.engine.tokens.authenticate(text or "")
    assert setup
    wanted = {"name": "Ann", "password": PASSWORD}
    both = [
        api.seen_by(setup)._mutate("createOwner", "user { id }", {**wanted, "email": f"{name}@example.com"})
        for name in ("ann", "bob")
    ]
    answers = await asyncio.gather(*both)
    assert sorted(bool(answer["user"]) for answer in answers) == [False, True]


@pytest.mark.parametrize(
    "password",
    ["short", "x" * 11, "aaaaaaaaaaaaaa", "password123456", "PASSWORD123456", ANN, "é" * 600, "\ud800" * 12],
)
async def test_what_everybody_has_is_no_password(api: Api, password: str) -> None:
    wanted = {"email": ANN, "name": "Ann", "password": password}
    assert await api.refused("createOwner", **wanted) == [("INVALID_INPUT", ["input", "password"])]


async def test_a_browser_is_signed_in_by_a_cookie_that_the_database_does_not_hold(api: Api) -> None:
    ann = await owner(api)
    text = ann.visit.session
    assert text
    rows = await api.engine.sessions.read(_sessions)
    assert [row.hash for row in rows] == [hashed(text)]
    assert (rows[0].address, rows[0].user_agent) == ("127.0.0.1", "a browser")
    seen = (await ann.ask("{ viewer { name tokenId sessions { current address userAgent } } }"))["viewer"]
    assert seen == {
        "name": "Ann",
        "tokenId": None,
        "sessions": [{"current": True, "address": "127.0.0.1", "userAgent": "a browser"}],
    }


async def test_whoever_is_wrong_learns_nothing(api: Api) -> None:
    await owner(api)
    browser = at_a_browser(api)
    for email, password in ((ANN, OTHER_PASSWORD), ("bob@example.com", PASSWORD), (ANN, ""), (ANN, "\ud800")):
        assert await browser.refused("signIn", email=email, password=password) == [
            ("INVALID_INPUT", ["input", "password"])
        ]
    assert given_cookie(browser) is None
    entries = await api.engine.sessions.read(_failures)
    assert [entry.name for entry in entries] == [ANN, "bob@example.com", ANN, ANN]
    assert [bool(entry.noun_id) for entry in entries] == [True, False, True, True]


async def test_an_unknown_address_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords(Hashing(memory=4096, passes=2))
    kept = await passwords.hash(PASSWORD)
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(15):
        for known in (True, False):
            began = time.perf_counter()
            assert not await passwords.fits(OTHER_PASSWORD, kept if known else None)
            times[known].append(time.perf_counter() - began)
    passwords.close()
    assert 0.4 < statistics.median(times[True]) / statistics.median(times[False]) < 2.5


async def test_a_flood_of_sign_ins_waits_its_turn_and_is_bounded() -> None:
    passwords = Passwords(Hashing(memory=8192, passes=2))
    flood = [asyncio.create_task(passwords.fits(PASSWORD, None)) for _ in range(200)]
    done = await asyncio.gather(*flood, return_exceptions=True)
    passwords.close()
    assert sum(isinstance(each, NotNow) for each in done) == 200 - 64
    assert passwords._threads._max_workers == 2


async def test_guessing_is_slowed_down(api: Api) -> None:
    await owner(api)
    browser = at_a_browser(api)
    codes = [(await browser.refused("signIn", email=ANN, password="wrong"))[0][0] for _ in range(7)]
    assert codes == ["INVALID_INPUT"] * 5 + ["NOT_NOW"] * 2
    assert await browser.refused("signIn", email=ANN, password=PASSWORD) == [("NOT_NOW", ["input"])]


async def test_a_password_is_hashed_anew_when_more_is_asked_for(api: Api) -> None:
    await owner(api)
    before = (await api.engine.sessions.read(_user)).password
    api.engine.people.sign_in._passwords = stronger = Passwords(Hashing(memory=128, passes=1))
    await signed_in(api, ANN)
    after = (await api.engine.sessions.read(_user)).password
    assert before != after
    assert "m=128" in (after or "")
    await signed_in(api, ANN)
    assert (await api.engine.sessions.read(_user)).password == after
    stronger.close()


def test_what_a_hash_costs_is_what_owasp_recommends() -> None:
    assert (OWASP.memory, OWASP.passes, OWASP.threads) == (19456, 2, 1)


async def test_signing_in_again_ends_what_the_browser_had(api: Api) -> None:
    ann = await owner(api)
    again = at_a_browser(api, ann.visit.session)
    await again.do("signIn", "user { id }", email=ANN, password=PASSWORD)
    assert not await is_let_in(ann)
    assert await is_let_in(await with_cookie(again))


async def test_a_session_ends_after_a_day_of_nothing_and_after_two_weeks_of_anything(api: Api) -> None:
    ann = await owner(api)
    start = now()
    with at_time(start + user_sessions.IDLE - timedelta(seconds=30)):
        assert await is_let_in(ann)
        await asyncio.gather(*api.engine.people.sessions._uses._noting.values())
    with at_time(start + user_sessions.IDLE + timedelta(minutes=1)):
        assert await is_let_in(ann)
        await asyncio.gather(*api.engine.people.sessions._uses._noting.values())
    with at_time(start + 3 * user_sessions.IDLE):
        assert not await is_let_in(ann)
    await api.engine.sessions.write(_use_at, start + user_sessions.LONGEST)
    with at_time(start + user_sessions.LONGEST + timedelta(seconds=30)):
        assert not await is_let_in(ann)


async def test_signing_out_ends_this_browser_or_all(api: Api) -> None:
    ann = await owner(api)
    phone, laptop = await signed_in(api, ANN), await signed_in(api, ANN)
    await phone.do("signOut", "")
    assert given_cookie(phone) == ""
    assert [await is_let_in(each) for each in (ann, phone, laptop)] == [True, False, True]
    await laptop.do("signOut", "", everywhere=True)
    assert [await is_let_in(each) for each in (ann, phone, laptop)] == [False, False, False]


async def test_a_session_is_revoked_by_its_user_and_by_an_administrator(api: Api) -> None:
    ann = await owner(api)
    bob = await somebody(ann, "bob@example.com")
    eve = await somebody(ann, "eve@example.com", role="VIEWER")
    (session,) = (await bob.ask("{ viewer { sessions { id } } }"))["viewer"]["sessions"]
    refused = await eve.execute(
        "mutation($id: ID!) { revokeSession(input: {sessionId: $id}) { errors { code } } }", {"id": session["id"]}
    )
    assert refused.data == {"revokeSession": {"errors": [{"code": "NOT_FOUND"}]}} or refused.errors
    assert await is_let_in(bob)
    seen = await ann.ask("query($id: ID!) { user(id: $id) { sessions { id } } }", id=await own_id(bob))
    assert seen["user"]["sessions"] == [session]
    await ann.do("revokeSession", "removedId", sessionId=session["id"])
    assert not await is_let_in(bob)
    (own,) = (await eve.ask("{ viewer { sessions { id } } }"))["viewer"]["sessions"]
    await eve.do("revokeSession", "removedId", sessionId=own["id"])
    assert not await is_let_in(eve)


async def test_what_one_signs_in_with_is_changed_only_shortly_after_showing_it(api: Api) -> None:
    ann = await owner(api)
    await api.engine.sessions.write(long_ago, ann.viewer.user_id)
    needed = [("CONFIRMATION_NEEDED", ["input"])]
    assert await ann.refused("changePassword", password=OTHER_PASSWORD) == needed
    assert await ann.refused("beginSecondFactor") == needed
    assert await ann.refused("createApiToken", name="ci") == needed
    assert await ann.refused("confirmPassword", password="wrong") == [("INVALID_INPUT", ["input", "password"])]
    await ann.do("confirmPassword", "", password=PASSWORD)
    renewed = await with_cookie(ann)
    assert not await is_let_in(ann), "the session has another text from now on"
    assert renewed.viewer.session_id == ann.viewer.session_id
    await renewed.do("createApiToken", "secret", name="ci")


async def test_a_changed_password_signs_all_others_out(api: Api) -> None:
    ann = await owner(api)
    phone = await signed_in(api, ANN)
    await ann.do("changePassword", "", password=OTHER_PASSWORD)
    assert not await is_let_in(phone)
    assert await is_let_in(await with_cookie(ann))
    assert await at_a_browser(api).refused("signIn", email=ANN, password=PASSWORD) != []
    await signed_in(api, ANN, OTHER_PASSWORD)


async def test_tokens_do_not_change_what_their_user_signs_in_with(api: Api) -> None:
    await owner(api)
    for viewer in (OWNER, SETUP):
        error = await api.seen_by(viewer).error(
            'mutation { changePassword(input: {password: "x"}) { errors { code } } }'
        )
        assert error == {"code": "FORBIDDEN"}


def _sessions(session: Session) -> list[UserSession]:
    return list(session.exec(select(UserSession)))


def _user(session: Session) -> User:
    return session.exec(select(User)).one()


def _failures(session: Session) -> list[AuditEntry]:
    return list(session.exec(select(AuditEntry).where(AuditEntry.action == "signInFailed")))


def _use_at(session: Session, moment: object) -> None:
    for row in _sessions(session):
        row.last_used_at = moment  # type: ignore[assignment]
        session.add(row)


async def test_who_is_disabled_is_out_at_once(api: Api) -> None:
    ann = await owner(api)
    bob = await somebody(ann, "bob@example.com")
    bob_id = await own_id(bob)
    assert local_id("User", bob_id) == bob.viewer.user_id
    await ann.do("disableUser", "user { disabledAt }", userId=bob_id)
    assert not await is_let_in(bob)
    assert await at_a_browser(api).refused("signIn", email="bob@example.com", password=PASSWORD) != []
    await ann.do("enableUser", "user { disabledAt }", userId=bob_id)
    await signed_in(api, "bob@example.com")
