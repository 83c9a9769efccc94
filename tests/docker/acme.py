"""An authority of a test's own, Pebble: it finds names by a name server of the test's, and the proxy at its ports."""

import ipaddress
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.conftest import free_port
from tests.docker.composed import docker
from tests.docker.names import Names
from tests.docker.world import World

_START_SECONDS = 10.0
_PREDICTABLE = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}


@dataclass(frozen=True)
class Authority:
    """Where it is, as the proxy reaches it, who has signed the certificate of its directory, and what it wrote."""

    directory_url: str
    ca_certificates: str
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def orders(self) -> int:
        """How often it was asked for a certificate."""
        return self.count("POST /order-plz")

    def pause(self) -> None:
        """It takes what it is asked, and answers nothing until `resume`."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def validations(self, host: str) -> int:
        """How often it looked whether this name is ours."""
        return self.count(f'Value:"{host}"')

    def count(self, words: str) -> int:
        """How many lines of its log hold these words."""
        return sum(words in line for line in self.log.read_text().splitlines())


@contextmanager
def running_authority(
    folder: Path, world: World, names: Names, *, valid_seconds: int = 0, refused: tuple[str, ...] = (), eab: str = ""
) -> Iterator[Authority]:
    """Issues until the block ends, for what it finds at the proxy's ports.

    `valid_seconds`: for how long, five years if nothing is said. It issues for none of the `refused`. `eab`: only to
    who has this key, by the id "outside".
    """
    address, port = host_address(), free_port()
    chain, key = _self_signed(address)
    for name, text in (("cert.pem", chain), ("key.pem", key)):
        (folder / name).write_text(text)
    settings = {
        "listenAddress": f"{address}:{port}",
        "managementListenAddress": f"127.0.0.1:{free_port()}",
        "certificate": str(folder / "cert.pem"),
        "privateKey": str(folder / "key.pem"),
        "httpPort": world.http_port,
        "tlsPort": world.https_port,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": bool(eab),
        "externalAccountMACKeys": {"outside": eab} if eab else {},
        "domainBlocklist": list(refused),
        "certificateValidityPeriod": valid_seconds,
    }
    configuration = folder / "pebble.json"
    configuration.write_bytes(orjson.dumps({"pebble": settings}))
    log = folder / "pebble.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["pebble", "-config", str(configuration), "-dnsserver", f"127.0.0.1:{names.port}"],
            stdout=output,
            stderr=output,
            env=_PREDICTABLE,
        )
    try:
        _wait_for(address, port)
        yield Authority(f"https://{address}:{port}/dir", chain, log, process)
    finally:
        process.kill()
        process.wait()


def host_address() -> str:
    """An address of this host that its containers reach, and nobody else."""
    # Docker names the gateway of its own bridge only after its second start; the subnet it names always.
    (pool,) = json.loads(docker("network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"))
    return str(pool.get("Gateway") or ipaddress.ip_network(pool["Subnet"])[1])


def _self_signed(address: str) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority for tests")])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM).decode(), private_key.decode()


def _wait_for(address: str, port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection((address, port), timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError(f"Nothing listens at {address}:{port}.")
