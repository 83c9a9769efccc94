"""Which of the certificates that were brought the HTTP proxy is to show for which name. Pure.

Traefik has one store for all: of the certificates in it that fit a name it shows one with the very name, else one
with the wildcard, and of two that are equally good any. So nobody's may be in it that would be shown for a name of
another team.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine.domains.names import is_wildcard


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """One that was brought. `key` is its private key as the database has it: sealed."""

    id: str
    team_id: str
    names: tuple[str, ...]
    not_after: datetime
    chain: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SecureName:
    """A name that a team serves over HTTPS. `ordered`: the proxy has, or gets, a certificate from an authority."""

    host: str
    team_id: str
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown. `strangers` are names for which only the certificate of another team would be found."""

    by_host: Mapping[str, OwnCertificate]
    withheld: Mapping[str, str]
    strangers: tuple[str, ...]

    @property
    def certificates(self) -> tuple[OwnCertificate, ...]:
        """Each that is shown for some name, once, by id."""
        return tuple(sorted({each.id: each for each in self.by_host.values()}.values(), key=lambda each: each.id))


def covers(names: Iterable[str], host: str) -> bool:
    """Whether a certificate with these names is good for a host; for a wildcard only one with just this wildcard."""
    return bool({host, _wildcard_of(host)} & set(names))


def shown(certificates: Iterable[OwnCertificate], names: Sequence[SecureName]) -> Shown:
    """The certificate for each name, of its own team: one for the very name before a wildcard, then the freshest.

    `withheld` tells by id, in a sentence, why a certificate is not in the proxy although its team has a name for it.
    """
    teams = {name.host: name.team_id for name in names}
    withheld: dict[str, str] = {}
    candidates = sorted(certificates, key=lambda each: each.id)
    for each in candidates:
        if taken := sorted(name for name in each.names if teams.get(name, each.team_id) != each.team_id):
            withheld[each.id] = f"It is for {taken[0]} too, a domain of another team: the proxy would show it there."
    while True:
        by_host = _chosen([each for each in candidates if each.id not in withheld], names)
        if not (rivals := _rivals(by_host.values())):
            break
        withheld |= rivals
    wanted = {each.id for each in candidates if any(_fits(each, name) for name in names)}
    told = {key: sentence for key, sentence in withheld.items() if key in wanted}
    return Shown(by_host, told, _strangers(by_host, names))


def _chosen(candidates: Sequence[OwnCertificate], names: Sequence[SecureName]) -> dict[str, OwnCertificate]:
    found = {}
    for name in names:
        if fitting := [each for each in candidates if _fits(each, name)]:
            found[name.host] = max(fitting, key=lambda each: (name.host in each.names, each.not_after, each.id))
    return found


def _fits(certificate: OwnCertificate, name: SecureName) -> bool:
    return certificate.team_id == name.team_id and covers(certificate.names, name.host)


def _rivals(certificates: Iterable[OwnCertificate]) -> dict[str, str]:
    """Those for a wildcard that the certificate of another team, brought before, has as well."""
    owners: dict[str, str] = {}
    found = {}
    for each in sorted(certificates, key=lambda each: each.id):
        for name in filter(is_wildcard, each.names):
            if owners.setdefault(name, each.team_id) != each.team_id:
                found[each.id] = f"The proxy shows the certificate of another team for {name}, and can have but one."
    return found


def _strangers(by_host: Mapping[str, OwnCertificate], names: Sequence[SecureName]) -> tuple[str, ...]:
    wildcards = {(name, each.team_id) for each in by_host.values() for name in each.names if is_wildcard(name)}
    wildcards |= {(name.host, name.team_id) for name in names if name.ordered and is_wildcard(name.host)}
    found = {
        name.host
        for name in names
        for wildcard, team_id in wildcards
        if wildcard == _wildcard_of(name.host) != name.host and team_id != name.team_id
    }
    provided = {name.host for name in names if name.ordered} | by_host.keys()
    return tuple(sorted(found - provided))


def _wildcard_of(host: str) -> str:
    return host if is_wildcard(host) else f"*.{host.partition('.')[2]}"
