"""Configurations that users write: what is ours is refused with its line, and nothing ever breaks the check."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.models.database_kinds import DatabaseKind as K
from engine.databases.catalogue import CATALOGUE
from engine.errors import InvalidInput

FINE = {
    K.POSTGRESQL: "# more\nmax_connections = 200\nwork_mem '64MB'\nshared_preload_libraries=''\nauto_explain.x = 1\n",
    K.MYSQL: "[mysqld]\nmax_connections = 200\nskip-name-resolve\n# more\n",
    K.MARIADB: "[mariadb]\nmax-connections=200\n\n[mysqld]\n; more\ninnodb_buffer_pool_size = 1G\n",
    K.MONGODB: "storage:\n  wiredTiger:\n    engineConfig: {cacheSizeGB: 1}\n",
    K.REDIS: "# more\nmaxmemory 100mb\nsave 900 1\nMAXMEMORY-POLICY allkeys-lru\n",
    K.VALKEY: "maxmemory 100mb\n",
    K.KEYDB: "server-threads 2\n",
    K.DRAGONFLY: "--maxmemory=1gb\n-cache_mode\n",
    K.CLICKHOUSE: "<clickhouse>\n<max_connections>7</max_connections>\n<!-- more -->\n</clickhouse>\n",
    K.COUCHDB: "[couchdb]\nmax_document_size = 8000000\n; more\n[log]\nlevel = warning\n",
}

REFUSED = [
    (K.POSTGRESQL, "a = 1\ndata_directory = '/'", 2, "data_directory is set by Wharfinger"),
    (K.POSTGRESQL, "Port 5433", 1, "Port is set by"),
    (K.POSTGRESQL, "include 'x'", 1, "include is set by"),
    (K.POSTGRESQL, "hba_file='x'", 1, "hba_file is set by"),
    (K.POSTGRESQL, "\nwhat?", 2, "a setting is written like"),
    (K.MYSQL, "max_connections = 1", 1, r"under \[mysqld\]"),
    (K.MYSQL, "[client]\npassword = x", 1, "its sections are"),
    (K.MYSQL, "[mysqld]\nskip-grant-tables", 2, "grant_tables is set by"),
    (K.MARIADB, "[mysqld]\nloose-init-file=/x", 2, "init_file is set by"),
    (K.MARIADB, "[mysqld]\nSKIP_NETWORKING", 2, "networking is set by"),
    (K.MARIADB, "[mysqld]\n!includedir /x", 2, "a setting is written like"),
    (K.REDIS, "maxmemory 1mb\nrequirepass x", 2, "requirepass is set by"),
    (K.REDIS, "User default on nopass", 1, "User is set by"),
    (K.REDIS, "appendonly no", 1, "appendonly is set by"),
    (K.REDIS, "maxmemory", 1, "a setting is written like"),
    (K.VALKEY, "aclfile /x", 1, "aclfile is set by"),
    (K.DRAGONFLY, "--requirepass=x", 1, "requirepass is set by"),
    (K.DRAGONFLY, "maxmemory=1gb", 1, "a setting is written like"),
    (K.MONGODB, "storage:\n  dbPath: /x", 2, "storage.dbPath is set by"),
    (K.MONGODB, "security:\n  authorization: disabled", 1, "security is set by"),
    (K.MONGODB, "net: {port: 1}", 1, "net.port is set by"),
    (K.MONGODB, "a: [", 1, "cannot be used"),
    (K.MONGODB, "just words", 1, "it must be a mapping"),
    (K.CLICKHOUSE, "<clickhouse><users/></clickhouse>", 1, "users is set by"),
    (K.CLICKHOUSE, "<clickhouse>\n<a></clickhouse>", 2, "it is not XML"),
    (K.CLICKHOUSE, "<yandex/>", 1, "its outermost element"),
    (K.CLICKHOUSE, '<!DOCTYPE a [<!ENTITY b "c">]><clickhouse>&b;</clickhouse>', 1, "document type"),
    (K.CLICKHOUSE, '<clickhouse><a from_env="HOME"/></clickhouse>', 1, "from elsewhere"),
    (K.COUCHDB, "[log]\nlevel = info\n[admins]\nme = x", 3, "admins is set by"),
    (K.COUCHDB, "[chttpd]\nport = 1", 1, "chttpd.port is set by"),
    (K.COUCHDB, "level = info", 1, r"\[section\]"),
    (K.REDIS, "maxmemory 1mb\nmaxmemory\x00 1", 2, "a character for control"),
]


@pytest.mark.parametrize("kind", K, ids=lambda kind: kind.name.lower())
def test_what_is_the_users_to_set(kind: K) -> None:
    CATALOGUE[kind].check_configuration(FINE[kind])
    CATALOGUE[kind].check_configuration("")
    CATALOGUE[kind].check_configuration("\n \n")


@pytest.mark.parametrize(("kind", "text", "line", "why"), REFUSED)
def test_what_is_not(kind: K, text: str, line: int, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as refused:
        CATALOGUE[kind].check_configuration(text)
    assert refused.value.sentence.startswith(f"Line {line} of the configuration cannot be used: ")
    assert refused.value.field == ("input", "configuration")


def test_a_configuration_has_a_largest_size() -> None:
    with pytest.raises(InvalidInput, match="longer than 64 KiB"):
        CATALOGUE[K.REDIS].check_configuration("# x\n" * 20_000)


syntax = st.sampled_from(
    [
        "[mysqld]",
        "[",
        "]",
        "\n",
        "=",
        " ",
        "<clickhouse>",
        "</clickhouse>",
        "<!",
        "a: ",
        "- ",
        "&x ",
        "*x",
        "{",
        "'",
        '"',
        "#",
        ";",
        "!",
        "--",
        "%",
        "\r",
        "port",
        "include",
    ]
)


@given(st.sampled_from(K), st.one_of(st.text(), st.lists(st.one_of(syntax, st.text(max_size=3))).map("".join)))
def test_any_text_is_either_taken_or_refused(kind: K, text: str) -> None:
    with suppress(InvalidInput):
        CATALOGUE[kind].check_configuration(text)
