"""Letters to people, by SMTP."""

import asyncio
import logging
from dataclasses import dataclass, field
from email.message import EmailMessage

import aiosmtplib

log = logging.getLogger(__name__)

_MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Where letters are handed in, and whose name they bear.

    `tls`: from the first byte on. Otherwise the connection is encrypted where the server can do so; with a password,
    it is not used when the server cannot.
    """

    host: str
    port: int
    sender: str
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    to: str
    subject: str
    text: str = field(repr=False)


class Mailer:
    """Sends letters, one at a time, without anybody waiting for it. `public_url` is where links lead."""

    def __init__(self, settings: MailSettings, public_url: str) -> None:
        self._settings = settings
        self._public_url = public_url
        self._sending: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    def link(self, page: str, secret: str) -> str:
        """The address of a page that is given a secret, in the part that browsers tell no server."""
        return link(self._public_url, page, secret)

    def send(self, letter: Letter) -> None:
        """Have it sent. What keeps it from that is logged."""
        if len(self._sending) >= _MOST_WAITING:
            log.error("A letter to %s was not sent: too many wait.", letter.to)
            return
        task = asyncio.create_task(self._send(letter))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def close(self) -> None:
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _send(self, letter: Letter) -> None:
        settings, message = self._settings, EmailMessage()
        message["From"], message["To"], message["Subject"] = settings.sender, letter.to, letter.subject
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        try:
            async with self._turn:
                await aiosmtplib.send(
                    message,
                    hostname=settings.host,
                    port=settings.port,
                    username=settings.username,
                    password=settings.password,
                    use_tls=settings.tls,
                    start_tls=(True if settings.password else None) if not settings.tls else False,
                    timeout=30,
                )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            log.error("A letter to %s was not sent: %s: %s", letter.to, settings.host, error)


def link(public_url: str, page: str, secret: str) -> str:
    return f"{public_url}/{page}#{secret}"
