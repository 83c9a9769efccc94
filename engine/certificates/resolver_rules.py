"""What of a certificate resolver can be: each function raises `InvalidInput` that says which field and why."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from cryptography import x509

from engine.errors import InvalidInput
from engine.secrets import Secret

_LONGEST_URL = 2048
_LONGEST_CERTIFICATES = 64 * 1024
_LONGEST_VALUE = 32 * 1024
_MOST_VARIABLES = 32
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_PROVIDER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
_BASE64_URL = re.compile(r"[A-Za-z0-9_-]{8,1024}={0,2}")
# They run a program of the host's, or ask somebody at a terminal.
_NO_PROVIDERS = {"exec", "manual"}
# What the process itself is steered by, not a provider.
_NO_VARIABLES = re.compile(
    r"PATH|HOME|USER|SHELL|TMPDIR|HOSTNAME|TZ|GO.*|LD_.*|SSL_.*|LEGO_.*|TRAEFIK_.*|(HTTPS?|NO|ALL)_PROXY|.*_FILE"
)
_DURATION = ("input", "certificateDuration")
_HOURS = range(1, 366 * 24)


def check_directory(url: str) -> None:
    """An ACME directory: over HTTPS, and with no name or password in it."""
    field = ("input", "directoryUrl")
    if not _is_url(url):
        sentence = "This is no URL of an ACME directory, such as https://acme.example.com/directory."
        raise InvalidInput(sentence, field=field)
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise InvalidInput("An ACME directory is asked over https only.", field=field)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidInput("The URL of an ACME directory has neither a user nor a fragment.", field=field)


def check_ca_certificates(text: str) -> None:
    """PEM certificates, or nothing."""
    field = ("input", "caCertificates")
    if not text:
        return
    if "PRIVATE KEY" in text:
        raise InvalidInput("There is a private key in it; only certificates belong here.", field=field)
    if len(text) > _LONGEST_CERTIFICATES or not text.isascii():
        raise InvalidInput("That is no PEM of certificates, or longer than 64 KiB.", field=field)
    try:
        x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        raise InvalidInput("These are no PEM certificates.", field=field) from None


def check_hours(hours: int) -> None:
    """For how long certificates are valid."""
    if hours not in _HOURS:
        raise InvalidInput("A certificate is valid for one hour at least, and for a year at most.", field=_DURATION)


def check_profile(profile: str) -> None:
    """The name of a profile, or nothing."""
    if profile and not _WORD.fullmatch(profile):
        raise InvalidInput("A profile is named by letters, digits, - . and _.", field=("input", "profile"))


def check_eab(key_id: str, hmac_key: Secret) -> Secret:
    """An external account: the id of its key, and the key as base64url, which is given back."""
    if not 0 < len(key_id) <= 512 or not key_id.isascii() or not key_id.isprintable():
        raise InvalidInput(
            "The id of the key is plain text that the authority gave you.", field=("input", "eab", "keyId")
        )
    if not _BASE64_URL.fullmatch(hmac_key.reveal()):
        raise InvalidInput(
            "The key is in base64url, as the authority gave it to you.", field=("input", "eab", "hmacKey")
        )
    return hmac_key


def check_provider(provider: str) -> None:
    """A provider of DNS as lego names them."""
    field = ("input", "dnsProvider")
    if not provider:
        raise InvalidInput("The challenge DNS-01 needs a provider of DNS, such as cloudflare.", field=field)
    if not _PROVIDER.fullmatch(provider):
        raise InvalidInput(
            "Providers are named as lego does, in lower case: cloudflare, route53, rfc2136.", field=field
        )
    if provider in _NO_PROVIDERS:
        raise InvalidInput(
            f"{provider} runs programs on the host, or asks somebody: it cannot be used here.", field=field
        )


def check_variables(given: Mapping[str, Secret]) -> None:
    """The variables by which a provider of DNS is told its credentials."""
    if len(given) > _MOST_VARIABLES:
        raise InvalidInput(f"A provider has {_MOST_VARIABLES} variables at most.", field=("input", "dnsCredentials"))
    for step, (name, value) in enumerate(given.items()):
        place = ("input", "dnsCredentials", str(step))
        if not _VARIABLE.fullmatch(name) or _NO_VARIABLES.fullmatch(name):
            raise InvalidInput(
                "This is no variable of a provider of DNS, such as CF_DNS_API_TOKEN.", field=(*place, "variable")
            )
        if not 0 < len(value.reveal()) <= _LONGEST_VALUE or "\0" in value.reveal():
            raise InvalidInput("A value is text of 1 to 32,768 characters.", field=(*place, "value"))


def _is_url(text: str) -> bool:
    if len(text) > _LONGEST_URL or not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
