"""How long to wait after a failure before a certificate is tried again. Pure."""

from datetime import timedelta

from db.models import CertificateReason

# What was found out without asking the authority: looking again costs it nothing.
_CHEAP = {
    CertificateReason.NAME_NOT_FOUND,
    CertificateReason.POINTS_ELSEWHERE,
    CertificateReason.DNS_FAILURE,
    CertificateReason.CAA_FORBIDS,
    CertificateReason.PORT_UNREACHABLE,
    CertificateReason.PROXY_NOT_RUNNING,
    CertificateReason.AUTHORITY_UNREACHABLE,
}


def pause_after(reason: CertificateReason, failures: int) -> timedelta:
    """10 s to 10 min after what cost the authority nothing, 1 min to 1 day after it was asked.

    `failures`: how many there were in a row, this one included.
    """
    if reason in _CHEAP:
        return min(timedelta(seconds=10 * 2.0 ** min(failures - 1, 10)), timedelta(minutes=10))
    return min(timedelta(minutes=4.0 ** min(failures - 1, 10)), timedelta(days=1))
