"""Where secrets belong: a ciphertext opens only there."""

from db.models import Application, Certificate, CertificateResolver, Database, EnvironmentVariable, User
from db.sealed import place_of


def registry_place(application_id: str) -> str:
    """Where the registry password of an application belongs."""
    return place_of(Application, "registry_password", application_id)


def variable_place(variable_id: str) -> str:
    """Where one value of a variable belongs."""
    return place_of(EnvironmentVariable, "value", variable_id)


def database_place(database_id: str, column: str) -> str:
    """Where a secret of a database belongs: its "password", its "next_password", its "variables"."""
    return place_of(Database, column, database_id)


def certificate_place(certificate_id: str) -> str:
    """Where the private key of a certificate belongs."""
    return place_of(Certificate, "key", certificate_id)


def resolver_place(resolver_id: str, column: str) -> str:
    """Where a secret of a certificate resolver belongs: its "eab_hmac_key", its "dns_credentials"."""
    return place_of(CertificateResolver, column, resolver_id)


def totp_place(user_id: str) -> str:
    """Where the secret of somebody's second factor belongs."""
    return place_of(User, "totp", user_id)
