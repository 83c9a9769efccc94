"""People at a server that runs: cookies, pages from elsewhere, and `wharf user`."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.wharf.shell import Shell, refused

Headers = dict[str, str] | None
PASSWORD = "a long enough passphrase"
SIGN_IN = "mutation($input: SignInInput!) { signIn(input: $input) { user { name } errors { code } } }"
VIEWER = "{ viewer { name } }"
ANN = {"email": "ann@example.com", "password": PASSWORD}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A server with one user, Ann, who was made on its machine."""
    shell = Shell(tmp_path_factory.mktemp("people"))
    with shell.serving():
        made = shell.run("user", "create", "--email", "ann@example.com", "--name", "Ann", "--administrator")
        assert made.returncode == 0, made.stderr
        with browser(shell) as client:
            reset = "mutation($input: ResetPasswordInput!) { resetPassword(input: $input) { errors { message } } }"
            answer = ask(client, reset, {"input": {"secret": made.stdout.strip(), "password": PASSWORD}})
            assert answer.json() == {"data": {"resetPassword": {"errors": []}}}
        yield shell


def browser(shell: Shell, **headers: str) -> httpx2.Client:
    return httpx2.Client(base_url=f"http://{shell.settings['WHARF_LISTEN']}", headers=headers)


def ask(
    client: httpx2.Client, query: str, variables: Mapping[str, Any] | None = None, headers: Headers = None
) -> httpx2.Response:
    return client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)


def sign_in(client: httpx2.Client, **headers: str) -> httpx2.Response:
    answer = ask(client, SIGN_IN, {"input": ANN}, headers)
    assert answer.json() == {"data": {"signIn": {"user": {"name": "Ann"}, "errors": []}}}
    return answer


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(served: Shell) -> None:
    with browser(served) as client:
        cookie = sign_in(client).headers["set-cookie"]
        assert re.fullmatch(r"wharf=[\w-]{43}; HttpOnly; Max-Age=1209600; Path=/; SameSite=strict", cookie)
        assert ask(client, VIEWER).json() == {"data": {"viewer": {"name": "Ann"}}}
        out = ask(client, "mutation { signOut(input: {}) { errors { code } } }")
        assert out.headers["set-cookie"].startswith('wharf=""; HttpOnly; Max-Age=0;')
        assert ask(client, VIEWER).status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        VIEWER,
        "{ __typename }",
        "{ __schema { types { name } } }",
        "{ signInOptions { mail } __typename }",
        "{ signInOptions { mail } viewer { name } }",
        "{ ...more } fragment more on Query { signInOptions { mail } }",
        "{ ... { viewer { name } } }",
        "mutation { signOut(input: {}) { errors { code } } }",
        "subscription { events { __typename } }",
        "query A { signInOptions { mail } } query B { viewer { name } }",
        "{",
        "{ signInOptions { " + "mail " * 2000 + "} }",
    ],
)
def test_who_is_not_signed_in_may_ask_for_nothing_else(served: Shell, query: str) -> None:
    with browser(served) as client:
        answer = ask(client, query)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="wharfinger"')
        assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


def test_everybody_may_ask_how_to_sign_in(served: Shell) -> None:
    with browser(served) as client:
        options = ask(client, "{ signInOptions { ownerNeeded singleSignOn mail } }").json()["data"]["signInOptions"]
    assert options == {"ownerNeeded": False, "singleSignOn": None, "mail": False}


def test_a_cookie_that_is_none_is_taken_away(served: Shell) -> None:
    with browser(served, Cookie="wharf=nothing") as client:
        answer = ask(client, VIEWER)
    assert answer.status_code == 401
    assert answer.headers["set-cookie"].startswith('wharf=""; HttpOnly; Max-Age=0;')


