"""Which port to take, and who has one."""

import os
import socket
from pathlib import Path

import pytest

from engine.docker.values import ContainerState, ContainerSummary
from engine.proxy.tcp.ports import Holder, holding_container, holding_process, lowest_free_port
from tests.conftest import free_port


def test_the_lowest_port_that_is_not_reserved_is_taken() -> None:
    assert lowest_free_port(9000, 9100, {9000, 9001, 9003}) == 9002
    assert lowest_free_port(9000, 9001, {9000, 9001}) is None
    assert lowest_free_port(9000, 9000, set()) == 9000


def container(*published: tuple[str, int], instance: str = "one") -> ContainerSummary:
    labels = {"wharf.instance": instance}
    state = ContainerState.RUNNING
    return ContainerSummary("c1", "shop", labels, state, "Up", {}, {}, frozenset(published))


@pytest.mark.parametrize(
    ("published", "bound", "has"),
    [
        (("0.0.0.0", 9000), "127.0.0.1", True),
        (("127.0.0.1", 9000), "0.0.0.0", True),
        (("127.0.0.1", 9000), "127.0.0.1", True),
        (("127.0.0.1", 9000), "127.0.0.2", False),
        (("::", 9000), "127.0.0.1", True),
        (("::1", 9000), "127.0.0.1", False),
        (("0.0.0.0", 9001), "0.0.0.0", False),
    ],
)
def test_a_container_has_a_port_where_the_addresses_meet(published: tuple[str, int], bound: str, has: bool) -> None:
    assert (holding_container([container(published)], bound, 9000, "one") is not None) is has


def test_a_container_is_ours_or_not_and_said_so() -> None:
    ours = holding_container([container(("0.0.0.0", 9000))], "0.0.0.0", 9000, "one")
    others = holding_container([container(("0.0.0.0", 9000), instance="two")], "0.0.0.0", 9000, "one")
    assert (ours, others) == (Holder(container="shop", ours=True), Holder(container="shop"))
    assert (str(ours), str(others)) == ("the container shop of ours", "the container shop")


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_the_process_that_listens_is_found(family: socket.AddressFamily) -> None:
    port = free_port()
    with socket.create_server(("", port), family=family):
        us = Holder(process=Path("/proc/self/comm").read_text().strip(), pid=os.getpid())
        assert holding_process("127.0.0.1", port) == us
        assert str(us) == f"the process {us.process} ({us.pid})"
    assert holding_process("127.0.0.1", port) is None


def test_a_process_on_another_address_is_not_in_the_way() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        port = server.getsockname()[1]
        assert holding_process("127.0.0.2", port) is None
        assert holding_process("0.0.0.0", port) is not None
