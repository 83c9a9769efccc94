"""CAA records as RFC 8659 and RFC 8657 want them read."""

import pytest

from db.models import Challenge
from engine.certificates.caa import caa_verdict, levels
from engine.dns.values import CaaRecord

OURS = ("letsencrypt.org",)


def issue(value: str) -> CaaRecord:
    return CaaRecord(False, "issue", value)


def issuewild(value: str) -> CaaRecord:
    return CaaRecord(False, "issuewild", value)


@pytest.mark.parametrize(
    ("records", "wildcard", "allowed"),
    [
        ([], False, True),
        ([CaaRecord(False, "iodef", "mailto:a@example.com")], False, True),
        ([issue("letsencrypt.org")], False, True),
        ([issue(" LetsEncrypt.org ; x=y")], False, True),
        ([issue("digicert.com")], False, False),
        ([issue("digicert.com"), issue("letsencrypt.org")], False, True),
        ([issue(";")], False, False),
        ([issue("")], False, False),
        ([issuewild(";")], False, True),
        ([issuewild(";")], True, False),
        ([issue("digicert.com"), issuewild("letsencrypt.org")], True, True),
        ([issue("letsencrypt.org"), issuewild("digicert.com")], True, False),
        ([issue("letsencrypt.org")], True, True),
        ([issue("letsencrypt.org"), CaaRecord(True, "tbs", "unknown")], False, False),
        ([issue("letsencrypt.org"), CaaRecord(False, "tbs", "unknown")], False, True),
        ([issue("letsencrypt.org; validationmethods=dns-01")], False, False),
        ([issue("letsencrypt.org; validationmethods=dns-01,http-01")], False, True),
        ([issue("letsencrypt.org; accounturi=https://acme.example/1")], False, None),
        ([issue("letsencrypt.org; accounturi=https://acme.example/1"), issue("letsencrypt.org")], False, True),
    ],
)
def test_what_records_allow(records: list[CaaRecord], wildcard: bool, allowed: bool | None) -> None:
    verdict = caa_verdict(records, wildcard=wildcard, challenge=Challenge.HTTP_01, identities=OURS)
    assert verdict.allowed is allowed, verdict.words


def test_an_authority_whose_name_is_not_known_is_not_judged_unless_nobody_may() -> None:
    judged = [
        caa_verdict(records, wildcard=False, challenge=Challenge.DNS_01, identities=None).allowed
        for records in ([], [issue("digicert.com")], [issue(";")])
    ]
    assert judged == [True, None, False]


def test_the_levels_of_a_name_end_below_the_root() -> None:
    assert levels("*.shop.example.com") == ("shop.example.com", "example.com", "com")
