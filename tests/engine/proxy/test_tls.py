"""Certificates in the document of the HTTP proxy: with their keys, and stand-ins for names of other teams."""

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from engine.certificates.shown import OwnCertificate, Shown
from engine.proxy.compiler import compile_routes
from engine.proxy.tls import own_certificates
from engine.secret_places import certificate_place
from engine.secrets import Cipher, Key, Secret

CIPHER = Cipher(Key(b"k" * 32))
SEALED = CIPHER.encrypt(Secret("the key"), certificate_place("c1"))
OURS = OwnCertificate("c1", "t1", ("shop.test",), datetime(2030, 1, 1, tzinfo=UTC), "the chain", SEALED)
KEY = "an-example-of-a-key"


def test_a_certificate_is_written_with_its_key_once_however_many_names_it_is_shown_for() -> None:
    shown = Shown({"shop.test": OURS, "www.shop.test": OURS}, {}, ())
    assert own_certificates(shown, CIPHER, key=KEY) == [{"certFile": "the chain", "keyFile": "the key"}]
    assert SEALED not in repr(shown)


def test_a_stand_in_is_for_the_one_name_belongs_to_its_key_and_is_always_the_same() -> None:
    shown = Shown({}, {}, ("theirs.test",))
    (made,) = own_certificates(shown, CIPHER, key=KEY)
    certificate = x509.load_pem_x509_certificate(made["certFile"].encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["theirs.test"]
    assert load_pem_private_key(made["keyFile"].encode(), None).public_key() == certificate.public_key()
    assert own_certificates(shown, CIPHER, key=KEY) == [made]
    assert own_certificates(shown, CIPHER, key=KEY + "2") != [made]


def test_certificates_are_part_of_the_revision_and_nothing_shows_the_document() -> None:
    (pair,) = own_certificates(Shown({"shop.test": OURS}, {}, ()), CIPHER, key=KEY)
    without, compiled = compile_routes([], key=KEY), compile_routes([], key=KEY, certificates=[pair])
    assert "the key" in compiled.text
    assert compiled.revision != without.revision
    assert "the key" not in repr(compiled)
