"""Certificates that are brought or ordered: what is refused and why, who needs them, and that their end is told."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from db.models import Certificate, EventKind
from engine.certificates.record import tell
from graph.ids import local_id
from tests.engine.certificates.authority import authority, intermediate, leaf
from tests.graph.api.conftest import Api, Json
from tests.graph.api.members import team_of_others

ROOT = authority()
CERTIFICATE = "certificate { id names issuer source state reason problem confirmedAt notAfter }"
ALL = "{ certificates { id names source state reason } }"
EVENTS = """subscription($after: Cursor) { events(after: $after) { kind: __typename
    ... on CertificateExpires { certificateId daysLeft notAfter }
    ... on CertificateStateChanged { certificateId state reason host }
    ... on ResourceUpdated { noun changed }
    ... on ResourceRemoved { noun }
} }"""


async def bring(api: Api, *names: str, **more: object) -> Json:
    """A new certificate for these names."""
    made = leaf(ROOT, *names, **more)  # type: ignore[arg-type]
    return dict((await api.do("uploadCertificate", CERTIFICATE, chain=made.chain, key=made.key))["certificate"])


async def refusals(api: Api, mutation: str, **values: object) -> list[Json]:
    kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
    document = f"mutation($input: {kind}) {{ {mutation}(input: $input) {{ errors {{ code message field }} }} }}"
    return list((await api.ask(document, input=values))[mutation]["errors"])


async def orders(api: Api) -> list[list[str]]:
    """The names for which authorities are asked."""
    return [row["names"] for row in (await api.ask(ALL))["certificates"] if row["source"] == "ACME"]


async def test_all_that_is_wrong_with_a_certificate_is_told_at_once(api: Api) -> None:
    made, other = leaf(intermediate(ROOT)), leaf(ROOT, "shop.example.com")
    errors = await refusals(api, "uploadCertificate", chain=made.pem + ROOT.pem, key=other.key)
    assert [(error["code"], error["field"][-1]) for error in errors] == [
        ("INVALID_INPUT", "chain"),
        ("INVALID_INPUT", "chain"),
        ("INVALID_INPUT", "key"),
    ]
    assert "names no host" in errors[0]["message"]
    assert "Number 2 of the chain has not signed number 1" in errors[1]["message"]


async def test_a_name_that_was_brought_is_not_ordered_and_is_again_once_it_is_gone(
    api: Api, application_id: str
) -> None:
    domain = await api.do("addDomain", "domain { id }", applicationId=application_id, url="https://shop.example.com")
    assert await orders(api) == [["shop.example.com"]]
    brought = await bring(api, "*.example.com")
    assert (brought["source"], brought["state"], brought["confirmedAt"]) == ("UPLOADED", "ISSUED", None)
    assert await orders(api) == []
    (needed,) = await refusals(api, "removeCertificate", certificateId=brought["id"])
    assert (needed["code"], "shop.example.com, which is a domain" in needed["message"]) == ("CONFLICT", True)
    second = await bring(api, "shop.example.com")
    await api.do("removeCertificate", "removedId", certificateId=brought["id"])
    await api.do("removeDomain", "removedId", domainId=domain["domain"]["id"])
    await api.do("removeCertificate", "removedId", certificateId=second["id"])
    assert (await api.ask(ALL))["certificates"] == []


async def test_a_name_is_ordered_where_the_one_that_was_brought_for_it_cannot_be_shown(
    api: Api, application_id: str
) -> None:
    team = await team_of_others(api)
    project = (await api.do("createProject", "project { id }", name="theirs", teamId=team))["project"]["id"]
    made = await api.do("createEnvironment", "environment { id }", projectId=project, name="production")
    theirs = await api.application(environment_id=made["environment"]["id"])
    await api.do("addDomain", "domain { id }", applicationId=theirs, url="https://theirs.example.com")
    await api.do("addDomain", "domain { id }", applicationId=application_id, url="https://shop.example.com")
    (mine,) = await _other_teams(api, team)
    both = leaf(ROOT, "shop.example.com", "theirs.example.com")
    await api.do("uploadCertificate", CERTIFICATE, chain=both.chain, key=both.key, teamId=mine)
    assert sorted(await orders(api)) == [["shop.example.com"], ["theirs.example.com"]]


async def test_another_one_takes_its_place_if_it_covers_what_is_needed(
    api: Api, application_id: str, nothing_converges: None
) -> None:
    for host in ("shop.example.com", "blog.example.com"):
        await api.do("addDomain", "domain { id }", applicationId=application_id, url=f"https://{host}")
    key = (await bring(api, "db.example.com", "shop.example.com", "blog.example.com"))["id"]
    wanted = {"environmentId": await api.environment("databases"), "kind": "POSTGRESQL", "name": "stock"}
    database = (await api.do("createDatabase", "database { id }", **wanted))["database"]["id"]
    terminate = {"mode": "TERMINATE", "certificateId": key}
    await api.do("exposeDatabase", "tcpProxy { id }", databaseId=database, tls=terminate)
    less = leaf(ROOT, "shop.example.com")
    (refused,) = await refusals(api, "updateCertificate", certificateId=key, chain=less.chain, key=less.key)
    assert (refused["code"], refused["field"]) == ("CONFLICT", ["input", "chain"])
    assert refused["message"] == (
        "The new certificate is not for db.example.com, by which clients of stock connect; nor for blog.example.com, "
        "which is a domain."
    )
    more = leaf(intermediate(ROOT), "*.example.com", "db.example.com")
    updated = await api.do("updateCertificate", CERTIFICATE, certificateId=key, chain=more.chain, key=more.key)
    assert (updated["certificate"]["id"], updated["certificate"]["issuer"]) == (key, "CN=Test CA 2")
    (in_use,) = await refusals(api, "removeCertificate", certificateId=key)
    assert in_use["message"] == "The TCP proxy of stock shows this certificate; give it another one first."


async def test_whoever_may_not_know_of_a_domain_is_not_told_its_name(api: Api, application_id: str) -> None:
    await api.do("addDomain", "domain { id }", applicationId=application_id, url="https://secret.example.com")
    brought = await bring(api, "*.example.com")
    certificates = [{"action": "REMOVE", "noun": "CERTIFICATE"}, {"action": "READ", "noun": "CERTIFICATE"}]
    token = await api.do("createApiToken", "secret", name="cleaner", permissions=certificates)
    viewer = await api.engine.tokens.authenticate(token["secret"], "127.0.0.1")
    assert viewer
    (needed,) = await refusals(api.seen_by(viewer), "removeCertificate", certificateId=brought["id"])
    assert needed["message"] == "It is needed for a domain of its team."


async def test_a_database_shows_certificates_of_its_own_team_only(api: Api, nothing_converges: None) -> None:
    theirs = leaf(ROOT, "db.example.com")
    team = await team_of_others(api)
    made = await api.do("uploadCertificate", CERTIFICATE, chain=theirs.chain, key=theirs.key, teamId=team)
    terminate = {"mode": "TERMINATE", "certificateId": made["certificate"]["id"]}
    (mine,) = await _other_teams(api, team)
    project = (await api.do("createProject", "project { id }", name="shop", teamId=mine))["project"]["id"]
    environment = await api.do("createEnvironment", "environment { id }", projectId=project, name="production")
    wanted = {"environmentId": environment["environment"]["id"], "kind": "POSTGRESQL", "name": "stock"}
    database = (await api.do("createDatabase", "database { id }", **wanted))["database"]["id"]
    (refused,) = await refusals(api, "exposeDatabase", databaseId=database, tls=terminate)
    assert (refused["code"], refused["field"]) == ("INVALID_INPUT", ["input", "tls", "certificateId"])


async def test_a_certificate_is_ordered_and_kept_for_its_own_sake(api: Api, application_id: str) -> None:
    ordered = await api.do("orderCertificate", CERTIFICATE, name="DB.example.com.")
    certificate = ordered["certificate"]
    assert (certificate["names"], certificate["source"]) == (["db.example.com"], "ACME")
    domain = await api.do("addDomain", "domain { id }", applicationId=application_id, url="https://db.example.com")
    again = await api.do("orderCertificate", CERTIFICATE, name="db.example.com")
    assert again["certificate"]["id"] == certificate["id"]
    (needed,) = await refusals(api, "removeCertificate", certificateId=certificate["id"])
    assert "db.example.com is a domain with https" in needed["message"]
    await api.do("removeDomain", "removedId", domainId=domain["domain"]["id"])
    assert await orders(api) == [["db.example.com"]], "it stands"
    await api.do("removeCertificate", "removedId", certificateId=certificate["id"])
    assert await orders(api) == []


async def test_what_cannot_be_ordered_is_told(api: Api, application_id: str) -> None:
    (wildcard,) = await refusals(api, "orderCertificate", name="*.example.com")
    assert (wildcard["code"], wildcard["field"]) == ("INVALID_INPUT", ["input", "name"])
    await api.do("addDomain", "domain { id }", applicationId=application_id, url="https://shop.example.com")
    theirs = await team_of_others(api)
    (taken,) = await refusals(api, "orderCertificate", name="shop.example.com", teamId=theirs)
    assert (taken["code"], taken["message"]) == ("ROUTE_TAKEN", "shop.example.com already leads to web.")
    made = leaf(ROOT, "shop.example.com")
    await api.do("orderCertificate", CERTIFICATE, name="db.example.com", teamId=theirs)
    where = {"applicationId": application_id, "url": "https://db.example.com"}
    (theirs_alone,) = await refusals(api, "addDomain", **where)
    assert theirs_alone["code"] == "ROUTE_TAKEN"
    (mine,) = await _other_teams(api, theirs)
    (another,) = await refusals(api, "orderCertificate", name="db.example.com", teamId=mine)
    assert another["code"] == "CONFLICT"
    row = next(each["id"] for each in (await api.ask(ALL))["certificates"] if each["names"] == ["db.example.com"])
    (renewed,) = await refusals(api, "updateCertificate", certificateId=row, chain=made.chain, key=made.key)
    assert renewed["message"] == "An authority gives this certificate, and renews it in time."
    await api.do("addDomain", "domain { id }", applicationId=application_id, url="https://shop.example.org")
    brought = leaf(ROOT, "*.example.org")
    await api.do("uploadCertificate", CERTIFICATE, chain=brought.chain, key=brought.key, teamId=mine)
    (covered,) = await refusals(api, "orderCertificate", name="db.example.org", teamId=mine)
    assert covered["message"] == "The proxy has a certificate that was brought and is good for db.example.org."


async def _other_teams(api: Api, team: str) -> list[str]:
    return [each["id"] for each in (await api.ask("{ teams { id } }"))["teams"] if each["id"] != team]


async def test_the_end_of_a_certificate_is_told_in_time_and_once(api: Api, application_id: str) -> None:
    await api.do("addDomain", "domain { id }", applicationId=application_id, url="https://shop.example.com")
    cursor = (await api.ask("{ eventCursor }"))["eventCursor"]
    started = datetime.now(UTC) - timedelta(days=80)
    key = (await bring(api, "shop.example.com", since=started, days=90))["id"]
    async with api.watch(EVENTS, after=cursor) as events:
        assert (await events.until(kind="CertificateStateChanged", certificateId=key))["state"] == "EXPIRING"
        told = await events.until(kind="CertificateExpires", certificateId=key)
        assert (told["certificateId"], told["daysLeft"]) == (key, 21)
        await api.engine.sessions.write(_age, local_id("Certificate", key), timedelta(days=4))
        assert (await events.until(kind="CertificateExpires", certificateId=key))["daysLeft"] == 7
        await api.engine.sessions.write(_age, local_id("Certificate", key), timedelta(days=9))
        over = await events.until(kind="CertificateStateChanged", certificateId=key)
        assert (over["state"], over["reason"]) == ("FAILED", "EXPIRED")
        assert await orders(api) == [["shop.example.com"]], "an authority is asked instead"
        fresh = leaf(ROOT, "shop.example.com")
        updated = await api.do("updateCertificate", CERTIFICATE, certificateId=key, chain=fresh.chain, key=fresh.key)
        assert (updated["certificate"]["state"], updated["certificate"]["reason"]) == ("ISSUED", None)
        assert await orders(api) == []


def _age(session: Session, certificate_id: str, by: timedelta) -> None:
    """As if this much time had passed."""
    row = session.get_one(Certificate, certificate_id)
    assert row.not_before
    assert row.not_after
    row.not_before, row.not_after = row.not_before - by, row.not_after - by
    session.add(row)
    tell(session, EventKind.UPDATED, row)  # whoever waits for its end looks at it again
