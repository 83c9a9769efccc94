"""How a build of the dashboard is served: one that the test has written, because there may be no other."""

import gzip
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from graph.headers import StrictHeaders
from wharf.dashboard import Dashboard

PAGE = b"<!doctype html><script>start()</script>"
SCRIPT = b"export const answer = 42;" * 40


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build of one page, one script that is hashed and one that is not."""
    folder = tmp_path / "build"
    (folder / "_app/immutable").mkdir(parents=True)
    (folder / "index.html").write_bytes(PAGE)
    (folder / "theme.js").write_bytes(SCRIPT)
    (folder / "operations.json").write_text("{}")
    (folder / "_app/immutable/start.abc.js").write_bytes(SCRIPT)
    (folder / "_app/immutable/start.abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    return folder


@pytest.fixture
def browser(build: Path) -> TestClient:
    app = Starlette(routes=[Route("/{path:path}", Dashboard(build).answer)])
    return TestClient(StrictHeaders(app), headers={"Accept-Encoding": "gzip"})


def test_every_address_of_the_dashboard_is_the_page(browser: TestClient) -> None:
    for path in ("/", "/applications/abc", "/applications/a/deployments/b", "/graphiql"):
        answer = browser.get(path)
        assert (answer.status_code, answer.content) == (200, PAGE)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"


def test_what_is_hashed_is_kept_for_ever_and_sent_compressed(browser: TestClient) -> None:
    answer = browser.get("/_app/immutable/start.abc.js")
    assert answer.content == SCRIPT
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"

    plain = browser.get("/_app/immutable/start.abc.js", headers={"Accept-Encoding": "identity, gzip;q=0"})
    assert plain.content == SCRIPT
    assert "Content-Encoding" not in plain.headers


def test_what_is_not_hashed_is_asked_for_each_time(browser: TestClient) -> None:
    assert browser.get("/theme.js").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/_app/immutable/gone.js",
        "/_app/immutable/",
        "/favicon.ico",
        "/operations.json",
        "/index.html",
        "/_app/immutable/start.abc.js.gz",
        "/..%2f..%2fetc%2fpasswd.txt",
        "/%2e%2e/secret.key",
    ],
)
def test_what_looks_like_a_file_and_is_none_is_not_the_page(browser: TestClient, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_only_what_the_build_brought_may_run(browser: TestClient) -> None:
    policy = browser.get("/").headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    # The digest of "start()", as `openssl dgst -sha256 -binary | base64` has it.
    assert "script-src 'self' 'sha256-DIm7WJS6ZKDYe5qFLPy+h4JFI9Bol5QmYC57mt3Fb00='" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert not any("unsafe-inline" in part for part in policy)
    assert browser.get("/").headers["X-Content-Type-Options"] == "nosniff"


def test_only_the_explorer_may_make_styles(browser: TestClient) -> None:
    assert "style-src 'self' 'unsafe-inline'" in browser.get("/graphiql").headers["Content-Security-Policy"]


def test_nothing_but_reading_is_answered(browser: TestClient) -> None:
    assert browser.post("/").status_code == 405
    assert browser.head("/").status_code == 200


def test_a_build_that_comes_later_is_served(build: Path, browser: TestClient) -> None:
    page = build / "index.html"
    page.unlink()
    missing = browser.get("/")
    assert missing.status_code == 503
    assert "scripts/dashboard" in missing.text
    page.write_bytes(PAGE)
    assert browser.get("/").content == PAGE
