"""The certificate that a TCP proxy shows. Traefik takes one of its own, silently, for one that it cannot read."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from engine.secrets import Secret


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with those of its issuers, and its private key, both as PEM."""

    chain: str
    key: Secret


def unusable_certificate(certificate: Certificate) -> str | None:
    """Why Traefik could not use it, as a sentence that tells nothing of the key, or None when it can."""
    try:
        leaf, *_ = x509.load_pem_x509_certificates(certificate.chain.encode())
    except ValueError:
        return "The certificate is not a PEM certificate."
    try:
        key = load_pem_private_key(certificate.key.reveal().encode(), password=None)
    except TypeError:
        return "The private key is protected by a password."
    except ValueError:
        return "The private key is not a PEM private key."
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if leaf.public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        return "The private key does not belong to the certificate."
    return None
