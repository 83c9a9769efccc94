"""What people bring as a certificate: a good one is kept in one form, all that is wrong with another told at once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from engine.certificates.pem import brought
from engine.errors import InvalidInput
from engine.secrets import Secret
from tests.engine.certificates.authority import Key, Signed, authority, intermediate, leaf

ROOT = authority()
BETWEEN = intermediate(ROOT)
NOW = datetime.now(UTC)


def problems(chain: str, key: str, at: datetime = NOW) -> list[tuple[str, str]]:
    """(field, sentence) of each thing that is wrong."""
    with pytest.raises(ExceptionGroup) as refused:
        brought(chain, Secret(key), at)
    found = [error for error in refused.value.exceptions if isinstance(error, InvalidInput)]
    assert len(found) == len(refused.value.exceptions)
    assert all(error.sentence.endswith((".", "to it.")) for error in found)
    return [(error.field[1], error.sentence) for error in found]


def sentence(chain: str, key: str) -> str:
    """The one thing that is wrong with a chain."""
    ((field, told),) = problems(chain, key)
    assert field == "chain"
    return told


def test_a_certificate_is_kept_in_one_form_with_its_names_and_dates() -> None:
    made = leaf(BETWEEN, "Shop.Example.com", "*.example.com")
    kept = brought(made.chain, Secret(made.key), NOW)
    assert kept.names == ("shop.example.com", "*.example.com")
    assert kept.issuer == "CN=Test CA 2"
    assert kept.chain == made.pem + BETWEEN.pem
    assert kept.key == Secret(made.key)
    assert kept.not_before < NOW < kept.not_after


def test_a_root_may_end_the_chain_and_text_stand_around_it() -> None:
    made = leaf(BETWEEN, "shop.example.com")
    kept = brought(f"Bag Attributes\r\n{made.chain}\n{ROOT.pem}", Secret(made.key), NOW)
    assert kept.chain == made.pem + BETWEEN.pem + ROOT.pem


# Our library makes none: openssl did.
SHA1 = """-----BEGIN CERTIFICATE-----
MIIBqTCCAU+gAwIBAgIUSn9vDjaxIJddI1u0D48s24z+CzQwCQYHKoZIzj0EATAb
MRkwFwYDVQQDDBBzaG9wLmV4YW1wbGUuY29tMCAXDTI2MTEyMzE1MTUwM1oYDzI5
OTgxMTA3MTUxNTAzWjAbMRkwFwYDVQQDDBBzaG9wLmV4YW1wbGUuY29tMFkwEwYH
KoZIzj0CAQYIKoZIzj0DAQcDQgAEAgyAEL2bmJMJIRfLRn2aq0oSWYeUeqpuW1Pp
23M3xZGqvDU6wUhO7+6NRBmTZQxgx/q5P3azeYAGbWDecQkPR6NwMG4wHQYDVR0O
BBYEFB4RxQVb6wFSM57lZpgxURV0OBAiMB8GA1UdIwQYMBaAFB4RxQVb6wFSM57l
ZpgxURV0OBAiMA8GA1UdEwEB/wQFMAMBAf8wGwYDVR0RBBQwEoIQc2hvcC5leGFt
cGxlLmNvbTAJBgcqhkjOPQQBA0kAMEYCIQCnAXLjvE2FAmMycZFqYwdECj1mpY3J
bUsYc3MlqNQ+kAIhAK/gdWocPOUmXjSUwYlUGNIqOxWVBzmRo3uWNTswTc17
-----END CERTIFICATE-----
"""
SHA1_KEY = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNhozFGy2vrNTJuLU
k0VSfDNBYEFdfRUCy8lXIfapbdKhRANCAAQCDIAQvZuYkwkhF8tGfZqrShJZh5R6
qm5bU+nbczfFkaq8NTrBSE7v7o1EGZNlDGDH+rk/drN5gAZtYN5xCQ9H
-----END PRIVATE KEY-----
"""
KEYS: list[Callable[[], Key]] = [
    lambda: rsa.generate_private_key(65537, 2048),
    lambda: rsa.generate_private_key(65537, 4096),
    lambda: ec.generate_private_key(ec.SECP256R1()),
    lambda: ec.generate_private_key(ec.SECP384R1()),
    lambda: ec.generate_private_key(ec.SECP521R1()),
    ed25519.Ed25519PrivateKey.generate,
]


