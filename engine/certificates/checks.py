"""What a preflight tells."""

from dataclasses import dataclass
from enum import Enum

from db.models import CertificateReason


class Outcome(Enum):
    """How something turned out that was looked at."""

    OK = "OK"
    WRONG = "WRONG"
    UNKNOWN = "UNKNOWN"
    NOT_REACHED = "NOT_REACHED"


class PreflightSubject(Enum):
    """What is looked at before a certificate is ordered."""

    PROXY = "PROXY"
    DNS = "DNS"
    ADDRESS = "ADDRESS"
    CAA = "CAA"


@dataclass(frozen=True, slots=True)
class PreflightCheck:
    """One thing that was looked at. The message is a sentence, with what to do where something is wrong.

    `address` is set where an address was asked; `ours` then says whether it leads to this proxy's server.
    """

    subject: PreflightSubject
    outcome: Outcome
    message: str
    reason: CertificateReason | None = None
    address: str | None = None
    ours: bool | None = None


@dataclass(frozen=True, slots=True)
class PreflightReport:
    """All that was looked at for one name."""

    host: str
    checks: tuple[PreflightCheck, ...]

    @property
    def reason(self) -> CertificateReason | None:
        """Why the certificate must not be asked for yet; None: nothing is in its way that could be seen."""
        return self._wrong.reason if self._wrong else None

    @property
    def problem(self) -> str:
        """What is wrong, in one sentence with what to do; "" where nothing is."""
        return self._wrong.message if self._wrong else ""

    @property
    def _wrong(self) -> PreflightCheck | None:
        return next((each for each in self.checks if each.outcome is Outcome.WRONG), None)


def wrong(subject: PreflightSubject, reason: CertificateReason, message: str) -> PreflightCheck:
    return PreflightCheck(subject, Outcome.WRONG, message, reason)
