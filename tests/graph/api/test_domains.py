"""Options of domains and maintenance, as they are asked for: what is kept, told, refused, and never shown."""

import json

import pytest
from sqlmodel import Session, select

from db.models import Domain
from tests.graph.api.conftest import Api, Json

OPTIONS = """domain { id url basicAuth { name } allowedNetworks maxBodySize requestHeaders { name value }
    responseHeaders { name value } compress rateLimit { requests period burst }
    hsts { maxAge includeSubdomains preload } }"""
EVERYTHING: Json = {
    "basicAuth": [{"name": "ann", "password": "correct horse"}, {"name": "bob", "password": "battery staple"}],
    "allowedNetworks": ["203.0.113.0/24"],
    "maxBodySize": 1024,
    "requestHeaders": [{"name": "X-From", "value": "the proxy"}],
    "responseHeaders": [{"name": "Server", "value": ""}],
    "compress": True,
    "rateLimit": {"requests": 100, "period": "1m", "burst": 20},
    "hsts": {"maxAge": "365d", "includeSubdomains": True, "preload": True},
}
NOTHING: Json = {
    "basicAuth": [],
    "allowedNetworks": [],
    "maxBodySize": None,
    "requestHeaders": [],
    "responseHeaders": [],
    "compress": False,
    "rateLimit": None,
    "hsts": None,
}
EVENTS = "subscription($after: Cursor) { events(after: $after) { ... on ResourceUpdated { noun changed } } }"
AUDIT = "{ auditLog(first: 1) { nodes { action changes { field old new secret } } } }"


def shown(domain: Json) -> Json:
    return {name: value for name, value in domain.items() if name not in ("id", "url")}


async def add(api: Api, application_id: str, url: str = "https://shop.example.com", **options: object) -> Json:
    made = await api.do("addDomain", OPTIONS, applicationId=application_id, url=url, **options)
    domain: Json = made["domain"]
    return domain


def kept(session: Session) -> Domain:
    return session.exec(select(Domain)).one()


async def test_all_options_are_kept_and_passwords_never_shown(api: Api, application_id: str) -> None:
    domain = await add(api, application_id, **EVERYTHING)
    names = [{"name": user["name"]} for user in EVERYTHING["basicAuth"]]
    assert shown(domain) == EVERYTHING | {"basicAuth": names}
    row = await api.engine.sessions.read(kept)
    assert [user.split(":")[0] for user in row.basic_auth] == ["ann", "bob"]
    assert all(":$2b$" in user for user in row.basic_auth)
    assert "horse" not in json.dumps((await api.ask(AUDIT), row.model_dump(mode="json")))


async def test_each_option_is_cleared_by_null_and_kept_when_left_out(api: Api, application_id: str) -> None:
    domain = await add(api, application_id, **EVERYTHING)
    expected = shown(domain)
    for name in EVERYTHING:
        changed = await api.do("updateDomain", OPTIONS, domainId=domain["id"], **{name: None})
        expected = expected | {name: NOTHING[name]}
        assert shown(changed["domain"]) == expected
    assert shown(await add(api, application_id, "https://blog.example.com")) == NOTHING


async def test_who_has_a_password_keeps_it_and_others_need_one(api: Api, application_id: str) -> None:
    domain = await add(api, application_id, **EVERYTHING)
    before = (await api.engine.sessions.read(kept)).basic_auth
    both = [{"name": "bob"}, {"name": "cleo", "password": "x"}]
    await api.do("updateDomain", "domain { id }", domainId=domain["id"], basicAuth=both)
    bob, cleo = (await api.engine.sessions.read(kept)).basic_auth
    assert (bob, cleo[:5]) == (before[1], "cleo:")
    entry = (await api.ask(AUDIT))["auditLog"]["nodes"][0]
    assert entry["changes"] == [{"field": "basicAuth", "old": None, "new": None, "secret": True}]
    refused = await api.refused("updateDomain", domainId=domain["id"], basicAuth=[*both, {"name": "ann"}])
    assert refused == [("INVALID_INPUT", ["input", "basicAuth", "2", "password"])]


async def test_a_change_is_told_by_the_names_of_the_options(api: Api, application_id: str) -> None:
    domain = await add(api, application_id, "http://shop.example.com")
    cursor = (await api.ask("{ eventCursor }"))["eventCursor"]
    async with api.watch(EVENTS, after=cursor) as watched:
        await api.do("updateDomain", "domain { id }", domainId=domain["id"], compress=True, maxBodySize="1MiB")
        assert (await watched.until(noun="DOMAIN"))["changed"] == ["compress", "maxBodySize"]


