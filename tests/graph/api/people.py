"""People, as tests need them: made by the front door, and signed in with a browser of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import patch

from sqlmodel import Session, select

from db.models import UserSession
from engine.accounts import resets, second_factor, user_sessions
from engine.accounts.viewer import anybody_at
from graph.visits import Visit
from tests.graph.api.conftest import OWNER, Api

PASSWORD = "a long enough passphrase"
OTHER_PASSWORD = "quite another passphrase"
NOBODY = anybody_at("127.0.0.1")


def at_a_browser(api: Api, cookie: str | None = None) -> Api:
    """In front of a browser that nobody has signed in with, or that has this cookie."""
    cookies = {"__Host-wharf": cookie} if cookie else {}
    return replace(api, viewer=NOBODY, visit=Visit(True, "127.0.0.1", "a browser", cookies))


async def owner(api: Api, email: str = "ann@example.com") -> Api:
    """The owner of the installation, just made, signed in."""
    await api.seen_by(OWNER).do("createOwner", "user { id }", email=email, name="Ann", password=PASSWORD)
    return await signed_in(api, email)


async def somebody(api: Api, email: str, role: str = "DEVELOPER", team: str | None = None) -> Api:
    """A new member of a team (by default the one there is), signed in. `api` may invite."""
    secret = await invited(api, email, role=role, team=team)
    name = email.partition("@")[0]
    await at_a_browser(api).do("acceptInvitation", "user { id }", secret=secret, name=name, password=PASSWORD)
    return await signed_in(api, email)


async def invited(api: Api, email: str, *, role: str = "DEVELOPER", team: str | None = None) -> str:
    made = await api.do("inviteMember", "secret", teamId=team or await api.team(), email=email, role=role)
    return str(made["secret"])


async def signed_in(api: Api, email: str, password: str = PASSWORD, code: str | None = None) -> Api:
    browser = at_a_browser(api)
    await browser.do("signIn", "user { id }", email=email, password=password, code=code)
    return await with_cookie(browser)


async def with_cookie(api: Api) -> Api:
    """As the browser goes on, with the cookie that it was given last."""
    text = given_cookie(api)
    assert text
    viewer = await api.engine.people.sessions.authenticate(text, "127.0.0.1")
    assert viewer
    return replace(at_a_browser(api, text), viewer=viewer)


def given_cookie(api: Api) -> str | None:
    """What the browser's cookie holds; None: none was given; empty: it was taken away."""
    found = api.visit._given.get("__Host-wharf")
    return found[0] if found else None


async def is_let_in(api: Api) -> bool:
    """Whether the browser's cookie still lets it in."""
    return await api.engine.people.sessions.authenticate(api.visit.session or "", "127.0.0.1") is not None


async def own_id(api: Api) -> str:
    return str((await api.ask("{ viewer { user { id } } }"))["viewer"]["user"]["id"])


def long_ago(session: Session, user_id: str | None, by: timedelta = user_sessions.RECENT) -> None:
    """Let the sessions of a user have begun so much earlier."""
    for row in session.exec(select(UserSession).where(UserSession.user_id == user_id)):
        row.created_at -= by + timedelta(seconds=1)
        session.add(row)


@contextmanager
def at_time(moment: datetime) -> Iterator[None]:
    """What looks at the clock for people sees this time."""
    from engine.accounts import invitations, last_use

    modules = (user_sessions, last_use, resets, invitations, second_factor)
    patches = [patch.object(module, "now", lambda: moment) for module in modules]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()
