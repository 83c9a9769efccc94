"""Everything about people, put together."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from db.sessions import Sessions
from engine.accounts.identities import Identities
from engine.accounts.invitations import Invitations
from engine.accounts.mail import Mailer, MailSettings
from engine.accounts.passkeys import Passkeys
from engine.accounts.passwords import OWASP, Hashing, Passwords
from engine.accounts.resets import Resets
from engine.accounts.second_factor import SecondFactor
from engine.accounts.sign_in import SignIn
from engine.accounts.single_sign_on import OidcSettings
from engine.accounts.user_sessions import UserSessions
from engine.accounts.users import Users
from engine.attempts import Attempts
from engine.secrets import Cipher

if TYPE_CHECKING:
    from engine.accounts.oidc import Oidc


@dataclass(frozen=True, slots=True)
class PeopleSettings:
    """What is decided about people. `public_url` is where their browsers find us; None: nothing was said."""

    public_url: str | None = None
    mail: MailSettings | None = None
    oidc: OidcSettings | None = None
    hashing: Hashing = field(default=OWASP)


class People:
    """What the API may ask about people, by what it is about."""

    def __init__(self, sessions: Sessions, cipher: Cipher, settings: PeopleSettings) -> None:
        self.attempts = Attempts()
        self.settings = settings
        self._passwords = Passwords(settings.hashing)
        self._mailer = Mailer(settings.mail, settings.public_url or "") if settings.mail else None
        self.sessions = UserSessions(sessions)
        self.users = Users(sessions, self._passwords)
        self.second_factor = SecondFactor(sessions, cipher)
        self.sign_in = SignIn(sessions, self._passwords, self.second_factor, self.attempts)
        self.invitations = Invitations(sessions, self._passwords, self._mailer)
        self.resets = Resets(sessions, self._passwords, self._mailer)
        self.oidc = _provider(settings.oidc) if settings.oidc else None
        self.passkeys = Passkeys(sessions)
        self.identities = Identities(sessions)

    async def close(self) -> None:
        await self.resets.close()
        if self._mailer:
            await self._mailer.close()
        if self.oidc:
            await self.oidc.close()
        self._passwords.close()


def _provider(settings: OidcSettings) -> "Oidc":
    from engine.accounts.oidc import Oidc  # only where there is one: see engine.accounts.single_sign_on

    return Oidc(settings)