@pytest.mark.parametrize("make", KEYS)
def test_the_kinds_of_keys_that_clients_take(make: Callable[[], Key]) -> None:
    made = leaf(ROOT, "shop.example.com", key=make())
    assert brought(made.chain, Secret(made.key), NOW).names == ("shop.example.com",)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: rsa.generate_private_key(65537, 1024), "2048 to 8192 bits; this one has 1024"),
        (lambda: ec.generate_private_key(ec.SECP256K1()), "on secp256k1"),
        (lambda: dsa.generate_private_key(2048), "another kind"),
    ],
)
def test_other_kinds_are_refused(make: Callable[[], Key], told: str) -> None:
    made = leaf(ROOT, "shop.example.com", key=make())
    assert told in sentence(made.chain, made.key)


def test_all_that_is_wrong_is_told_at_once() -> None:
    made = leaf(BETWEEN, days=1, since=NOW - timedelta(days=3))
    assert problems(made.chain, leaf(None, "a.example.com").key) == [
        ("chain", "The certificate names no host: clients look for its subject alternative names."),
        ("chain", f"The certificate has expired on {NOW - timedelta(days=2):%Y-%m-%d}."),
        ("key", "The private key does not belong to the certificate."),
    ]
    assert [field for field, _ in problems("no", "no")] == ["chain", "key"]


def test_the_chain_is_in_order_and_holds_nobody_else() -> None:
    made, root = leaf(intermediate(BETWEEN, "Test CA 3"), "shop.example.com"), ROOT.pem
    assert made.issuer
    third, second, stranger = made.issuer.pem, BETWEEN.pem, authority("Another").pem
    assert "out of order: number 3 has signed number 1" in sentence(made.pem + second + third, made.key)
    assert "out of order: number 3 has signed number 1" in sentence(made.pem + stranger + third, made.key)
    assert "Number 4 of the chain has not signed number 3" in sentence(made.pem + third + second + stranger, made.key)
    assert "Number 2 of the chain has not signed number 1" in sentence(made.pem + root, made.key)
    assert "Number 2 of the chain has not signed number 1" in sentence(made.pem + made.pem, made.key)
    assert "must come first; it is number 2" in problems(third + made.pem, made.key)[-1][1]


def test_who_is_no_authority_signs_nothing() -> None:
    neighbour = leaf(ROOT, "neighbour.example.com")
    made = leaf(neighbour, "shop.example.com")
    assert sentence(made.pem + neighbour.pem, made.key) == "Number 2 of the chain may not sign certificates."


def test_dates_are_those_of_all_in_the_chain() -> None:
    early = leaf(ROOT, "shop.example.com", since=NOW + timedelta(days=1))
    assert "is not valid before" in sentence(early.chain, early.key)
    over = intermediate(ROOT, since=NOW - timedelta(days=9), days=8)
    made = leaf(over, "shop.example.com")
    assert f"Number 2 of the chain has expired on {NOW - timedelta(days=1):%Y-%m-%d}." == sentence(
        made.chain, made.key
    )


def test_a_signature_that_clients_refuse_is_refused() -> None:
    assert problems(SHA1, SHA1_KEY, datetime(2500, 1, 1, tzinfo=UTC)) == [
        ("chain", "Number 1 of the chain is signed by way of SHA1, which clients refuse.")
    ]


def test_a_private_key_in_the_chain_is_refused_and_not_repeated() -> None:
    made = leaf(None, "shop.example.com")
    told = sentence(made.pem + made.key, made.key)
    assert told == "There is a private key in the chain, which everybody sees: it belongs into key alone."


def test_what_is_no_certificate_is_told_so() -> None:
    made = leaf(None, "shop.example.com")
    assert "CERTIFICATE REQUEST" in sentence(made.pem.replace("CERTIFICATE", "CERTIFICATE REQUEST"), made.key)
    assert "not a PEM certificate" in sentence(made.pem.replace("M", "N"), made.key)
    assert "not a PEM certificate" in sentence("", made.key)
    assert "longer than 64 KiB" in sentence(made.pem * 200, made.key)
    assert "plain letters" in sentence(made.pem + "é", made.key)


def test_a_private_key_is_one_without_a_password() -> None:
    made: Signed = leaf(None, "shop.example.com")
    locked = made.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"plum"))
    assert problems(made.pem, locked.decode()) == [("key", "The private key is protected by a password.")]
    assert problems(made.pem, made.pem) == [("key", "The private key is not a PEM private key.")]
    assert problems(made.pem, "x" * 9_000) == [("key", "That is longer than 8 KiB, and not what it should be.")]
