"""A TCP proxy to test with, and a certificate."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.proxy.tcp.certificate import Certificate
from engine.proxy.tcp.spec import Backend, TcpProxySpec
from engine.secrets import Secret


def certificate(name: str) -> Certificate:
    """A certificate of its own for this name and for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8, bare = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return Certificate(made.public_bytes(pem).decode(), Secret(key.private_bytes(pem, pkcs8, bare).decode()))


EXAMPLE = TcpProxySpec(
    id="01h000000000000000000000p1",
    instance_id="one",
    database_id="01h000000000000000000000d1",
    key="an-example-of-a-key",
    network="wharf-e1",
    backend=Backend("wharf-d1", 5432),
    port=9000,
)
OURS = certificate("database.test")
