"""Which TCP proxies there can be, and whom they let in."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.models.tcp_proxies import TcpProxyReason, TlsMode
from engine import errors
from engine.proxy.tcp.allow_list import source_ranges
from engine.proxy.tcp.certificate import Certificate, unusable_certificate
from engine.proxy.tcp.failure import reason_of
from engine.proxy.tcp.spec import Backend, Opening, TcpProxySpec, objection
from engine.secrets import Secret
from tests.engine.proxy.tcp.examples import EXAMPLE, OURS, certificate

GATEWAY = "10.210.0.1"
TERMINATED = replace(EXAMPLE, tls=TlsMode.TERMINATE, certificate=OURS)


@pytest.mark.parametrize(
    "spec",
    [
        EXAMPLE,
        TERMINATED,
        replace(TERMINATED, opening=Opening.POSTGRESQL),
        replace(EXAMPLE, tls=TlsMode.PASSTHROUGH),
        replace(EXAMPLE, opening=Opening.SERVER_SPEAKS),
        replace(EXAMPLE, bind_address="127.0.0.1", allowed_networks=("127.0.0.1/32",)),
        replace(EXAMPLE, allowed_networks=("0.0.0.0/0",)),
    ],
)
def test_against_these_nothing_is_to_be_said(spec: TcpProxySpec) -> None:
    assert objection(spec) is None


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (replace(EXAMPLE, id="../p1"), "is not the id"),
        (replace(EXAMPLE, key="short"), "key must be 16 or more"),
        (replace(EXAMPLE, backend=Backend("a`b", 1)), "'a`b' is not the name of a container"),
        (replace(EXAMPLE, port=65536), "65536 is not a port"),
        (replace(EXAMPLE, backend=Backend("a", 0)), "0 is not a port"),
        (replace(EXAMPLE, bind_address="::"), "'::' is not an IPv4 address"),
        (replace(EXAMPLE, bind_address="localhost"), "'localhost' is not an IPv4 address"),
        (replace(EXAMPLE, allowed_networks=("10.0.0.1/8",)), "is not an IPv4 network"),
        (replace(EXAMPLE, allowed_networks=("2001:db8::/32",)), "is not an IPv4 network"),
        (replace(EXAMPLE, allowed_networks=("127.0.0.1/32",)), "only where the proxy is bound to 127.0.0.1"),
        (replace(TERMINATED, opening=Opening.SERVER_SPEAKS), "greets its clients before"),
        (replace(EXAMPLE, tls=TlsMode.PASSTHROUGH, opening=Opening.SERVER_SPEAKS), "greets its clients before"),
        (replace(TERMINATED, certificate=None), "TERMINATE needs a certificate"),
    ],
)
def test_against_these_this_is(spec: TcpProxySpec, words: str) -> None:
    assert words in (objection(spec) or "")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (replace(OURS, chain="no"), "The certificate is not a PEM certificate."),
        (replace(OURS, key=Secret("no")), "The private key is not a PEM private key."),
        (replace(OURS, key=certificate("other.test").key), "The private key does not belong to the certificate."),
    ],
)
def test_a_certificate_that_traefik_would_replace_silently_is_refused(given: Certificate, words: str) -> None:
    assert unusable_certificate(given) == words


def test_no_secret_is_shown() -> None:
    assert EXAMPLE.key not in repr(TERMINATED)
    line = OURS.key.reveal().splitlines()[1]
    assert line not in repr(TERMINATED)
    assert line not in str(objection(replace(TERMINATED, certificate=replace(OURS, chain="no"))))


@pytest.mark.parametrize(
    ("allowed", "bound", "ranges"),
    [
        ((), "0.0.0.0", ()),
        (("0.0.0.0/0",), "0.0.0.0", ()),
        (("0.0.0.0/1", "128.0.0.0/1"), "0.0.0.0", ()),
        (("203.0.113.0/25", "203.0.113.128/25"), "0.0.0.0", ("203.0.113.0/24",)),
        (("127.0.0.1/32",), "127.0.0.1", ("10.210.0.1/32", "127.0.0.1/32")),
        (("10.210.0.0/30",), "0.0.0.0", ("10.210.0.0/32", "10.210.0.2/31")),
        (("10.210.0.1/32",), "0.0.0.0", ("255.255.255.255/32",)),
        (("10.210.0.1/32",), "127.0.0.1", ("255.255.255.255/32",)),
    ],
)
def test_whom_a_list_lets_in(allowed: tuple[str, ...], bound: str, ranges: tuple[str, ...]) -> None:
    assert source_ranges(allowed, bound, GATEWAY) == ranges


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 32)), min_size=1, max_size=5),
    st.integers(0, 2**32 - 1),
)
def test_a_list_lets_in_its_own_but_the_gateway(listed: list[tuple[int, int]], asking: int) -> None:
    networks = [IPv4Network(each, strict=False) for each in listed]
    ranges = source_ranges(tuple(map(str, networks)), "0.0.0.0", GATEWAY)
    client = IPv4Address(asking)
    if ranges and client != IPv4Address("255.255.255.255"):
        wanted = any(client in each for each in networks) and client != IPv4Address(GATEWAY)
        assert any(client in IPv4Network(each) for each in ranges) is wanted
    assert not any(IPv4Address(GATEWAY) in IPv4Network(each) for each in ranges)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.PortTaken("x"), TcpProxyReason.PORT_TAKEN),
        (errors.AddressNotLocal("x"), TcpProxyReason.ADDRESS_NOT_LOCAL),
        (errors.RegistryUnreachable("x"), TcpProxyReason.IMAGE_UNAVAILABLE),
        (errors.DockerTimeout("x"), TcpProxyReason.ENGINE_UNREACHABLE),
        (errors.DockerConflict("x"), TcpProxyReason.START_REFUSED),
        (errors.ProxyFailure("x"), TcpProxyReason.NOT_LISTENING),
        (errors.NotNow("x"), TcpProxyReason.INTERNAL),
    ],
)
def test_each_error_stands_for_a_reason(error: Exception, reason: TcpProxyReason) -> None:
    assert reason_of(error) is reason
