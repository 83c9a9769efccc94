"""Counting connections in the kernel's tables."""

import os

from engine.proxy.connections import count_connections, established

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 020011AC:A3C4 030011AC:1F40 01 00000000:00000000 00:00000000 00000000 65532        0 1 1
   1: 020011AC:A3C6 040011AC:1F40 01 00000000:00000000 00:00000000 00000000 65532        0 2 1
   2: 020011AC:A3C8 030011AC:1F40 06 00000000:00000000 00:00000000 00000000 65532        0 3 1
   3: 030011AC:A3CA 050011AC:1F40 01 00000000:00000000 00:00000000 00000000 65532        0 4 1
"""
TCP6 = """\
  sl  local_address                         remote_address                        st
   0: 0000000000000000FFFF0000020011AC:A3CC 0000000000000000FFFF0000030011AC:1F40 01
"""


def test_established_connections_to_the_addresses_count_in_both_tables() -> None:
    assert established([TCP, TCP6], {"172.17.0.3"}) == 2
    assert established([TCP, TCP6], {"172.17.0.3", "172.17.0.4"}) == 3


def test_others_do_not() -> None:
    assert established([TCP, TCP6], {"172.17.0.9"}) == 0
    assert established([TCP, TCP6], set()) == 0


def test_a_process_that_is_not_the_containers_tells_nothing() -> None:
    assert count_connections(os.getpid(), "f" * 64, {"172.17.0.3"}) is None


def test_a_process_that_is_not_there_tells_nothing() -> None:
    assert count_connections(2**22 + 1, "f" * 64, {"172.17.0.3"}) is None
