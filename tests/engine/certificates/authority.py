"""Certificates for tests: authorities of their own, and what they sign."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Key: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Signed:
    """A certificate, its private key, and who has signed it; None: it itself."""

    certificate: x509.Certificate
    private_key: Key
    issuer: "Signed | None" = None

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def chain(self) -> str:
        """It, and those of its issuers, the root left out."""
        return self.pem + (self.issuer.chain if self.issuer and self.issuer.issuer else "")

    @property
    def key(self) -> str:
        return self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass(frozen=True)
class Wanted:
    """What is to be signed. Without `days` it is valid from an hour ago, for a year."""

    names: tuple[str, ...] = ()
    authority: bool = False
    title: str = ""
    since: datetime | None = None
    days: float = 365


def authority(title: str = "Test CA", **wanted: object) -> Signed:
    """A root."""
    return sign(None, replace(Wanted(authority=True, title=title), **wanted))  # type: ignore[arg-type]


def intermediate(issuer: Signed, title: str = "Test CA 2", **wanted: object) -> Signed:
    return sign(issuer, replace(Wanted(authority=True, title=title), **wanted))  # type: ignore[arg-type]


def leaf(issuer: Signed | None, *names: str, key: Key | None = None, **wanted: object) -> Signed:
    """A certificate for these names; without an issuer signed by itself."""
    return sign(issuer, replace(Wanted(names=names), **wanted), key)  # type: ignore[arg-type]


def sign(issuer: Signed | None, wanted: Wanted, key: Key | None = None) -> Signed:
    key = key or ec.generate_private_key(ec.SECP256R1())
    title = wanted.title or (wanted.names[0] if wanted.names else "nobody")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    since = wanted.since or datetime.now(UTC) - timedelta(hours=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=wanted.days))
        .add_extension(x509.BasicConstraints(ca=wanted.authority, path_length=None), critical=True)
    )
    if wanted.names:
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in wanted.names])
        builder = builder.add_extension(names, critical=False)
    signer = issuer.private_key if issuer else key
    digest = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Signed(builder.sign(signer, digest), key, issuer)
