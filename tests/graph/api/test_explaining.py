"""What explainUrl tells whom, and what it cannot be asked."""

import pytest

from db.models import Role
from tests.graph.api.conftest import Api, Json
from tests.graph.api.members import member, team_of_others

EXPLAIN = """query($url: String!) { explainUrl(url: $url) {
    outcome verdict status location served steps { kind outcome message }
    candidates { message domain { url } } domain { url } application { name } certificate { names } } }"""
UNKNOWN = {
    "status": None,
    "location": None,
    "served": False,
    "domain": None,
    "application": None,
    "certificate": None,
}


async def explained(api: Api, url: str) -> Json:
    told: Json = (await api.ask(EXPLAIN, url=url))["explainUrl"]
    return told


async def routed(api: Api) -> None:
    application = await api.application("very-own")
    for url in ("https://shop.example.com", "http://www.example.org/private"):
        await api.do("addDomain", "domain { id }", applicationId=application, url=url, wwwMode="NONE")


@pytest.mark.parametrize("url", ["https://shop.example.com/", "http://shop.example.com/", "http://www.example.org/"])
async def test_of_another_teams_domain_nothing_is_told_but_that_there_is_something(api: Api, url: str) -> None:
    await routed(api)
    stranger = api.seen_by(await member(api, "sue", Role.OWNER, team=await team_of_others(api)))
    told = await explained(stranger, url)
    assert {name: told[name] for name in UNKNOWN} == UNKNOWN
    assert told["candidates"] == []
    assert "something that you may not see" in next(
        each["message"] for each in told["steps"] if each["kind"] == "ROUTER"
    )
    assert {each["outcome"] for each in told["steps"] if each["kind"] != "PORT"} == {"UNKNOWN"}
    for word in ("very-own", "private", "default", "deploy"):
        assert word not in str(told)
    own = await explained(api, url)
    assert "very-own" in str(own) or "private" in str(own)


async def test_names_of_another_team_that_are_only_alike_are_not_told(api: Api) -> None:
    await routed(api)
    stranger = api.seen_by(await member(api, "sue", Role.OWNER, team=await team_of_others(api)))
    for url in ("http://shup.example.com/", "http://www.shop.example.com/", "http://example.org/private"):
        told = await explained(stranger, url)
        assert (told["status"], told["candidates"]) == (404, [])
        assert "may not see" not in next(each["message"] for each in told["steps"] if each["kind"] == "ROUTER")
        assert (await explained(api, url))["candidates"] != []


async def test_a_proxy_that_does_not_serve_is_the_first_that_is_wrong(api: Api) -> None:
    await routed(api)
    told = await explained(api, "https://shop.example.com/")
    assert told["verdict"].startswith("The proxy does not serve: ")
    assert (told["outcome"], told["domain"]) == ("WRONG", {"url": "https://shop.example.com"})
    assert (told["application"], told["status"]) == ({"name": "very-own"}, 503)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("shop.example.com", "is not a URL"),
        ("ftp://shop.example.com/", "is not a URL"),
        ("http://[::1/", "is not a URL"),
        ("http://shop.example.com:99999/", "is not a URL"),
        ("http:///path", "is not a URL"),
        ("http://203.0.113.9/", "is an IP address"),
        ("http://sh op.example.com/", "is not a host name"),
        ("http://shop.example.com/" + "a" * 2048, "at most 2048 characters"),
    ],
)
async def test_what_is_no_url_is_refused(api: Api, url: str, words: str) -> None:
    (error,) = (await api.execute(EXPLAIN, {"url": url})).errors or []
    assert words in error.message
    assert error.extensions == {"code": "INVALID_INPUT", "field": ["url"]}