def test_pages_from_elsewhere_cannot_use_who_is_signed_in(served: Shell) -> None:
    here = served.settings["WHARF_LISTEN"]
    with browser(served) as client:
        sign_in(client, Origin=f"http://{here}")
        for foreign in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": f"http://{here}.evil.example"},
            {"Origin": f"http://{here.partition(':')[0]}:1"},
            {"Origin": f"ftp://{here}"},
            {"Origin": "http://[oops"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            answer = ask(client, VIEWER, headers=foreign)
            assert answer.status_code == 403, foreign
            assert "data" not in answer.json()
            assert client.get("/graphql", params={"query": VIEWER}, headers=foreign).status_code == 403
        for ours in ({"Origin": f"http://{here}"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
            assert ask(client, VIEWER, headers=ours).status_code == 200, ours
    with browser(served) as client:
        assert ask(client, SIGN_IN, {"input": ANN}, {"Origin": "https://evil.example"}).status_code == 403


def test_a_token_is_no_cookie_and_may_come_from_anywhere(served: Shell) -> None:
    token = served.run("token", "create", "--name", "ci").stdout.strip()
    with browser(served, Authorization=f"Bearer {token}") as client:
        assert ask(client, VIEWER, headers={"Origin": "https://elsewhere.example"}).status_code == 200


def socket(shell: Shell, cookie: str | None, origin: str | None = None) -> ClientConnection:
    headers = {"Cookie": f"wharf={cookie}"} if cookie else {}
    where = f"ws://{shell.settings['WHARF_LISTEN']}/graphql"
    return connect(where, subprotocols=["graphql-transport-ws"], additional_headers=headers, origin=origin)  # type: ignore[arg-type, list-item]


def until_closed(socket: ClientConnection) -> list[dict[str, Any]]:
    """What the server says before it closes."""
    told: list[dict[str, Any]] = []
    with suppress(ConnectionClosed):
        while True:
            told.append(json.loads(socket.recv(10)))
    return told


def test_a_socket_is_let_in_by_the_cookie_of_its_handshake_and_closed_with_its_session(served: Shell) -> None:
    with browser(served) as client:
        sign_in(client)
        cookie = client.cookies["wharf"]
        with pytest.raises(InvalidStatus, match="403"), socket(served, cookie, "https://evil.example"):
            pass
        with socket(served, cookie, f"http://{served.settings['WHARF_LISTEN']}") as open_:
            open_.send(json.dumps({"type": "connection_init"}))
            assert json.loads(open_.recv(10)) == {"type": "connection_ack"}
            query = "mutation { signOut(input: {}) { errors { code } } }"
            open_.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
            told = json.loads(open_.recv(10))["payload"]
            assert "send it over HTTP" in json.dumps(told)
            ask(client, query)
            assert {message["type"] for message in until_closed(open_)} <= {"next", "complete"}
            assert open_.close_code == 4403
    with socket(served, None) as stranger:
        stranger.send(json.dumps({"type": "connection_init"}))
        assert until_closed(stranger) == []
        assert stranger.close_code == 4403


def test_tokens_are_listed_with_what_they_are_limited_to(served: Shell) -> None:
    wanted = {
        "name": "reader",
        "networks": ["10.0.0.0/8"],
        "permissions": [{"action": "READ", "noun": "APPLICATION"}],
    }
    with browser(served) as client:
        sign_in(client)
        teams = ask(client, "{ teams { id } }").json()["data"]["teams"]
        query = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { errors { message } } }"
        answer = ask(client, query, {"input": {**wanted, "within": teams[0]["id"]}})
    assert answer.json() == {"data": {"createApiToken": {"errors": []}}}
    (row,) = (line for line in served.run("token", "list").stdout.splitlines() if "  reader  " in line)
    assert row.endswith("  read Application; in default; from 10.0.0.0/8; for ann@example.com")


def test_users_are_listed_and_reset_on_the_machine(served: Shell) -> None:
    heads, row = served.run("user", "list").stdout.splitlines()
    assert heads.split()[:3] == ["ID", "E-MAIL", "NAME"]
    assert row.split()[1:5] == ["ann@example.com", "Ann", "yes", "no"]
    assert (heads.split()[-1], row.rpartition("  ")[2]) == ("ROLES", "OWNER of default")
    served.settings["WHARF_PUBLIC_URL"] = "https://wharf.example.com/"
    told = served.run("user", "reset", "--email", "Ann@example.com", "--second-factor").stdout.strip()
    assert re.fullmatch(r"https://wharf\.example\.com/reset-password#[\w-]{43}", told)
    assert refused(served.run("user", "reset", "--email", "x@example.com")) == "There is no such user."
    twice = served.run("user", "create", "--email", "ann@example.com", "--name", "Ann")
    assert refused(twice) == "Somebody has the address ann@example.com already."
    assert "is not an e-mail address" in refused(served.run("user", "create", "--email", "x", "--name", "Ann"))
