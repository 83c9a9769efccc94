"""The certificates that the HTTP proxy is given in its document, as PEM, and those that it is to order."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.certificates.shown import Shown
from engine.proxy.templates import Pattern, http_pattern, tls_pattern
from engine.secret_places import certificate_place
from engine.secrets import Cipher, Secret

# The order of P-256: a private key is a number below it.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ALWAYS = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class AcmeCertificate:
    """One for the one name `host`, from a resolver. `ordering`: the first, or the first from this resolver."""

    id: str
    host: str
    resolver_id: str
    routed: bool = True
    ordering: bool = False


def certificate_routers(certificates: Iterable[AcmeCertificate]) -> dict[str, Pattern]:
    """The routers by which Traefik orders certificates, by name."""
    return {f"certificate-{each.id}": _router(each) for each in certificates if each.routed}


def is_to_be_stored(certificates: Iterable[AcmeCertificate], resolver_id: str, host: str) -> bool:
    """Whether what this resolver has issued for a host is of use: until another is asked for the next one."""
    found = [each for each in certificates if each.host == host]
    return any(each.resolver_id == resolver_id or not each.ordering for each in found)


def _router(certificate: AcmeCertificate) -> Pattern:
    router = http_pattern("routers", "certificate") | {"rule": f"Host(`{certificate.host}`)"}
    router["tls"] |= {"certResolver": certificate.resolver_id, "domains": [{"main": certificate.host}]}
    return router


def own_certificates(shown: Shown, cipher: Cipher, *, key: str) -> list[Pattern]:
    """Each certificate that is to be shown, with its private key, which is opened here.

    Names for which Traefik would find nothing but the certificate of another team get one that nobody trusts, made
    from the proxy's secret, `key`. The same ones give the same bytes.
    """
    brought = (_pair(each.chain, cipher.decrypt(each.key, certificate_place(each.id))) for each in shown.certificates)
    return [*brought, *(_pair(*_stand_in(host, key)) for host in shown.strangers)]


def _pair(chain: str, key: Secret) -> Pattern:
    return tls_pattern("certificates") | {"certFile": chain, "keyFile": key.reveal()}


def _stand_in(host: str, secret: str) -> tuple[str, Secret]:
    digest = hmac.new(secret.encode(), f"stand-in:{host}".encode(), hashlib.sha512).digest()
    key = ec.derive_private_key(int.from_bytes(digest) % (_ORDER - 1) + 1, ec.SECP256R1())
    nobody = x509.Name([])
    made = (
        x509.CertificateBuilder(nobody, nobody, key.public_key(), serial_number=1)
        .not_valid_before(_ALWAYS[0])
        .not_valid_after(_ALWAYS[1])
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    private_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM).decode(), Secret(private_key.decode())
