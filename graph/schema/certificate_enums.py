"""The words in which it is said how a certificate comes along."""

from db.models import CertificateReason
from graph.enums import described

described(
    CertificateReason,
    "Why there is no certificate, or not the next one.",
    NAME_NOT_FOUND="DNS has no address for the name.",
    POINTS_ELSEWHERE="DNS leads to an address where this proxy does not answer.",
    DNS_FAILURE="DNS gives no answer.",
    CAA_FORBIDS="A CAA record of the domain does not allow this authority.",
    PORT_UNREACHABLE="DNS leads here, but nobody gets through to the port that the authority asks at.",
    PROXY_NOT_RUNNING="The proxy, which does the asking, does not run.",
    LIMIT_REACHED="Enough has been asked of the authority for this domain; more would use up its limits.",
    REFUSED="The authority has refused; its words are in the problem.",
    AUTHORITY_UNREACHABLE="The authority's directory does not answer.",
    NO_ANSWER="The authority was asked, and neither issued nor refused in time.",
    NOT_SHOWN="The proxy shows another certificate for the name.",
    EXPIRED="Its time is over.",
)
