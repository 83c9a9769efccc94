"""Certificates and private keys as people bring them: everything that is wrong with them, told at once."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from engine.errors import InvalidInput
from engine.secrets import Secret

_MOST_KIB, _MOST_KIB_OF_KEY = 64, 8  # the longest key takes 7, and longer ones seconds to be looked at
_CHAIN, _KEY = ("input", "chain"), ("input", "key")
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_SHORTEST_RSA, _LONGEST_RSA = 2048, 8192  # clients written in Go take no longer ones
_BROKEN_HASHES = ("md5", "sha1")


@dataclass(frozen=True, slots=True)
class Brought:
    """A certificate with those of its issuers, in which nothing is wrong, and its private key: both as PEM."""

    chain: str
    key: Secret
    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime


def brought(chain: str, key: Secret, at: datetime) -> Brought:
    """What somebody brings, in one form. Raises an ExceptionGroup of `InvalidInput`, one for each thing wrong."""
    problems: list[InvalidInput] = []
    certificates = _certificates(chain, problems)
    private_key = _private_key(key, problems)
    if certificates:
        problems += (InvalidInput(each, field=_CHAIN) for each in _wrong_in(certificates, at))
        if private_key:
            problems += _mismatch(certificates, private_key)
    if problems or private_key is None:
        raise ExceptionGroup("This certificate cannot be used.", problems)
    leaf = certificates[0]
    return Brought(
        "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates),
        Secret(private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()),
        _names(leaf),
        leaf.issuer.rfc4514_string(),
        leaf.not_valid_before_utc,
        leaf.not_valid_after_utc,
    )


def leaf_of(chain: str) -> x509.Certificate:
    """The certificate itself, the first of a chain that `brought` or an authority has given."""
    return x509.load_pem_x509_certificates(chain.encode())[0]


def _certificates(chain: str, problems: list[InvalidInput]) -> list[x509.Certificate]:
    if problem := _not_text(chain, _MOST_KIB) or _strange_block(chain):
        problems.append(InvalidInput(problem, field=_CHAIN))
        return []
    try:
        found = x509.load_pem_x509_certificates(chain.encode())
        for each in found:
            each.public_key(), each.extensions, each.signature_hash_algorithm  # read only when asked for
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        sentence = "The certificate is not a PEM certificate: -----BEGIN CERTIFICATE----- and what belongs to it."
        problems.append(InvalidInput(sentence, field=_CHAIN))
        return []
    return found


def _private_key(key: Secret, problems: list[InvalidInput]) -> PrivateKeyTypes | None:
    text = key.reveal()
    try:
        if problem := _not_text(text, _MOST_KIB_OF_KEY):
            raise ValueError(problem)
        return load_pem_private_key(text.encode(), password=None)
    except TypeError:
        problem = "The private key is protected by a password."
    except (ValueError, UnsupportedAlgorithm):
        problem = problem or "The private key is not a PEM private key."
    problems.append(InvalidInput(problem, field=_KEY))
    return None


def _not_text(text: str, most_kib: int) -> str | None:
    if len(text.encode("utf-8", "surrogatepass")) > most_kib * 1024:
        return f"That is longer than {most_kib} KiB, and not what it should be."
    return None if text.isascii() else "PEM is made of plain letters, digits and signs."


def _strange_block(chain: str) -> str | None:
    for kind in _BLOCK.findall(chain):
        if kind.endswith("PRIVATE KEY"):
            return "There is a private key in the chain, which everybody sees: it belongs into key alone."
        if kind != "CERTIFICATE":
            return f"There is a {kind} in the chain, which is made of certificates alone."
    return None


def _mismatch(certificates: Sequence[x509.Certificate], key: PrivateKeyTypes) -> Iterator[InvalidInput]:
    ours = _public_bytes(key)
    matching = [number for number, each in enumerate(certificates, 1) if _public_bytes(each) == ours]
    if not matching:
        yield InvalidInput("The private key does not belong to the certificate.", field=_KEY)
    elif matching[0] != 1:
        yield InvalidInput(
            f"The certificate of the private key must come first; it is number {matching[0]} of the chain.",
            field=_CHAIN,
        )


def _public_bytes(of: x509.Certificate | PrivateKeyTypes) -> bytes:
    return of.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _wrong_in(certificates: Sequence[x509.Certificate], at: datetime) -> Iterator[str]:
    leaf = certificates[0]
    if not _names(leaf):
        yield "The certificate names no host: clients look for its subject alternative names."
    if problem := _bad_key(leaf):
        yield problem
    for number, each in enumerate(certificates, 1):
        yield from _bad_dates(each, number, at)
        if number < len(certificates) or number == 1:
            yield from _bad_signature(each, number)
    links = enumerate(pairwise(certificates), 1)
    problems = (_bad_link(certificates, number, signed, issuer) for number, (signed, issuer) in links)
    if problem := next(filter(None, problems), None):  # one out of its place is two bad links
        yield problem


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = (str(each) for each in found.get_values_for_type(x509.IPAddress))
    return (*(name.lower() for name in found.get_values_for_type(x509.DNSName)), *addresses)


def _bad_key(leaf: x509.Certificate) -> str | None:
    key = leaf.public_key()
    match key:
        case rsa.RSAPublicKey():
            if _SHORTEST_RSA <= key.key_size <= _LONGEST_RSA:
                return None
            return f"An RSA key has {_SHORTEST_RSA} to {_LONGEST_RSA} bits; this one has {key.key_size}."
        case ec.EllipticCurvePublicKey() if not isinstance(key.curve, _CURVES):
            return f"Clients take the curves P-256, P-384 and P-521; this key is on {key.curve.name}."
        case ec.EllipticCurvePublicKey() | ed25519.Ed25519PublicKey():
            return None
        case _:
            return "Clients take certificates for RSA, ECDSA and Ed25519 keys; this one is for another kind."


def _bad_dates(certificate: x509.Certificate, number: int, at: datetime) -> Iterator[str]:
    which = "The certificate" if number == 1 else f"Number {number} of the chain"
    if certificate.not_valid_after_utc <= at:
        yield f"{which} has expired on {certificate.not_valid_after_utc:%Y-%m-%d}."
    if certificate.not_valid_before_utc > at:
        yield f"{which} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC."


def _bad_signature(certificate: x509.Certificate, number: int) -> Iterator[str]:
    digest = certificate.signature_hash_algorithm
    if digest is not None and digest.name in _BROKEN_HASHES:
        yield f"Number {number} of the chain is signed by way of {digest.name.upper()}, which clients refuse."


def _bad_link(
    certificates: Sequence[x509.Certificate], number: int, signed: x509.Certificate, issuer: x509.Certificate
) -> str | None:
    """What is wrong between a certificate of the chain and the next one; `number` is that of the first."""
    if _has_signed(issuer, signed):
        return None if _may_sign(issuer) else f"Number {number + 1} of the chain may not sign certificates."
    for place, each in enumerate(certificates, 1):
        if place > number + 1 and _has_signed(each, signed):
            return f"The chain is out of order: number {place} has signed number {number}, and must follow it."
    return f"Number {number + 1} of the chain has not signed number {number}: it does not belong there."


def _has_signed(issuer: x509.Certificate, signed: x509.Certificate) -> bool:
    try:
        signed.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_sign(issuer: x509.Certificate) -> bool:
    try:
        return issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
