"""New passwords for those who have lost theirs, by a link or by mail."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from db.models import now
from engine.accounts.mail import Mailer, MailSettings
from tests.graph.api.conftest import Api
from tests.graph.api.people import (
    OTHER_PASSWORD,
    PASSWORD,
    at_a_browser,
    at_time,
    invited,
    is_let_in,
    own_id,
    owner,
    signed_in,
    somebody,
)

BOB = "bob@example.com"
GONE = [("INVALID_INPUT", ["input", "secret"])]


class Postbox:
    """What was handed in."""

    def __init__(self) -> None:
        self.letters: asyncio.Queue[Message] = asyncio.Queue()

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        self.letters.put_nowait(message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
async def postbox(api: Api) -> AsyncIterator[Postbox]:
    """A mail server on this machine, which the API hands its letters to."""
    box = Postbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box, hostname="localhost"), "127.0.0.1", 0)
    people = api.engine.people
    settings = MailSettings("127.0.0.1", server.sockets[0].getsockname()[1], "wharf@example.com")
    mailer = Mailer(settings, "https://wharf.example.com")
    people._mailer = people.resets._mailer = people.invitations._mailer = mailer
    yield box
    server.close()
    await server.wait_closed()


def secret_in(letter: Message, page: str) -> str:
    """What the link in a letter holds."""
    text = letter.get_payload(decode=True)
    assert isinstance(text, bytes)
    found = re.search(rf"https://wharf\.example\.com/{page}#(\S+)", text.decode())
    assert found, text
    return found[1]


@contextmanager
def an_hour_later() -> Iterator[None]:
    with at_time(now() + timedelta(hours=1, minutes=1)):
        yield


async def test_a_link_of_an_administrator_is_good_once_for_an_hour(api: Api) -> None:
    ann = await owner(api)
    bob = await somebody(ann, BOB)
    bob_id = await own_id(bob)
    first = (await ann.do("createPasswordReset", "secret expiresAt", userId=bob_id))["secret"]
    second = (await ann.do("createPasswordReset", "secret", userId=bob_id))["secret"]
    browser = at_a_browser(api)
    assert await browser.refused("resetPassword", secret=first, password=OTHER_PASSWORD) == GONE
    with an_hour_later():
        assert await browser.refused("resetPassword", secret=second, password=OTHER_PASSWORD) == GONE
    weak = await browser.refused("resetPassword", secret=second, password="short")
    assert weak == [("INVALID_INPUT", ["input", "password"])]
    await browser.do("resetPassword", "user { email }", secret=second, password=OTHER_PASSWORD)
    assert not await is_let_in(bob)
    assert await browser.refused("resetPassword", secret=second, password=PASSWORD) == GONE
    await signed_in(api, BOB, OTHER_PASSWORD)


async def test_only_administrators_make_links(api: Api) -> None:
    ann = await owner(api)
    bob = await somebody(ann, BOB, role="OWNER")
    for user in (ann, bob):
        answer = await bob.execute(
            "mutation($id: ID!) { createPasswordReset(input: {userId: $id}) { secret errors { code } } }",
            {"id": await own_id(user)},
        )
        assert answer.data is None or answer.data["createPasswordReset"]["secret"] is None


async def test_a_link_comes_by_mail_to_who_has_the_address_and_nobody_is_told_whether(
    api: Api, postbox: Postbox
) -> None:
    ann = await owner(api)
    await somebody(ann, BOB)
    await postbox.letters.get()
    browser = at_a_browser(api)
    answers = [await browser._mutate("requestPasswordReset", "", {"email": each}) for each in ("x@example.com", BOB)]
    assert answers == [{"errors": []}] * 2
    letter = await asyncio.wait_for(postbox.letters.get(), 10)
    assert (letter["To"], letter["From"]) == (BOB, "wharf@example.com")
    await browser.do("requestPasswordReset", "", email=BOB)
    await api.engine.people.resets.close()
    assert postbox.letters.empty(), "one letter a minute is enough"
    await browser.do("resetPassword", "", secret=secret_in(letter, "reset-password"), password=OTHER_PASSWORD)
    await signed_in(api, BOB, OTHER_PASSWORD)


async def test_without_a_mail_server_it_is_said_so(api: Api) -> None:
    assert await at_a_browser(api).refused("requestPasswordReset", email=BOB) == [("NOT_NOW", ["input"])]


async def test_an_invitation_is_mailed(api: Api, postbox: Postbox) -> None:
    secret = await invited(await owner(api), BOB)
    letter = await asyncio.wait_for(postbox.letters.get(), 10)
    assert secret_in(letter, "accept-invitation") == secret
    assert letter["To"] == BOB


async def test_a_letter_that_cannot_be_sent_is_logged_without_what_it_holds(
    api: Api, postbox: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    people = api.engine.people
    gone = Mailer(MailSettings("127.0.0.1", 1, "wharf@example.com", password="hunter2"), "https://wharf.example.com")
    people.invitations._mailer = gone
    secret = await invited(await owner(api), BOB)
    await asyncio.gather(*gone._sending)
    assert "A letter to bob@example.com was not sent: 127.0.0.1: " in caplog.text
    assert secret not in caplog.text
    assert "hunter2" not in caplog.text
    assert "hunter2" not in repr(gone._settings)
