"""Whatever a password holds, it is one word to whoever reads it, and the same word."""

import base64
import hashlib
import hmac
import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.models.database_kinds import DatabaseKind
from engine.databases import couchdb, redis
from engine.databases.catalogue import CATALOGUE
from engine.databases.kinds import Credentials, Setup
from engine.databases.mysql import mariadb_hash, mysql_string
from engine.databases.scram import prepared_password, saslprep, scram_verifier
from engine.secrets import Secret

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


def read_mysql_string(literal: str) -> str:
    """As the server reads it, under an SQL mode with backslashes."""
    meant = {"n": "\n", "r": "\r", "Z": "\x1a"}
    body = re.fullmatch(r"'((?:[^'\\]|\\.)*)'", literal, re.DOTALL)
    assert body, literal
    return re.sub(r"\\(.)", lambda found: meant.get(found[1], found[1]), body[1], flags=re.DOTALL)


def read_curl_value(quoted: str) -> str:
    meant = {"t": "\t", "n": "\n", "r": "\r", "v": "\v"}
    body = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', quoted, re.DOTALL)
    assert body, quoted
    return re.sub(r"\\(.)", lambda found: meant.get(found[1], found[1]), body[1], flags=re.DOTALL)


@given(texts, st.sampled_from(DatabaseKind), st.booleans())
def test_addresses_are_taken_apart_into_what_they_are_made_of(password: str, kind: DatabaseKind, tls: bool) -> None:
    entry = CATALOGUE[kind]
    setup = Setup(entry.default_version, Credentials(entry.user, Secret(password), entry.database))
    for host in ("db", "10.0.0.7", "fd00::7"):
        parts = urlsplit(entry.connection_string(setup, host, 9001, tls))
        assert parts.password is not None
        assert (unquote(parts.password), parts.username, parts.hostname, parts.port) == (
            password,
            entry.user,
            host,
            9001,
        )
        assert parts.fragment == ""
        assert parse_qs(parts.query, strict_parsing=True) if parts.query else True
        assert entry.database in ("", parts.path.lstrip("/"))


@given(texts)
def test_a_string_for_mysql(text: str) -> None:
    literal = mysql_string(text)
    assert read_mysql_string(literal) == text
    assert "\n" not in literal


@given(texts)
def test_a_value_for_curl(text: str) -> None:
    assert read_curl_value(couchdb.quoted(text)) == text
    assert "\n" not in couchdb.quoted(text)


@given(texts)
def test_a_word_for_redis(text: str) -> None:
    word = redis.quoted(text)
    assert re.fullmatch(r'"(\\x[0-9a-f]{2})*"', word)
    assert bytes.fromhex(word.strip('"').replace("\\x", "")).decode() == text


@given(texts)
def test_what_stands_in_place_of_a_password_is_one_plain_word(text: str) -> None:
    assert re.fullmatch(r"\*[0-9A-F]{40}", mariadb_hash(text))
    assert re.fullmatch(r"-pbkdf2-[0-9a-f]{40},[0-9a-f]{32},10000", couchdb.admin_hash(text, "app"))
    assert re.fullmatch(r"SCRAM-SHA-256\$4096:[\w+/=]+\$[\w+/=]+:[\w+/=]+", scram_verifier(text, "app"))


@given(texts)
def test_a_client_that_knows_the_password_satisfies_the_verifier(password: str) -> None:
    """RFC 5802, from the client's side: the key it proves to have is the one that was stored."""
    rest, keys = scram_verifier(password, "app").removeprefix("SCRAM-SHA-256$").split("$")
    iterations, salt = rest.split(":")
    stored, _ = keys.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", prepared_password(password), base64.b64decode(salt), int(iterations))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    assert hashlib.sha256(client_key).digest() == base64.b64decode(stored)


@pytest.mark.parametrize(
    ("password", "prepared"),
    [
        ("I\u00adX", "IX"),  # the examples of RFC 4013
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("\u0007", None),
        ("\u0627\u0031", None),
        ("a\u00a0b", "a b"),
        ("two\nlines", None),
    ],
)
def test_passwords_are_prepared_as_the_rfc_says(password: str, prepared: str | None) -> None:
    assert saslprep(password) == prepared
    assert prepared_password(password) == (password if prepared is None else prepared).encode()


def test_hashes_are_those_that_the_servers_make() -> None:
    # SELECT PASSWORD('password') in MariaDB; ACL SETUSER in Redis
    assert mariadb_hash("password") == "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"
    assert redis.password_hash("password") == "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"
