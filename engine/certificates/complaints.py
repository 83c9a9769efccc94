"""What Traefik logs about certificates: which order failed, and what the authority said. Pure."""

import re
from dataclasses import dataclass

import orjson

from db.models import CertificateReason

_ORDER = "Unable to obtain ACME certificate for domains"
_RENEWAL = "Error renewing "
_RENEWED = ("Renewing ", "Renewed ")
_MAIN = re.compile(r"\{Main:(\S+?)[ }]|\{(\S+?) \[")
_BEFORE = re.compile(
    r"\A(?:cannot get ACME client |unable to generate a certificate for the domains? \[[^\]]*\]: |"
    r"resolver: one or more domains had a problem:\s*)+"
)
_SAID = re.compile(
    r"acme: error: \d+ :: (?:[A-Z]+ :: \S+ :: )?urn:ietf:params:acme:error:(?P<kind>\w+) :: (?P<words>.*)", re.DOTALL
)
_UNREACHABLE = re.compile(
    r"get directory at|connection refused|no such host|i/o timeout|certificate signed by unknown authority|"
    r"context deadline exceeded|no route to host|x509:"
)
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Complaint:
    """That there is no certificate for a host, and why. `renewal`: there is one, and the next was asked for."""

    resolver_id: str
    host: str
    reason: CertificateReason
    problem: str
    renewal: bool = False


@dataclass(frozen=True, slots=True)
class Renewed:
    """That the next certificate for a host is being asked for, or is there."""

    host: str


def complaint_in(line: str) -> Complaint | Renewed | None:
    """What a line of Traefik's log says of a certificate; None for all others."""
    if "ertificate" not in line:
        return None
    try:
        entry = orjson.loads(line)
        message, error = str(entry["message"]), str(entry.get("error", ""))
        resolver_id = str(entry.get("providerName", "")).removesuffix(".acme")
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    renewal = message.startswith(_RENEWAL)
    hosts = _hosts(message, entry)
    if hosts and entry.get("level") == "info" and message.startswith(_RENEWED):
        return Renewed(hosts[0])
    if not hosts or not (renewal or message.startswith(_ORDER)):
        return None
    return Complaint(resolver_id, hosts[0], _reason(error), _words(error), renewal)


def _hosts(message: str, entry: dict[str, object]) -> list[str]:
    named = entry.get("domains")
    if isinstance(named, list):
        return [str(each) for each in named]
    found = _MAIN.search(message)
    return [found[1] or found[2]] if found else []


def _reason(error: str) -> CertificateReason:
    if said := _SAID.search(error):
        return CertificateReason.LIMIT_REACHED if said["kind"] == "rateLimited" else CertificateReason.REFUSED
    if _UNREACHABLE.search(error):
        return CertificateReason.AUTHORITY_UNREACHABLE
    return CertificateReason.REFUSED


def _words(error: str) -> str:
    """The authority's own words, without what Traefik and lego say before them."""
    said = _SAID.search(error)
    words = " ".join((said["words"] if said else _BEFORE.sub("", error)).split())
    if words.count("]") > words.count("["):  # the end of a list of domains, of which there is but one
        words = words.removesuffix("]")
    return words[:_LONGEST] or "Traefik does not say why."
