"""The certificates that the HTTP proxy is given in its document, as PEM."""

import hashlib
import hmac
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.certificates.shown import Shown
from engine.proxy.templates import Pattern, tls_pattern
from engine.secret_places import certificate_place
from engine.secrets import Cipher

# The order of P-256: a private key is a number below it.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ALWAYS = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC))


def own_certificates(shown: Shown, cipher: Cipher, *, key: str) -> list[Pattern]:
    """Each certificate that is to be shown, with its private key, which is opened here.

    Names for which Traefik would find nothing but the certificate of another team get one that nobody trusts, made
    from the proxy's secret, `key`. The same ones give the same bytes.
    """
    brought = (
        _pair(each.chain, cipher.decrypt(each.key, certificate_place(each.id)).reveal()) for each in shown.certificates
    )
    return [*brought, *(_pair(*_stand_in(host, key)) for host in shown.strangers)]


def _pair(chain: str, key: str) -> Pattern:
    return tls_pattern("certificates") | {"certFile": chain, "keyFile": key}


def _stand_in(host: str, secret: str) -> tuple[str, str]:
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
    return made.public_bytes(Encoding.PEM).decode(), private_key.decode()
