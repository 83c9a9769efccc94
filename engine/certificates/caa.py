"""What CAA records (RFC 8659) say about a certificate that is to be asked for. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from db.models import CertificateResolver, Challenge
from engine.dns.values import CaaRecord

_KNOWN = {"issue", "issuewild", "iodef", "issuemail", "contactemail", "contactphone"}
_MOST_LEVELS = 10  # names with more labels are nobody's


_IDENTITIES = {
    "acme-v02.api.letsencrypt.org": ("letsencrypt.org",),
    "acme-staging-v02.api.letsencrypt.org": ("letsencrypt.org",),
    "dv.acme-v02.api.pki.goog": ("pki.goog",),
    "acme.zerossl.com": ("sectigo.com",),
}


@dataclass(frozen=True, slots=True)
class CaaVerdict:
    """`allowed` is None where it cannot be said. The words go on after "A CAA record of example.com "."""

    allowed: bool | None
    words: str = ""


def identities_of(resolver: CertificateResolver) -> tuple[str, ...] | None:
    """What the authority of a resolver is called in CAA records, None where that is not known."""
    return _IDENTITIES.get(urlsplit(resolver.directory_url).hostname or "")


def levels(host: str) -> tuple[str, ...]:
    """The names whose CAA records count for a host, in the order in which the first that has any decides."""
    labels = host.removeprefix("*.").split(".")[-_MOST_LEVELS:]
    return tuple(".".join(labels[start:]) for start in range(len(labels)))


def caa_verdict(
    records: Sequence[CaaRecord], *, wildcard: bool, challenge: Challenge, identities: Sequence[str] | None
) -> CaaVerdict:
    """Whether the records of the first level that has any let an authority with these identities issue.

    Identities are the names by which an authority goes in CAA records, None where they are not known.
    """
    if unknown := [each.tag for each in records if each.critical and each.tag not in _KNOWN]:
        return CaaVerdict(False, f"demands that who does not know {unknown[0]!r} issues nothing")
    allowed = list(_properties(records, wildcard))
    if not allowed:
        return CaaVerdict(True)
    named = ", ".join(sorted({name for name, _ in allowed if name})) or "nobody"
    if identities is None and named != "nobody":
        return CaaVerdict(None, f"lets only {named} issue certificates, and it is not known whether that is this one")
    ours = [parameters for name, parameters in allowed if name in set(identities or ())]
    if not ours:
        return CaaVerdict(False, f"lets only {named} issue certificates")
    return max((_restricted(parameters, challenge) for parameters in ours), key=_leniency)


def _properties(records: Sequence[CaaRecord], wildcard: bool) -> Iterator[tuple[str, dict[str, str]]]:
    wild = [each for each in records if each.tag == "issuewild"] if wildcard else []
    for record in wild or [each for each in records if each.tag == "issue"]:
        name, *parameters = record.value.split(";")
        pairs = (each.partition("=") for each in parameters if each.strip())
        yield name.strip().lower(), {key.strip().lower(): value.strip() for key, _, value in pairs}


def _restricted(parameters: dict[str, str], challenge: Challenge) -> CaaVerdict:
    """RFC 8657: an authority may be allowed for some challenges, or for one account only."""
    method = challenge.value.lower().replace("_", "-")
    methods = parameters.get("validationmethods")
    if methods is not None and method not in {each.strip().lower() for each in methods.split(",")}:
        return CaaVerdict(False, f"allows the authority only with {methods}, and this is {method}")
    if "accounturi" in parameters:
        return CaaVerdict(None, "allows the authority for one account only, and it is not known whether that is ours")
    return CaaVerdict(True)


def _leniency(verdict: CaaVerdict) -> int:
    return (False, None, True).index(verdict.allowed)
