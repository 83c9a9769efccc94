"""What Traefik has stored of certificates: found by name, and taken out. Pure."""

import base64
import binascii
import io
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography import x509

from engine.secrets import Secret


@dataclass(frozen=True, slots=True)
class Stored:
    """A certificate with those of its issuers, as PEM, its private key, and which resolver's it is."""

    resolver_id: str
    host: str
    chain: str
    key: Secret

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate itself."""
        return x509.load_pem_x509_certificates(self.chain.encode())[0]


def files_in(archive: bytes) -> dict[str, bytes]:
    """The resolvers' files in a tar of the directory, by name."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found = {each.name.rpartition("/")[2]: tar.extractfile(each) for each in tar if each.isfile()}
        return {name: file.read() for name, file in found.items() if file and name.endswith(".json")}


def stored_in(files: Mapping[str, bytes]) -> list[Stored]:
    """All certificates in these files. What cannot be read is as if it were not there."""
    found = []
    for content in files.values():
        for resolver_id, entry in _entries(_parsed(content)):
            if stored := _stored(resolver_id, entry):
                found.append(stored)
    return found


def without(files: Mapping[str, bytes], is_kept: Callable[[str, str], bool]) -> dict[str, bytes]:
    """Those of the files that hold what is not to be kept, by (resolver's id, host), as they are to be instead."""
    changed = {}
    for name, content in files.items():
        parsed = _parsed(content)
        kept = False
        for resolver_id, section in parsed.items():
            certificates = _certificates(section)
            left = [entry for entry in certificates if is_kept(resolver_id, _host(entry))]
            if len(left) < len(certificates):
                section["Certificates"], kept = left, True
        if kept:
            changed[name] = orjson.dumps(parsed, option=orjson.OPT_INDENT_2)
    return changed


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(content) if content.strip() else {}
    except orjson.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _entries(parsed: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(resolver_id, entry) for resolver_id, section in parsed.items() for entry in _certificates(section)]


def _certificates(section: object) -> list[dict[str, Any]]:
    found = section.get("Certificates") if isinstance(section, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _host(entry: Mapping[str, Any]) -> str:
    domain = entry.get("domain")
    return str(domain.get("main", "")) if isinstance(domain, dict) else ""


def _stored(resolver_id: str, entry: Mapping[str, Any]) -> Stored | None:
    try:
        chain, key = (base64.b64decode(entry[part], validate=True).decode("ascii") for part in ("certificate", "key"))
        x509.load_pem_x509_certificates(chain.encode())
    except (KeyError, TypeError, ValueError, binascii.Error):
        return None
    return Stored(resolver_id, _host(entry), chain, Secret(key))
