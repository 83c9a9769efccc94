"""What of the settings is about people."""

from urllib.parse import unquote, urlsplit

from engine.accounts.mail import MailSettings
from engine.accounts.people import PeopleSettings
from engine.accounts.single_sign_on import OidcSettings
from graph.sso import CALLBACK
from wharf.settings import Settings


def people_settings(settings: Settings) -> PeopleSettings:
    """Where letters are handed in, who signs people in, and where browsers find us."""
    return PeopleSettings(public_url=settings.public_url or None, mail=_mail(settings), oidc=_oidc(settings))


def _mail(settings: Settings) -> MailSettings | None:
    if settings.smtp_url is None:
        return None
    url = urlsplit(settings.smtp_url.reveal())
    tls = url.scheme == "smtps"
    return MailSettings(
        host=url.hostname or "",
        port=url.port or (465 if tls else 587),
        sender=settings.mail_from,
        tls=tls,
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
    )


def _oidc(settings: Settings) -> OidcSettings | None:
    if not settings.oidc_issuer:
        return None
    return OidcSettings(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        name=settings.oidc_name,
        redirect_uri=settings.public_url + CALLBACK,
        client_secret=settings.oidc_client_secret.reveal() if settings.oidc_client_secret else None,
    )
