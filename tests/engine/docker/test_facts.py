"""What Docker's JSON says, where it says it in more than one way."""

from typing import Any

import pytest

from engine.docker.facts import container_summary, network_facts

ROW: dict[str, Any] = {"Id": "c1", "Names": ["/blog"], "Labels": None, "State": "running", "Status": "Up 1 second"}
NETWORK: dict[str, Any] = {"Id": "n1", "Name": "blog", "Labels": None, "Containers": None}


def test_ports_of_the_host_are_those_that_are_published_for_tcp() -> None:
    ports = [
        {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "0.0.0.0", "PrivatePort": 53, "PublicPort": 53, "Type": "udp"},
        {"PrivatePort": 443, "Type": "tcp"},
    ]
    assert container_summary(ROW | {"Ports": ports}).published == {("0.0.0.0", 8080), ("::", 8080)}
    assert container_summary(ROW | {"Ports": None}).published == set()


@pytest.mark.parametrize(
    ("pool", "gateway"),
    [
        ({"Subnet": "10.1.2.64/26"}, "10.1.2.65"),
        ({"Subnet": "10.1.2.64/26", "Gateway": "10.1.2.70"}, "10.1.2.70"),
        ({"Subnet": "10.1.2.64/26", "Gateway": "10.1.2.70/26"}, "10.1.2.70"),
    ],
)
def test_the_gateway_is_the_one_asked_for_or_the_first_address(pool: dict[str, str], gateway: str) -> None:
    assert network_facts(NETWORK | {"IPAM": {"Config": [pool]}}).gateways == (gateway,)


def test_a_network_without_addresses_has_no_gateway() -> None:
    assert network_facts(NETWORK | {"IPAM": {"Config": None}}).gateways == ()
