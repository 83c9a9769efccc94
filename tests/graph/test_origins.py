"""Pages from elsewhere, told by what browsers say of them."""

import pytest
from starlette.requests import HTTPConnection
from starlette.responses import Response

from graph.origins import foreign
from graph.visits import Visit, visit_of


def request(scheme: str, **headers: str) -> HTTPConnection:
    given = {"host": "wharf.example.com"} | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = [(name.encode(), value.encode()) for name, value in given.items()]
    return HTTPConnection({"type": "http", "scheme": scheme, "headers": raw, "client": ("192.0.2.1", 1)})


@pytest.mark.parametrize(
    ("scheme", "headers", "answer"),
    [
        ("https", {}, False),
        ("https", {"origin": "https://wharf.example.com"}, False),
        ("https", {"origin": "https://wharf.example.com:443"}, False),
        ("https", {"origin": "https://WHARF.example.com", "host": "wharf.example.com:443"}, False),
        ("wss", {"origin": "https://wharf.example.com"}, False),
        ("http", {"origin": "https://wharf.example.com"}, False),
        ("http", {"origin": "http://[::1]:8000", "host": "[::1]:8000"}, False),
        ("https", {"origin": "http://wharf.example.com"}, True),
        ("https", {"origin": "https://wharf.example.com:8443"}, True),
        ("https", {"origin": "https://evil.example"}, True),
        ("https", {"origin": "https://wharf.example.com.evil.example"}, True),
        ("https", {"origin": "https://example.com"}, True),
        ("https", {"origin": "null"}, True),
        ("https", {"origin": ""}, True),
        ("https", {"origin": "https://", "host": ""}, True),
        ("https", {"origin": "https://wharf.example.com:no"}, True),
        ("https", {"origin": "https://evil.example", "sec_fetch_site": "same-origin"}, True),
        ("https", {"sec_fetch_site": "same-origin"}, False),
        ("https", {"sec_fetch_site": "none"}, False),
        ("https", {"sec_fetch_site": "same-site"}, True),
        ("https", {"sec_fetch_site": "cross-site"}, True),
    ],
)
def test_a_page_is_foreign_by_its_host_and_port(scheme: str, headers: dict[str, str], answer: bool) -> None:
    assert foreign(request(scheme, **headers)) is answer


def given(visit: Visit) -> list[str]:
    return visit.write(Response()).headers.getlist("set-cookie")


def test_over_https_the_cookie_is_bound_to_this_host() -> None:
    visit = visit_of(request("https"))
    visit.sign_in("text")
    assert given(visit) == ["__Host-wharf=text; HttpOnly; Max-Age=1209600; Path=/; SameSite=strict; Secure"]
    visit.sign_out()
    assert given(visit)[0].startswith('__Host-wharf=""; HttpOnly; Max-Age=0; Path=/; SameSite=strict; Secure')


@pytest.mark.parametrize(
    ("scheme", "cookie", "found"),
    [
        ("https", "__Host-wharf=a; wharf=b", "a"),
        ("https", "wharf=b", None),
        ("http", "__Host-wharf=a; wharf=b", "b"),
        ("http", "wharf=" + "x" * 5000, None),
        ("http", "wharf=", None),
    ],
)
def test_over_https_no_other_cookie_counts(scheme: str, cookie: str, found: str | None) -> None:
    assert visit_of(request(scheme, cookie=cookie)).session == found
