"""When a certificate may be asked for, when it is renewed, and what the proxy says of it."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from db.models import Certificate, CertificateOrder, CertificateReason
from engine.certificates.budget import next_free, registered_domain
from engine.certificates.complaints import Complaint, Renewed, complaint_in
from engine.certificates.pauses import pause_after
from engine.certificates.renewal import is_late, next_look, renewal_starts
from engine.certificates.storage import files_in, stored_in, without
from engine.proxy.acme import storage_archive

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_HOUR = timedelta(hours=1)


def ordered(ago: timedelta, host: str = "a.example.com", *, failed: bool | None = False) -> CertificateOrder:
    return CertificateOrder(
        resolver_id="r", host=host, registered_domain="example.com", failed=failed, created_at=AT - ago
    )


def said(message: str, error: str = "", *, level: str = "error", **more: object) -> str:
    entry = {"level": level, "providerName": "r1.acme", "error": error, "message": message, **more}
    return orjson.dumps(entry).decode()


@pytest.mark.parametrize(
    ("host", "registered"),
    [
        ("shop.example.com", "example.com"),
        ("*.shop.example.co.uk", "example.co.uk"),
        ("me.github.io", "me.github.io"),
        ("com", "com"),
    ],
)
def test_limits_are_reckoned_by_what_somebody_has_registered(host: str, registered: str) -> None:
    assert registered_domain(host) == registered


def test_forty_certificates_a_week_for_a_registered_domain() -> None:
    orders = [ordered(timedelta(days=6) - n * _HOUR, f"{n}.example.com") for n in range(39)]
    assert next_free(orders, "new.example.com", AT) is None
    orders.append(ordered(_HOUR, "40.example.com"))
    assert next_free(orders, "new.example.com", AT) == AT + timedelta(days=1)


def test_four_a_week_for_the_very_same_name_and_four_failures_an_hour() -> None:
    again = [ordered(timedelta(days=n)) for n in (6, 4, 2, 1)]
    assert next_free(again, "a.example.com", AT) == AT + timedelta(days=1)
    assert next_free(again, "b.example.com", AT) is None
    failures = [ordered(timedelta(minutes=n), failed=True) for n in (50, 40, 30, 20)]
    assert next_free(failures, "a.example.com", AT) == AT + timedelta(minutes=10)
    assert next_free(failures[1:], "a.example.com", AT) is None


def test_looking_again_costs_nothing_asking_again_does() -> None:
    looks = [pause_after(CertificateReason.POINTS_ELSEWHERE, n).total_seconds() for n in (1, 2, 3, 50)]
    asks = [pause_after(CertificateReason.REFUSED, n).total_seconds() for n in (1, 2, 3, 50)]
    assert looks == [10, 20, 40, 600]
    assert asks == [60, 240, 960, 86400]


@pytest.mark.parametrize(("hours", "before", "late"), [(2160, 30, 21), (720, 10, 7), (160, 2, 1.4)])
def test_renewal_begins_when_traefiks_does(hours: int, before: int, late: float) -> None:
    row = Certificate(team_id="t", not_after=AT + timedelta(days=90))
    assert row.not_after
    assert renewal_starts(row, hours) == row.not_after - timedelta(days=before)
    turn = row.not_after - timedelta(days=late)
    assert (is_late(row, hours, turn - _HOUR), is_late(row, hours, turn)) == (False, True)
    assert next_look(row, hours, turn - timedelta(seconds=1)) == turn


def test_the_words_of_the_authority_are_taken_out_of_what_traefik_says() -> None:
    start = "unable to generate a certificate for the domains [shop.test]: "
    error = (
        f"{start}resolver: one or more domains had a problem: [shop.test: invalid authorization: acme: error: 400 :: "
        'urn:ietf:params:acme:error:connection :: Get "http://shop.test/x": connection refused]'
    )
    line = said("Unable to obtain ACME certificate for domains", error, domains=["shop.test"])
    words = 'Get "http://shop.test/x": connection refused'
    assert complaint_in(line) == Complaint("r1", "shop.test", CertificateReason.REFUSED, words)
    error = (
        f"{start}acme: error: 429 :: POST :: https://a/order :: urn:ietf:params:acme:error:rateLimited :: Too many"
    )
    line = said("Unable to obtain ACME certificate for domains", error, domains=["shop.test"])
    assert complaint_in(line) == Complaint("r1", "shop.test", CertificateReason.LIMIT_REACHED, "Too many")


def test_a_directory_that_does_not_answer_is_no_refusal() -> None:
    error = "cannot get ACME client get directory at 'https://a/dir': dial tcp 127.0.0.1:1: connection refused"
    found = complaint_in(said("Unable to obtain ACME certificate for domains", error, domains=["shop.test"]))
    assert isinstance(found, Complaint)
    assert found.reason is CertificateReason.AUTHORITY_UNREACHABLE
    assert found.problem.startswith("get directory at")


def test_what_is_said_of_renewals_is_told_apart() -> None:
    assert complaint_in(said("Renewing ACME certificate: {Main:shop.test SANs:[]}", level="info")) == Renewed(
        "shop.test"
    )
    found = complaint_in(said("Error renewing ACME certificate: {shop.test []}", "No."))
    assert found == Complaint("r1", "shop.test", CertificateReason.REFUSED, "No.", renewal=True)
    assert complaint_in(said("Testing certificate renew...", level="info")) is None
    assert complaint_in("no JSON, but a certificate") is None


def test_what_is_of_no_use_any_more_is_taken_out_of_the_storage_and_nothing_else() -> None:
    entries = [{"domain": {"main": host}, "certificate": "", "key": ""} for host in ("a.test", "b.test")]
    content = orjson.dumps({"r1": {"Account": {"Email": "me"}, "Certificates": entries}})
    files = files_in(storage_archive({"r1.json": content, "r2.json": b""}))
    assert files == {"r1.json": content, "r2.json": b""}
    assert without(files, lambda _resolver, _host: True) == {}
    changed = without(files, lambda resolver, host: (resolver, host) == ("r1", "b.test"))
    assert orjson.loads(changed.pop("r1.json")) == {"r1": {"Account": {"Email": "me"}, "Certificates": entries[1:]}}
    assert changed == {}
    assert stored_in(files) == []