HEADER = {"name": "X-A", "value": "1"}


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"basicAuth": [{"name": "a:b", "password": "x"}]}, ["basicAuth", "0", "name"]),
        ({"basicAuth": [{"name": "a\n", "password": "x"}]}, ["basicAuth", "0", "name"]),
        ({"basicAuth": [{"name": "a", "password": "x"}] * 2}, ["basicAuth", "1", "name"]),
        ({"basicAuth": [{"name": "a", "password": ""}]}, ["basicAuth", "0", "password"]),
        ({"basicAuth": [{"name": "a", "password": "é" * 37}]}, ["basicAuth", "0", "password"]),
        ({"basicAuth": [{"name": "a"}]}, ["basicAuth", "0", "password"]),
        ({"allowedNetworks": ["10.0.0.0/8", "10.0.0.1/8"]}, ["allowedNetworks", "1"]),
        ({"requestHeaders": [HEADER, HEADER | {"name": "x-a"}]}, ["requestHeaders", "1", "name"]),
        ({"responseHeaders": [HEADER | {"name": "strict-transport-security"}]}, ["responseHeaders"]),
        ({"rateLimit": {"requests": 0}}, ["rateLimit", "requests"]),
        ({"rateLimit": {"requests": 1, "period": "500ms"}}, ["rateLimit", "period"]),
        ({"rateLimit": {"requests": 1, "burst": 0}}, ["rateLimit", "burst"]),
        ({"hsts": {"maxAge": "0s"}}, ["hsts", "maxAge"]),
        ({"hsts": {"maxAge": "364d", "preload": True, "includeSubdomains": True}}, ["hsts", "maxAge"]),
        ({"hsts": {"maxAge": "365d", "preload": True}}, ["hsts", "preload"]),
        ({"hsts": {"maxAge": "1d"}, "url": "http://shop.example.com"}, ["hsts"]),
    ],
)
async def test_nonsense_is_refused_where_it_stands(
    api: Api, application_id: str, options: Json, place: list[str]
) -> None:
    wanted = {"applicationId": application_id, "url": "https://shop.example.com", **options}
    refused = set()
    for code, field in await api.refused("addDomain", **wanted):
        refused.add((code, *(field or ())))
    assert ("INVALID_INPUT", "input", *place) in refused


@pytest.mark.parametrize("name", ["Host", "connection", "Transfer-Encoding", "X-Wharf-Key", "a b", "a\r\nb", "", "é"])
async def test_some_headers_are_nobodys_to_change(api: Api, application_id: str, name: str) -> None:
    wanted = {"applicationId": application_id, "url": "https://shop.example.com"}
    refused = await api.refused("addDomain", **wanted, requestHeaders=[{"name": name, "value": "x"}])
    assert refused == [("INVALID_INPUT", ["input", "requestHeaders", "0", "name"])]


@pytest.mark.parametrize("value", ["a\r\nX-B: c", "a\nb", " a", "a ", "é", "x" * 4097, "\x00"])
async def test_a_header_says_one_line_of_text(api: Api, application_id: str, value: str) -> None:
    wanted = {"applicationId": application_id, "url": "https://shop.example.com"}
    refused = await api.refused("addDomain", **wanted, responseHeaders=[{"name": "X-A", "value": value}])
    assert refused == [("INVALID_INPUT", ["input", "responseHeaders", "0", "value"])]


async def test_an_https_domain_with_hsts_does_not_become_an_http_one(api: Api, application_id: str) -> None:
    domain = await add(api, application_id, **EVERYTHING)
    url = "http://shop.example.com"
    refused = await api.refused("updateDomain", domainId=domain["id"], url=url)
    assert refused == [("INVALID_INPUT", ["input", "hsts"])]
    changed = await api.do("updateDomain", OPTIONS, domainId=domain["id"], url=url, hsts=None)
    assert changed["domain"]["url"] == url


MAINTENANCE = "application { maintenance maintenanceMessage }"


async def test_maintenance_is_kept_and_told(api: Api, application_id: str) -> None:
    cursor = (await api.ask("{ eventCursor }"))["eventCursor"]
    async with api.watch(EVENTS, after=cursor) as watched:
        given = {"applicationId": application_id, "mode": "PAGE", "message": "Moving\nhouse"}
        made = await api.do("setMaintenance", MAINTENANCE, **given)
        assert made["application"] == {"maintenance": "PAGE", "maintenanceMessage": "Moving\nhouse"}
        assert (await watched.until(noun="APPLICATION"))["changed"] == ["maintenance"]
    made = await api.do("setMaintenance", MAINTENANCE, applicationId=application_id, mode="OFF")
    assert made["application"] == {"maintenance": "OFF", "maintenanceMessage": ""}


@pytest.mark.parametrize("message", ["x" * 1001, "\x00", "\x1b[1m", "a\rb"])
async def test_a_message_is_what_a_page_can_show(api: Api, application_id: str, message: str) -> None:
    given = {"applicationId": application_id, "mode": "PAGE", "message": message}
    assert await api.refused("setMaintenance", **given) == [("INVALID_INPUT", ["input", "message"])]
