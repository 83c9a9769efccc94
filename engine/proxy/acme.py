"""Certificate resolvers in the proxy's static configuration, and the files that they need. Pure: values → values."""

import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from db.models import Challenge, KeyType
from engine.proxy.archive import CONFIG_DIR, PROXY_USER
from engine.proxy.templates import Pattern, static_pattern
from engine.secrets import Secret

STORAGE_DIR = "/var/lib/wharf-acme"  # where the volume is mounted
CERTIFICATES_DIR = f"{STORAGE_DIR}/certificates"  # belongs to the proxy's user


@dataclass(frozen=True, slots=True)
class AcmeResolver:
    """Somebody who issues certificates by ACME, as Traefik is told of them."""

    id: str
    directory_url: str
    ca_certificates: str = ""
    email: str = ""
    key_type: KeyType = KeyType.EC256
    challenge: Challenge = Challenge.HTTP_01
    eab_key_id: str = ""
    eab_hmac_key: Secret | None = None
    dns_provider: str = ""
    dns_credentials: tuple[tuple[str, Secret], ...] = field(default=(), repr=False)
    dns_delay_seconds: int | None = None
    profile: str = ""
    certificate_hours: int = 2160


def storage_file(resolver_id: str) -> str:
    """Where, inside the volume, Traefik keeps what this resolver has issued."""
    return f"{CERTIFICATES_DIR}/{resolver_id}.json"


def resolvers_section(resolvers: Iterable[AcmeResolver]) -> dict[str, Any]:
    """What stands under `certificatesResolvers` in static.yml, by the resolvers' ids."""
    return {each.id: {"acme": _acme(each)} for each in sorted(resolvers, key=lambda each: each.id)}


def resolver_variables(resolvers: Iterable[AcmeResolver]) -> list[str]:
    """The environment of the proxy: where the value of each variable of a DNS provider lies, never the value."""
    names = {name for each in resolvers for name, _ in each.dns_credentials}
    return [f"{name}_FILE={_credential_path(name)}" for name in sorted(names)]


def resolver_files(resolvers: Iterable[AcmeResolver]) -> list[tuple[str, bytes]]:
    """(path below the configuration's directory, content) of all that the resolvers need as files."""
    files: dict[str, bytes] = {}
    for each in resolvers:
        if each.ca_certificates:
            files[_ca_path(each)] = each.ca_certificates.encode()
        for name, value in each.dns_credentials:
            files[_credential_path(name)] = value.reveal().encode()
    return sorted((path.removeprefix(f"{CONFIG_DIR}/"), content) for path, content in files.items())


def storage_archive(files: Mapping[str, bytes]) -> bytes:
    """A tar for the volume's directory: the one that is the proxy's own, and these files of it, by name."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        directory = _owned("certificates", 0o700)
        directory.type = tarfile.DIRTYPE
        archive.addfile(directory)
        for name, content in sorted(files.items()):
            entry = _owned(f"certificates/{name}", 0o600)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _owned(path: str, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.uid = entry.gid = PROXY_USER
    entry.mode = mode
    return entry


def _acme(resolver: AcmeResolver) -> Pattern:
    acme: Pattern = static_pattern()["certificatesResolvers"]["example"]["acme"]
    del acme["email"], acme["httpChallenge"]
    acme |= {
        "caServer": resolver.directory_url,
        "storage": storage_file(resolver.id),
        "keyType": resolver.key_type.value,
        "certificatesDuration": resolver.certificate_hours,
    }
    optional = {
        "email": resolver.email,
        "profile": resolver.profile,
        "caCertificates": [_ca_path(resolver)] if resolver.ca_certificates else None,
        "eab": _eab(resolver),
    }
    return acme | {name: value for name, value in optional.items() if value} | _challenge(resolver)


def _eab(resolver: AcmeResolver) -> Pattern | None:
    if resolver.eab_hmac_key is None:
        return None
    return {"kid": resolver.eab_key_id, "hmacEncoded": resolver.eab_hmac_key.reveal()}


def _challenge(resolver: AcmeResolver) -> Pattern:
    match resolver.challenge:
        case Challenge.HTTP_01:
            return {"httpChallenge": {"entryPoint": "web"}}
        case Challenge.TLS_ALPN_01:
            return {"tlsChallenge": {}}
        case Challenge.DNS_01:
            return {"dnsChallenge": {"provider": resolver.dns_provider} | _propagation(resolver)}


def _propagation(resolver: AcmeResolver) -> Pattern:
    if resolver.dns_delay_seconds is None:
        return {}
    return {"propagation": {"disableChecks": True, "delayBeforeChecks": f"{resolver.dns_delay_seconds}s"}}


def _ca_path(resolver: AcmeResolver) -> str:
    return f"{CONFIG_DIR}/resolvers/{resolver.id}.pem"


def _credential_path(variable: str) -> str:
    return f"{CONFIG_DIR}/credentials/{variable}"
