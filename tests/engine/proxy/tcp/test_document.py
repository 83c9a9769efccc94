"""What a TCP proxy's Traefik is told: literals, and a shape that no value changes."""

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from db.models.tcp_proxies import TlsMode
from engine.proxy.internal import connections_in
from engine.proxy.tcp.document import compile_document
from engine.proxy.tcp.spec import Opening, TcpProxySpec
from engine.proxy.templates import tcp_pattern
from tests.engine.proxy.tcp.examples import EXAMPLE, OURS

GATEWAY = "10.210.0.1"
TERMINATED = replace(EXAMPLE, tls=TlsMode.TERMINATE, certificate=OURS)


def document(spec: TcpProxySpec) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(compile_document(spec, GATEWAY).text)
    return parsed


def test_in_plain_text_for_everybody_it_is_this() -> None:
    revision = compile_document(EXAMPLE, GATEWAY).revision
    key = "Header(`X-Wharf-Key`, `an-example-of-a-key`)"
    assert document(EXAMPLE) == {
        "tcp": {
            "routers": {"plain": {"entryPoints": ["database"], "rule": "HostSNI(`*`)", "service": "database"}},
            "services": {
                "database": {
                    "loadBalancer": {"serversTransport": "database", "servers": [{"address": "wharf-d1:5432"}]}
                }
            },
            "serversTransports": {
                "database": {"dialTimeout": "10s", "dialKeepAlive": "60s", "terminationDelay": "60s"}
            },
        },
        "http": {
            "routers": {
                "api": {
                    "entryPoints": ["internal"],
                    "rule": f"{key} && PathPrefix(`/api/`)",
                    "service": "api@internal",
                },
                "metrics": {
                    "entryPoints": ["internal"],
                    "rule": f"{key} && Path(`/metrics`)",
                    "service": "prometheus@internal",
                },
                "revision": {
                    "entryPoints": ["internal"],
                    "rule": f"{key} && Path(`/revision/{revision}`)",
                    "service": "noop@internal",
                },
            }
        },
    }


def test_an_allow_list_stands_before_the_database() -> None:
    tcp = document(replace(EXAMPLE, allowed_networks=("203.0.113.0/24", "198.51.100.7/32")))["tcp"]
    assert tcp["routers"]["plain"]["middlewares"] == ["allowed"]
    allowed = {"ipAllowList": {"sourceRange": ["198.51.100.7/32", "203.0.113.0/24"]}}
    assert tcp["middlewares"] == {"allowed": allowed}


def test_tls_that_ends_here_shows_our_certificate_to_any_name_and_hangs_up_on_plain_text() -> None:
    made = document(TERMINATED)
    everybody = {"entryPoints": ["database"], "rule": "HostSNI(`*`)", "service": "database"}
    assert made["tcp"]["routers"] == {
        "not-tls": everybody | {"middlewares": ["nobody"]},
        "terminated": everybody | {"tls": {"options": "default"}},
    }
    assert made["tcp"]["middlewares"] == {"nobody": {"ipAllowList": {"sourceRange": ["255.255.255.255/32"]}}}
    assert made["tls"] == {
        "options": {"default": {"minVersion": "VersionTLS12"}},
        "stores": {"default": {"defaultCertificate": {"certFile": OURS.chain, "keyFile": OURS.key.reveal()}}},
    }


def test_postgresqls_clients_are_told_that_this_is_postgresql() -> None:
    options = document(replace(TERMINATED, opening=Opening.POSTGRESQL))["tls"]["options"]
    assert options == {"default": {"minVersion": "VersionTLS12", "alpnProtocols": ["postgresql"]}}


def test_tls_that_is_passed_through_needs_no_certificate() -> None:
    made = document(replace(EXAMPLE, tls=TlsMode.PASSTHROUGH, allowed_networks=("203.0.113.0/24",)))
    assert "tls" not in made
    assert made["tcp"]["routers"]["passed-through"] == {
        "entryPoints": ["database"],
        "rule": "HostSNI(`*`)",
        "service": "database",
        "middlewares": ["allowed"],
        "tls": {"passthrough": True},
    }
    assert made["tcp"]["middlewares"].keys() == {"allowed", "nobody"}


@pytest.mark.parametrize(
    "other",
    [
        replace(EXAMPLE, key="another-example-of-a-key"),
        replace(EXAMPLE, allowed_networks=("203.0.113.0/24",)),
        replace(EXAMPLE, backend=replace(EXAMPLE.backend, port=1)),
        replace(EXAMPLE, tls=TlsMode.PASSTHROUGH),
        TERMINATED,
    ],
    ids=["key", "allow-list", "backend", "passthrough", "terminate"],
)
def test_what_is_told_otherwise_is_another_revision(other: TcpProxySpec) -> None:
    assert compile_document(other, GATEWAY).revision != compile_document(EXAMPLE, GATEWAY).revision


def test_the_same_networks_in_any_order_are_the_same_bytes() -> None:
    networks = ("203.0.113.0/24", "198.51.100.0/25", "198.51.100.128/25")
    one, other = (replace(EXAMPLE, allowed_networks=each) for each in (networks, networks[::-1]))
    assert compile_document(one, GATEWAY).text == compile_document(other, GATEWAY).text


def test_a_value_is_no_template() -> None:
    odd = replace(OURS, chain="{{ env `HOME` }}\n")
    text = compile_document(replace(TERMINATED, certificate=odd), GATEWAY).text
    assert "{{" not in text
    assert json.loads(text)["tls"]["stores"]["default"]["defaultCertificate"]["certFile"] == odd.chain


def test_everything_in_the_template_is_of_use() -> None:
    used = [document(each) for each in (EXAMPLE, TERMINATED, replace(EXAMPLE, tls=TlsMode.PASSTHROUGH))]
    for kind, section in (("tcp", "routers"), ("http", "routers")):
        assert set().union(*(each[kind][section] for each in used)) == tcp_pattern(kind, section).keys()


def test_connections_are_read_off_traefiks_numbers() -> None:
    metrics = """\
# TYPE traefik_open_connections gauge
traefik_open_connections{entrypoint="database",protocol="TCP"} 12
traefik_open_connections{entrypoint="internal",protocol="TCP"} 1
"""
    assert connections_in(metrics, "database") == 12
    assert connections_in("", "database") is None
