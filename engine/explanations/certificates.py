"""Which certificate visitors are shown. Pure."""

from db.models import Certificate, CertificateReason, CertificateSource, CertificateState, now
from engine.certificates.checks import Outcome
from engine.explanations.values import Facts, Step, StepKind

_VALID = (CertificateState.ISSUED, CertificateState.RENEWING, CertificateState.EXPIRING)
_WARNING = "Until there is one, browsers warn visitors."


def certificate_step(host: str, facts: Facts) -> Step:
    """What a browser makes of the certificate for this name, or its wildcard, of a domain that the viewer may see."""
    key = facts.certified.get(host)
    if key is None:
        sentence = f"There is no certificate for {host}, and none is on its way. {_WARNING}"
        return Step(StepKind.CERTIFICATE, Outcome.WRONG, sentence)
    row = facts.certificates.get(key)
    if row is None:
        return Step(StepKind.CERTIFICATE, Outcome.UNKNOWN, f"You may not see the certificate for {host}.")
    return Step(StepKind.CERTIFICATE, *_judged(host, row))


def _judged(host: str, row: Certificate) -> tuple[Outcome, str]:
    valid = row.not_after is not None and row.not_after > now()
    if valid and row.reason is CertificateReason.NOT_SHOWN:
        return Outcome.WRONG, f"There is a certificate for {host}, which visitors may not be shown: {row.problem}"
    if valid and row.not_after and (row.state in _VALID or row.source is CertificateSource.UPLOADED or row.chain):
        by = f" by {row.issuer}" if row.issuer else ""
        return Outcome.OK, f"{host} has a certificate{by} that is valid until {row.not_after:%Y-%m-%d}."
    if row.not_after and not valid:
        return Outcome.WRONG, f"The certificate for {host} has expired on {row.not_after:%Y-%m-%d}. {_next(row)}"
    if row.state is CertificateState.FAILED:
        return Outcome.WRONG, f"There is no certificate for {host}: {_sentence(row.problem)} {_next(row)}"
    sentence = f"The certificate for {host} is on its way ({row.state.value.lower()}). {_WARNING}"
    return Outcome.WRONG, sentence


def _sentence(problem: str) -> str:
    """Other people's words do not always end with a full stop."""
    return f"{problem.rstrip('.') or 'it failed'}."


def _next(row: Certificate) -> str:
    if row.source is CertificateSource.UPLOADED:
        return "Upload the next one."
    if row.next_attempt_at:
        return f"The next attempt is at {row.next_attempt_at:%Y-%m-%d %H:%M} UTC."
    return "See its problem."
